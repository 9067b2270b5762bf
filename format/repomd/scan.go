package repomd

import (
	"fmt"
	"io"
	"strings"
)

// Scan reads one of the three files, open already (see Open), and calls f for
// each package. It holds one package at a time.
//
// Nothing that a foreign repository says can reach beyond its package: each Raw
// is a well-formed element by itself, and means the same in any document of its
// kind. A document of which this cannot be said is refused; see packageReader.
func Scan(r io.Reader, kind Kind, f func(*Item) error) error {
	d := &document{source: *newSource(r), kind: kind}
	open, err := d.prolog()
	if err == nil && open {
		err = d.packages(f)
	}
	if err == nil {
		err = d.epilog()
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", kind, err)
	}
	return nil
}

// packages reads all of them.
func (d *document) packages(f func(*Item) error) error {
	p := &packageReader{kind: d.kind, tag: tag{rpm: d.rpm}}
	for n := 1; ; n++ {
		if err := d.take(between); err != nil {
			return err
		}
		if d.bytes()[1] == '/' {
			return d.take(d.rootEnd)
		}
		end := 0
		err := d.take(func(b []byte) (_ int, err error) {
			end, err = p.read(b)
			return 0, err
		})
		var it *Item
		if err == nil && end > maxItem {
			err = fmt.Errorf("it is longer than %d bytes", maxItem)
		}
		if err == nil {
			it, err = p.item()
		}
		if err != nil {
			_, _ = p.read(d.bytes()) // its name may have moved
			return fmt.Errorf("package %d, %q: %w", n, brief(strings.TrimSpace(p.texts[inName].String())), err)
		}
		if err := d.give(it, end, f); err != nil {
			return err
		}
	}
}

// give gives a package away. The newline is put where the next byte is, if that
// is another: there is room for it always.
func (d *document) give(it *Item, end int, f func(*Item) error) error {
	end += d.start
	next := d.buf[end]
	d.buf[end] = '\n'
	it.Raw = d.buf[d.start : end+1 : end+1]
	err := f(it)
	d.buf[end] = next
	d.start = end
	return err
}
