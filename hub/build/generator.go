package build

import (
	"context"
	"crypto/rand"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
)

// GetGenerator gives a content generator, a program elsewhere that imports what it
// has built, by its id or name.
func GetGenerator(ctx context.Context, tx *db.Tx, ref account.Ref) (Named, error) {
	const op = "build.GetGenerator"
	var q db.Builder
	q.Add("SELECT id, name FROM content_generator WHERE")
	if ref.ID != 0 {
		q.Add(" id = ?", ref.ID)
	} else {
		q.Add(" name = ?", ref.Name)
	}
	got, err := db.Find(ctx, tx, scanNamed, &q)
	if err == nil && len(got) == 0 {
		err = kura.Errorf(op, kura.NotFound, "No such content_generator: %s", ref)
	}
	if err != nil {
		return Named{}, kura.E(op, err)
	}
	return got[0], nil
}

// GrantGenerator lets a user speak for a content generator, which is made where it
// is new and create says so.
func GrantGenerator(ctx context.Context, tx *db.Tx, by account.Actor, user int64, ref account.Ref, create bool) error {
	const op = "build.GrantGenerator"
	g, err := GetGenerator(ctx, tx, ref)
	if kura.Is(err, kura.NotFound) && create && ref.Name != "" {
		if err = account.CheckName(ref.Name); err == nil {
			g.Name = ref.Name
			g.ID, err = tx.Insert(ctx, "INSERT INTO content_generator (name) VALUES ($1) RETURNING id", ref.Name)
		}
	}
	if err != nil {
		return kura.E(op, err)
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return kura.E(op, err)
	}
	n, err := tx.Exec(ctx, `INSERT INTO cg_users (cg_id, user_id, create_event, creator_id) VALUES ($1, $2, $3, $4)
		ON CONFLICT (cg_id, user_id) WHERE revoke_event IS NULL DO NOTHING`, g.ID, user, ev, by.ID)
	if err == nil && n == 0 {
		err = kura.Errorf(op, kura.Exists, "User already has access to content generator %s", g.Name)
	}
	return kura.E(op, err)
}

// RevokeGenerator ends it. That a user did not speak for it is no error.
func RevokeGenerator(ctx context.Context, tx *db.Tx, by account.Actor, user int64, ref account.Ref) error {
	const op = "build.RevokeGenerator"
	g, err := GetGenerator(ctx, tx, ref)
	if err != nil {
		return kura.E(op, err)
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return kura.E(op, err)
	}
	_, err = tx.Exec(ctx, "UPDATE cg_users SET revoke_event = $3, revoker_id = $4 WHERE cg_id = $1 AND user_id = $2 AND revoke_event IS NULL",
		g.ID, user, ev, by.ID)
	return kura.E(op, err)
}

// Generator is a content generator with the names of those who speak for it.
type Generator struct {
	Named
	Users []string
}

// Generators gives all content generators that somebody speaks for, by name.
func Generators(ctx context.Context, tx *db.Tx) ([]Generator, error) {
	type row struct {
		g    Named
		user string
	}
	rows, err := db.All(ctx, tx, func(s db.Scanner) (r row, err error) { return r, s.Scan(&r.g.ID, &r.g.Name, &r.user) },
		`SELECT g.id, g.name, users.name FROM cg_users c JOIN content_generator g ON g.id = c.cg_id JOIN users ON users.id = c.user_id
		WHERE c.revoke_event IS NULL ORDER BY g.name, users.name`)
	var out []Generator
	for _, r := range rows {
		if n := len(out); n == 0 || out[n-1].ID != r.g.ID {
			out = append(out, Generator{Named: r.g})
		}
		g := &out[len(out)-1]
		g.Users = append(g.Users, r.user)
	}
	return out, kura.E("build.Generators", err)
}

// SpeaksFor refuses who may not speak for a content generator: administrators too,
// as long as nobody has said that they do.
func SpeaksFor(ctx context.Context, tx *db.Tx, by account.Actor, ref account.Ref) (Named, error) {
	const op = "build.SpeaksFor"
	g, err := GetGenerator(ctx, tx, ref)
	if err != nil {
		return g, kura.E(op, err)
	}
	var n int64
	err = tx.Row(ctx, "SELECT count(*) FROM cg_users WHERE cg_id = $1 AND user_id = $2 AND revoke_event IS NULL", g.ID, by.ID).Scan(&n)
	if err == nil && n == 0 {
		err = kura.Errorf(op, kura.Unauthenticated, "Content generator access required (%s)", g.Name)
	}
	return g, kura.E(op, err)
}

// Reserve begins a build that a content generator will import, and gives the token
// by which it will show that it is the one.
func Reserve(ctx context.Context, tx *db.Tx, by account.Actor, ref account.Ref, n New) (*Build, string, error) {
	const op = "build.Reserve"
	g, err := SpeaksFor(ctx, tx, by, ref)
	if err != nil {
		return nil, "", err
	}
	n.OwnerID = by.ID
	b, err := Begin(ctx, tx, n)
	if kura.Is(err, kura.Build) {
		var held int
		if e := tx.Row(ctx, `SELECT count(*) FROM build_reservations r JOIN build b ON b.id = r.build_id JOIN package p ON p.id = b.pkg_id
			WHERE b.namespace = $1 AND p.name = $2 AND b.version = $3 AND b.release = $4 AND b.state = 0`, n.Namespace, n.Name, n.Version, n.Release).Scan(&held); e != nil {
			return nil, "", kura.E(op, e)
		}
		if held > 0 {
			err = kura.Errorf(op, kura.Conflict, "Build is already reserved")
		}
	}
	if err != nil {
		return nil, "", kura.E(op, err)
	}
	if err := setGenerator(ctx, tx, b.ID, g); err != nil {
		return nil, "", kura.E(op, err)
	}
	token := rand.Text()
	// A build that failed before is begun again under its old number.
	_, err = tx.Exec(ctx, `INSERT INTO build_reservations (build_id, token, created) VALUES ($1, $2, $3)
		ON CONFLICT (build_id) DO UPDATE SET token = excluded.token, created = excluded.created`, b.ID, token, db.Now())
	return b, token, kura.E(op, err)
}

// Refund gives up a reservation: the build failed, or was canceled.
func Refund(ctx context.Context, tx *db.Tx, by account.Actor, ref account.Ref, id int64, token string, s State) error {
	const op = "build.Refund"
	if s != Failed && s != Canceled {
		return kura.Errorf(op, kura.Invalid, "Only FAILED/CANCELED build states are allowed")
	}
	g, err := SpeaksFor(ctx, tx, by, ref)
	if err != nil {
		return err
	}
	b, err := Get(ctx, tx, id)
	if err != nil {
		return err
	}
	if b.State != Building {
		return kura.Errorf(op, kura.Conflict, "Build ID %d is not in BUILDING state", id)
	}
	if err := holdsToken(ctx, tx, b, g, token); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM build_reservations WHERE build_id = $1", id); err != nil {
		return kura.E(op, err)
	}
	_, err = SetState(ctx, tx, id, s)
	return kura.E(op, err)
}
