package createrepo

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/kura-build/kura/format/repodir"
	"github.com/kura-build/kura/format/repomd"
)

// old is what earlier runs have left.
type old struct {
	out   *repodir.Dir
	md    *repomd.Repomd // nil without
	bases []*repomd.Indexed
	known map[string]*repomd.Entry // by href; of the packages as they were
	spent []string                 // directories that go with it
}

func (old *old) close() {
	for _, dir := range old.spent {
		_ = os.RemoveAll(dir)
	}
}

// openOld looks at the metadata that is there. What cannot be used is no error:
// it costs time.
func openOld(ctx context.Context, out *repodir.Dir, o *Options) (*old, error) {
	old := &old{out: out}
	var err error
	if old.md, err = repodir.ReadRepomd(out.Old()); err != nil {
		o.Warn(filepath.Join(out.Old(), "repomd.xml"), fmt.Errorf("the repository that was here is not used: %w", err))
	}
	dirs := []string{out.Old()}
	if o.Update {
		for _, d := range o.UpdateMDPath {
			dirs = append(dirs, filepath.Join(d, repodir.Repodata))
		}
	}
	if o.NoCache {
		return old, nil
	}
	for _, dir := range dirs {
		base := out.Base(dir)
		if base == nil && o.Update {
			if base, err = old.adopt(ctx, dir, o); err != nil {
				if ctx.Err() != nil {
					old.close()
					return nil, err
				}
				o.Warn(dir, fmt.Errorf("its metadata is not used: %w", err))
			}
		}
		if base != nil {
			old.bases = append(old.bases, base)
		}
	}
	if o.SkipStat || !o.Update {
		old.known = map[string]*repomd.Entry{}
		for _, b := range slices.Backward(old.bases) {
			for i := range b.Entries {
				old.known[b.Entries[i].Href] = &b.Entries[i]
			}
		}
	}
	return old, nil
}

// adopt reads a repository that another program has made.
func (old *old) adopt(ctx context.Context, dir string, o *Options) (*repomd.Indexed, error) {
	md, err := repodir.ReadRepomd(dir)
	if err != nil || md == nil {
		return nil, err
	}
	tmp, err := old.out.Temp()
	if err != nil {
		return nil, err
	}
	old.spent = append(old.spent, tmp)
	var lists repomd.Lists
	for i, k := range []repomd.Kind{repomd.Primary, repomd.Filelists, repomd.Other} {
		d, ok := md.Find(string(k))
		if !ok {
			return nil, fmt.Errorf("there is no %s", k)
		}
		f, err := os.Open(filepath.Join(dir, path.Base(d.Href)))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r, err := repomd.Open(f)
		if err != nil {
			return nil, err
		}
		defer r.Close()
		lists[i] = r
	}
	index, err := repomd.Import(ctx, repomd.Dir(tmp), lists, repomd.ImportOptions{
		Compression: o.Compression, ID: func(it *repomd.Item) repomd.ID {
			id := o.identity(it.Href, it.Size, it.FileTime)
			if it.Base != o.BaseURL || it.ChecksumType != o.checksumName() {
				id = repomd.ID{} // not what is wanted of it now
				copy(id[:], it.PkgID)
			}
			return id
		},
	})
	if err != nil {
		return nil, err
	}
	return old.out.Written(tmp, index), nil
}

func (o *Options) checksumName() string {
	if o.Checksum == "" {
		return "sha256"
	}
	return o.Checksum
}

// extras are the files beside the lists: the groups that are given, and what
// the repository had before.
func (old *old) extras(o *Options) ([]repomd.Extra, []byte, error) {
	var comps []byte
	if o.GroupFile != "" {
		var err error
		if comps, err = os.ReadFile(o.GroupFile); err != nil {
			return nil, nil, fmt.Errorf("read the group file: %w", err)
		}
	}
	if !o.Update || o.DiscardExtras || old.md == nil {
		return nil, comps, nil
	}
	var out []repomd.Extra
	for _, d := range old.md.Data {
		switch {
		case repodir.ListKind(path.Base(d.Href)) != "", d.Database != 0:
			continue
		case comps != nil && (d.Type == "group" || d.Type == "group_gz" || d.Type == "group_zst" || d.Type == "group_xz" || d.Type == "group_bz2"):
			continue
		}
		b, err := os.ReadFile(filepath.Join(old.out.Old(), path.Base(d.Href)))
		if err == nil {
			err = check(b, d)
		}
		if err != nil {
			o.Warn(d.Href, fmt.Errorf("the %s of the repository that was here is left out: %w", d.Type, err))
			continue
		}
		out = append(out, repomd.Extra{Type: d.Type, Content: b, Kept: &d})
	}
	return out, comps, nil
}

// check proves that a file is the one that repomd.xml speaks of.
func check(b []byte, d repomd.Data) error {
	h, err := repomd.NewHash(d.ChecksumType)
	if err != nil {
		return err
	}
	sum := h()
	_, _ = io.Copy(sum, bytes.NewReader(b))
	if got := hex.EncodeToString(sum.Sum(nil)); got != d.Checksum {
		return fmt.Errorf("its checksum is %s, repomd.xml says %s", got, d.Checksum)
	}
	return nil
}

// Listed gives the packages that the last repository of a directory lists.
func Listed(dir, outputDir string) ([]string, error) {
	if outputDir == "" {
		outputDir = dir
	}
	data := filepath.Join(outputDir, repodir.Repodata)
	md, err := repodir.ReadRepomd(data)
	if err != nil {
		return nil, err
	}
	var d repomd.Data
	ok := false
	if md != nil {
		d, ok = md.Find(string(repomd.Primary))
	}
	if !ok {
		return []string{}, nil
	}
	f, err := os.Open(filepath.Join(data, path.Base(d.Href)))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := repomd.Open(f)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	list := []string{}
	err = repomd.Scan(r, repomd.Primary, func(it *repomd.Item) error {
		list = append(list, it.Href)
		return nil
	})
	return list, err
}
