package tag

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
)

// Attachment is an external repository's place in a tag.
type Attachment struct {
	TagID     int64
	TagName   string
	RepoID    int64
	RepoName  string
	URL       string
	Priority  int
	MergeMode string  // koji, simple, bare
	Arches    *string // nil: all of the tag's
}

// Attachments gives the attachments of a tag, of a repository, or (both 0) all,
// by priority.
func Attachments(ctx context.Context, tx *db.Tx, tag, repo, at int64) ([]Attachment, error) {
	var b db.Builder
	b.Add(`SELECT t.id, t.name, r.id, r.name, c.url, a.priority, a.merge_mode, a.arches FROM tag_external_repos a
		JOIN tag t ON t.id = a.tag_id JOIN external_repo r ON r.id = a.external_repo_id
		JOIN external_repo_config c ON c.external_repo_id = r.id WHERE 1 = 1`).At("a", at).At("c", at)
	if tag != 0 {
		b.Add(" AND a.tag_id = ?", tag)
	}
	if repo != 0 {
		b.Add(" AND a.external_repo_id = ?", repo)
	}
	got, err := db.Find(ctx, tx, func(s db.Scanner) (a Attachment, err error) {
		return a, s.Scan(&a.TagID, &a.TagName, &a.RepoID, &a.RepoName, &a.URL, &a.Priority, &a.MergeMode, &a.Arches)
	}, b.Add(" ORDER BY a.priority, a.tag_id"))
	return got, kura.E("tag.Attachments", err)
}

// ExternalRepos gives the external repositories of a tag and all that it
// inherits from, in the order in which they are searched, each once.
func ExternalRepos(ctx context.Context, tx *db.Tx, tag, at int64) ([]Attachment, error) {
	tags, err := WithParents(ctx, tx, tag, at)
	if err != nil {
		return nil, err
	}
	var out []Attachment
	seen := map[int64]bool{}
	for _, t := range tags {
		got, err := Attachments(ctx, tx, t, 0, at)
		if err != nil {
			return nil, err
		}
		for _, a := range got {
			if !seen[a.RepoID] {
				seen[a.RepoID] = true
				out = append(out, a)
			}
		}
	}
	return out, nil
}

// Attach adds an external repository to a tag. An empty mode is koji's.
func Attach(ctx context.Context, tx *db.Tx, by account.Actor, tag, repo Ref, priority int, mode string, arches *string) error {
	const op = "tag.Attach"
	switch mode {
	case "":
		mode = "koji"
	case "koji", "simple", "bare":
	default:
		return kura.Errorf(op, kura.Invalid, "No such merge mode: %.40s", mode)
	}
	t, err := Get(ctx, tx, tag, 0)
	if err != nil {
		return err
	}
	r, err := GetExternalRepo(ctx, tx, repo, 0)
	if err != nil {
		return err
	}
	if arches, err = Arches(arches, true); err != nil {
		return err
	}
	have, err := Attachments(ctx, tx, t.ID, 0, 0)
	if err != nil {
		return err
	}
	for _, a := range have {
		if a.RepoID == r.ID {
			return kura.Errorf(op, kura.Exists, "tag %s already associated with external repo %s", t.Name, r.Name)
		}
		if a.Priority == priority {
			return kura.Errorf(op, kura.Conflict, "tag %s already associated with an external repo at priority %d", t.Name, priority)
		}
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO tag_external_repos (tag_id, external_repo_id, priority, merge_mode, arches, create_event, creator_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, t.ID, r.ID, priority, mode, arches, ev, by.ID); err != nil {
		return kura.E(op, err)
	}
	return emit(ctx, tx, t.Name, t.ID, "external")
}

// attachment finds the one of a tag and a repository.
func attachment(ctx context.Context, tx *db.Tx, tag, repo Ref) (Attachment, error) {
	t, err := Get(ctx, tx, tag, 0)
	if err != nil {
		return Attachment{}, err
	}
	r, err := GetExternalRepo(ctx, tx, repo, 0)
	if err != nil {
		return Attachment{}, err
	}
	got, err := Attachments(ctx, tx, t.ID, r.ID, 0)
	if err == nil && len(got) == 0 {
		err = kura.Errorf("tag.Attachment", kura.NotFound, "external repo %s not associated with tag %s", r.Name, t.Name)
	}
	if err != nil {
		return Attachment{}, err
	}
	return got[0], nil
}

// EditAttachment changes what is not nil, and reports whether anything did.
func EditAttachment(ctx context.Context, tx *db.Tx, by account.Actor, tag, repo Ref, priority *int, mode, arches *string) (bool, error) {
	old, err := attachment(ctx, tx, tag, repo)
	if err != nil {
		return false, err
	}
	next := old
	set(&next.Priority, priority)
	set(&next.MergeMode, mode)
	if arches != nil {
		if next.Arches, err = Arches(arches, true); err != nil {
			return false, err
		}
	}
	if next.Priority == old.Priority && next.MergeMode == old.MergeMode && same(next.Arches, old.Arches) {
		return false, nil
	}
	if err := detach(ctx, tx, by, old); err != nil {
		return false, err
	}
	return true, Attach(ctx, tx, by, ByID(old.TagID), ByID(old.RepoID), next.Priority, next.MergeMode, next.Arches)
}

// Detach takes an external repository from a tag.
func Detach(ctx context.Context, tx *db.Tx, by account.Actor, tag, repo Ref) error {
	a, err := attachment(ctx, tx, tag, repo)
	if err != nil {
		return err
	}
	return detach(ctx, tx, by, a)
}

func detach(ctx context.Context, tx *db.Tx, by account.Actor, a Attachment) error {
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE tag_external_repos SET revoke_event = $1, revoker_id = $2
		WHERE tag_id = $3 AND external_repo_id = $4 AND revoke_event IS NULL`, ev, by.ID, a.TagID, a.RepoID); err != nil {
		return kura.E("tag.Detach", err)
	}
	return emit(ctx, tx, a.TagName, a.TagID, "external")
}
