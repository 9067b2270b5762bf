package client

import (
	"path"
	"strconv"
	"strings"
	"time"
)

// TaskState is where a task stands.
type TaskState int64

// The states, with Koji's numbers.
const (
	TaskFree TaskState = iota
	TaskOpen
	TaskClosed
	TaskCanceled
	TaskAssigned
	TaskFailed
)

var taskStates = []string{"free", "open", "closed", "canceled", "assigned", "failed"}

func (s TaskState) String() string { return nameOf(taskStates, int64(s)) }

// Done reports whether the task has come to its end.
func (s TaskState) Done() bool { return s == TaskClosed || s == TaskCanceled || s == TaskFailed }

func nameOf(names []string, n int64) string {
	if n >= 0 && n < int64(len(names)) {
		return names[n]
	}
	return "unknown"
}

// ParseTaskState reads a state's name.
func ParseTaskState(name string) (TaskState, bool) {
	for i, n := range taskStates {
		if strings.EqualFold(n, name) {
			return TaskState(i), true
		}
	}
	return 0, false
}

// Task is a piece of work of the hub.
type Task struct {
	ID, Parent, Host int64
	State            TaskState
	Method, Arch     string
	Label, Phase     string // Phase is kura's: how far a build is
	Owner            int64
	OwnerName        string
	Priority         int64
	Weight           float64
	Created          time.Time
	Started          time.Time
	Ended            time.Time
	Waiting          bool // for its children
	Request          []any
	Fields           Map // everything that the hub said
}

// TaskOf reads a task.
func TaskOf(m Map) Task {
	t := Task{
		ID: m.Int("id"), Parent: m.Int("parent"), Host: m.Int("host_id"), State: TaskState(m.Int("state")),
		Method: m.Str("method"), Arch: m.Str("arch"), Label: m.Str("label"), Phase: m.Str("phase"),
		Owner: m.Int("owner"), OwnerName: m.Str("owner_name"), Priority: m.Int("priority"), Weight: m.Float("weight"),
		Created: m.Time("create_ts"), Started: m.Time("start_ts"), Ended: m.Time("completion_ts"),
		Waiting: m.Bool("waiting"), Request: m.List("request"), Fields: m,
	}
	if _, ok := m["state"]; !ok {
		t.State = -1
	}
	return t
}

// Elapsed is how long the task has run, or ran; how long it has waited if it
// has not begun.
func (t *Task) Elapsed(now time.Time) time.Duration {
	from, to := t.Started, t.Ended
	if from.IsZero() {
		from = t.Created
	}
	if to.IsZero() {
		to = now
	}
	if from.IsZero() || to.Before(from) {
		return 0
	}
	return to.Sub(from)
}

// Subject says in a few words what the task works on: the source and target
// of a build, the tag of a repository.
func (t *Task) Subject() string {
	arg := func(i int) any {
		if i < len(t.Request) {
			return t.Request[i]
		}
		return nil
	}
	switch t.Method {
	case "build", "maven":
		return join(sourceName(nameIn(arg(0))), nameIn(arg(1)))
	case "buildSRPMFromSCM", "rebuildSRPM":
		return sourceName(nameIn(arg(0)))
	case "buildArch":
		return sourceName(nameIn(arg(0)))
	case "newRepo", "distRepo", "createdistrepo", "buildMaven":
		if id, ok := arg(0).(int64); ok {
			return "tag " + strconv.FormatInt(id, 10)
		}
		return nameIn(arg(0))
	case "chainbuild":
		return nameIn(arg(1))
	case "image", "osbuildImage", "livecd", "appliance", "livemedia":
		return join(nameIn(arg(0)), nameIn(arg(1)))
	}
	return ""
}

func join(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, ", ")
}

// nameIn gives a text, or the name of the thing that a struct describes.
func nameIn(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		if name := Map(v).Str("name"); name != "" {
			return name
		}
		return nameIn(v["tag"]) // arguments by name
	}
	return ""
}

// sourceName shortens an address or a path to what people call it.
func sourceName(s string) string {
	address, ref, hasRef := strings.Cut(s, "#")
	scheme, rest, isURL := strings.Cut(address, "://")
	if s == "" || !isURL {
		return strings.TrimPrefix(path.Base(s), ".")
	}
	host, dir, _ := strings.Cut(rest, "/")
	repo, sub, _ := strings.Cut(dir, "?")
	name := strings.TrimSuffix(path.Base(repo), ".git")
	if name == "." || name == "/" {
		name = scheme + "://" + host
	}
	if sub != "" {
		name += "/" + strings.Trim(sub, "/")
	}
	if !hasRef {
		return name
	}
	if len(ref) == 40 || len(ref) == 64 { // a commit
		ref = ref[:10]
	}
	return name + " " + ref
}
