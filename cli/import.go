package cli

import (
	"context"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/rpm"
)

func newImport(a *app) *cobra.Command {
	var create bool
	c := &cobra.Command{
		Use:   "import FILE...",
		Short: "Import packages that were built elsewhere",
		Long: "Import RPM packages that were built elsewhere. Source packages go first: they make\n" +
			"the builds that the others belong to.",
		Example: "  kura import bash-5.3-1.src.rpm bash-5.3-1.x86_64.rpm",
		Args:    want(1, -1, "an RPM file"),
	}
	c.Flags().BoolVar(&create, "create-build", false, "make builds also for packages without a source package")
	c.RunE = run(func(ctx context.Context, args []string) error {
		list, err := readPackages(args)
		if err != nil {
			return err
		}
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		var names []string
		for _, p := range list {
			if create && !p.source {
				if err := a.emptyBuild(ctx, h, p); err != nil {
					return err
				}
			}
			at, err := a.uploadFile(ctx, h, "cli-import", p.file)
			if err != nil {
				return err
			}
			dir, name := path.Split(at)
			if _, err := h.Call(ctx, "importRPM", strings.TrimSuffix(dir, "/"), name); err != nil {
				return kura.E("cli.import", err)
			}
			names = append(names, p.nevra.NVRA())
			if !a.json {
				if err := a.done("imported "+p.nevra.NVRA(), nil); err != nil {
					return err
				}
			}
		}
		if a.json {
			return a.writeJSON(map[string]any{"imported": names})
		}
		return nil
	}).cobra()
	return c
}

// localPackage is an RPM file here.
type localPackage struct {
	file      string
	nevra     rpm.NEVRA
	source    bool
	sourceRPM string
}

// readPackages looks into all files before anything is sent.
func readPackages(files []string) ([]localPackage, error) {
	var list []localPackage
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, usagef("import: %w", err)
		}
		p, err := rpm.Read(f)
		f.Close()
		if err != nil {
			return nil, usagef("%s is no RPM package: %w", name, err)
		}
		l := localPackage{file: name, nevra: p.NEVRA(), source: p.IsSource()}
		if v, ok := p.Field("SOURCERPM"); ok {
			l.sourceRPM, _ = v.(string)
		}
		list = append(list, l)
	}
	slices.SortStableFunc(list, func(a, b localPackage) int {
		switch {
		case a.source == b.source:
			return 0
		case a.source:
			return -1
		}
		return 1
	})
	return list, nil
}
