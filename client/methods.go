package client

import (
	"context"
	"fmt"
	"path"
	"sort"
	"strconv"

	"github.com/kura-build/kura"
)

// Maps calls a method that answers with a list of structs.
func (h *Hub) Maps(ctx context.Context, method string, args ...any) ([]Map, error) {
	v, err := h.Call(ctx, method, args...)
	return AsMaps(v), err
}

// Int calls a method that answers with a number: most that start a task.
func (h *Hub) Int(ctx context.Context, method string, args ...any) (int64, error) {
	v, err := h.Call(ctx, method, args...)
	if err != nil {
		return 0, err
	}
	n, ok := v.(int64)
	if !ok && v != nil {
		return 0, badAnswer(method, h.base.Redacted(), fmt.Errorf("want a number, got %T", v))
	}
	return n, nil
}

// found calls a method that answers with a struct, or nil when there is no
// such object.
func (h *Hub) found(ctx context.Context, what, name, method string, args ...any) (Map, error) {
	v, err := h.Call(ctx, method, args...)
	if err != nil {
		return nil, err
	}
	m := AsMap(v)
	if len(m) == 0 {
		return nil, kura.Errorf("hub."+method, kura.NotFound, "there is no %s %s at %s", what, name, h.base.Redacted())
	}
	return m, nil
}

// Ref gives numbers as numbers, since hubs take "12" for a name.
func Ref(name string) any {
	if n, err := strconv.ParseInt(name, 10, 64); err == nil {
		return n
	}
	return name
}

// Task gives a task with its request.
func (h *Hub) Task(ctx context.Context, id int64) (Task, error) {
	m, err := h.found(ctx, "task", strconv.FormatInt(id, 10), "getTaskInfo", id, Keywords{"request": true})
	return TaskOf(m), err
}

// Build finds a build by NVR or number.
func (h *Hub) Build(ctx context.Context, name string) (Build, error) {
	m, err := h.found(ctx, "build", name, "getBuild", Ref(name))
	return BuildOf(m), err
}

// RPM finds a package by name-version-release.arch or number.
func (h *Hub) RPM(ctx context.Context, name string) (RPM, error) {
	m, err := h.found(ctx, "rpm", name, "getRPM", Ref(name))
	return RPMOf(m), err
}

// Tag finds a tag by name or number.
func (h *Hub) Tag(ctx context.Context, name string) (Tag, error) {
	m, err := h.found(ctx, "tag", name, "getTag", Ref(name))
	return TagOf(m), err
}

// Package finds a package by name or number.
func (h *Hub) Package(ctx context.Context, name string) (Map, error) {
	return h.found(ctx, "package", name, "getPackage", Ref(name))
}

// Channel finds a channel by name or number.
func (h *Hub) Channel(ctx context.Context, name string) (Map, error) {
	return h.found(ctx, "channel", name, "getChannel", Ref(name))
}

// Repo finds a repository by its number.
func (h *Hub) Repo(ctx context.Context, id int64) (Map, error) {
	return h.found(ctx, "repository", strconv.FormatInt(id, 10), "repoInfo", id)
}

// Target finds a build target.
func (h *Hub) Target(ctx context.Context, name string) (Map, error) {
	return h.found(ctx, "target", name, "getBuildTarget", Ref(name))
}

// Host finds a build host.
func (h *Hub) Host(ctx context.Context, name string) (Map, error) {
	return h.found(ctx, "host", name, "getHost", Ref(name))
}

// User finds a user; the empty name is who we are.
func (h *Hub) User(ctx context.Context, name string) (Map, error) {
	if name == "" {
		return h.found(ctx, "user", "for this session", "getLoggedInUser")
	}
	return h.found(ctx, "user", name, "getUser", Ref(name))
}

// Trees gives tasks with all that they have started, each before its
// children, children by number.
func (h *Hub) Trees(ctx context.Context, ids ...int64) ([]Task, error) {
	var calls []Invocation
	for _, id := range ids {
		calls = append(calls, Do("getTaskInfo", id, Keywords{"request": true}), Do("getTaskDescendents", id, Keywords{"request": true}))
	}
	out, err := h.Multi(ctx, calls...)
	if err != nil {
		return nil, err
	}
	var all []Task
	for i, id := range ids {
		for _, o := range out[2*i : 2*i+2] {
			if o.Err != nil {
				return nil, o.Err
			}
		}
		top := AsMap(out[2*i].Value)
		if top == nil {
			return nil, kura.Errorf("client.Trees", kura.NotFound, "there is no task %d at %s", id, h.base.Redacted())
		}
		seen := map[int64]bool{id: true}
		all = append(all, TaskOf(top))
		all = descend(all, AsMap(out[2*i+1].Value), id, seen)
	}
	return all, nil
}

func descend(all []Task, children Map, id int64, seen map[int64]bool) []Task {
	list := AsMaps(children[strconv.FormatInt(id, 10)])
	sort.SliceStable(list, func(i, j int) bool { return list[i].Int("id") < list[j].Int("id") })
	for _, m := range list {
		t := TaskOf(m)
		if seen[t.ID] {
			continue
		}
		seen[t.ID] = true
		if t.Parent == 0 {
			t.Parent = id
		}
		all = append(all, t)
		all = descend(all, children, t.ID, seen)
	}
	return all
}

// Output is one file that a task has made, or is making.
type Output struct {
	Name string
	Size int64
}

// Outputs lists a task's files by name.
func (h *Hub) Outputs(ctx context.Context, task int64) ([]Output, error) {
	v, err := h.Call(ctx, "listTaskOutput", task, Keywords{"stat": true})
	if err != nil {
		return nil, err
	}
	var out []Output
	for name, stat := range AsMap(v) {
		out = append(out, Output{Name: name, Size: AsMap(stat).Int("st_size")})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out, nil
}

// ReadOutput reads at most size bytes of a task's file. Files may grow
// meanwhile: no bytes mean that there are none yet.
func (h *Hub) ReadOutput(ctx context.Context, task int64, name string, offset int64, size int) ([]byte, error) {
	v, err := h.Call(ctx, "downloadTaskOutput", task, name, Keywords{"offset": offset, "size": size})
	if err != nil {
		return nil, err
	}
	b, err := bytesOf(v)
	if err != nil {
		return nil, badAnswer("downloadTaskOutput", h.base.Redacted(), err)
	}
	return b, nil
}

// TaskPath is the place of a task's file below topurl.
func TaskPath(task int64, name string) string {
	return path.Join("work/tasks", strconv.FormatInt(task%10000, 10), strconv.FormatInt(task, 10), name)
}

// Failure is why a task came to a bad end.
type Failure struct {
	Code    int
	Text    string
	Phase   string // kura's hubs name the phase, the log, and the line that caused it
	Cause   string
	Log     string
	LogLine int64
}

// Failure asks for it; nil if the task did not fail.
func (h *Hub) Failure(ctx context.Context, task int64) (*Failure, error) {
	v, err := h.Call(ctx, "getTaskResult", task, Keywords{"raise_fault": false})
	if code := Code(err); code != 0 {
		return &Failure{Code: code, Text: err.Error()}, nil // what hubs answer for canceled tasks
	}
	if err != nil {
		return nil, err
	}
	m := AsMap(v)
	if _, ok := m["faultString"]; !ok {
		return nil, nil
	}
	return &Failure{Code: int(m.Int("faultCode")), Text: m.Str("faultString"), Phase: m.Str("phase"),
		Cause: m.Str("cause"), Log: m.Str("log"), LogLine: m.Int("line")}, nil
}
