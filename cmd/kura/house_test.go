package main

import (
	"context"
	"log/slog"
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// What [policy] says reaches the rooms that ask.
func TestPoliciesReachTheRooms(t *testing.T) {
	ctx := context.Background()
	c := Default(t.TempDir())
	c.Signer.Enabled = false
	c.Policy = PolicyConfig{"package_list": "all :: deny closed", "channel": "all :: use nowhere", "tag": "all :: deny closed"}
	c, err := c.finish()
	must(t, err)
	must(t, initialise(ctx, c))
	h, err := newHouse(ctx, c, slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(h.close)
	for what, fn := range map[string]func(*db.Tx, account.Actor) error{
		"package lists": func(tx *db.Tx, by account.Actor) error {
			if _, err := tag.Create(ctx, tx, by, tag.Config{Name: "f41"}); err != nil {
				return err
			}
			owner := account.ByID(by.ID)
			return h.lists.Add(ctx, tx, by, tag.ByName("f41"), tag.ByName("hello"), tag.Entry{Owner: &owner})
		},
		"tags": func(tx *db.Tx, by account.Actor) error {
			return h.flow.Policies().Assert(ctx, tx, by, "tag", map[string]any{"operation": "tag"}, false)
		},
	} {
		err := h.db.Update(ctx, func(tx *db.Tx) error {
			by, err := account.Load(ctx, tx, account.ByName("kojiadmin"))
			if err != nil {
				return err
			}
			return fn(tx, by)
		})
		if !kura.Is(err, kura.Denied) {
			t.Errorf("%s: %v", what, err)
		}
	}
	err = h.db.Update(ctx, func(tx *db.Tx) error {
		by, err := account.Load(ctx, tx, account.ByName("kojiadmin"))
		if err != nil {
			return err
		}
		_, err = h.tasks.Make(ctx, tx, task.Spec{Method: "sleep", Owner: by.ID})
		return err
	})
	if !kura.Is(err, kura.NotFound) {
		t.Errorf("a task for a channel that there is not: %v", err)
	}
}
