package task

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/event"
)

// Topics of the wake-ups that this room sends after its commits. A signal may
// be lost: whoever waits also looks now and then.
const (
	TopicFree   = "task.free"    // a host may find something to take
	TopicHub    = "task.hub"     // a hub may
	TopicDone   = "task.done."   // + id: the task is over
	TopicCancel = "task.cancel." // + id: it was cancelled
)

// Bus is what this room needs of the leg of that name: wake-ups between hubs,
// and within one. Signal waits for nobody; Listen calls fn, which must be
// quick, for each signal until stop is called.
type Bus interface {
	Signal(subject string, data []byte) error
	Listen(filter string, fn func(subject string, data []byte)) (stop func(), err error)
}

// Placement is where the policy puts a new task.
type Placement struct {
	Channel  string
	Priority int
}

// Room makes and changes tasks and hosts. Its fields may be replaced before
// it is used.
type Room struct {
	Bus Bus

	// Place is the channel and priority policy. It gets the task to be made,
	// its parent if it has one, and the channels' and priority's defaults.
	// Nil leaves the defaults: the channel asked for, else the parent's, else
	// "default".
	Place func(ctx context.Context, tx *db.Tx, s Spec, parent *Task, def Placement) (Placement, error)

	// Ended is told, in the same transaction, of each task that ends, however:
	// rooms above end what it was making. Nil: nobody is told.
	Ended func(ctx context.Context, tx *db.Tx, t *Task) error

	Overcommit float64       // Koji's CapacityOvercommit
	MaxJobs    int           // tasks at once of a host that does not say
	SoftFor    time.Duration // how long a soft refusal lasts
	Losses     int           // so many leases may end without a word
	Retry      time.Duration // pause before a lost task is given again, times its losses
}

// New makes the room with Koji's defaults. A nil bus is for tests and tools
// that nobody waits for.
func New(bus Bus) *Room {
	return &Room{
		Bus:        bus,
		Overcommit: 5,
		MaxJobs:    15,
		SoftFor:    15 * time.Minute,
		Losses:     5,
		Retry:      2 * time.Second,
	}
}

// signal wakes after the commit.
func (r *Room) signal(tx *db.Tx, topic string) {
	if r.Bus != nil {
		tx.After(func() { _ = r.Bus.Signal(topic, nil) }) // a lost one is made up for by a look now and then
	}
}

func (r *Room) freed(tx *db.Tx, hub bool) {
	if hub {
		r.signal(tx, TopicHub)
	} else {
		r.signal(tx, TopicFree)
	}
}

// StateChange is the body of the event "task.state".
type StateChange struct {
	ID       int64   `json:"id"`
	Method   string  `json:"method"`
	Arch     string  `json:"arch"`
	Old      string  `json:"old,omitempty"` // empty for a new task
	New      string  `json:"new"`
	Parent   *int64  `json:"parent"`
	Label    *string `json:"label"`
	Owner    *int64  `json:"owner"`
	Host     *int64  `json:"host"`
	Channel  *int64  `json:"channel"`
	Priority int     `json:"priority"`
	Weight   float64 `json:"weight"`
}

// changed writes the event of a change of state.
func changed(ctx context.Context, tx *db.Tx, t *Task, old string) error {
	return event.Emit(ctx, tx, "task.state", StateChange{
		ID: t.ID, Method: t.Method, Arch: t.Arch, Old: old, New: t.State.String(), Parent: t.Parent, Label: t.Label,
		Owner: t.Owner, Host: t.HostID, Channel: t.ChannelID, Priority: t.Priority, Weight: t.Weight,
	})
}

// note keeps what the scheduler has to say about a task.
func note(ctx context.Context, tx *db.Tx, task int64, host *int64, msg string) error {
	_, err := tx.Exec(ctx, "INSERT INTO task_notes (task_id, host_id, msg, time) VALUES ($1, $2, $3, $4)",
		task, host, msg, db.Now())
	return err
}

// listen calls fn for each signal on a topic.
func (r *Room) listen(topic string, fn func()) (stop func(), err error) {
	if r.Bus == nil {
		return func() {}, nil
	}
	return r.Bus.Listen(topic, func(string, []byte) { fn() })
}

// OnCancel calls fn when the task is cancelled.
func (r *Room) OnCancel(id int64, fn func()) (stop func(), err error) {
	return r.listen(topicID(TopicCancel, id), fn)
}

// OnDone calls fn when the task is over.
func (r *Room) OnDone(id int64, fn func()) (stop func(), err error) {
	return r.listen(topicID(TopicDone, id), fn)
}

func topicID(prefix string, id int64) string { return prefix + strconv.FormatInt(id, 10) }

// jsonText encodes what goes into a JSON column; nil stays NULL.
func jsonText(op string, v any) (*string, error) {
	if v == nil {
		return nil, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, kura.E(op, err)
	}
	s := string(b)
	return &s, nil
}
