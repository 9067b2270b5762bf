package distro

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/rpm"
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
	slices.SortStableFunc(hrefs, func(a, b string) int { return cmp.Compare(nameOf(a), nameOf(b)) })
	list := &repomd.List{Load: func(ctx context.Context, want []int) ([]repomd.Loaded, error) {
		out := make([]repomd.Loaded, len(want))
		for i, n := range want {
			f, err := fragments(dir, hrefs[n])
			if err != nil {
				return nil, err
			}
			out[i].Fragments = *f
		}
		return out, ctx.Err()
	}}
	for _, h := range hrefs {
		list.Entries = append(list.Entries, repomd.Entry{Name: nameOf(h), ID: sha256.Sum256([]byte(h))})
	}
	_, err := repomd.WriteDir(ctx, dir, list, repomd.Options{
		Compression: repomd.Gzip, OpenChecksums: true,
		Revision: strconv.Itoa(epoch), Timestamp: epoch, Comps: comps,
	})
	return err
}

// nameOf is the name of the package in a file.
func nameOf(href string) string {
	n, err := rpm.ParseNVRA(filepath.Base(href))
	if err != nil {
		return href
	}
	return n.Name
}

func fragments(dir, href string) (*repomd.Fragments, error) {
	f, err := os.Open(filepath.Join(dir, href))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	fr, err := describe(f, href)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return fr, nil
}

// describe reads a package from its beginning to its end.
func describe(r io.Reader, href string) (*repomd.Fragments, error) {
	sum := sha256.New()
	counted := &counter{w: sum}
	r = io.TeeReader(r, counted)
	p, err := rpm.Read(r)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return nil, err
	}
	return repomd.NewFragments(repomd.Source{Package: p, PkgID: hex.EncodeToString(sum.Sum(nil)),
		Size: counted.n, FileTime: epoch, Href: href})
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
