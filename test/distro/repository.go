package distro

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/rpm"
	"golang.org/x/sync/errgroup"
)

// repositories makes the metadata: one repository of the binary packages with
// the groups, one of the source packages.
func (m *maker) repositories(ctx context.Context, dir string) error {
	groups, err := compsXML()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "comps.xml"), groups, 0o644); err != nil {
		return err
	}
	for _, r := range []struct {
		dir     string
		subdirs []string
		comps   []byte
	}{
		{dir, []string{m.target.rpmArch, "noarch"}, groups},
		{filepath.Join(dir, "src"), []string{""}, nil},
	} {
		if err := m.repository(ctx, r.dir, r.subdirs, r.comps); err != nil {
			return err
		}
	}
	return nil
}

// repository makes the metadata of the packages in some of dir's directories.
func (m *maker) repository(ctx context.Context, dir string, subdirs []string, comps []byte) error {
	var hrefs []string
	for _, sub := range subdirs {
		files, err := filepath.Glob(filepath.Join(dir, sub, "*.rpm"))
		if err != nil {
			return err
		}
		for _, f := range files {
			hrefs = append(hrefs, filepath.Join(sub, filepath.Base(f)))
		}
	}
	list := make([]repomd.Package, len(hrefs))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(m.Jobs)
	for i, href := range hrefs {
		g.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err
			}
			list[i], err = fragments(dir, href)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	slices.SortStableFunc(list, func(a, b repomd.Package) int { return cmp.Compare(a.Name, b.Name) })
	_, err := repomd.WriteDir(dir, all(list), repomd.Options{
		Packages: len(list), Compression: repomd.Gzip, OpenChecksums: true,
		Revision: strconv.Itoa(epoch), Timestamp: epoch, Comps: comps,
	})
	return err
}

func all(list []repomd.Package) iter.Seq2[repomd.Package, error] {
	return func(yield func(repomd.Package, error) bool) {
		for _, p := range list {
			if !yield(p, nil) {
				return
			}
		}
	}
}

func fragments(dir, href string) (repomd.Package, error) {
	f, err := os.Open(filepath.Join(dir, href))
	if err != nil {
		return repomd.Package{}, err
	}
	defer func() { _ = f.Close() }()
	p, err := describe(f, href)
	if err != nil {
		return p, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return p, nil
}

// describe reads a package from its beginning to its end.
func describe(r io.Reader, href string) (repomd.Package, error) {
	sum := sha256.New()
	counted := &counter{w: sum}
	r = io.TeeReader(r, counted)
	p, err := rpm.Read(r)
	if err != nil {
		return repomd.Package{}, err
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return repomd.Package{}, err
	}
	fr, err := repomd.NewFragments(repomd.Source{Package: p, PkgID: hex.EncodeToString(sum.Sum(nil)),
		Size: counted.n, FileTime: epoch, Href: href})
	if err != nil {
		return repomd.Package{}, err
	}
	return repomd.Package{Name: p.NEVRA().Name, Fragments: *fr}, nil
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
