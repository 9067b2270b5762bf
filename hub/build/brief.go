package build

import (
	"context"
	"maps"
	"slices"

	"github.com/kura-build/kura/db"
)

// briefColumns are what a list of a tag's builds needs of each. What few have in
// common is read apart, once: see nameTagged.
const briefColumns = `l.tag_id, l.create_event, build.id, build.namespace, build.pkg_id, package.name, build.version, build.release,
	build.epoch, build.task_id, build.owner, build.create_event, event.time, build.start_time, build.completion_time,
	build.volume_id, build.draft, build.promotion_time, build.promoter`

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
	tags, users, volumes := map[int64]bool{}, map[int64]bool{}, map[int64]bool{}
	for _, t := range list {
		tags[t.TagID], users[t.OwnerID], volumes[t.VolumeID] = true, true, true
		if t.PromoterID != nil {
			users[*t.PromoterID] = true
		}
	}
	tagNames, err := namesOf(ctx, tx, func(b *db.Builder) { b.Add("SELECT id, name FROM tag WHERE") }, slices.Sorted(maps.Keys(tags)))
	if err != nil {
		return err
	}
	userNames, err := namesOf(ctx, tx, func(b *db.Builder) { b.Add("SELECT id, name FROM users WHERE") }, slices.Sorted(maps.Keys(users)))
	if err != nil {
		return err
	}
	volumeNames, err := namesOf(ctx, tx, func(b *db.Builder) { b.Add("SELECT id, name FROM volume WHERE") }, slices.Sorted(maps.Keys(volumes)))
	if err != nil {
		return err
	}
	for _, t := range list {
		t.TagName, t.OwnerName, t.VolumeName = tagNames[t.TagID], userNames[t.OwnerID], volumeNames[t.VolumeID]
		if t.PromoterID != nil {
			name := userNames[*t.PromoterID]
			t.PromoterName = &name
		}
	}
	return nil
}

// namesOf gives the names of numbers, which from says where to find.
func namesOf(ctx context.Context, tx *db.Tx, from func(*db.Builder), ids []int64) (map[int64]string, error) {
	got, err := inParts(ids, func(part []int64) ([]Named, error) {
		var b db.Builder
		from(&b)
		return db.Find(ctx, tx, scanNamed, db.In(&b, "id", part))
	})
	names := make(map[int64]string, len(got))
	for _, n := range got {
		names[n.ID] = n.Name
	}
	return names, err
}
