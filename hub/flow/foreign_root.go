package flow

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// Keywords are parameters by name, as the last one of those by place.
type Keywords map[string]json.RawMessage

func (k Keywords) after(params ...any) []any {
	if len(k) == 0 {
		return params
	}
	last := map[string]any{"__starstar": true}
	for name, v := range k {
		last[name] = v
	}
	return append(params, last)
}

// Runroot is a command that is run in a root of a tag.
type Runroot struct {
	Tag     tag.Ref
	Arch    string          // noarch: one that the tag and the channel's hosts have
	Command json.RawMessage // a text for a shell in the root, or a list of texts
	Options Keywords
}

// StartRunroot has a command run. It is more urgent than builds.
func (f *Flow) StartRunroot(ctx context.Context, tx *db.Tx, by account.Actor, r Runroot, a Asked) (*task.Task, error) {
	const op = "flow.StartRunroot"
	arches, err := Arches(r.Arch)
	if err == nil && len(arches) != 1 {
		err = kura.Errorf(op, kura.Invalid, "No arches supplied")
	}
	if err != nil {
		return nil, err
	}
	var command any
	if err := json.Unmarshal(r.Command, &command); err != nil {
		return nil, kura.E(op, err)
	}
	switch command.(type) {
	case string, []any:
	default:
		return nil, kura.Errorf(op, kura.Invalid, "Invalid type for value '%v': want a text or a list of texts", command)
	}
	t, err := tag.Get(ctx, tx, r.Tag, 0)
	if err != nil {
		return nil, err
	}
	priority := 15
	a = a.or("runroot")
	a.Priority, a.Arch = &priority, arches[0]
	if a.Arch == "noarch" {
		if a.Arch, err = archFor(ctx, tx, t, a.Channel); err != nil {
			return nil, err
		}
	}
	return f.foreign(ctx, tx, by, "runroot", a, r.Options.after(asSaid(r.Tag), arches[0], r.Command)...)
}

// archFor gives an architecture on which a root of a tag can be made for what is
// of none.
func archFor(ctx context.Context, tx *db.Tx, t tag.Tag, channel string) (string, error) {
	const op = "flow.StartRunroot"
	var own []string
	if t.Arches != nil {
		own = strings.Fields(*t.Arches)
	}
	if len(own) == 0 {
		return "", kura.Errorf(op, kura.Invalid, "no arches defined for tag %s", t.Name)
	}
	all, err := task.AllArches(ctx, tx)
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(all, func(a string) bool { return !slices.Contains(own, a) }) {
		return "noarch", nil
	}
	ref := task.Ref{Name: channel}
	if _, err := task.GetChannel(ctx, tx, ref); err != nil {
		return "", err
	}
	yes := true
	hosts, err := task.ListHosts(ctx, tx, task.HostFilter{Channel: &ref, Enabled: &yes})
	if err != nil {
		return "", err
	}
	there := map[string]bool{}
	for _, host := range hosts {
		for _, a := range host.ArchList() {
			there[rpm.CanonArch(a)] = true
		}
	}
	choices := slices.DeleteFunc(own, func(a string) bool { return !there[a] })
	if len(choices) == 0 {
		return "", kura.Errorf(op, kura.Conflict, "no common arches for tag/channel: %s/%s", t.Name, channel)
	}
	return rpm.CanonArch(choices[rand.IntN(len(choices))]), nil
}

// SaveTree has the host that has it keep what a failed build has left: for who
// asked for that build.
func (f *Flow) SaveTree(ctx context.Context, tx *db.Tx, by account.Actor, root int64, full bool, options Keywords) (*task.Task, error) {
	const op = "flow.SaveTree"
	r, err := build.GetBuildroot(ctx, tx, root)
	if err != nil {
		return nil, err
	}
	if r.TaskID == nil || r.HostID == nil {
		return nil, kura.Errorf(op, kura.Build, "Buildroot %d is not of a task of this hub", root)
	}
	t, err := task.Get(ctx, tx, *r.TaskID)
	if err != nil {
		return nil, err
	}
	host, err := task.GetHost(ctx, tx, task.Ref{ID: *r.HostID}, 0)
	if err != nil {
		return nil, err
	}
	switch {
	case t.State != task.Failed:
		return nil, kura.Errorf(op, kura.Build, "Task %d has not failed. Only failed tasks can upload their buildroots.", t.ID)
	case t.Method != "buildArch":
		return nil, kura.Errorf(op, kura.Build, "Only buildArch tasks can upload their buildroots (Task %d is %s).", t.ID, t.Method)
	case (t.Owner == nil || *t.Owner != by.ID) && !by.Has(account.Admin):
		return nil, kura.Errorf(op, kura.Denied, "Only owner of failed task or 'admin' can run this task.")
	case !host.Enabled:
		return nil, kura.Errorf(op, kura.Build, "Host is disabled.")
	case !knows(host, "saveFailedTree"):
		return nil, kura.Errorf(op, kura.Build, "Host %s keeps nothing of failed builds but their logs.", host.Name)
	}
	made, err := f.foreign(ctx, tx, by, "saveFailedTree", Asked{}, options.after(root, full)...)
	if err != nil || made.State != task.Free {
		return made, err
	}
	if _, err := f.tasks.AssignTo(ctx, tx, made.ID, task.Ref{ID: host.ID}, false, true); err != nil {
		return nil, err
	}
	return task.Get(ctx, tx, made.ID)
}

// knows reports whether a host said that it carries out tasks of a method.
func knows(h *task.Host, method string) bool {
	var said struct {
		Methods []string `json:"methods"`
	}
	return json.Unmarshal(h.Data, &said) == nil && slices.Contains(said.Methods, method)
}
