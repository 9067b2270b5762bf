package createrepo

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kura-build/kura/format/repodir"
)

// found is a package of the directory.
type found struct {
	path string // relative to the directory
	href string
}

// find lists the packages, in the order of their file names.
func find(dir string, o *Options) ([]found, error) {
	var paths []string
	if o.PkgList != nil {
		for _, p := range o.PkgList {
			if p = strings.TrimSpace(p); p != "" && allowed(p, o.Excludes) {
				paths = append(paths, path.Clean(p))
			}
		}
	} else {
		var err error
		if paths, err = walk(dir, o); err != nil {
			return nil, err
		}
	}
	// Sorted by what a path without directories begins with, packed into a
	// number: it decides nearly all comparisons.
	type keyed struct {
		head       uint64
		base, path string
	}
	all := make([]keyed, len(paths))
	for i, p := range paths {
		base := p[strings.LastIndexByte(p, '/')+1:]
		all[i] = keyed{head(base), base, p}
	}
	slices.SortFunc(all, func(a, b keyed) int {
		if a.head != b.head {
			return cmp.Compare(a.head, b.head)
		}
		if n := strings.Compare(a.base, b.base); n != 0 {
			return n
		}
		return strings.Compare(a.path, b.path)
	})
	out := make([]found, 0, len(all))
	for i, k := range all {
		if i == 0 || k.path != all[i-1].path {
			out = append(out, found{k.path, o.href(k.path)})
		}
	}
	return out, nil
}

// head is the first eight bytes of s, as a number of the same order.
func head(s string) uint64 {
	var b [8]byte
	copy(b[:], s)
	return binary.BigEndian.Uint64(b[:])
}

// href is what a repository says of where a file lies.
func (o *Options) href(p string) string {
	p = cutDirs(p, o.CutDirs)
	switch {
	case o.LocationPrefix == "":
		return p
	case strings.HasSuffix(o.LocationPrefix, "/"):
		return o.LocationPrefix + p
	}
	return o.LocationPrefix + "/" + p
}

func cutDirs(p string, n int) string {
	for ; n > 0; n-- {
		_, rest, ok := strings.Cut(p, "/")
		if !ok {
			break
		}
		p = rest
	}
	return p
}

// walk finds the packages below the directory. Directories that are links are
// gone into, but none twice on one way down.
func walk(dir string, o *Options) ([]string, error) {
	var out []string
	var into func(rel string, above []fs.FileInfo) error
	into = func(rel string, above []fs.FileInfo) error {
		full := filepath.Join(dir, rel)
		here, err := os.Stat(full)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(above, func(up fs.FileInfo) bool { return os.SameFile(up, here) }) {
			return nil
		}
		entries, err := readDir(full)
		if err != nil {
			return err
		}
		var subs []string
		for _, e := range entries {
			name := e.Name()
			if rel != "" {
				name = rel + "/" + name
			}
			kind := e.Type()
			isRPM := strings.HasSuffix(name, ".rpm")
			if kind&fs.ModeSymlink != 0 {
				info, err := os.Stat(filepath.Join(dir, name))
				if err != nil {
					continue // it leads nowhere
				}
				if kind = info.Mode().Type(); kind == 0 && o.SkipSymlinks {
					continue
				}
			}
			switch {
			case kind == fs.ModeDir:
				if match(o.Excludes, e.Name()) || rel == "" && (e.Name() == repodir.Repodata || strings.HasPrefix(e.Name(), repodir.TmpPrefix)) {
					continue
				}
				subs = append(subs, name)
			case kind == 0 && isRPM && allowed(name, o.Excludes):
				out = append(out, name)
			}
		}
		for _, s := range subs {
			if err := into(s, append(above[:len(above):len(above)], here)); err != nil {
				o.Warn(s, err) // the rest is listed
			}
		}
		return nil
	}
	if err := into("", nil); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no directory %s", dir)
		}
		return nil, err
	}
	return out, nil
}

// readDir reads a directory in no order.
func readDir(name string) ([]fs.DirEntry, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadDir(-1)
}

// allowed says whether no pattern matches a file's name or its relative path.
func allowed(p string, excludes []string) bool {
	return len(excludes) == 0 || !match(excludes, path.Base(p)) && !match(excludes, p)
}

func match(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return glob(p, s) })
}

// glob matches as createrepo_c does: "*" is anything, "/" too, "?" one character.
func glob(pattern, s string) bool {
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
