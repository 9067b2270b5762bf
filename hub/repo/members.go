package repo

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/hub/build"
)

// members remembers complete builds and their rpms. A tag has tens of thousands
// of them, of which the next repository shows all but a few again.
//
// What is shown of a build changes only with what a TaggedRef tells, and by new
// rpms: such builds are read again.
type members struct {
	mu     sync.Mutex
	newest int64 // rpm
	known  map[int64]*built
	order  []*packaged // the rpms of all known builds, and of some that were
	asked  int64       // how often
}

// built is a build as it was read.
type built struct {
	ref   build.TaggedRef
	build *build.Build
	rpms  []*packaged
	asked int64 // when it was asked for last
	gone  bool
}

// packaged is an rpm with what every repository asks of it.
type packaged struct {
	*build.RPM
	of   *built
	nvra string
	id   repomd.ID // of its fragments
}

const (
	// lateRows is how far behind the newest row another may still appear: ids
	// are given before a transaction ends.
	lateRows = 2000
	// maxMembers bounds the rpms that are remembered: some 150 MB.
	maxMembers = 300_000
)

// inOrder is the order in which a repository lists its packages.
func inOrder(a, b *packaged) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.nvra, b.nvra))
}

// rpmsInOrder is the same of rpms.
func rpmsInOrder(a, b *build.RPM) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.NVRA(), b.NVRA()))
}

// tagged gives the builds that a tag holds, and their rpms in the order in which
// a repository lists them.
func (m *members) tagged(ctx context.Context, tx *db.Tx, q build.TaggedQuery) (builds []*build.Tagged, rpms []*packaged, err error) {
	refs, err := build.ListTaggedRefs(ctx, tx, q)
	if err != nil {
		return nil, nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refresh(ctx, tx, refs); err != nil {
		return nil, nil, err
	}
	m.asked++
	builds = make([]*build.Tagged, 0, len(refs))
	n := 0
	for _, r := range refs {
		k := m.known[r.BuildID]
		if k.build == nil { // deleted between two queries
			m.forget(r.BuildID)
			continue
		}
		builds = append(builds, &build.Tagged{Build: k.build, TagID: r.TagID, TagName: r.TagName, CreateEvent: r.CreateEvent})
		k.asked = m.asked
		n += len(k.rpms)
	}
	rpms = make([]*packaged, 0, n)
	for _, p := range m.order {
		if p.of.asked == m.asked && !p.of.gone {
			rpms = append(rpms, p)
		}
	}
	return builds, rpms, nil
}

// same says whether a build can be shown as it was read.
func same(a, b build.TaggedRef) bool {
	return a.VolumeID == b.VolumeID && a.CompletionTime == b.CompletionTime && a.Draft == b.Draft
}

// refresh reads the builds that are not known, or not any more.
func (m *members) refresh(ctx context.Context, tx *db.Tx, refs []build.TaggedRef) error {
	since := m.newest - lateRows
	newest, counts, err := build.RPMsSince(ctx, tx, since)
	if err != nil {
		return err
	}
	if m.known == nil || newest < m.newest || len(m.order) > maxMembers {
		m.known, m.order = map[int64]*built{}, nil
	}
	m.newest = newest
	for id, n := range counts {
		if k := m.known[id]; k != nil && k.newer(since) != n {
			m.forget(id)
		}
	}
	var ask []*build.Tagged
	var ids []int64
	for _, r := range refs {
		k, ok := m.known[r.BuildID]
		if ok && same(k.ref, r) {
			continue
		}
		m.forget(r.BuildID)
		m.known[r.BuildID] = &built{ref: r}
		ids = append(ids, r.BuildID)
		ask = append(ask, &build.Tagged{Build: &build.Build{ID: r.BuildID}})
	}
	if len(ids) == 0 {
		return nil
	}
	got, err := build.ByIDs(ctx, tx, ids)
	if err == nil {
		var rpms []*build.RPM
		if rpms, err = build.RPMs(ctx, tx, ask, nil); err == nil {
			m.keep(got, rpms)
		}
	}
	if err != nil {
		m.known = nil
	}
	return err
}

// newer counts the rpms with ids above one.
func (b *built) newer(id int64) (n int) {
	for _, p := range b.rpms {
		if p.ID > id {
			n++
		}
	}
	return n
}

func (m *members) forget(id int64) {
	if k := m.known[id]; k != nil {
		k.gone = true
		delete(m.known, id)
	}
}

// keep remembers builds with their rpms, and puts these in order.
func (m *members) keep(builds []*build.Build, rpms []*build.RPM) {
	for _, b := range builds {
		m.known[b.ID].build = b
	}
	fresh := make([]*packaged, 0, len(rpms))
	for _, r := range rpms {
		k := m.known[*r.BuildID]
		if k.build == nil {
			continue
		}
		p := &packaged{RPM: r, of: k, nvra: r.NVRA(), id: identity("import", r.Sum, build.RepoHref(k.build, r.Arch, r.File()))}
		k.rpms = append(k.rpms, p)
		fresh = append(fresh, p)
	}
	slices.SortFunc(fresh, inOrder)
	all := make([]*packaged, 0, len(m.order)+len(fresh))
	for _, p := range m.order {
		for len(fresh) > 0 && inOrder(fresh[0], p) < 0 {
			all, fresh = append(all, fresh[0]), fresh[1:]
		}
		if !p.of.gone {
			all = append(all, p)
		}
	}
	m.order = append(all, fresh...)
}
