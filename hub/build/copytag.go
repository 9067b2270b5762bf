package build

import (
	"context"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
)

// TagCopy says which builds CopyTagged takes along.
type TagCopy struct {
	Inherit bool // those that the source inherits, too
	Latest  bool // of each package the newest alone
	Remove  bool // take out of the copy what the source does not have
}

// CopyTagged gives a tag the builds that another one holds, or held at its event,
// in the same order. What the tag has in that order already stays untouched; other
// builds of it count as older, unless they are to be removed.
func CopyTagged(ctx context.Context, tx *db.Tx, by account.Actor, src, dst tag.Tag, o TagCopy) error {
	const op = "build.CopyTagged"
	latest := 0
	if o.Latest {
		latest = 1
	}
	want, err := ListTagged(ctx, tx, TaggedQuery{Tag: tag.ByID(src.ID), At: src.Event, Inherit: o.Inherit, Latest: latest})
	if err != nil {
		return kura.E(op, err)
	}
	have, err := ListTagged(ctx, tx, TaggedQuery{Tag: tag.ByID(dst.ID)})
	if err != nil {
		return kura.E(op, err)
	}
	// Oldest first, for the last that is tagged is the newest.
	slices.Reverse(want)
	slices.Reverse(have)
	change := func(fn func() error) error {
		return tx.Savepoint(ctx, fn) // an event for each: the order counts
	}
	queue := map[int64][]*Tagged{} // what a package has already, oldest first
	for _, b := range have {
		queue[b.PackageID] = append(queue[b.PackageID], b)
	}
	wanted := map[int64][]*Tagged{}
	var order []int64
	for _, b := range want {
		if wanted[b.PackageID] == nil {
			order = append(order, b.PackageID)
		}
		wanted[b.PackageID] = append(wanted[b.PackageID], b)
	}
	isWanted := func(b *Tagged) bool {
		return slices.ContainsFunc(wanted[b.PackageID], func(w *Tagged) bool { return w.ID == b.ID })
	}
	for _, b := range have {
		if !o.Remove || isWanted(b) {
			continue
		}
		if err := change(func() error { return takeOut(ctx, tx, by, b.Build, dst, true) }); err != nil {
			return err
		}
		queue[b.PackageID] = slices.DeleteFunc(queue[b.PackageID], func(q *Tagged) bool { return q == b })
	}
	for _, pkg := range order {
		list := wanted[pkg]
		if !o.Remove {
			var others []*Tagged
			for _, b := range queue[pkg] {
				if !isWanted(b) {
					others = append(others, b)
				}
			}
			list = append(others, list...)
		}
		if err := inOrder(list, queue[pkg], func(b *Tagged, in bool) error {
			return change(func() error {
				if in {
					return putIn(ctx, tx, by, b.Build, dst)
				}
				return takeOut(ctx, tx, by, b.Build, dst, true)
			})
		}); err != nil {
			return err
		}
	}
	return nil
}

// inOrder says what is to be taken out of a tag and put into it until it holds
// builds of a package in an order.
func inOrder(want, have []*Tagged, change func(b *Tagged, in bool) error) error {
	for _, w := range want {
		at := slices.IndexFunc(have, func(b *Tagged) bool { return b.ID == w.ID })
		out := have
		if at >= 0 {
			out = have[:at]
		}
		for _, b := range out {
			if err := change(b, false); err != nil {
				return err
			}
		}
		if at >= 0 {
			have = have[at+1:]
			continue
		}
		have = nil
		if err := change(w, true); err != nil {
			return err
		}
	}
	return nil
}
