package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/file"
)

// Records opens the site's database.
func (s *Site) Records(ctx context.Context) (*db.DB, error) { return db.Open(ctx, s.DatabaseURL) }

// Check looks over what a hub has kept, after its death: no build half there,
// no row without its file, no file without its row, no change that its events
// do not tell. Then it sweeps, and what was stored for nothing is gone. It
// gives what it finds wrong. No hub may run.
func (s *Site) Check(ctx context.Context) ([]string, error) {
	d, err := s.Records(ctx)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	c := &checker{ctx: ctx}
	if err := d.View(ctx, c.records); err != nil {
		return nil, err
	}
	store, err := dir.New(s.Blobs)
	if err != nil {
		return nil, err
	}
	for range 2 { // the second finds nothing that the first one left
		swept, err := file.Sweep(ctx, d, store, -48*time.Hour)
		if err != nil {
			return nil, err
		}
		for _, n := range swept.Missing {
			c.problem("%s has no bytes", n.Path())
		}
		c.orphans = swept.Removed
	}
	if c.orphans > 0 {
		c.problem("%d blobs that no name stands for are left after a sweep", c.orphans)
	}
	return c.problems, nil
}

type checker struct {
	ctx      context.Context
	problems []string
	orphans  int64
}

func (c *checker) problem(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// records compares rows with rows.
func (c *checker) records(tx *db.Tx) error {
	for _, q := range []struct {
		what string
		find func() ([]string, error)
	}{
		{"a package without its file", func() ([]string, error) {
			return db.All(c.ctx, tx, db.Column[string], `SELECT r.name || '-' || r.version || '-' || r.release || '.' || r.arch FROM rpminfo r
				JOIN build b ON b.id = r.build_id JOIN package p ON p.id = b.pkg_id
				WHERE NOT EXISTS (SELECT 1 FROM node n WHERE n.dir = 'packages/' || p.name || '/' || b.version || '/' || b.release || '/' || r.arch
					AND n.name = r.name || '-' || r.version || '-' || r.release || '.' || r.arch || '.rpm' AND n.kind = 1 AND n.sum = r.sum)`)
		}},
		{"a package's file without its row", func() ([]string, error) {
			return db.All(c.ctx, tx, db.Column[string], `SELECT n.dir || '/' || n.name FROM node n
				WHERE n.dir LIKE 'packages/%' AND n.dir NOT LIKE '%/data/%' AND n.kind = 1 AND n.name LIKE '%.rpm'
				AND NOT EXISTS (SELECT 1 FROM rpminfo r WHERE r.sum = n.sum AND n.name = r.name || '-' || r.version || '-' || r.release || '.' || r.arch || '.rpm')`)
		}},
		{"a package without its header", func() ([]string, error) {
			return db.All(c.ctx, tx, db.Column[string], `SELECT r.name FROM rpminfo r WHERE r.build_id IS NOT NULL
				AND NOT EXISTS (SELECT 1 FROM rpm_header h WHERE h.rpm_id = r.id)`)
		}},
		{"a complete build without packages", func() ([]string, error) {
			return db.All(c.ctx, tx, db.Column[string], `SELECT p.name || '-' || b.version FROM build b JOIN package p ON p.id = b.pkg_id
				WHERE b.state = 1 AND NOT EXISTS (SELECT 1 FROM rpminfo r WHERE r.build_id = b.id)`)
		}},
		{"a tagged build that is not complete", func() ([]string, error) {
			return db.All(c.ctx, tx, db.Column[string], `SELECT p.name || '-' || b.version FROM tag_listing l JOIN build b ON b.id = l.build_id
				JOIN package p ON p.id = b.pkg_id WHERE l.revoke_event IS NULL AND b.state <> 1`)
		}},
		{"a build that is not called what it is", func() ([]string, error) {
			return db.All(c.ctx, tx, db.Column[string], `SELECT p.name || '-' || b.version FROM build b JOIN package p ON p.id = b.pkg_id
				WHERE COALESCE(b.nvr, '') <> p.name || '-' || b.version || '-' || b.release`)
		}},
		{"a build that is over, of a task that is not", func() ([]string, error) {
			return db.All(c.ctx, tx, db.Column[string], `SELECT p.name || '-' || b.version FROM build b JOIN package p ON p.id = b.pkg_id
				JOIN task t ON t.id = b.task_id WHERE b.state = 0 AND t.state IN (2, 3, 5)`)
		}},
	} {
		found, err := q.find()
		if err != nil {
			return fmt.Errorf("%s: %w", q.what, err)
		}
		if len(found) > 0 {
			c.problem("%s: %s", q.what, strings.Join(found, ", "))
		}
	}
	return c.events(tx)
}

// events looks for changes that the outbox does not tell.
func (c *checker) events(tx *db.Tx) error {
	for _, q := range []struct {
		topic string
		rows  func() ([]int64, error) // ids of what changed
		told  func() ([]int64, error) // ids that events speak of
	}{
		{"rpm.import", func() ([]int64, error) {
			return db.All(c.ctx, tx, db.Column[int64], "SELECT id FROM rpminfo WHERE build_id IS NOT NULL ORDER BY id")
		}, func() ([]int64, error) { return told(c.ctx, tx, "rpm.import", "id") }},
		{"build.tag", func() ([]int64, error) {
			return db.All(c.ctx, tx, db.Column[int64], "SELECT build_id FROM tag_listing ORDER BY build_id")
		}, func() ([]int64, error) { return told(c.ctx, tx, "build.tag", "build") }},
		{"build.untag", func() ([]int64, error) {
			return db.All(c.ctx, tx, db.Column[int64], "SELECT build_id FROM tag_listing WHERE revoke_event IS NOT NULL ORDER BY build_id")
		}, func() ([]int64, error) { return told(c.ctx, tx, "build.untag", "build") }},
	} {
		rows, err := q.rows()
		if err != nil {
			return err
		}
		said, err := q.told()
		if err != nil {
			return err
		}
		if a, b := fmt.Sprint(rows), fmt.Sprint(said); a != b {
			c.problem("rows and %s events differ:\n%s\n%s", q.topic, a, b)
		}
	}
	return nil
}

// told gives the ids that the events of a topic speak of, in order.
func told(ctx context.Context, tx *db.Tx, topic, field string) ([]int64, error) {
	bodies, err := db.All(ctx, tx, db.Column[string], "SELECT body FROM outbox WHERE topic = $1", topic)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, b := range bodies {
		var m map[string]any
		if err := json.Unmarshal([]byte(b), &m); err != nil {
			return nil, fmt.Errorf("the event %s: %w", b, err)
		}
		id, ok := m[field].(float64)
		if !ok {
			return nil, fmt.Errorf("the event %s has no %s", b, field)
		}
		ids = append(ids, int64(id))
	}
	slices.Sort(ids)
	return ids, nil
}
