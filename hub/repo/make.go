package repo

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/repomd/mirror"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/tag"
)

// Maker makes repositories.
type Maker struct {
	// LookAge is how old what is known of an external repository may be before
	// it is asked again.
	LookAge time.Duration

	db    *db.DB
	blobs blob.Store
	far   *far

	members  members
	turns    turns
	indexes  *cache[blob.Sum, *repomd.Index]
	listings *cache[string, *listing]
}

// Trust adds an authority, in PEM, to those of the system, for external
// repositories that the hub itself or a sister of it publishes. To read those of the
// system takes longer than most of a hub's start, so it is done when one is asked.
func (m *Maker) Trust(pem []byte) error {
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return kura.Errorf("repo.Trust", kura.Invalid, "there is no certificate in what is to be trusted")
	}
	m.far.reader.Client = mirror.NewClient(func() *x509.CertPool {
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool() // a system without authorities
		}
		roots.AppendCertsFromPEM(pem)
		return roots
	})
	return nil
}

// NewMaker makes a maker on its legs.
func NewMaker(d *db.DB, b blob.Store) *Maker {
	m := &Maker{
		LookAge: time.Minute, db: d, blobs: b,
		indexes:  newCache[blob.Sum](maxMembers, func(x *repomd.Index) int { return len(x.Entries) }),
		listings: newCache[string](maxMembers, func(l *listing) int { return len(l.rows) }),
	}
	m.far = newFar(m)
	return m
}

// Want says which repository is wanted.
type Want struct {
	Tag   tag.Ref
	Event int64 // 0: now
	Opts  Opts
	Force bool // make a new one in any case
}

// Find gives a ready repository with the contents that are wanted, or nil. The
// contents of a tag are those of its last change: whatever was made since then
// and before the next change is the same, as long as the external repositories
// that it shows are. They count as they were last read, see Refresh. Clients look
// for it below the tag's name, so one from before the tag got this name is none.
func Find(ctx context.Context, tx *db.Tx, w Want) (*Repo, error) {
	const op = "repo.Find"
	t, err := tag.Get(ctx, tx, w.Tag, w.Event)
	if err != nil {
		return nil, kura.E(op, err)
	}
	last, err := lastChange(ctx, tx, t.ID, w.Event)
	if err != nil {
		return nil, kura.E(op, err)
	}
	ext, err := externals(ctx, tx, t.ID, w.Event)
	if err != nil {
		return nil, kura.E(op, err)
	}
	no := false
	all, err := List(ctx, tx, Filter{TagID: t.ID, Dist: &no, States: []int{int(Ready)}, Opts: encode(w.Opts)})
	if err != nil {
		return nil, kura.E(op, err)
	}
	for _, r := range all {
		if r.BeginEvent != nil && *r.BeginEvent == last && r.externals == shown(ext) && r.placed == t.Name {
			return r, nil
		}
	}
	return nil, nil
}

func lastChange(ctx context.Context, tx *db.Tx, id, at int64) (int64, error) {
	if at != 0 {
		at++ // changes of the very event count
	}
	return tag.LastChangeOf(ctx, tx, tag.ByID(id), at, true)
}

// custom are the options in which a repository is not as those of its tag are.
func custom(t tag.Tag, o Opts) string {
	all := map[string]bool{}
	usual := OptsFor(t, nil)
	for _, opt := range []struct {
		name      string
		is, usual bool
	}{{"src", o.Src, usual.Src}, {"debuginfo", o.Debuginfo, usual.Debuginfo}, {"separate_src", o.SeparateSrc, usual.SeparateSrc}} {
		if opt.is != opt.usual {
			all[opt.name] = opt.is
		}
	}
	b, err := json.Marshal(all)
	if err != nil {
		panic(err) // three booleans
	}
	return string(b)
}

func encode(o Opts) string {
	b, err := json.Marshal(o)
	if err != nil {
		panic(err) // four booleans
	}
	return string(b)
}

// Make makes a repository for a tag at an event, or gives the one that has
// these contents already. task is the task that shows it to people; a task
// that is run again after it was interrupted finds what it had begun.
func (m *Maker) Make(ctx context.Context, w Want, task int64) (*Repo, error) {
	const op = "repo.Make"
	if err := m.Refresh(ctx, w.Tag, w.Event); err != nil {
		return nil, kura.E(op, err)
	}
	done, err := m.turn(ctx, w)
	if err != nil {
		return nil, kura.E(op, err)
	}
	defer done()
	var r *Repo
	var c *content
	err = m.db.Update(ctx, func(tx *db.Tx) (err error) {
		if r, err = ofTask(ctx, tx, task); err != nil || r != nil {
			return err
		}
		if !w.Force {
			if r, err = Find(ctx, tx, w); err != nil || r != nil {
				return err
			}
		}
		r, err = begin(ctx, tx, w, task)
		return err
	})
	if err != nil || r.State != Init {
		return r, kura.E(op, err)
	}
	err = m.db.View(ctx, func(tx *db.Tx) (err error) {
		if c, err = m.read(ctx, tx, tag.ByID(r.TagID), r.CreateEvent, 1, true); err != nil {
			return err
		}
		c.external, err = r.known(ctx, tx)
		return err
	})
	if err != nil {
		return nil, kura.E(op, err)
	}
	for try := 1; ; try++ {
		out := &tree{store: m.blobs}
		if err = m.write(ctx, out, r, c, w.Opts); err == nil {
			var done *Repo
			if done, err = m.publish(ctx, out, r.ID); err == nil {
				return done, nil
			}
		}
		if !errors.Is(err, errUsedGone) || try == maxTries {
			return nil, kura.E(op, err)
		}
		m.listings.clear()
	}
}

