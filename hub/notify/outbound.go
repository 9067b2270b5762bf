package notify

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Letters that cannot be sent are tried again, later each time, until they are
// too old to be news.
const (
	sending  = 5 * time.Minute // as long a hub has a letter for itself
	longest  = 4 * time.Hour   // between two tries
	giveUp   = 5 * 24 * time.Hour
	firstTry = time.Minute
)

// Take gives a letter that is to be sent now, if there is one: to this hub
// alone, for some minutes. Its hub says with Sent or Return what came of it.
func Take(ctx context.Context, tx *db.Tx) (*Letter, error) {
	const op = "notify.Take"
	now := db.Now()
	l, headers, at := &Letter{}, "", int64(0)
	found, err := tx.Get(ctx, []any{&l.ID, &l.To, &l.Subject, &headers, &l.Text, &at, &l.Tries},
		`UPDATE mail SET due = $2, tries = tries + 1
		WHERE id = (SELECT id FROM mail WHERE due <= $1 ORDER BY due, id LIMIT 1) AND due <= $1
		RETURNING id, rcpt, subject, headers, body, time, tries`, now, now+sending.Microseconds())
	if err != nil || !found {
		return nil, kura.E(op, err)
	}
	l.Time = db.Time(at)
	return l, kura.E(op, json.Unmarshal([]byte(headers), &l.Headers))
}

// Sent forgets a letter, because it was sent or never can be.
func Sent(ctx context.Context, tx *db.Tx, id int64) error {
	_, err := tx.Exec(ctx, "DELETE FROM mail WHERE id = $1", id)
	return kura.E("notify.Sent", err)
}

// Return puts a letter back, to be tried later. It reports whether it will be:
// one that is too old is forgotten.
func Return(ctx context.Context, tx *db.Tx, l *Letter) (again bool, err error) {
	if time.Since(l.Time) > giveUp {
		return false, Sent(ctx, tx, l.ID)
	}
	wait := min(firstTry<<min(l.Tries-1, 10), longest)
	_, err = tx.Exec(ctx, "UPDATE mail SET due = $2 WHERE id = $1", l.ID, db.Now()+wait.Microseconds())
	return true, kura.E("notify.Return", err)
}
