package notify

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/event"
)

// Tagging is what people may want to hear of: a build was tagged, moved or
// untagged, or could not be.
type Tagging struct {
	Build   int64  `json:"build"`
	Tag     *int64 `json:"tag"`  // where it came to; nil: only out of From
	From    *int64 `json:"from"` // where it was
	By      string `json:"by"`
	Failure string `json:"failure"` // why it did not work; empty: it did
}

// taggingTopic is that of a Tagging in the outbox.
const taggingTopic = "notice.tag"

// Tagged says that people are to hear of a tagging.
func Tagged(ctx context.Context, tx *db.Tx, t Tagging) error {
	t.Failure = strings.ReplaceAll(t.Failure, "\x00", "") // no database keeps that in a text
	return event.Emit(ctx, tx, taggingTopic, t)
}

// mark is the name under which it is known how far the outbox was read.
const mark = "mail"

// batch is the most messages of the outbox that are read at once.
const batch = 200

// Write reads what has happened since it was last called and writes the letters
// about it, each once, whatever hubs do the same at the same time. dest finds
// the tag that a build's task builds for. It gives how many messages were read.
func (r *Rules) Write(ctx context.Context, tx *db.Tx, dest func(ctx context.Context, tx *db.Tx, task int64) (*int64, error)) (int, error) {
	const op = "notify.Write"
	newest, err := event.Newest(ctx, tx)
	if err != nil {
		return 0, err
	}
	// What was before anybody read is no news. The row is locked from here on.
	_, err = tx.Exec(ctx, `INSERT INTO outbox_mark (hub, outbox_id) VALUES ($1, $2)
		ON CONFLICT (hub) DO UPDATE SET outbox_id = outbox_mark.outbox_id`, mark, newest)
	if err != nil {
		return 0, kura.E(op, err)
	}
	var at int64
	if _, err := tx.Get(ctx, []any{&at}, "SELECT outbox_id FROM outbox_mark WHERE hub = $1", mark); err != nil {
		return 0, kura.E(op, err)
	}
	got, err := event.After(ctx, tx, at, batch)
	if err != nil || len(got) == 0 {
		return 0, err
	}
	for _, m := range got {
		// What cannot be told does not keep the rest from being told.
		err := tx.Savepoint(ctx, func() error { return r.hear(ctx, tx, m, dest) })
		if err != nil && !kura.Is(err, kura.NotFound) && !kura.Is(err, kura.Invalid) {
			return 0, kura.E(op, err)
		}
	}
	_, err = tx.Exec(ctx, "UPDATE outbox_mark SET outbox_id = $2 WHERE hub = $1", mark, got[len(got)-1].ID)
	return len(got), kura.E(op, err)
}

// Due reports whether there is something to write or to send.
func Due(ctx context.Context, tx *db.Tx) (due bool, err error) {
	err = tx.Row(ctx, `SELECT EXISTS (SELECT 1 FROM mail WHERE due <= $1)
		OR (SELECT COALESCE(max(id), 0) FROM outbox) > COALESCE((SELECT outbox_id FROM outbox_mark WHERE hub = $2), -1)`, db.Now(), mark).Scan(&due)
	return due, kura.E("notify.Due", err)
}

// hear writes the letters about one message of the outbox.
func (r *Rules) hear(ctx context.Context, tx *db.Tx, m event.Message, dest func(context.Context, *db.Tx, int64) (*int64, error)) error {
	switch m.Topic {
	case "build.state":
		var s build.StateChange
		if err := json.Unmarshal(m.Body, &s); err != nil {
			return err
		}
		if s.TaskID == nil || s.State == build.Building.String() || s.State == build.Deleted.String() {
			return nil // an import, or no end of a build
		}
		b, err := build.Get(ctx, tx, s.ID)
		if err != nil {
			return err
		}
		to, err := dest(ctx, tx, *s.TaskID)
		if err != nil {
			return err
		}
		return r.built(ctx, tx, b, s.State, to)
	case taggingTopic:
		var t Tagging
		if err := json.Unmarshal(m.Body, &t); err != nil {
			return err
		}
		b, err := build.Get(ctx, tx, t.Build)
		if err != nil {
			return err
		}
		return r.tagged(ctx, tx, b, t)
	}
	return nil
}
