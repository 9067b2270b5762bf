package repo

import (
	"context"
	"fmt"
	"sync"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/tag"
)

// turns lets one at a time make the repositories of a tag: who comes meanwhile
// finds what was made, with all changes until then, and has nothing to do.
type turns struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// take waits for the turn of a key. The function gives it on.
func (t *turns) take(ctx context.Context, key string) (func(), error) {
	for {
		t.mu.Lock()
		wait, taken := t.held[key]
		if !taken {
			if t.held == nil {
				t.held = map[string]chan struct{}{}
			}
			mine := make(chan struct{})
			t.held[key] = mine
			t.mu.Unlock()
			return func() {
				t.mu.Lock()
				delete(t.held, key)
				t.mu.Unlock()
				close(mine)
			}, nil
		}
		t.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// turn waits until nobody else makes a repository that could be the wanted one.
func (m *Maker) turn(ctx context.Context, w Want) (func(), error) {
	var id int64
	err := m.db.View(ctx, func(tx *db.Tx) error {
		t, err := tag.Get(ctx, tx, w.Tag, w.Event)
		id = t.ID
		return err
	})
	if err != nil {
		return nil, err
	}
	return m.turns.take(ctx, fmt.Sprint(id, w.Opts))
}
