package build

import (
	"context"
	"maps"
	"slices"

	"github.com/kura-build/kura/db"
)

// briefColumns are what a list of a tag's builds needs of each, behind the tag and the
// event of its being tagged. What few have in common is read apart, once: see nameTagged.
const (
	briefColumns = `build.id, build.namespace, build.pkg_id, package.name, build.version, build.release,
	build.epoch, build.task_id, build.owner, build.create_event, event.time, build.start_time, build.completion_time,
	build.volume_id, build.draft, build.promotion_time, build.promoter`
	briefJoins = " JOIN package ON package.id = build.pkg_id JOIN event ON event.id = build.create_event"

	moreColumns = ", build.source, build.extra, build.cg_id, content_generator.name"
	moreJoins   = " LEFT JOIN content_generator ON content_generator.id = build.cg_id"
)

// addColumns asks for what one kind of list or the other tells of builds, and addJoins for
// the tables that it is in.
func addColumns(b *db.Builder, brief bool) *db.Builder {
	if b.Add(briefColumns); !brief {
		b.Add(moreColumns)
	}
	return b
}

func addJoins(b *db.Builder, brief bool) *db.Builder {
	if b.Add(briefJoins); !brief {
		b.Add(moreJoins)
	}
	return b
}

// scanOf reads a row of one kind of list or the other.
func scanOf(brief bool) func(db.Scanner) (*Tagged, error) {
	if brief {
		return scanBrief
	}
	return scanTagged
}

func scanBrief(s db.Scanner) (*Tagged, error) {
	b := &Build{State: Complete}
	t := &Tagged{Build: b}
	return t, s.Scan(&t.TagID, &t.CreateEvent, &b.ID, &b.Namespace, &b.PackageID, &b.Name, &b.Version, &b.Release,
		&b.Epoch, &b.TaskID, &b.OwnerID, &b.CreateEvent, &b.CreateTime, &b.StartTime, &b.CompletionTime,
		&b.VolumeID, &b.Draft, &b.PromotionTime, &b.PromoterID)
}

func scanTagged(s db.Scanner) (*Tagged, error) {
	var source, extra, cgName *string
	var cg *int64
	t, err := scanBrief(s.And(&source, &extra, &cg, &cgName))
	if t.Source, t.CGID, t.CGName = source, cg, cgName; extra != nil {
		t.Extra = []byte(*extra)
	}
	return t, err
}

// nameTagged names the tags, owners, promoters and volumes of builds.
func nameTagged(ctx context.Context, tx *db.Tx, list []*Tagged) error {
	n := names{map[int64]string{}, map[int64]string{}, map[int64]string{}}
	for _, t := range list {
		n.tags[t.TagID], n.users[t.OwnerID], n.volumes[t.VolumeID] = "", "", ""
		if t.PromoterID != nil {
			n.users[*t.PromoterID] = ""
		}
	}
	if err := n.read(ctx, tx); err != nil {
		return err
	}
	for _, t := range list {
		t.TagName, t.OwnerName, t.VolumeName = n.tags[t.TagID], n.users[t.OwnerID], n.volumes[t.VolumeID]
		if t.PromoterID != nil {
			name := n.users[*t.PromoterID]
			t.PromoterName = &name
		}
	}
	return nil
}

// names are those of what many builds have in common, by number.
type names struct{ tags, users, volumes map[int64]string }

// read finds the names of the numbers that are there, some hundred of each with one
// question.
func (n names) read(ctx context.Context, tx *db.Tx) error {
	all := [...]map[int64]string{n.tags, n.users, n.volumes}
	var left [len(all)][]int64
	for i, m := range all {
		left[i] = slices.Sorted(maps.Keys(m))
	}
	part := func(i int) []int64 {
		p := left[i][:min(len(left[i]), 500)]
		left[i] = left[i][len(p):]
		return p
	}
	type name struct {
		of, id int64
		name   string
	}
	for len(left[0])+len(left[1])+len(left[2]) > 0 {
		var b db.Builder
		db.In(b.Add("SELECT 0, id, name FROM tag WHERE"), "id", part(0)).Add(" UNION ALL SELECT 1, id, name FROM users WHERE")
		db.In(&b, "id", part(1)).Add(" UNION ALL SELECT 2, id, name FROM volume WHERE")
		got, err := db.Find(ctx, tx, func(s db.Scanner) (n name, err error) { return n, s.Scan(&n.of, &n.id, &n.name) }, db.In(&b, "id", part(2)))
		if err != nil {
			return err
		}
		for _, g := range got {
			all[g.of][g.id] = g.name
		}
	}
	return nil
}
