package tag

import (
	"cmp"
	"context"
	"slices"

	"github.com/kura-build/kura/db"
)

// Page is a part of a tag's package list.
type Page struct {
	ByName        bool // all of them by name, and not each tag's for itself
	Down          bool // the order by name turned round
	Offset, Limit int

	Total int // is set: how long the whole list is
}

// page finds the part by the packages' names alone, and reads the entries that
// are in it.
func (q ListQuery) page(ctx context.Context, tx *db.Tx) ([]Listed, error) {
	p := q.Page
	q.Page, q.named = nil, true
	all, err := ListedPackages(ctx, tx, q)
	if err != nil {
		return nil, err
	}
	if p.Total = len(all); p.ByName {
		slices.SortStableFunc(all, func(x, y Listed) int {
			if p.Down {
				x, y = y, x
			}
			return cmp.Compare(x.PackageName, y.PackageName)
		})
	}
	all = all[min(p.Offset, len(all)):]
	all = all[:min(p.Limit, len(all))]
	places := map[[2]int64][]int{} // of a tag's package: several, if the tag is met more than once
	of := map[int64][]int64{}      // packages by tag
	for i, l := range all {
		at := [2]int64{l.TagID, l.PackageID}
		if places[at] == nil {
			of[l.TagID] = append(of[l.TagID], l.PackageID)
		}
		places[at] = append(places[at], i)
	}
	q.named = false
	for tag, packages := range of {
		for part := range slices.Chunk(packages, 500) {
			got, err := q.own(ctx, tx, tag, part)
			if err != nil {
				return nil, err
			}
			for _, l := range got {
				for _, i := range places[[2]int64{l.TagID, l.PackageID}] {
					all[i] = l
				}
			}
		}
	}
	return all, nil
}
