package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/notify"
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
	return h.moveTask(ctx, c, b, dest, old)
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
	if err := flow.MayEnter(ctx, c.Tx, c.Actor, b, to, force); err != nil {
		return err
	}
	return h.Flow.Policies().Tag(ctx, c.Tx, c.Actor, b, from, &to, force)
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

func (h Builds) moveTask(ctx context.Context, c *Call, b *build.Build, to tag.Tag, from *tag.Tag) (any, error) {
	var old any
	if from != nil {
		old = from.ID
	}
	request, err := toJSON([]any{to.ID, b.ID, c.Args.Any("force"), old}) // as it was said: nothing is no false
	if err != nil {
		return nil, err
	}
	priority := tagPriority
	t, err := h.Tasks.Make(ctx, c.Tx, task.Spec{Method: "tagBuild", Request: request,
		Priority: &priority, Arch: "noarch", Weight: 0.1, Hub: true}.For(c.Actor))
	if err != nil {
		return nil, err
	}
	return t.ID, nil
}

// tagBypass tags at once, for imports. It is for those who manage tags.
func (h Builds) tagBypass(ctx context.Context, c *Call) (any, error) {
	force, notice, ref := c.Args.Bool("force"), c.Args.Bool("notify"), tagRef(c.Args, "tag")
	b, err := buildArg(ctx, c, "build")
	if err != nil {
		return nil, err
	}
	t, err := tag.Get(ctx, c.Tx, ref, 0)
	if err != nil {
		return nil, err
	}
	if err := flow.MayEnter(ctx, c.Tx, c.Actor, b, t, force); err != nil {
		return nil, err
	}
	if err := h.Flow.Move(ctx, c.Tx, c.Actor, b, nil, &t, force); err != nil || !notice {
		return nil, err
	}
	return nothing(notify.Tagged(ctx, c.Tx, notify.Tagging{Build: b.ID, Tag: &t.ID, By: c.Actor.Name}))
}

func (h Builds) untag(ctx context.Context, c *Call) (any, error) { return h.leave(ctx, c, true) }

func (h Builds) untagBypass(ctx context.Context, c *Call) (any, error) {
	return h.leave(ctx, c, c.Args.Bool("notify"))
}

func (h Builds) leave(ctx context.Context, c *Call, notice bool) (any, error) {
	force, strict, ref := c.Args.Bool("force"), c.Args.Bool("strict"), tagRef(c.Args, "tag")
	b, err := buildArg(ctx, c, "build")
	if err != nil {
		return nil, err
	}
	t, err := tag.Get(ctx, c.Tx, ref, 0)
	if err != nil {
		return nil, err
	}
	if err := h.Flow.Policies().Tag(ctx, c.Tx, c.Actor, b, &t, nil, force); err != nil {
		return nil, err
	}
	if err := build.Untag(ctx, c.Tx, c.Actor, b, t, strict, force); err != nil || !notice {
		return nil, err
	}
	return nothing(notify.Tagged(ctx, c.Tx, notify.Tagging{Build: b.ID, From: &t.ID, By: c.Actor.Name}))
}

// massTag tags builds one after another without the checks that others need.
func (h Builds) massTag(ctx context.Context, c *Call) (any, error) {
	ref, list := tagRef(c.Args, "tag"), c.Args.List("builds")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	t, err := tag.Get(ctx, c.Tx, ref, 0)
	if err != nil {
		return nil, err
	}
	builds := make([]*build.Build, len(list))
	for i, v := range list {
		if builds[i], err = findBuild(ctx, c.Tx, v); err != nil {
			return nil, err
		}
	}
	return nothing(h.Flow.MassTag(ctx, c.Tx, c.Actor, t, builds))
}

// moveAll moves all builds of a package.
func (h Builds) moveAll(ctx context.Context, c *Call) (any, error) {
	from, to, pkg, force := tagRef(c.Args, "tag1"), tagRef(c.Args, "tag2"), tagRef(c.Args, "package"), c.Args.Bool("force")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	p, err := tag.GetPackage(ctx, c.Tx, pkg)
	if err != nil {
		return nil, err
	}
	old, err := tag.Get(ctx, c.Tx, from, 0)
	if err != nil {
		return nil, err
	}
	dest, err := tag.Get(ctx, c.Tx, to, 0)
	if err != nil {
		return nil, err
	}
	_, err = h.Flow.MoveAll(ctx, c.Tx, c.Actor, old, dest, p, force)
	return []any{}, err
}
