package event

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Event is a moment at which records changed.
type Event struct {
	ID   int64
	Time int64 // microseconds since 1970
}

type noteKey struct{}

// Now gives the event of this transaction (or savepoint), making it when
// asked for the first time.
func Now(ctx context.Context, tx *db.Tx) (int64, error) {
	if id, ok := tx.Noted(noteKey{}).(int64); ok {
		return id, nil
	}
	id, err := tx.Insert(ctx, "INSERT INTO event (time) VALUES ($1) RETURNING id", db.Now())
	if err != nil {
		return 0, kura.E("event.Now", err)
	}
	tx.Note(noteKey{}, id)
	return id, nil
}

// Get gives an event by its id.
func Get(ctx context.Context, tx *db.Tx, id int64) (Event, error) {
	e := Event{ID: id}
	ok, err := tx.Get(ctx, []any{&e.Time}, "SELECT time FROM event WHERE id = $1", id)
	if err != nil {
		return e, kura.E("event.Get", err)
	}
	if !ok {
		return e, kura.Errorf("event.Get", kura.NotFound, "No such event: %d", id)
	}
	return e, nil
}

// Last gives the newest event, or the newest before a time (microseconds)
// that is not 0. Before the first event it gives the zero Event.
func Last(ctx context.Context, tx *db.Tx, before int64) (Event, error) {
	var e Event
	var b db.Builder
	b.Add("SELECT id, time FROM event")
	if before != 0 {
		b.Add(" WHERE time < ? ORDER BY time DESC, id DESC", before) // an index has this order
	} else {
		b.Add(" ORDER BY id DESC")
	}
	b.Page(1, 0)
	got, err := db.Find(ctx, tx, func(s db.Scanner) (e Event, err error) { return e, s.Scan(&e.ID, &e.Time) }, &b)
	if err != nil {
		return e, kura.E("event.Last", err)
	}
	if len(got) == 1 {
		e = got[0]
	}
	return e, nil
}
