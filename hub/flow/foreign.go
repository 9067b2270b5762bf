package flow

import (
	"context"
	"encoding/json"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// The starts in this file and its neighbours make tasks that only Koji's own
// builders carry out: kura's do not say that they know them, so these wait until
// one comes. Options that the hub does not look at are passed on as they are.

// Asked is how the task is to be made.
type Asked struct {
	Priority *int   // nil: the usual one
	Channel  string // name; empty: by policy
	Arch     string // empty: noarch
}

// or takes a channel where none is asked for.
func (a Asked) or(channel string) Asked {
	if a.Channel == "" {
		a.Channel = channel
	}
	return a
}

// foreign makes the task. Its parameters are as JSON has them.
func (f *Flow) foreign(ctx context.Context, tx *db.Tx, by account.Actor, method string, a Asked, params ...any) (*task.Task, error) {
	text, err := json.Marshal(params)
	if err != nil {
		return nil, kura.E("flow.foreign", err)
	}
	return f.tasks.Make(ctx, tx, task.Spec{Method: method, Request: text, Arch: a.Arch, Channel: a.Channel, Priority: a.Priority, Owner: by.ID})
}

// asSaid is a target, or a tag, as a parameter: as the caller has named it.
func asSaid(r tag.Ref) any {
	switch {
	case r.ID != 0:
		return r.ID
	case r.Name != "":
		return r.Name
	}
	return nil
}

// orNone are options, of which there may be none.
func orNone(opts json.RawMessage) json.RawMessage {
	if len(opts) == 0 || string(opts) == "null" {
		return json.RawMessage("{}")
	}
	return opts
}

// StartMaven has a Maven project built.
func (f *Flow) StartMaven(ctx context.Context, tx *db.Tx, by account.Actor, url string, target tag.Ref, opts json.RawMessage, a Asked) (*task.Task, error) {
	if err := f.Wanted("maven"); err != nil {
		return nil, err
	}
	return f.foreign(ctx, tx, by, "maven", a.or("maven"), url, asSaid(target), orNone(opts))
}

// StartMavenChain has Maven projects built one after another, as they need one
// another.
func (f *Flow) StartMavenChain(ctx context.Context, tx *db.Tx, by account.Actor, builds json.RawMessage, target tag.Ref, opts json.RawMessage, a Asked) (*task.Task, error) {
	if err := f.Wanted("maven"); err != nil {
		return nil, err
	}
	return f.foreign(ctx, tx, by, "chainmaven", a.or("maven"), builds, asSaid(target), opts)
}

// WrapperOpts are those options of a wrapper-rpm task that the hub looks at.
type WrapperOpts struct {
	Scratch     bool
	CreateBuild bool // the packages become a build of their own
}

// StartWrapper has packages made of the files of a build, which can have them
// once.
func (f *Flow) StartWrapper(ctx context.Context, tx *db.Tx, by account.Actor, b *build.Build, url string, target tag.Ref, o WrapperOpts, opts json.RawMessage, a Asked) (*task.Task, error) {
	if err := f.Wanted("maven"); err != nil {
		return nil, err
	}
	if !o.Scratch && !o.CreateBuild {
		have, err := build.ListRPMs(ctx, tx, build.RPMFilter{BuildID: b.ID, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(have) > 0 {
			return nil, kura.Errorf("flow.StartWrapper", kura.Build, "wrapper rpms for %s have already been built", b.NVR())
		}
	}
	t, err := tag.GetTarget(ctx, tx, target, 0)
	if err != nil {
		return nil, err
	}
	into := map[string]any{"id": t.ID, "name": t.Name, "build_tag": t.BuildTag, "build_tag_name": t.BuildTagName, "dest_tag": t.DestTag, "dest_tag_name": t.DestTagName}
	return f.foreign(ctx, tx, by, "wrapperRPM", a.or("maven"), url, into, buildParam(b), nil, orNone(opts))
}

// buildParam is a build as a parameter of a task.
func buildParam(b *build.Build) map[string]any {
	text := func(micros *int64) any {
		if micros == nil {
			return nil
		}
		return TimeText(*micros)
	}
	ts := func(micros *int64) any {
		if micros == nil {
			return nil
		}
		return TimeTS(*micros)
	}
	m := map[string]any{"id": b.ID, "build_id": b.ID, "name": b.Name, "package_id": b.PackageID, "package_name": b.Name, "version": b.Version, "release": b.Release,
		"epoch": b.Epoch, "nvr": b.NVR(), "draft": b.Draft, "state": int(b.State), "task_id": b.TaskID, "owner_id": b.OwnerID, "owner_name": b.OwnerName,
		"volume_id": b.VolumeID, "volume_name": b.VolumeName, "source": b.Source, "extra": nil, "cg_id": b.CGID, "cg_name": b.CGName,
		"creation_event_id": b.CreateEvent, "creation_time": TimeText(b.CreateTime), "creation_ts": TimeTS(b.CreateTime),
		"start_time": text(b.StartTime), "start_ts": ts(b.StartTime), "completion_time": text(b.CompletionTime), "completion_ts": ts(b.CompletionTime),
		"promotion_time": text(b.PromotionTime), "promotion_ts": ts(b.PromotionTime), "promoter_id": b.PromoterID, "promoter_name": b.PromoterName}
	if len(b.Extra) > 0 {
		m["extra"] = b.Extra
	}
	return m
}

// StartWindows has something built in a virtual machine with Windows, as far as
// the policy vm allows that.
func (f *Flow) StartWindows(ctx context.Context, tx *db.Tx, by account.Actor, vm, url string, target tag.Ref, opts json.RawMessage, a Asked) (*task.Task, error) {
	if err := f.Wanted("win"); err != nil {
		return nil, err
	}
	t, err := tag.GetTarget(ctx, tx, target, 0)
	if err != nil {
		return nil, err
	}
	if err := f.Policies().Assert(ctx, tx, by, "vm", map[string]any{"vm_name": vm, "tag": t.DestTag}, false); err != nil {
		return nil, err
	}
	return f.foreign(ctx, tx, by, "winbuild", a.or("vm"), vm, url, asSaid(target), orNone(opts))
}
