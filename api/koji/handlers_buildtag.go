package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// tagPriority is that of tasks that tag: people wait for them.
const tagPriority = 10

func (h Builds) tag(ctx context.Context, c *Call) (any, error) {
	return h.enter(ctx, c, tagRef(c.Args, "tag"), tagRef(c.Args, "fromtag"))
}

func (h Builds) move(ctx context.Context, c *Call) (any, error) {
	return h.enter(ctx, c, tagRef(c.Args, "tag2"), tagRef(c.Args, "tag1"))
}

// enter makes the task that tags a build, or moves it. What would make the
// task fail is said at once.
func (h Builds) enter(ctx context.Context, c *Call, to, from tag.Ref) (any, error) {
	force := c.Args.Bool("force")
	b, err := buildArg(ctx, c, "build")
	if err != nil {
		return nil, err
	}
	dest, err := tag.Get(ctx, c.Tx, to, 0)
	if err != nil {
		return nil, err
	}
	var old *tag.Tag
	if from != (tag.Ref{}) {
		t, err := tag.Get(ctx, c.Tx, from, 0)
		if err != nil {
			return nil, err
		}
		old = &t
	}
	if err := h.mayMove(ctx, c, b, dest, old, force); err != nil {
		return nil, err
	}
	return h.moveTask(ctx, c, b, dest, old, force)
}

// mayMove checks what the task will check again. An admin's force puts the
// package into the list of the tag, or nobody would see the build there.
func (h Builds) mayMove(ctx context.Context, c *Call, b *build.Build, to tag.Tag, from *tag.Tag, force bool) error {
	if b.State != build.Complete {
		return kura.Errorf("koji.tagBuild", kura.Tag, "build %s not complete: state %s", b.NVR(), b.State)
	}
	if err := tag.CheckAccess(ctx, c.Tx, c.Actor, tag.ByID(to.ID), force); err != nil {
		return err
	}
	if from != nil {
		if err := tag.CheckAccess(ctx, c.Tx, c.Actor, tag.ByID(from.ID), force); err != nil {
			return err
		}
		in, err := holds(ctx, c, b, *from)
		if err == nil && !in {
			err = kura.Errorf("koji.tagBuild", kura.Tag, "build %s not in tag %s", b.NVR(), from.Name)
		}
		if err != nil {
			return err
		}
	}
	return h.mayEnter(ctx, c, b, to, force)
}

func (h Builds) mayEnter(ctx context.Context, c *Call, b *build.Build, to tag.Tag, force bool) error {
	force = force && c.Actor.Has(account.Admin)
	if !force {
		return build.CheckTag(ctx, c.Tx, b, to, false)
	}
	err := tag.CheckPackage(ctx, c.Tx, tag.Name{ID: to.ID, Name: to.Name}, tag.Name{ID: b.PackageID, Name: b.Name})
	if kura.Is(err, kura.Tag) {
		block := false
		return tag.NewLists(nil).Add(ctx, c.Tx, c.Actor, tag.ByID(to.ID), tag.ByID(b.PackageID), tag.Entry{Block: &block, Force: true})
	}
	return err
}

func holds(ctx context.Context, c *Call, b *build.Build, t tag.Tag) (bool, error) {
	tags, err := build.TagsOf(ctx, c.Tx, b.ID, 0)
	for _, x := range tags {
		if x.ID == t.ID {
			return true, nil
		}
	}
	return false, err
}

func (h Builds) moveTask(ctx context.Context, c *Call, b *build.Build, to tag.Tag, from *tag.Tag, force bool) (any, error) {
	var old any
	if from != nil {
		old = from.ID
	}
	request, err := toJSON([]any{to.ID, b.ID, force, old})
	if err != nil {
		return nil, err
	}
	priority := tagPriority
	t, err := h.Tasks.Make(ctx, c.Tx, task.Spec{Method: "tagBuild", Request: request, Owner: c.Actor.ID,
		Priority: &priority, Arch: "noarch", Weight: 0.1, Hub: true})
	if err != nil {
		return nil, err
	}
	return t.ID, nil
}

// tagBypass tags at once, for imports. It is for those who manage tags.
func (h Builds) tagBypass(ctx context.Context, c *Call) (any, error) {
	force, ref := c.Args.Bool("force"), tagRef(c.Args, "tag")
	b, err := buildArg(ctx, c, "build")
	if err != nil {
		return nil, err
	}
	t, err := tag.Get(ctx, c.Tx, ref, 0)
	if err != nil {
		return nil, err
	}
	if err := h.mayEnter(ctx, c, b, t, force); err != nil {
		return nil, err
	}
	return nothing(build.Tag(ctx, c.Tx, c.Actor, b, t, force))
}

func (h Builds) untag(ctx context.Context, c *Call) (any, error) {
	force, strict, ref := c.Args.Bool("force"), c.Args.Bool("strict"), tagRef(c.Args, "tag")
	b, err := buildArg(ctx, c, "build")
	if err != nil {
		return nil, err
	}
	t, err := tag.Get(ctx, c.Tx, ref, 0)
	if err != nil {
		return nil, err
	}
	return nothing(build.Untag(ctx, c.Tx, c.Actor, b, t, strict, force))
}
