package history

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
)

func TestWhatBecameOfATag(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		update := func(fn func(*db.Tx) error) {
			t.Helper()
			if err := d.Update(ctx, fn); err != nil {
				t.Fatal(err)
			}
		}
		var ada account.User
		var id int64
		update(func(tx *db.Tx) (err error) {
			if ada, err = account.Create(ctx, tx, "ada", account.Person); err != nil {
				return err
			}
			id, err = tag.Create(ctx, tx, account.Actor{ID: ada.ID}, tag.Config{Name: "f41"})
			return err
		})
		update(func(tx *db.Tx) error {
			yes, arches := true, "x86_64"
			return tag.Edit(ctx, tx, account.System, tag.ByID(id), tag.Change{Locked: &yes, Arches: &arches})
		})
		update(func(tx *db.Tx) error {
			got, err := Find(ctx, tx, "tag_config", Query{About: map[By]any{Tag: id}})
			if err != nil || len(got) != 2 {
				t.Fatal(got, err)
			}
			want := []any{id, "f41", "x86_64", nil, nil, true, false, false}
			if diff := cmp.Diff(want, got[1].Values); diff != "" {
				t.Error(diff)
			}
			if *got[0].Creator != "ada" || got[1].Creator != nil || *got[0].RevokeEvent != got[1].CreateEvent || got[1].RevokeEvent != nil {
				t.Errorf("%+v", got)
			}
			active := true
			for q, n := range map[*Query]int{{Active: &active}: 1, {Editor: ada.ID}: 1, {AfterEvent: got[1].CreateEvent}: 0, {Before: got[1].CreateTime}: 1, {BeforeEvent: got[1].CreateEvent}: 1} {
				if got, err := Find(ctx, tx, "tag_config", *q); err != nil || len(got) != n {
					t.Errorf("%+v gave %d, %v; want %d", q, len(got), err, n)
				}
			}
			return nil
		})
		// Every table can be read, by everything that it knows.
		update(func(tx *db.Tx) error {
			for _, tab := range tables {
				for by := range tab.by {
					var v any = int64(1)
					if by == Key || by == PackageName {
						v = "x"
					}
					if _, err := Find(ctx, tx, tab.name, Query{About: map[By]any{by: v}}); err != nil {
						t.Errorf("%s by %d: %v", tab.name, by, err)
					}
				}
			}
			return nil
		})
	})
}
