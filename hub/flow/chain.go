package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/source"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// chain builds groups of sources one after another; each group sees the
// packages of those before it. A name-version-release in the place of a source
// is a build that the groups behind it wait for. The destination tag must be one that the build
// tag inherits from, or the groups would not see each other.
func (f *Flow) chain(ctx context.Context, r *task.Run) (any, error) {
	var groups [][]string
	var target string
	var o BuildOpts
	if err := params(r.Task, []string{"srcs", "target", "opts"}, &groups, &target, &o); err != nil {
		return nil, err
	}
	var built []json.RawMessage
	var others []string // builds that there are already, which those after them are to see
	for i, group := range groups {
		specs := make([]task.Spec, 0, len(group))
		o.WaitBuilds = slices.Clone(others)
		for k, src := range group {
			if !source.IsSCM(src) {
				others = append(others, src)
				continue
			}
			specs = append(specs, task.Spec{Method: "build", Label: fmt.Sprintf("%d.%d", i, k), Request: request(src, target, o), Hub: true, Weight: 0.2, Arch: "noarch"})
		}
		if len(specs) == 0 {
			continue
		}
		kids, err := r.Spawn(ctx, specs...)
		if err != nil {
			return nil, err
		}
		got, err := r.Results(ctx, kids...)
		if err != nil {
			return nil, named(got, err)
		}
		for _, g := range got {
			built = append(built, g.Result)
		}
	}
	return built, nil
}

// StartChain makes the task of groups of builds, each of which sees the
// packages of those before it. The options are those of every build, as text.
func (f *Flow) StartChain(ctx context.Context, tx *db.Tx, by account.Actor, groups [][]string, target string, opts json.RawMessage, priority *int, channel string) (*task.Task, error) {
	const op = "flow.StartChain"
	if len(groups) == 0 {
		return nil, kura.Errorf(op, kura.Invalid, "a chain build needs at least one group of sources")
	}
	for _, g := range groups {
		for _, src := range g {
			if source.IsSCM(src) {
				if _, err := f.scm(src); err != nil {
					return nil, err
				}
				if err := f.maySCM(ctx, tx, by, src, target, &BuildOpts{}); err != nil {
					return nil, err
				}
				continue
			}
			if _, err := buildOf(ctx, tx, src); err != nil {
				return nil, err
			}
		}
	}
	t, err := tag.GetTarget(ctx, tx, tag.ByName(target), 0)
	if kura.Is(err, kura.NotFound) {
		err = kura.Errorf(op, kura.Invalid, "unknown build target: %s", target)
	}
	if err == nil {
		err = mayEnd(ctx, tx, by, t.DestTag)
	}
	if err != nil {
		return nil, err
	}
	return f.tasks.Make(ctx, tx, task.Spec{Method: "chainbuild", Request: request(groups, target, opts),
		Priority: priority, Channel: channel, Weight: 0.2, Hub: true}.For(by))
}
