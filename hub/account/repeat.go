package account

import (
	"context"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// keepAnswers is how long a request can be repeated under its key, and MaxAnswers
// of how many of somebody's: the oldest are forgotten beyond that.
const (
	keepAnswers = 24 * time.Hour
	MaxAnswers  = 1000
)

// maxAnswer is the most bytes of an answer that are kept, and tooLong stands for
// one that has more: it is no JSON.
const (
	maxAnswer = 64 << 10
	tooLong   = "-"
)

// Repeated gives the answer that a request had when its caller made it before
// under the same key, or nil for a new one. In that case the key is taken until
// the end of the transaction, which is to Remember the answer: who repeats the
// request meanwhile waits for it.
func Repeated(ctx context.Context, tx *db.Tx, by Actor, key, sum string) ([]byte, error) {
	const op = "account.Repeated"
	if !by.LoggedIn() || by.ID == 0 {
		return nil, kura.Errorf(op, kura.Unauthenticated, "a request with a key is somebody's: log in")
	}
	if len(key) > 255 {
		return nil, kura.Errorf(op, kura.Invalid, "a key has at most 255 bytes, this one %d", len(key))
	}
	if _, err := tx.Exec(ctx, "DELETE FROM request_keys WHERE time < $1", db.Now()-keepAnswers.Microseconds()); err != nil {
		return nil, kura.E(op, err)
	}
	n, err := tx.Exec(ctx, "INSERT INTO request_keys (user_id, key, sum, time) VALUES ($1, $2, $3, $4) ON CONFLICT (user_id, key) DO NOTHING", by.ID, key, sum, db.Now())
	if err == nil && n == 1 {
		_, err = tx.Exec(ctx, `DELETE FROM request_keys WHERE user_id = $1 AND key <> $2
			AND time <= (SELECT time FROM request_keys WHERE user_id = $1 ORDER BY time DESC LIMIT 1 OFFSET $3)`, by.ID, key, MaxAnswers)
	}
	if err != nil || n == 1 {
		return nil, kura.E(op, err)
	}
	var was, answer string
	if err := tx.Row(ctx, "SELECT sum, COALESCE(answer, '') FROM request_keys WHERE user_id = $1 AND key = $2", by.ID, key).Scan(&was, &answer); err != nil {
		return nil, kura.E(op, err)
	}
	switch {
	case was != sum:
		return nil, kura.Errorf(op, kura.Conflict, "key %.50q was used for another request: take a new one for each", key)
	case answer == tooLong:
		return nil, kura.Errorf(op, kura.Conflict, "the request with key %.50q was carried out, and its answer was too long to be kept", key)
	case answer == "":
		return nil, kura.Errorf(op, kura.Conflict, "the request with key %.50q is being carried out", key)
	}
	return []byte(answer), nil
}

// Remember keeps the answer for who repeats the request.
func Remember(ctx context.Context, tx *db.Tx, by Actor, key string, answer []byte) error {
	if len(answer) > maxAnswer {
		answer = []byte(tooLong)
	}
	_, err := tx.Exec(ctx, "UPDATE request_keys SET answer = $3 WHERE user_id = $1 AND key = $2", by.ID, key, string(answer))
	return kura.E("account.Remember", err)
}