// maxTries is how often a repository is made while those of which it takes over
// pieces are deleted.
const maxTries = 5

// publish gives a repository's files their names and the repository its state,
// in one transaction; whoever else did so first was as good.
func (m *Maker) publish(ctx context.Context, out *tree, id int64) (r *Repo, err error) {
	err = m.db.Update(ctx, func(tx *db.Tx) error {
		if r, err = Get(ctx, tx, id); err != nil || r.State != Init {
			return err
		}
		if err := out.commit(ctx, tx, r.Path()); err != nil {
			return err
		}
		if err := SetState(ctx, tx, r, Ready); err != nil {
			return err
		}
		return pointLatest(ctx, tx, r)
	})
	return r, kura.E("repo.publish", err)
}

// ofTask gives the repository that a task has begun, or nil.
func ofTask(ctx context.Context, tx *db.Tx, task int64) (*Repo, error) {
	if task == 0 {
		return nil, nil
	}
	mine, err := List(ctx, tx, Filter{TaskID: task})
	if err != nil || len(mine) == 0 {
		return nil, err
	}
	return mine[0], nil
}

func begin(ctx context.Context, tx *db.Tx, w Want, task int64) (*Repo, error) {
	at := w.Event
	if at == 0 {
		last, err := event.Last(ctx, tx, 0)
		if err != nil {
			return nil, err
		}
		at = last.ID
	}
	t, err := tag.Get(ctx, tx, w.Tag, w.Event)
	if err != nil {
		return nil, err
	}
	change, err := lastChange(ctx, tx, t.ID, at)
	if err != nil {
		return nil, err
	}
	if change == 0 {
		change = at
	}
	var task_ *int64
	if task != 0 {
		task_ = &task
	}
	ext, err := externals(ctx, tx, t.ID, w.Event)
	if err != nil {
		return nil, err
	}
	id, err := tx.Insert(ctx, `INSERT INTO repo (tag_id, create_event, begin_event, create_time, state_time, state, opts, custom_opts, task_id, externals, tag_name)
		VALUES ($1, $2, $3, $4, $4, 0, $5, $6, $7, $8, $9) RETURNING id`, t.ID, at, change, db.Now(), encode(w.Opts), custom(t, w.Opts), task_, shown(ext), t.Name)
	if err != nil {
		return nil, err
	}
	return Get(ctx, tx, id)
}

// write makes the files of a private repository, in Koji's layout.
func (m *Maker) write(ctx context.Context, out *tree, r *Repo, c *content, o Opts) error {
	groups, err := compsOf(c)
	if err != nil {
		return err
	}
	if err := out.put(ctx, "groups/comps.xml", bytes.NewReader(groups)); err != nil {
		return err
	}
	info, err := json.MarshalIndent(map[string]any{
		"id": r.ID, "tag": r.TagName, "tag_id": r.TagID, "task_id": r.TaskID, "event_id": r.CreateEvent, "opts": r.Opts, "custom_opts": r.CustomOpts,
	}, "", "  ")
	if err != nil {
		return err
	}
	if err := out.put(ctx, "repo.json", bytes.NewReader(append(info, '\n'))); err != nil {
		return err
	}
	arches := c.arches
	if o.SeparateSrc {
		arches = append(arches[:len(arches):len(arches)], "src")
	}
	for _, arch := range arches {
		if err := m.writeArch(ctx, out, r, c, o, arch, groups); err != nil {
			return err
		}
	}
	return nil
}

func (m *Maker) writeArch(ctx context.Context, out *tree, r *Repo, c *content, o Opts, arch string, groups []byte) error {
	rpms := c.pick(arch, o)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		key := fmt.Sprint(r.TagID, o, arch)
		now, err := out.lists(gctx, r.Path(), arch, c, rpms, m.listings.get(key))
		if err == nil {
			m.listings.put(key, now)
		}
		return err
	})
	g.Go(func() error {
		list := m.list(rpms, len(c.external) > 0)
		out.link(file.Join(arch, "toplink"), "../../../..")
		known := m.newBases(gctx)
		defer known.close()
		from, err := known.of(r.TagID, r.CreateEvent, false, arch)
		if err != nil {
			return err
		}
		// The revision differs with each repository: dnf keeps what it has while it
		// does not.
		md := repomd.Options{Compression: c.compression, Revision: fmt.Sprint(r.ID), Timestamp: time.Now().Unix(), Comps: groups, Bases: from}
		if err := c.merge(known, r, arch, list, &md); err != nil {
			return err
		}
		_, err = out.metadata(gctx, arch, list, md, known)
		return err
	})
	return g.Wait()
}
