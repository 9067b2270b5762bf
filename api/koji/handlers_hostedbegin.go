package koji

import (
	"context"
	"maps"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/notify"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// caller finds the host that calls.
func caller(ctx context.Context, tx *db.Tx, c *Call) (*task.Host, error) {
	return task.HostOfUser(ctx, tx, c.Actor.ID)
}

// ofWhole are the tasks that make builds. Others are parts of such tasks, or
// have nothing to do with builds: who runs them begins none.
var ofWhole = map[string]bool{
	"build": true, "maven": true, "winbuild": true, "wrapperRPM": true, "image": true, "livecd": true, "appliance": true,
	"livemedia": true, "indirectionimage": true, "kiwiBuild": true, "osbuildImage": true, "imageBuilderBuild": true,
}

// heldFor gives a task that runs on the caller.
func heldFor(ctx context.Context, c *Call, id int64) (*task.Task, error) {
	host, err := caller(ctx, c.Tx, c)
	if err != nil {
		return nil, err
	}
	if _, err := task.HoldOf(ctx, c.Tx, id, host.ID); err != nil {
		return nil, err
	}
	return task.Get(ctx, c.Tx, id)
}

// began makes the record of a build that a task of the caller's begins.
func began(ctx context.Context, c *Call, held int64, info map[string]any, next bool) (*build.Build, error) {
	t, err := heldFor(ctx, c, held)
	if err != nil {
		return nil, err
	}
	if !ofWhole[t.Method] {
		return nil, kura.Errorf("koji.initBuild", kura.Denied, "task %d is a %s task: it makes no build", held, t.Method)
	}
	if _, ok := info["epoch"]; !ok {
		return nil, kura.Errorf("koji.initBuild", kura.Invalid, "No epoch value for build")
	}
	r := optReader{opts: info}
	n := build.New{Name: r.string("name"), Version: r.string("version"), Epoch: r.optInt("epoch"), TaskID: &held, Draft: truthy(info["draft"])}
	if t.Owner != nil {
		n.OwnerID = *t.Owner
	}
	if s := r.optString("source"); s != nil && *s != "" {
		n.Source = s
	}
	if v := info["extra"]; v != nil {
		if n.Extra, err = toJSON(v); err != nil {
			return nil, err
		}
	}
	if next && info["release"] == nil {
		if n.Release, err = build.NextRelease(ctx, c.Tx, n.Name, n.Version, 1); err != nil {
			return nil, err
		}
	} else {
		n.Release = r.string("release")
	}
	if r.err != nil {
		return nil, r.err
	}
	mine, err := build.List(ctx, c.Tx, build.Filter{TaskID: held, State: new(build.Building)})
	if err != nil {
		return nil, err
	}
	for _, b := range mine { // the task has begun before, and begins anew
		if b.Name == n.Name && b.Version == n.Version && (next || b.Target().Release == n.Release) {
			return b, nil
		}
	}
	return build.Begin(ctx, c.Tx, n)
}

func (h Hosted) init(ctx context.Context, c *Call) (any, error) {
	data := c.Args.Map("data")
	r := optReader{opts: data}
	held := r.int("task_id")
	if err := c.Args.Err(); err != nil || r.err != nil {
		return nil, firstOf(err, r.err)
	}
	b, err := began(ctx, c, held, data, false)
	if err != nil {
		return nil, err
	}
	return b.ID, build.AddType(ctx, c.Tx, b.ID, "rpm")
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// initTyped begins a build of a type, and answers what it was told with what it
// has become.
func (h Hosted) initTyped(ctx context.Context, c *Call, next bool, set func(id int64) error) (any, error) {
	held, info := c.Args.Int("task_id"), c.Args.Map("build_info")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	b, err := began(ctx, c, held, info, next)
	if err != nil {
		return nil, err
	}
	if err := set(b.ID); err != nil {
		return nil, err
	}
	out := maps.Clone(info)
	maps.Copy(out, map[string]any{"id": b.ID, "task_id": held, "owner": b.OwnerID, "state": int(b.State), "completion_time": nil, "release": b.Release})
	return out, nil
}

func (h Hosted) initMaven(ctx context.Context, c *Call) (any, error) {
	if err := h.Flow.Wanted("maven"); err != nil {
		return nil, err
	}
	info := c.Args.Map("maven_info")
	m, err := mavenInfo("koji.initMavenBuild", "Maven info", info)
	if err != nil {
		return nil, err
	}
	if build := c.Args.Map("build_info"); build != nil {
		build["release"] = nil // it is counted up
	}
	return h.initTyped(ctx, c, true, func(id int64) error { return build.SetMaven(ctx, c.Tx, id, m) })
}

func (h Hosted) initWin(ctx context.Context, c *Call) (any, error) {
	if err := h.Flow.Wanted("win"); err != nil {
		return nil, err
	}
	r := optReader{opts: c.Args.Map("win_info")}
	platform := r.string("platform")
	if r.err != nil || platform == "" {
		return nil, firstOf(r.err, kura.Errorf("koji.initWinBuild", kura.Invalid, "Windows info doesn't have mandatory platform key"))
	}
	return h.initTyped(ctx, c, false, func(id int64) error { return build.SetWin(ctx, c.Tx, id, platform) })
}

func (h Hosted) initImage(ctx context.Context, c *Call) (any, error) {
	return h.initTyped(ctx, c, true, func(id int64) error { return build.AddType(ctx, c.Tx, id, "image") })
}

func (h Hosted) createMaven(ctx context.Context, c *Call) (any, error) {
	if err := h.Flow.Wanted("maven"); err != nil {
		return nil, err
	}
	m, err := mavenInfo("koji.createMavenBuild", "Maven info", c.Args.Map("maven_info"))
	if err == nil {
		err = c.Args.Err()
	}
	if err != nil {
		return nil, err
	}
	b, err := buildArg(ctx, c, "build_info")
	if err != nil {
		return nil, err
	}
	return nothing(build.SetMaven(ctx, c.Tx, b.ID, m))
}

func (h Hosted) fail(ctx context.Context, c *Call) (any, error) {
	held, id := c.Args.Int("task_id"), c.Args.Int("build_id")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if _, err := heldFor(ctx, c, held); err != nil {
		return nil, err
	}
	b, err := build.Get(ctx, c.Tx, id)
	switch {
	case err != nil:
		return nil, err
	case b.State != build.Building:
		return nil, kura.Errorf("koji.failBuild", kura.Conflict, "cannot update build %d, state: %s", id, b.State)
	case b.TaskID == nil || *b.TaskID != held:
		return nil, kura.Errorf("koji.failBuild", kura.Denied, "build %d is not of task %d", id, held)
	}
	_, err = build.SetState(ctx, c.Tx, id, build.Failed)
	return nothing(err)
}

// tag tags or moves a build as the user whom the task is for; which, is what
// the task was made for.
func (h Hosted) tag(ctx context.Context, c *Call) (any, error) {
	held, force := c.Args.Int("task_id"), c.Args.Bool("force")
	to, from := tagRef(c.Args, "tag"), tagRef(c.Args, "fromtag")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	t, err := heldFor(ctx, c, held)
	if err != nil {
		return nil, err
	}
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
	return nothing(h.Flow.TagFor(ctx, c.Tx, t, b, old, &dest, force))
}

// notice has people hear of a build that a tagBuild task tagged, or could not.
func (h Hosted) notice(ctx context.Context, c *Call) (any, error) {
	good, quiet := c.Args.Bool("is_successful"), c.Args.Bool("ignore_success")
	to, from, ref := c.Args.OptInt("tag_id"), c.Args.OptInt("from_id"), c.Args.Ref("user_id")
	why := c.Args.OptString("failure_msg")
	b, err := buildArg(ctx, c, "build_id")
	if kura.Is(err, kura.NotFound) {
		return nil, nil // of what is not there nobody wants to hear
	}
	if err != nil {
		return nil, err
	}
	u, err := account.Get(ctx, c.Tx, account.Ref(ref))
	if err != nil || good && quiet {
		return nil, err
	}
	for _, id := range []*int64{to, from} {
		if id == nil {
			continue
		}
		if _, err := tag.Lookup(ctx, c.Tx, tag.ByID(*id)); err != nil {
			return nil, err
		}
	}
	t := notify.Tagging{Build: b.ID, Tag: to, From: from, By: u.Name}
	if !good {
		t.Failure = "the task failed"
		if why != nil && *why != "" {
			t.Failure = *why
		}
	}
	return nothing(notify.Tagged(ctx, c.Tx, t))
}
