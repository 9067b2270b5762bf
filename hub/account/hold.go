package account

import (
	"context"
	"database/sql"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Subsession gives an actor a session below its top session, which ends with
// that one: a builder makes one for each task.
func (s *Sessions) Subsession(ctx context.Context, tx *db.Tx, a Actor) (Opened, error) {
	if a.Session == 0 {
		return Opened{}, kura.Errorf("account.Subsession", kura.Unauthenticated, "Not logged in")
	}
	master := a.Master
	if master == 0 {
		master = a.Session
	}
	return s.insert(ctx, tx, a.ID, sql.NullInt64{Int64: master, Valid: true}, a.Authtype, a.IP)
}

// MakeExclusive gives the actor's session its user alone: all other sessions
// of the user, but its own subsessions, are refused from now on (CheckLock).
// force ends another session that has the user.
func (s *Sessions) MakeExclusive(ctx context.Context, tx *db.Tx, a Actor, force bool) error {
	const op = "account.MakeExclusive"
	switch {
	case a.Session == 0:
		return kura.Errorf(op, kura.Unauthenticated, "Not logged in")
	case a.Master != 0:
		return kura.Errorf(op, kura.Invalid, "subsessions cannot become exclusive")
	case a.Exclusive:
		return kura.Errorf(op, kura.Conflict, "session is already exclusive")
	}
	var b db.Builder
	b.Add("SELECT id FROM users WHERE id = ?", a.ID).Lock(tx.LockRows())
	if _, err := db.Find(ctx, tx, db.Column[int64], &b); err != nil {
		return kura.E(op, err)
	}
	var holder int64
	held, err := tx.Get(ctx, []any{&holder}, "SELECT id FROM sessions WHERE user_id = $1 AND exclusive AND NOT closed", a.ID)
	if err != nil {
		return kura.E(op, err)
	}
	if held && !force {
		return &kura.Error{Op: op, Kind: kura.Locked, Err: exclusiveError{}}
	}
	if held {
		if err := end(ctx, tx, holder); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, "UPDATE sessions SET exclusive = TRUE WHERE id = $1 AND NOT closed", a.Session)
	return kura.E(op, err)
}

// Held reports whether a session has a user for itself.
func Held(ctx context.Context, tx *db.Tx, user int64) (held bool, err error) {
	err = tx.Row(ctx, "SELECT EXISTS (SELECT 1 FROM sessions WHERE user_id = $1 AND exclusive AND NOT closed)", user).Scan(&held)
	return held, kura.E("account.Held", err)
}

// exclusiveError is ErrTaken in the words for who asks for exclusiveness.
type exclusiveError struct{}

func (exclusiveError) Error() string { return "Cannot get exclusive session" }
func (exclusiveError) Unwrap() error { return ErrTaken }

// MakeShared lets the user's other sessions in again.
func (s *Sessions) MakeShared(ctx context.Context, tx *db.Tx, a Actor) error {
	_, err := tx.Exec(ctx, "UPDATE sessions SET exclusive = FALSE WHERE id = $1", a.Session)
	return kura.E("account.MakeShared", err)
}

// Logout ends a session and its subsessions: the actor's own for 0, else
// another one of the same user, or anybody's for an admin.
func (s *Sessions) Logout(ctx context.Context, tx *db.Tx, a Actor, session int64) error {
	const op = "account.Logout"
	if !a.LoggedIn() || session == 0 && a.Session == 0 {
		return kura.Errorf(op, kura.Unauthenticated, "Not logged in")
	}
	if session == 0 {
		session = a.Session
	} else if !a.Has(Admin) {
		var one int
		own, err := tx.Get(ctx, []any{&one}, "SELECT 1 FROM sessions WHERE id = $1 AND user_id = $2", session, a.ID)
		if err != nil {
			return kura.E(op, err)
		}
		if !own {
			return kura.Errorf(op, kura.Denied, "only admins or owner may logout other session")
		}
	}
	return end(ctx, tx, session)
}

// LogoutChild ends a subsession of the actor's session.
func (s *Sessions) LogoutChild(ctx context.Context, tx *db.Tx, a Actor, session int64) error {
	if a.Session == 0 {
		return kura.Errorf("account.LogoutChild", kura.Unauthenticated, "Not logged in")
	}
	_, err := tx.Exec(ctx, "UPDATE sessions SET expired = TRUE, exclusive = FALSE, closed = TRUE WHERE id = $1 AND master_id = $2", session, a.Session)
	return kura.E("account.LogoutChild", err)
}

func end(ctx context.Context, tx *db.Tx, session int64) error {
	_, err := tx.Exec(ctx, "UPDATE sessions SET expired = TRUE, exclusive = FALSE, closed = TRUE WHERE id = $1 OR master_id = $1", session)
	return kura.E("account.Logout", err)
}

// Advance notes the number of a call that writes, in the transaction of the
// call itself: a number is stored when, and only when, what was done under it
// is. A smaller number than the stored one is of kind Sequence. The same
// number means that the call was carried out and its answer was lost: kind
// Retry, unless the call may be carried out again.
func (s *Sessions) Advance(ctx context.Context, tx *db.Tx, session, callnum int64, again bool) error {
	const op = "account.Advance"
	n, err := tx.Exec(ctx, "UPDATE sessions SET callnum = $1 WHERE id = $2 AND (callnum IS NULL OR callnum < $1)", callnum, session)
	if err != nil || n == 1 {
		return kura.E(op, err)
	}
	var last int64
	found, err := tx.Get(ctx, []any{&last}, "SELECT callnum FROM sessions WHERE id = $1", session)
	switch {
	case err != nil:
		return kura.E(op, err)
	case !found:
		return invalid(op)
	case last > callnum:
		return kura.Errorf(op, kura.Sequence, "%d > %d (session %d)", last, callnum, session)
	case again:
		return nil
	}
	return kura.Errorf(op, kura.Retry, "unable to retry call %d for session %d: it was carried out already", callnum, session)
}

// Session is a session as its owner or an admin sees it listed.
type Session struct {
	ID, User, Master   int64
	Authtype           int
	IP                 string
	Start, Last        int64
	Exclusive, Expired bool
}

// Living lists a user's sessions that were not ended, newest first.
func (s *Sessions) Living(ctx context.Context, tx *db.Tx, user int64) ([]Session, error) {
	got, err := db.All(ctx, tx, func(sc db.Scanner) (v Session, err error) {
		var r row
		err = sc.Scan(&r.id, &r.master, &r.authtype, &r.ip, &r.start, &r.renew, &r.update, &r.exclusive, &r.expired)
		return Session{ID: r.id, User: user, Master: r.master.Int64, Authtype: r.authtype, IP: r.ip, Start: r.start,
			Last: r.update, Exclusive: r.exclusive, Expired: s.expired(r)}, err
	}, `SELECT id, master_id, authtype, hostip, start_time, renew_time, update_time, exclusive, expired
		FROM sessions WHERE user_id = $1 AND NOT closed ORDER BY id DESC`, user)
	return got, kura.E("account.Living", err)
}

// Sweep forgets sessions that ended, or were last used, longer ago than keep.
func (s *Sessions) Sweep(ctx context.Context, tx *db.Tx, keep time.Duration) error {
	before := s.now() - keep.Microseconds()
	_, err := tx.Exec(ctx, "DELETE FROM sessions WHERE master_id IS NOT NULL AND update_time < $1", before)
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM sessions WHERE master_id IS NULL AND update_time < $1
			AND NOT EXISTS (SELECT 1 FROM sessions c WHERE c.master_id = sessions.id)`, before)
	}
	return kura.E("account.Sweep", err)
}
