package flow

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// taskParams are the positional parameters of Koji's tasks, as far as policies
// ask about them.
var taskParams = map[string][]string{
	"build":            {"src", "target", "opts"},
	"chainbuild":       {"srcs", "target", "opts"},
	"buildSRPMFromSCM": {"url", "build_tag", "opts"},
	"rebuildSRPM":      {"srpm", "build_tag", "opts"},
	"maven":            {"url", "target", "opts"},
	"buildMaven":       {"url", "build_tag", "opts"},
	"chainmaven":       {"builds", "target", "opts"},
	"wrapperRPM":       {"spec_url", "build_target", "build", "task", "opts"},
	"winbuild":         {"name", "source_url", "target", "opts"},
	"image":            {"name", "version", "arches", "target", "inst_tree", "opts"},
	"livecd":           {"name", "version", "arch", "target", "ksfile", "opts"},
	"livemedia":        {"name", "version", "arches", "target", "ksfile", "opts"},
	"appliance":        {"name", "version", "arch", "target", "ksfile", "opts"},
	"kiwiBuild":        {"target", "arches", "desc_url", "desc_path", "opts"},
	"newRepo":          {"tag", "event", "-", "debuginfo", "separate_src"}, // its src says whether sources are in it
	"distRepo":         {"tag", "repo_id", "keys", "opts"},
	"tagBuild":         {"tag_id", "build_id", "force", "fromtag", "ignore_success"},
	"waitrepo":         {"tag", "newer_than", "nvrs", "min_event"},
}

// Dest is the tag that a task builds for, if it has a target that there is.
func (f *Flow) Dest(ctx context.Context, tx *db.Tx, id int64) (*int64, error) {
	t, err := task.Get(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	about := map[string]any{}
	fromTask(about, task.Spec{Method: t.Method, Request: t.Request})
	name, _ := about["target"].(string)
	if m, ok := about["target"].(map[string]any); ok { // wrapperRPM has all of it
		name, _ = m["name"].(string)
	}
	if name == "" {
		return nil, nil
	}
	target, err := tag.GetTarget(ctx, tx, tag.ByName(name), 0)
	if kura.Is(err, kura.NotFound) {
		return nil, nil
	}
	return &target.DestTag, err
}

// factOf are the names by which policies know parameters.
var factOf = map[string]string{
	"src": "source", "url": "source", "spec_url": "source", "target": "target", "build_target": "target",
	"tag": "tag", "tag_id": "tag", "build_tag": "build_tag",
}

// fromTask adds what a task's parameters say.
func fromTask(about map[string]any, s task.Spec) {
	var given []any
	if json.Unmarshal(s.Request, &given) != nil {
		return
	}
	params := map[string]any{}
	if n := len(given); n > 0 {
		if kw, ok := given[n-1].(map[string]any); ok && kw["__starstar"] == true {
			params, given = kw, given[:n-1]
		}
	}
	for i, name := range taskParams[s.Method] {
		if i < len(given) {
			params[name] = given[i]
		}
	}
	for name, fact := range factOf {
		v, has := params[name]
		if n, ok := v.(float64); ok {
			v = int64(n)
		}
		if has && slices.Contains(taskParams[s.Method], name) {
			about[fact] = v
		}
	}
	if opts, ok := params["opts"].(map[string]any); ok && opts["scratch"] != nil {
		about["scratch"] = opts["scratch"]
	}
}

// Places tells whether the installation wrote a policy on where tasks go.
// Without one hub/task does what Koji's defaults say.
func (p *Policies) Places() bool { return p.places }

// Place asks the policies channel and priority about a new task.
func (p *Policies) Place(ctx context.Context, tx *db.Tx, s task.Spec, parent *task.Task, def task.Placement) (task.Placement, error) {
	by, err := account.Load(ctx, tx, account.ByID(s.Owner))
	if err != nil {
		return def, err
	}
	by = by.Narrow(s.Scopes)
	about := map[string]any{"method": s.Method, "arch": s.Arch, "owner": s.Owner, "user_id": s.Owner, "parent": nil, "label": nil}
	if parent != nil {
		about["parent"], about["label"] = parent.ID, s.Label
	}
	if s.Channel != "" {
		about["req_channel"] = s.Channel
	}
	fromTask(about, s)
	d, err := data(ctx, tx, by, about)
	if err != nil {
		return def, err
	}
	channel, err := p.set.Eval("channel", d)
	if err != nil {
		return def, err
	}
	word, name, _ := strings.Cut(channel.Action, " ")
	switch {
	case !channel.Matched:
		def.Channel = "default"
	case word == "use" && name != "":
		def.Channel = strings.TrimSpace(name)
	case word == "parent" && parent != nil:
		def.Channel = "" // hub/task takes the parent's
	case word == "req" && s.Channel != "":
		def.Channel = s.Channel
	default:
		return def, kura.Errorf("flow.Place", kura.Invalid, "invalid channel policy: %q does not fit a %s task", channel.Action, s.Method)
	}
	priority, err := p.set.Eval("priority", d)
	if err != nil || !priority.Matched || priority.Action == "stay" {
		return def, err
	}
	word, number, _ := strings.Cut(priority.Action, " ")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	switch {
	case err == nil && word == "set":
		def.Priority = n
	case err == nil && word == "adjust":
		def.Priority += n
	default:
		return def, kura.Errorf("flow.Place", kura.Invalid, "invalid priority policy: %q is neither stay, set N nor adjust N", priority.Action)
	}
	return def, nil
}
