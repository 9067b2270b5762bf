package repo

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/multilib"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
)

// multilibArch is the architecture whose packages stand beside a 64-bit one's.
var multilibArch = map[string]string{"x86_64": "i686", "ppc64": "ppc", "s390x": "s390"}

const (
	maxMultilib = 16 << 20 // bytes of an uploaded configuration
	multilibLog = "missing_multilib.log"
)

// multilib adds to the packages of a 64-bit architecture those of the other one
// that stand beside them, with all that these need. A package that should be
// there and is not is an error, as it is for Koji: whoever does not want it puts
// it on the black list.
func (d *dist) multilib(ctx context.Context, arch string, main []member) ([]member, error) {
	beside, ok := multilibArch[arch]
	if d.opts.Multilib == "" || !ok {
		return main, nil
	}
	text, err := d.upload(ctx, d.opts.Multilib, maxMultilib)
	if err != nil {
		return nil, err
	}
	conf, err := multilib.ReadConfig(bytes.NewReader(text))
	if err != nil {
		return nil, kura.Errorf("repo.Dist", kura.Invalid, "%s: %w", d.opts.Multilib, err)
	}
	other, err := d.members(ctx, rpm.CanonArch(beside))
	if err != nil {
		return nil, err
	}
	wanted, err := d.wanted(ctx, conf, beside, main, other)
	if err != nil {
		return nil, err
	}
	needed, err := d.needed(ctx, other, wanted)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(main)
	for _, i := range needed {
		if m := other[i]; m.rpm.Arch != "noarch" { // which is there already
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b member) int { return rpmsInOrder(a.rpm, b.rpm) })
	return out, nil
}

// wanted gives those of the other architecture's packages that stand beside
// packages of this one.
func (d *dist) wanted(ctx context.Context, conf *multilib.Config, beside string, main, other []member) ([]int, error) {
	there := make(map[string]int, len(other))
	for i, m := range other {
		there[m.rpm.NVRA()] = i
	}
	var out []int
	var absent []string
	err := d.headers(ctx, main, func(i int, h *rpm.Header) error {
		p, err := multilib.Read(h)
		if err != nil {
			return err
		}
		files, err := h.FileNames()
		if err != nil || !conf.Selects(p, files) {
			return err
		}
		r := main[i].rpm
		name := r.NVRA()
		if r.Arch != "noarch" {
			name = r.NVR() + "." + beside
		}
		if n, ok := there[name]; ok {
			out = append(out, n)
		} else {
			absent = append(absent, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(absent) > 0 {
		return nil, missing(Missing{multilibLog, "Multilib packages are missing", "Build them, or put their names on the black list", absent})
	}
	return out, nil
}

// needed gives the wanted packages and what they need of the same architecture.
func (d *dist) needed(ctx context.Context, other []member, wanted []int) ([]int, error) {
	packages := make([]*multilib.Package, len(other))
	err := d.headers(ctx, other, func(i int, h *rpm.Header) (err error) {
		packages[i], err = multilib.Read(h)
		return err
	})
	if err != nil {
		return nil, err
	}
	pool := multilib.NewPool(packages)
	// The lists of files are long, and only those paths are kept that
	// dependencies name: which those are is known now.
	err = d.headers(ctx, other, func(i int, h *rpm.Header) error {
		files, err := h.FileNames()
		if err != nil {
			return err
		}
		for j, base := range files.Bases {
			if path := files.Dirs[files.Dir(j)] + base; pool.Names(path) {
				pool.Own(i, path)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	needed, absent := pool.Close(wanted)
	if len(absent) == 0 {
		return needed, nil
	}
	var list []string
	for _, a := range absent {
		list = append(list, fmt.Sprintf("%s requires %s", other[a.Package].rpm.NVRA(), a.Need))
	}
	slices.Sort(list)
	return nil, missing(Missing{multilibLog, "Nothing provides what multilib packages require", "Tag what provides it, or put on the black list what needs it", list})
}

// batch is how many headers are held at once.
const batch = 200

// headers calls f for each member with its header, as it was stored at import: a
// signature does not change it.
func (d *dist) headers(ctx context.Context, members []member, f func(i int, h *rpm.Header) error) error {
	for from := 0; from < len(members); from += batch {
		part := members[from:min(from+batch, len(members))]
		ids := make([]int64, len(part))
		for i, m := range part {
			ids[i] = m.rpm.ID
		}
		var got map[int64]*rpm.Header
		err := d.db.View(ctx, func(tx *db.Tx) (err error) {
			got, err = build.Headers(ctx, tx, ids)
			return err
		})
		if err != nil {
			return err
		}
		for i, m := range part {
			h, ok := got[m.rpm.ID]
			if !ok {
				return kura.Errorf("repo.Dist", kura.Other, "the header of %s is missing", m.rpm.NVRA())
			}
			if err := f(from+i, h); err != nil {
				return fmt.Errorf("read the header of %s: %w", m.rpm.NVRA(), err)
			}
		}
	}
	return nil
}
