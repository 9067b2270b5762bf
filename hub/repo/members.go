package repo

import (
	"context"
	"sync"

	"github.com/kura-build/kura/db"
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
	known  map[int64]member1
	count  int // rpms
}

// member1 is a build as it was read.
type member1 struct {
	ref   build.TaggedRef
	build *build.Build
	rpms  []*build.RPM
}

const (
	// lateRows is how far behind the newest row another may still appear: ids
	// are given before a transaction ends.
	lateRows = 2000
	// maxMembers bounds the rpms that are remembered: some 150 MB.
	maxMembers = 300_000
)

// tagged gives the builds that a tag holds, and their rpms in the order of the
// builds.
func (m *members) tagged(ctx context.Context, tx *db.Tx, q build.TaggedQuery) (builds []*build.Tagged, rpms []*build.RPM, err error) {
	refs, err := build.ListTaggedRefs(ctx, tx, q)
	if err != nil {
		return nil, nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refresh(ctx, tx, refs); err != nil {
		return nil, nil, err
	}
	builds = make([]*build.Tagged, len(refs))
	for i, r := range refs {
		k := m.known[r.BuildID]
		builds[i] = &build.Tagged{Build: k.build, TagID: r.TagID, TagName: r.TagName, CreateEvent: r.CreateEvent}
		rpms = append(rpms, k.rpms...)
	}
	return builds, rpms, nil
}

// same says whether a build can be shown as it was read.
func same(a, b build.TaggedRef) bool {
	return a.VolumeID == b.VolumeID && a.CompletionTime == b.CompletionTime && a.Draft == b.Draft
}

// refresh reads the builds that are not known, or not any more.
func (m *members) refresh(ctx context.Context, tx *db.Tx, refs []build.TaggedRef) error {
	newest, changed, err := build.RPMsSince(ctx, tx, m.newest-lateRows)
	if err != nil {
		return err
	}
	if m.known == nil || newest < m.newest || m.count > maxMembers {
		m.known, m.count = map[int64]member1{}, 0
	}
	m.newest = newest
	for _, id := range changed {
		m.count -= len(m.known[id].rpms)
		delete(m.known, id)
	}
	var ask []*build.Tagged
	var ids []int64
	for _, r := range refs {
		k, ok := m.known[r.BuildID]
		if ok && same(k.ref, r) {
			continue
		}
		m.count -= len(k.rpms)
		m.known[r.BuildID] = member1{ref: r}
		ids = append(ids, r.BuildID)
		ask = append(ask, &build.Tagged{Build: &build.Build{ID: r.BuildID}})
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

func (m *members) keep(builds []*build.Build, rpms []*build.RPM) {
	for _, b := range builds {
		k := m.known[b.ID]
		k.build = b
		m.known[b.ID] = k
	}
	for _, r := range rpms {
		k := m.known[*r.BuildID]
		k.rpms = append(k.rpms, r)
		m.known[*r.BuildID] = k
	}
	m.count += len(rpms)
}
