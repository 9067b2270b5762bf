package tag

import (
	"context"
	"net/url"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
)

// ExternalRepo is a package repository that somebody else makes.
type ExternalRepo struct {
	ID   int64
	Name string
	URL  string // may hold $arch; ends with a slash
}

// ListExternalRepos gives external repositories by name: all, one, or those
// with an address.
func ListExternalRepos(ctx context.Context, tx *db.Tx, ref Ref, address string, at int64) ([]ExternalRepo, error) {
	var b db.Builder
	b.Add("SELECT r.id, r.name, c.url FROM external_repo_config c JOIN external_repo r ON r.id = c.external_repo_id WHERE 1 = 1").At("c", at)
	switch {
	case ref.ID != 0:
		b.Add(" AND r.id = ?", ref.ID)
	case ref.Name != "":
		b.Add(" AND r.name = ?", ref.Name)
	}
	if address != "" {
		b.Add(" AND c.url = ?", address)
	}
	got, err := db.Find(ctx, tx, func(s db.Scanner) (r ExternalRepo, err error) { return r, s.Scan(&r.ID, &r.Name, &r.URL) }, b.Add(" ORDER BY r.name"))
	return got, kura.E("tag.ListExternalRepos", err)
}

// GetExternalRepo gives one as it is, or was at an event.
func GetExternalRepo(ctx context.Context, tx *db.Tx, ref Ref, at int64) (ExternalRepo, error) {
	var got []ExternalRepo
	var err error
	if ref != (Ref{}) {
		got, err = ListExternalRepos(ctx, tx, ref, "", at)
	}
	if err == nil && len(got) == 0 {
		err = kura.Errorf("tag.GetExternalRepo", kura.NotFound, "No such repo: %s", ref)
	}
	if err != nil {
		return ExternalRepo{}, err
	}
	return got[0], nil
}

// repoURL checks an address and ends it with a slash.
func repoURL(address string) (string, error) {
	const op = "tag.ExternalRepo"
	if !strings.HasSuffix(address, "/") {
		address += "/"
	}
	u, err := url.Parse(address)
	if err != nil || len(address) > 2048 || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", kura.Errorf(op, kura.Invalid, "the address of an external repository is an http or https URL, not %.100q", address)
	}
	if u.User != nil {
		return "", kura.Errorf(op, kura.Invalid, "the address of an external repository is public: it must not hold a password")
	}
	return address, nil
}

// CreateExternalRepo makes an external repository known.
func CreateExternalRepo(ctx context.Context, tx *db.Tx, by account.Actor, name, address string) (ExternalRepo, error) {
	const op = "tag.CreateExternalRepo"
	if err := account.CheckName(name); err != nil {
		return ExternalRepo{}, err
	}
	address, err := repoURL(address)
	if err != nil {
		return ExternalRepo{}, err
	}
	if _, err := GetExternalRepo(ctx, tx, ByName(name), 0); err == nil {
		return ExternalRepo{}, kura.Errorf(op, kura.Exists, "An external repo named \"%s\" already exists", name)
	} else if !kura.Is(err, kura.NotFound) {
		return ExternalRepo{}, err
	}
	n, err := aRepo.ensure(ctx, tx, name)
	if err != nil {
		return ExternalRepo{}, err
	}
	r := ExternalRepo{ID: n.ID, Name: n.Name, URL: address}
	return r, putRepo(ctx, tx, by, r)
}

// EditExternalRepo changes the name or address; what is empty stays.
func EditExternalRepo(ctx context.Context, tx *db.Tx, by account.Actor, ref Ref, name, address string) error {
	r, err := GetExternalRepo(ctx, tx, ref, 0)
	if err != nil {
		return err
	}
	if name != "" && name != r.Name {
		if err := aRepo.rename(ctx, tx, r.ID, name); err != nil {
			return err
		}
		r.Name = name
	}
	if address == "" {
		return nil
	}
	if address, err = repoURL(address); err != nil || address == r.URL {
		return err
	}
	if err := dropRepo(ctx, tx, by, r.ID); err != nil {
		return err
	}
	r.URL = address
	return putRepo(ctx, tx, by, r)
}

// DeleteExternalRepo takes a repository from all tags and forgets it.
func DeleteExternalRepo(ctx context.Context, tx *db.Tx, by account.Actor, ref Ref) error {
	r, err := GetExternalRepo(ctx, tx, ref, 0)
	if err != nil {
		return err
	}
	uses, err := Attachments(ctx, tx, 0, r.ID, 0)
	if err != nil {
		return err
	}
	for _, a := range uses {
		if err := detach(ctx, tx, by, a); err != nil {
			return err
		}
	}
	return dropRepo(ctx, tx, by, r.ID)
}

func putRepo(ctx context.Context, tx *db.Tx, by account.Actor, r ExternalRepo) error {
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO external_repo_config (external_repo_id, url, create_event, creator_id) VALUES ($1, $2, $3, $4)", r.ID, r.URL, ev, by.ID); err != nil {
		return kura.E("tag.ExternalRepo", err)
	}
	return changedRepo(ctx, tx, r.ID)
}

// changedRepo tells of the tags that read an external repository.
func changedRepo(ctx context.Context, tx *db.Tx, id int64) error {
	uses, err := Attachments(ctx, tx, 0, id, 0)
	if err != nil {
		return err
	}
	for _, a := range uses {
		if err := emit(ctx, tx, a.TagName, a.TagID, "external"); err != nil {
			return err
		}
	}
	return nil
}

func dropRepo(ctx context.Context, tx *db.Tx, by account.Actor, id int64) error {
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE external_repo_config SET revoke_event = $1, revoker_id = $2 WHERE external_repo_id = $3 AND revoke_event IS NULL", ev, by.ID, id)
	return kura.E("tag.ExternalRepo", err)
}
