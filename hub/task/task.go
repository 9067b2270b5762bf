package task

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// State is Koji's state of a task.
type State int

// The states.
const (
	Free State = iota
	Open
	Closed
	Canceled
	Assigned
	Failed
)

var stateNames = [...]string{"FREE", "OPEN", "CLOSED", "CANCELED", "ASSIGNED", "FAILED"}

// String gives Koji's word for the state.
func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return "UNKNOWN"
	}
	return stateNames[s]
}

// Finished reports whether the task is over, well or not.
func (s State) Finished() bool { return s == Closed || s == Canceled || s == Failed }

// DefaultPriority is that of a task without a parent. Lower is sooner.
const DefaultPriority = 20

// Task is a unit of work. Times are microseconds since 1970.
type Task struct {
	ID             int64
	State          State
	Method         string
	Request        json.RawMessage // the parameters as Koji's clients gave them
	Arch           string
	ChannelID      *int64
	HostID         *int64
	Parent         *int64
	Label          *string
	Owner          *int64
	Share          int64    // whose fair share it counts against
	Scopes         []string // what it may use of its owner's permissions; nil: all
	Priority       int
	Weight         float64
	CreateTime     int64
	FreeTime       int64 // since when it can be taken, or could when it was
	StartTime      *int64
	CompletionTime *int64
	Waiting        bool // for its children
	Awaited        bool // by its parent
	Hub            bool // a hub runs it itself
	Runs           int
	Losses         int // leases that ended without a word
	Epoch          int64
	LeaseUntil     *int64
	Phase          string
}

const columns = `task.id, task.state, task.method, task.request, task.arch, task.channel_id, task.host_id,
	task.parent, task.label, task.owner, task.share, task.priority, task.weight, task.create_time, task.free_time,
	task.start_time, task.completion_time, task.waiting, task.awaited, task.hub, task.runs, task.losses,
	task.epoch, task.lease_until, task.phase, task.scopes`

func (t *Task) fields(request *string, phase, scopes **string) []any {
	return []any{&t.ID, &t.State, &t.Method, request, &t.Arch, &t.ChannelID, &t.HostID,
		&t.Parent, &t.Label, &t.Owner, &t.Share, &t.Priority, &t.Weight, &t.CreateTime, &t.FreeTime,
		&t.StartTime, &t.CompletionTime, &t.Waiting, &t.Awaited, &t.Hub, &t.Runs, &t.Losses,
		&t.Epoch, &t.LeaseUntil, phase, scopes}
}

func scanTask(s db.Scanner) (*Task, error) {
	t := &Task{}
	var request string
	var phase, scopes *string
	err := s.Scan(t.fields(&request, &phase, &scopes)...)
	t.settle(request, phase, scopes)
	return t, err
}

func (t *Task) settle(request string, phase, scopes *string) {
	t.Request = json.RawMessage(request)
	if scopes != nil {
		t.Scopes = strings.Fields(*scopes)
	}
	if phase != nil {
		t.Phase = *phase
	}
}

// Fault says why a task failed.
type Fault struct {
	Code      int    `json:"code,omitempty"` // of Koji's faults; 0 for its general one
	Kind      string `json:"kind,omitempty"` // kura.Kind's word, where there is no code
	Message   string `json:"message"`        // one sentence: what failed and why
	Phase     string `json:"phase,omitempty"`
	Cause     string `json:"cause,omitempty"` // the first line that caused it
	Log       string `json:"log,omitempty"`   // the log that holds it
	Line      int    `json:"line,omitempty"`
	Buildroot int64  `json:"buildroot,omitempty"`
}

func (f *Fault) Error() string { return f.Message }

// Get gives a task.
func Get(ctx context.Context, tx *db.Tx, id int64) (*Task, error) {
	return get(ctx, tx, "task.Get", id, db.Lock{})
}

func get(ctx context.Context, tx *db.Tx, op string, id int64, lock db.Lock) (*Task, error) {
	var b db.Builder
	b.Add("SELECT "+columns+" FROM task WHERE task.id = ?", id).Lock(lock)
	got, err := db.Find(ctx, tx, scanTask, &b)
	if err != nil {
		return nil, kura.E(op, err)
	}
	if len(got) == 0 {
		return nil, kura.Errorf(op, kura.NotFound, "No such task: %d", id)
	}
	return got[0], nil
}

// Result gives what a finished task left: the result of a closed one, the
// fault of a failed one.
func Result(ctx context.Context, tx *db.Tx, id int64) (json.RawMessage, *Fault, error) {
	var state State
	var result, fault *string
	ok, err := tx.Get(ctx, []any{&state, &result, &fault}, "SELECT state, result, fault FROM task WHERE id = $1", id)
	switch {
	case err != nil:
		return nil, nil, kura.E("task.Result", err)
	case !ok:
		return nil, nil, kura.Errorf("task.Result", kura.NotFound, "No such task: %d", id)
	case state == Canceled:
		return nil, nil, kura.Errorf("task.Result", kura.Conflict, "Task %d is canceled", id)
	case !state.Finished():
		return nil, nil, kura.Errorf("task.Result", kura.Conflict, "Task %d is not finished", id)
	}
	if state == Failed {
		return nil, parseFault(fault), nil
	}
	if result == nil {
		return json.RawMessage("null"), nil, nil
	}
	return json.RawMessage(*result), nil, nil
}

func parseFault(text *string) *Fault {
	f := &Fault{}
	if text == nil || json.Unmarshal([]byte(*text), f) != nil {
		f.Message = "the task failed without saying why"
	}
	return f
}
