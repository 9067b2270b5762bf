package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Sessions is how callers become actors. One of it serves a hub.
type Sessions struct {
	Renewal     time.Duration    // a session must be renewed so often; 0 never
	CheckIP     bool             // a session is good only from the address it was made from
	CreatesUser bool             // a certificate or principal of nobody we know makes a user
	Clock       func() time.Time // time.Now but in tests
	limit       limiter
	known       known
}

// NewSessions gives sessions with Koji's defaults.
func NewSessions() *Sessions {
	return &Sessions{Renewal: 1440 * time.Minute, CheckIP: true, CreatesUser: true, Clock: time.Now}
}

// Opened is a session as its owner gets to see it, once.
type Opened struct {
	ID  int64
	Key string
}

// Credentials are what a caller shows with a call.
type Credentials struct {
	Session int64
	Key     string
	IP      string
}

func invalid(op string) error {
	return kura.Errorf(op, kura.Unauthenticated, "Invalid session or bad credentials")
}

// newKey makes a session's key, beginning with the user's id as Koji's do.
func newKey(user int64) string { return strconv.FormatInt(user, 10) + "-" + rand.Text() }

func hashKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

func sameHash(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// Open gives a user a new session. user was made sure of by Password,
// Certificate or Principal in the same or an earlier transaction.
func (s *Sessions) Open(ctx context.Context, tx *db.Tx, user User, authtype int, ip string) (Opened, error) {
	return s.insert(ctx, tx, user.ID, sql.NullInt64{}, authtype, ip)
}

func (s *Sessions) insert(ctx context.Context, tx *db.Tx, user int64, master sql.NullInt64, authtype int, ip string) (Opened, error) {
	key, now := newKey(user), s.now()
	id, err := tx.Insert(ctx, `INSERT INTO sessions (user_id, master_id, key_hash, authtype, hostip, start_time, update_time)
		VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id`, user, master, hashKey(key), authtype, ip, now)
	return Opened{ID: id, Key: key}, kura.E("account.Open", err)
}

// row is a session as stored.
type row struct {
	id, user              int64
	master                sql.NullInt64
	hash, ip              string
	authtype              int
	callnum               sql.NullInt64
	start, update         int64
	renew                 sql.NullInt64
	exclusive, expired    bool
	name                  string
	status, usertype      int
	masterStart, masterUp sql.NullInt64 // the master's start and renewal
	masterClosed          sql.NullBool
	holder                sql.NullInt64 // the user's exclusive session
}

func scanSession(sc db.Scanner) (r row, err error) {
	return r, sc.Scan(&r.id, &r.user, &r.master, &r.hash, &r.ip, &r.authtype, &r.callnum, &r.start, &r.update, &r.renew,
		&r.exclusive, &r.expired, &r.name, &r.status, &r.usertype, &r.masterStart, &r.masterUp, &r.masterClosed, &r.holder)
}

// find reads the session of credentials and makes sure that they are right.
func (s *Sessions) find(ctx context.Context, tx *db.Tx, c Credentials) (row, error) {
	const op = "account.Check"
	got, err := db.All(ctx, tx, scanSession, `SELECT s.id, s.user_id, s.master_id, s.key_hash, s.hostip, s.authtype, s.callnum,
			s.start_time, s.update_time, s.renew_time, s.exclusive, s.expired, u.name, u.status, u.usertype,
			m.start_time, m.renew_time, m.closed,
			(SELECT x.id FROM sessions x WHERE x.user_id = s.user_id AND x.exclusive AND NOT x.closed)
		FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN sessions m ON m.id = s.master_id
		WHERE s.id = $1 AND NOT s.closed`, c.Session)
	if err != nil {
		return row{}, kura.E(op, err)
	}
	if len(got) == 0 || !sameHash(got[0].hash, hashKey(c.Key)) {
		return row{}, invalid(op)
	}
	r := got[0]
	if s.CheckIP && r.ip != c.IP || r.masterClosed.Bool {
		return row{}, invalid(op)
	}
	return r, nil
}

// Check gives the actor of a session. It writes nothing: expiry follows from
// the times alone. An expired session is an error of kind Expired, after which
// the caller logs in again with Renew.
func (s *Sessions) Check(ctx context.Context, tx *db.Tx, c Credentials) (Actor, error) {
	const op = "account.Check"
	r, err := s.find(ctx, tx, c)
	if err != nil {
		return Actor{}, err
	}
	if s.expired(r) {
		return Actor{}, kura.Errorf(op, kura.Expired, "session \"%d\" has expired", r.id)
	}
	if r.status != Normal {
		return Actor{}, blocked(op, r.name)
	}
	a := Actor{
		ID: r.user, Name: r.name, Type: r.usertype, Authtype: r.authtype,
		Session: r.id, Master: r.master.Int64, IP: c.IP,
		Exclusive: r.exclusive || r.holder.Valid && r.holder.Int64 == r.master.Int64,
		Stale:     s.now()-r.update > staleAfter.Microseconds(),
		Until:     s.ends(r),
	}
	a.Taken = r.holder.Valid && !a.Exclusive
	return a, a.load(ctx, tx)
}

func (s *Sessions) expired(r row) bool {
	ends := s.ends(r)
	return r.expired || ends != 0 && s.now() > ends
}

// ends follows a session's own times, and its master's: a subsession ends
// when its master was not renewed in time, unless it was itself renewed since.
// 0 is never.
func (s *Sessions) ends(r row) int64 {
	if s.Renewal == 0 {
		return 0
	}
	base := newest(r.start, r.renew)
	ends := base + s.Renewal.Microseconds()
	if !r.masterStart.Valid {
		return ends
	}
	if above := newest(r.masterStart.Int64, r.masterUp) + s.Renewal.Microseconds(); base <= above {
		return min(ends, above)
	}
	return ends
}

func newest(start int64, renew sql.NullInt64) int64 {
	if renew.Valid {
		return renew.Int64
	}
	return start
}

func blocked(op, name string) error {
	return kura.Errorf(op, kura.Unauthenticated, "logins by %s are not allowed", name)
}

// staleAfter is how exactly it is noted when a session was last used.
const staleAfter = time.Minute

// Touch notes that a session is in use. The caller does it in passing, when
// the actor is Stale: reads need not write.
func (s *Sessions) Touch(ctx context.Context, tx *db.Tx, session int64) error {
	now := s.now()
	_, err := tx.Exec(ctx, "UPDATE sessions SET update_time = $1 WHERE id = $2 AND update_time < $3", now, session, now-staleAfter.Microseconds())
	return kura.E("account.Touch", err)
}

// Renew gives an expired or living session of a user, who logged in again, a
// new key and a new term. Call numbers begin anew.
func (s *Sessions) Renew(ctx context.Context, tx *db.Tx, user User, c Credentials) (Opened, error) {
	const op = "account.Renew"
	r, err := s.find(ctx, tx, c)
	if err != nil {
		return Opened{}, err
	}
	if r.user != user.ID {
		return Opened{}, kura.Errorf(op, kura.Unauthenticated, "session %d is not one of %s: log in without it", r.id, user.Name)
	}
	key := newKey(user.ID)
	_, err = tx.Exec(ctx, `UPDATE sessions SET key_hash = $1, update_time = $2, renew_time = $2, expired = FALSE, callnum = NULL
		WHERE id = $3`, hashKey(key), s.now(), r.id)
	return Opened{ID: r.id, Key: key}, kura.E(op, err)
}

func (s *Sessions) now() int64 { return s.Clock().UnixMicro() }
