package repo

import (
	"context"
	"sync"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
)

// members remembers the rpms of complete builds. A tag has tens of thousands of
// them, of which the next repository shows all but a few again.
//
// The rpms of a build change only by new rows: builds with new ones are read
// again.
type members struct {
	mu      sync.Mutex
	newest  int64 // rpm
	byBuild map[int64][]*build.RPM
	count   int
}

const (
	// lateRows is how far behind the newest row another may still appear: ids
	// are given before a transaction ends.
	lateRows = 2000
	// maxMembers bounds what is remembered: some 100 MB.
	maxMembers = 300_000
)

// rpms gives the rpms of builds, in the order of the builds.
func (m *members) rpms(ctx context.Context, tx *db.Tx, builds []*build.Tagged) ([]*build.RPM, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	newest, changed, err := build.RPMsSince(ctx, tx, m.newest-lateRows)
	if err != nil {
		return nil, err
	}
	if m.byBuild == nil || newest < m.newest || m.count > maxMembers {
		m.byBuild, m.count = map[int64][]*build.RPM{}, 0
	}
	m.newest = newest
	for _, id := range changed {
		m.count -= len(m.byBuild[id])
		delete(m.byBuild, id)
	}
	var ask []*build.Tagged
	for _, b := range builds {
		if _, ok := m.byBuild[b.ID]; !ok {
			ask = append(ask, b)
		}
	}
	got, err := build.RPMs(ctx, tx, ask, nil)
	if err != nil {
		return nil, err
	}
	for _, b := range ask {
		m.byBuild[b.ID] = nil
	}
	for _, r := range got {
		m.byBuild[*r.BuildID] = append(m.byBuild[*r.BuildID], r)
	}
	m.count += len(got)
	out := make([]*build.RPM, 0, len(got))
	for _, b := range builds {
		out = append(out, m.byBuild[b.ID]...)
	}
	return out, nil
}
