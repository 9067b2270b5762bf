package build

import (
	"context"
	"math"
	"sync"

	"github.com/kura-build/kura/db"
)

// Known remembers of which packages complete builds are, for as long as nothing that
// was told of complete builds is altered. Large tags hold the same builds before and
// after most changes.
type Known struct {
	Few int // tags that hold fewer builds are read without it; 0 is some hundred

	mu      sync.Mutex
	altered int64 // of the State in which it was learned
	shelves map[int64]*[shelf]uint32
}

// Builds have numbers one after the other, so packages are remembered by the builds'
// numbers, so many at a time; 0 is not known. mostShelves are 32 MiB.
const (
	shelf       = 4096
	mostShelves = 2048
)

func (k *Known) few() int64 {
	if k == nil || k.Few == 0 {
		return 1000
	}
	return int64(k.Few)
}

// complete gives those places whose builds are complete, with the packages of these.
func (k *Known) complete(ctx context.Context, tx *db.Tx, all []place) ([]place, error) {
	var state db.State
	if !tx.ReadOnly() { // what it has written may come to nothing
		k = nil
	}
	if k != nil {
		var err error
		if state, err = tx.State(ctx); err != nil {
			return nil, err
		}
		k.recall(state, all)
	}
	var ask []int64
	for _, p := range all {
		if p.pkg == 0 {
			ask = append(ask, p.build)
		}
	}
	type known struct{ build, pkg int64 }
	got, err := inParts(ask, func(part []int64) ([]known, error) {
		var b db.Builder
		db.In(b.Add("SELECT id, pkg_id FROM build WHERE state = 1 AND"), "id", part)
		return db.Find(ctx, tx, func(s db.Scanner) (n known, err error) { return n, s.Scan(&n.build, &n.pkg) }, &b)
	})
	if err != nil {
		return nil, err
	}
	packages := make(map[int64]int64, len(got))
	for _, n := range got {
		packages[n.build] = n.pkg
	}
	out := all[:0]
	for _, p := range all {
		if p.pkg == 0 {
			p.pkg = packages[p.build]
		}
		if p.pkg != 0 {
			out = append(out, p)
		}
	}
	if k != nil && len(got) > 0 {
		k.learn(state, packages)
	}
	return out, nil
}

// recall fills in the packages that are known in a state.
func (k *Known) recall(state db.State, all []place) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.altered != state.Altered {
		return
	}
	for i := range all {
		if s := k.shelves[all[i].build/shelf]; s != nil {
			all[i].pkg = int64(s[all[i].build%shelf])
		}
	}
}

// learn takes up what was read in a state, unless a newer one is known already.
func (k *Known) learn(state db.State, packages map[int64]int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.altered > state.Altered {
		return
	}
	if k.shelves == nil || k.altered < state.Altered {
		k.altered, k.shelves = state.Altered, map[int64]*[shelf]uint32{}
	}
	for build, pkg := range packages {
		s := k.shelves[build/shelf]
		if s == nil && len(k.shelves) < mostShelves {
			s = new([shelf]uint32)
			k.shelves[build/shelf] = s
		}
		if s != nil && pkg <= math.MaxUint32 {
			s[build%shelf] = uint32(pkg)
		}
	}
}
