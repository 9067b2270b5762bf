package tag

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
)

// Ref names a tag, target, package or group by id or name.
type Ref = account.Ref

// ByID and ByName make a Ref.
func ByID(id int64) Ref      { return account.ByID(id) }
func ByName(name string) Ref { return account.ByName(name) }

// Name is the id and name that an object keeps for ever, also when deleted.
type Name struct {
	ID   int64
	Name string
}

func scanName(s db.Scanner) (n Name, err error) { return n, s.Scan(&n.ID, &n.Name) }

// noun is a table of names, with what people call its objects.
type noun uint8

const (
	aTag noun = iota
	aPackage
	aTarget
	aRepo
	aGroup
)

func (n noun) String() string {
	return [...]string{"tag", "package", "build target", "repo", "group"}[n]
}

// lookup finds a name, of a living or deleted object.
func (n noun) lookup(ctx context.Context, tx *db.Tx, ref Ref) (Name, bool, error) {
	var b db.Builder
	switch n {
	case aTag:
		b.Add("SELECT id, name FROM tag WHERE")
	case aPackage:
		b.Add("SELECT id, name FROM package WHERE")
	case aTarget:
		b.Add("SELECT id, name FROM build_target WHERE")
	case aRepo:
		b.Add("SELECT id, name FROM external_repo WHERE")
	case aGroup:
		b.Add("SELECT id, name FROM pkg_group WHERE")
	}
	if ref.ID != 0 {
		b.Add(" id = ?", ref.ID)
	} else {
		b.Add(" name = ?", ref.Name)
	}
	got, err := db.Find(ctx, tx, scanName, &b)
	if err != nil || len(got) == 0 {
		return Name{}, false, kura.E("tag.lookup", err)
	}
	return got[0], true, nil
}

// need is lookup of what must be there.
func (n noun) need(ctx context.Context, tx *db.Tx, ref Ref) (Name, error) {
	got, ok, err := n.lookup(ctx, tx, ref)
	if err == nil && !ok {
		err = kura.Errorf("tag.lookup", kura.NotFound, "No such %s: %s", n, ref)
	}
	return got, err
}

// ensure gives a name's entry, making it for a new name. A deleted object's
// name is used again, with its id.
func (n noun) ensure(ctx context.Context, tx *db.Tx, name string) (Name, error) {
	got, ok, err := n.lookup(ctx, tx, Ref{Name: name})
	if ok || err != nil {
		return got, err
	}
	if err := account.CheckName(name); err != nil {
		return Name{}, err
	}
	var id int64
	switch n {
	case aTag:
		id, err = tx.Insert(ctx, "INSERT INTO tag (name) VALUES ($1) RETURNING id", name)
	case aPackage:
		id, err = tx.Insert(ctx, "INSERT INTO package (name) VALUES ($1) RETURNING id", name)
	case aTarget:
		id, err = tx.Insert(ctx, "INSERT INTO build_target (name) VALUES ($1) RETURNING id", name)
	case aRepo:
		id, err = tx.Insert(ctx, "INSERT INTO external_repo (name) VALUES ($1) RETURNING id", name)
	case aGroup:
		id, err = tx.Insert(ctx, "INSERT INTO pkg_group (name) VALUES ($1) RETURNING id", name)
	}
	return Name{ID: id, Name: name}, kura.E("tag.ensure", err)
}

// rename gives an object another name, for past states too: names are not
// versioned.
func (n noun) rename(ctx context.Context, tx *db.Tx, id int64, name string) error {
	if err := account.CheckName(name); err != nil {
		return err
	}
	other, taken, err := n.lookup(ctx, tx, Ref{Name: name})
	if err != nil {
		return err
	}
	if taken {
		return kura.Errorf("tag.rename", kura.Exists, "Name %s already taken by %s %d", name, n, other.ID)
	}
	switch n {
	case aTag:
		_, err = tx.Exec(ctx, "UPDATE tag SET name = $1 WHERE id = $2", name, id)
	case aTarget:
		_, err = tx.Exec(ctx, "UPDATE build_target SET name = $1 WHERE id = $2", name, id)
	case aRepo:
		_, err = tx.Exec(ctx, "UPDATE external_repo SET name = $1 WHERE id = $2", name, id)
	}
	return kura.E("tag.rename", err)
}

// Lookup gives a tag's id and name, also of a deleted tag.
func Lookup(ctx context.Context, tx *db.Tx, ref Ref) (Name, error) { return aTag.need(ctx, tx, ref) }

// LookupTarget, LookupExternalRepo and LookupGroup do the same for others.
func LookupTarget(ctx context.Context, tx *db.Tx, ref Ref) (Name, error) {
	return aTarget.need(ctx, tx, ref)
}

// LookupExternalRepo gives an external repository's id and name.
func LookupExternalRepo(ctx context.Context, tx *db.Tx, ref Ref) (Name, error) {
	return aRepo.need(ctx, tx, ref)
}

// LookupGroup gives a comps group's id and name.
func LookupGroup(ctx context.Context, tx *db.Tx, ref Ref) (Name, error) {
	return aGroup.need(ctx, tx, ref)
}
