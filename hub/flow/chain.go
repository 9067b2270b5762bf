package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/kura-build/kura/hub/source"
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
