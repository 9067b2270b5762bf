package flow

import (
	"context"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// How long a build waits for others that it was told to see in its repository,
// and how often it looks.
const (
	awaitFor   = 2 * time.Hour
	awaitEvery = 5 * time.Second
	maxAwaited = 100
)

// await puts the task off as long as a build that it is to see is not in the
// build tag. One that never will be ends it.
func (j *job) await(ctx context.Context) error {
	if len(j.opts.WaitBuilds) == 0 {
		return nil
	}
	const op = "flow.await"
	return j.db.View(ctx, func(tx *db.Tx) error {
		t, err := tag.GetTarget(ctx, tx, tag.ByName(j.target), 0)
		if err != nil {
			return err
		}
		for _, name := range j.opts.WaitBuilds {
			b, err := buildOf(ctx, tx, name)
			switch {
			case err != nil && !kura.Is(err, kura.NotFound):
				return err
			case err == nil && (b.State == build.Failed || b.State == build.Canceled || b.State == build.Deleted):
				return kura.Errorf(op, kura.Build, "build %s is to be waited for, and is %s", name, b.State)
			}
			in := false
			if b != nil {
				if in, err = holds(ctx, tx, t.BuildTag, b); err != nil {
					return err
				}
			}
			switch {
			case in:
			case time.Since(db.Time(j.r.Task.CreateTime)) > awaitFor:
				return kura.Errorf(op, kura.Build, "build %s has not come into tag %s for %s", name, t.BuildTagName, awaitFor)
			default:
				return &task.Later{After: awaitEvery, Why: "waits for build " + name + " in tag " + t.BuildTagName}
			}
		}
		return nil
	})
}

func buildOf(ctx context.Context, tx *db.Tx, nvr string) (*build.Build, error) {
	n, err := rpm.ParseNVR(nvr)
	if err != nil {
		return nil, kura.Errorf("flow.await", kura.NotFound, "No such build: %s", nvr)
	}
	return build.ByNVR(ctx, tx, n)
}

// holds reports whether a build is in a tag, or in one that it inherits from.
func holds(ctx context.Context, tx *db.Tx, in int64, b *build.Build) (bool, error) {
	got, err := build.ListTagged(ctx, tx, build.TaggedQuery{Tag: tag.ByID(in), Package: b.Name, Inherit: true})
	for _, x := range got {
		if x.ID == b.ID {
			return true, err
		}
	}
	return false, err
}
