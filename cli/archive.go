package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newArchive(a *app) *cobra.Command {
	return group("archive", "Look at what builds have made that is no package", newArchiveList(a))
}

func newArchiveList(a *app) *cobra.Command {
	var kind string
	c := &cobra.Command{
		Use:   "list BUILD",
		Short: "List a build's files that are no packages",
		Long: "List a build's files that are no packages: images, jars, installers. Packages are\n" +
			"listed by `kura show`, and `kura download` fetches both.",
		Example: "  kura archive list Fedora-Container-Base-43-1\n  kura archive list Fedora-Container-Base-43-1 --type image --json",
		Args:    want(1, 1, "a build, by name-version-release or number"),
	}
	c.Flags().StringVar(&kind, "type", "", "only of this type, with what is known of such: image, maven, win")
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.hub()
		if err != nil {
			return err
		}
		b, err := h.Build(ctx, args[0])
		if err != nil {
			return err
		}
		kw := client.Keywords{"buildID": b.ID}
		if kind != "" {
			kw["type"] = kind
		}
		list, err := h.Maps(ctx, "listArchives", kw)
		if err != nil {
			return err
		}
		slices.SortFunc(list, func(x, y client.Map) int { return strings.Compare(x.Str("filename"), y.Str("filename")) })
		return a.show(list, func(t *table) {
			if len(list) == 0 {
				t.line("no archives")
				return
			}
			t.head("ID", "FILE", "SIZE", "TYPE", "ARCH", "CHECKSUM")
			for _, m := range list {
				t.row(m.Int("id"), m.Str("filename"), bytesText(m.Int("size")), m.Str("btype"), m.Str("arch"), checksumText(m))
			}
		})
	}).cobra()
	return c
}

// checksumText names the kind of a checksum by Koji's number of it.
func checksumText(m client.Map) string {
	kinds := []string{"md5", "sha1", "sha256", "sha512"}
	n, sum := m.Int("checksum_type"), m.Str("checksum")
	if sum == "" || n < 0 || n >= int64(len(kinds)) {
		return sum
	}
	return kinds[n] + ":" + sum
}
