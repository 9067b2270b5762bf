package cli

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
)

func newUpload(a *app) *cobra.Command {
	var address, sources string
	c := &cobra.Command{
		Use:   "upload PACKAGE FILE...",
		Short: "Put sources into the lookaside cache",
		Long: "Put files that do not belong into git, such as tarballs, into the lookaside cache of\n" +
			"a package, and note them in the file `sources` if there is one here. The lines are\n" +
			"printed too.",
		Example: "  kura upload bash bash-5.3.tar.gz",
		Args:    want(2, -1, "a package and a file"),
	}
	c.Flags().StringVar(&address, "address", "", "address of upload.cgi, if it is not the hub's")
	c.Flags().StringVar(&sources, "sources", "sources", "the file that lists the sources; it is changed if it is there")
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.hub()
		if err != nil {
			return err
		}
		var lines []string
		var answer []any
		for _, file := range args[1:] {
			show, end := a.progress("uploading", file)
			s, err := h.UploadSource(ctx, address, args[0], file, show)
			end()
			if err != nil {
				return err
			}
			lines = append(lines, s.SourcesLine())
			answer = append(answer, map[string]any{"file": s.File, "sha512": s.SHA512, "there": s.There})
		}
		if err := noteSources(sources, lines); err != nil {
			return err
		}
		return a.show(answer, func(t *table) {
			for _, l := range lines {
				t.line("%s", l)
			}
		})
	}).cobra()
	return c
}

// noteSources replaces the lines of the same files in a `sources` file, and
// adds the others. Without the file nothing happens.
func noteSources(path string, lines []string) error {
	const op = "cli.upload"
	old, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return kura.Errorf(op, kura.Other, "the files are uploaded, but not noted: %w", err)
	}
	var b bytes.Buffer
	names := map[string]bool{}
	for _, l := range lines {
		names[sourceOf(l)] = true
	}
	for l := range strings.Lines(string(old)) {
		if !names[sourceOf(l)] {
			b.WriteString(strings.TrimRight(l, "\n") + "\n")
		}
	}
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		return kura.Errorf(op, kura.Other, "the files are uploaded, but not noted: %w", err)
	}
	return nil
}

// sourceOf is the file that a line speaks of, in the new form
// "SHA512 (file) = hash" or the old one "hash  file".
func sourceOf(l string) string {
	if _, rest, ok := strings.Cut(l, " ("); ok {
		if i := strings.LastIndex(rest, ") = "); i >= 0 {
			return rest[:i]
		}
	}
	if _, name, ok := strings.Cut(strings.TrimSpace(l), "  "); ok {
		return name
	}
	return l
}
