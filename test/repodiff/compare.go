package repodiff

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Difference is one of meaning.
type Difference struct {
	Package string // "" is the repository itself
	List    string // primary, filelists, other, or another file
	A, B    string // what the two say; "" is nothing
}

func (d Difference) String() string {
	return fmt.Sprintf("%s, %s:\n  - %s\n  + %s", d.Package, d.List, d.A, d.B)
}

// Check tells what is wrong with the repository of a directory by itself.
func Check(dir string) ([]string, error) {
	r, err := read(dir)
	if err != nil {
		return nil, err
	}
	return r.problems, nil
}

// Compare gives the differences between the repositories of two directories,
// but for those that are wanted.
func Compare(a, b string, wanted ...Wanted) ([]Difference, error) {
	x, err := read(a)
	if err != nil {
		return nil, err
	}
	y, err := read(b)
	if err != nil {
		return nil, err
	}
	c := &comparison{a: x, b: y, wanted: wanted}
	for _, r := range []*repository{x, y} {
		for _, p := range r.problems {
			c.found = append(c.found, Difference{Package: r.dir, List: "by itself", A: p})
		}
	}
	if err := c.packages(); err != nil {
		return nil, err
	}
	c.others()
	return c.found, nil
}

type comparison struct {
	a, b   *repository
	wanted []Wanted
	found  []Difference
}

func (c *comparison) add(d Difference) {
	if d.A != d.B && !slices.ContainsFunc(c.wanted, func(w Wanted) bool { return w.Is(d) }) {
		c.found = append(c.found, d)
	}
}

// packages compares the lists by their hashes, and reads again those packages
// that differ.
func (c *comparison) packages() error {
	differ := map[string]map[string]bool{} // list, checksum
	for _, key := range keys(c.a.packages, c.b.packages) {
		x, y := c.a.packages[key], c.b.packages[key]
		if x == nil || y == nil {
			d := Difference{Package: key, List: "primary"}
			if x != nil {
				d.A = "lists " + x.name
			}
			if y != nil {
				d.B = "lists " + y.name
			}
			c.add(d)
			continue
		}
		for _, l := range lists {
			if x.lists[l] != y.lists[l] {
				if differ[l] == nil {
					differ[l] = map[string]bool{}
				}
				id, _, _ := strings.Cut(key, " ")
				differ[l][id] = true
			}
		}
	}
	for l, ids := range differ {
		x, err := c.a.again(l, ids)
		if err != nil {
			return err
		}
		y, err := c.b.again(l, ids)
		if err != nil {
			return err
		}
		for _, key := range keys(x, y) {
			c.lines(key, l, x[key], y[key])
		}
	}
	return nil
}

// lines compares what two lists say of a package.
func (c *comparison) lines(key, list string, a, b []string) {
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i++
			j++
		case j >= len(b), i < len(a) && !slices.Contains(b[j:], a[i]) && slices.Contains(a[i:], b[j]):
			c.add(Difference{key, list, a[i], ""})
			i++
		case i >= len(a), !slices.Contains(a[i:], b[j]) && slices.Contains(b[j:], a[i]):
			c.add(Difference{key, list, "", b[j]})
			j++
		default:
			c.add(Difference{key, list, a[i], b[j]})
			i++
			j++
		}
	}
}

// again gives the meaning of some packages of a list.
func (r *repository) again(list string, ids map[string]bool) (map[string][]string, error) {
	out := map[string][]string{}
	for _, d := range r.md.Data {
		if d.Type != list {
			continue
		}
		f, err := os.Open(filepath.Join(r.dir, d.Location.Href))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		z, err := decompress(f)
		if err != nil {
			return nil, err
		}
		err = packages(z, none, func(p *element) error {
			id := p.id()
			if !ids[id] {
				return nil
			}
			name := p.attr("name")
			if name == "" {
				name = p.find("name").text
			}
			key := id + " " + name
			if list == "primary" {
				key += " " + p.find("location").attr("href")
			}
			out[key] = p.lines(nil, "")
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// others compares the files beside the lists, and the tags. Groups are told
// plain, compressed or both: they are compared once.
func (c *comparison) others() {
	x, y := c.a.further(), c.b.further()
	for _, kind := range keys(x, y) {
		if !bytes.Equal(x[kind], y[kind]) {
			c.add(Difference{List: kind, A: fmt.Sprintf("%d bytes: %.200q", len(x[kind]), x[kind]), B: fmt.Sprintf("%d bytes: %.200q", len(y[kind]), y[kind])})
		}
	}
	space := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	c.add(Difference{List: "tags", A: space(c.a.md.Tags.Inner), B: space(c.b.md.Tags.Inner)})
}

func (r *repository) further() map[string][]byte {
	out := map[string][]byte{}
	for kind, b := range r.others {
		base, _, _ := strings.Cut(kind, "_")
		if have, ok := out[base]; ok && !bytes.Equal(have, b) {
			base = kind // a variant with other contents is another file
		}
		if base == "origin" { // a line for each package, in the order of packages
			lines := bytes.Split(b, []byte("\n"))
			slices.SortFunc(lines, bytes.Compare)
			b = bytes.Join(lines, []byte("\n"))
		}
		out[base] = b
	}
	return out
}

func keys[V any](a, b map[string]V) []string {
	var out []string
	for k := range a {
		out = append(out, k)
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}
