package task

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// IDs is a condition on a column of ids. The zero value is none.
type IDs struct {
	Null bool // the column is (or with Not: is not) empty
	In   []int64
	Not  bool
	Set  bool
}

// Filter narrows List, after Koji's listTasks; what is zero does not.
type Filter struct {
	Arches, NotArches             []string
	States, NotStates             []State
	Owner, Host, Channel, Parent  []IDs // all of them
	Method                        string
	CreatedBefore, CreatedAfter   int64 // microseconds
	StartedBefore, StartedAfter   int64
	CompleteBefore, CompleteAfter int64
	Order                         string // Koji's: "id", "-create_time,id"
	BeforeID                      int64  // with smaller numbers
	Limit, Offset                 int64  // a limit of 0 is none
	Results                       bool   // read Result and Fault too
}

// Listed is a task with what lists show beside it.
type Listed struct {
	Task
	OwnerName *string
	OwnerType *int
	Result    json.RawMessage // nil without one
	Fault     *Fault
}

func scanListed(results bool) func(db.Scanner) (*Listed, error) {
	return func(s db.Scanner) (*Listed, error) {
		l := &Listed{}
		var request string
		var phase, scopes, result, fault *string
		err := s.Scan(append(l.fields(&request, &phase, &scopes), &l.OwnerName, &l.OwnerType, &result, &fault)...)
		l.settle(request, phase, scopes)
		if results && result != nil {
			l.Result = json.RawMessage(*result)
		}
		if results && fault != nil {
			l.Fault = parseFault(fault)
		}
		return l, err
	}
}

// List gives tasks.
func List(ctx context.Context, tx *db.Tx, f Filter) ([]*Listed, error) {
	var b db.Builder
	b.Add("SELECT " + columns + ", users.name, users.usertype")
	if f.Results {
		b.Add(", task.result, task.fault")
	} else {
		b.Add(", NULL, NULL")
	}
	b.Add(" FROM task LEFT JOIN users ON users.id = task.owner WHERE 1 = 1")
	f.where(&b)
	if err := f.order(&b); err != nil {
		return nil, err
	}
	limit := f.Limit
	if limit == 0 {
		limit = -1
	}
	b.Page(limit, f.Offset)
	got, err := db.Find(ctx, tx, scanListed(f.Results), &b)
	return got, kura.E("task.List", err)
}

// GetListed gives one task with its result and its owner's name.
func GetListed(ctx context.Context, tx *db.Tx, id int64) (*Listed, error) {
	l, err := getListed(ctx, tx, id)
	return l, kura.E("task.GetListed", err)
}

func getListed(ctx context.Context, tx *db.Tx, id int64) (*Listed, error) {
	got, err := db.All(ctx, tx, scanListed(true), "SELECT "+columns+`, users.name, users.usertype, task.result, task.fault
		FROM task LEFT JOIN users ON users.id = task.owner WHERE task.id = $1`, id)
	if err != nil {
		return nil, err
	}
	if len(got) == 0 {
		return nil, kura.Errorf("task.GetListed", kura.NotFound, "No such task: %d", id)
	}
	l := got[0]
	if l.State == Failed && l.Fault == nil {
		l.Fault = parseFault(nil)
	}
	return l, nil
}

// title names a task in sentences: its id and what it does.
func (t *Task) title() string {
	s := strconv.FormatInt(t.ID, 10) + " (" + t.Method
	if t.Label != nil {
		s += " " + *t.Label
	}
	return s + ")"
}

func (f *Filter) where(b *db.Builder) {
	if f.BeforeID != 0 {
		b.Add(" AND task.id < ?", f.BeforeID)
	}
	if f.Arches != nil {
		b.Add(" AND")
		db.In(b, "task.arch", f.Arches)
	}
	if len(f.NotArches) > 0 {
		b.Add(" AND NOT")
		db.In(b, "task.arch", f.NotArches)
	}
	if f.States != nil {
		b.Add(" AND")
		db.In(b, "task.state", f.States)
	}
	if len(f.NotStates) > 0 {
		b.Add(" AND NOT")
		db.In(b, "task.state", f.NotStates)
	}
	// Few tasks live: they are found by that, and no index on all tasks of a
	// host or an owner is to be read beside. + 0 keeps it out.
	live := f.live()
	if live {
		b.Add(" AND task.state IN (0, 1, 4)")
	}
	whereOwner(b, f.Owner, live)
	whereHost(b, f.Host, live)
	whereChannel(b, f.Channel, live)
	whereParent(b, f.Parent)
	switch {
	case f.Method != "" && live:
		b.Add(" AND task.method || '' = ?", f.Method)
	case f.Method != "":
		b.Add(" AND task.method = ?", f.Method)
	}
	f.times(b)
}

// live says whether only tasks that are not over are asked for.
func (f *Filter) live() bool {
	for _, s := range f.States {
		if s.Finished() {
			return false
		}
	}
	return len(f.States) > 0
}

// The pieces are constants, so each column has its own words.
func whereOwner(b *db.Builder, c []IDs, live bool) {
	for _, i := range c {
		switch {
		case !i.Set:
		case i.Null && i.Not:
			b.Add(" AND task.owner IS NOT NULL")
		case i.Null:
			b.Add(" AND task.owner IS NULL")
		case live:
			and(b, i.Not)
			db.In(b, "task.owner + 0", i.In)
		default:
			and(b, i.Not)
			db.In(b, "task.owner", i.In)
		}
	}
}

func whereHost(b *db.Builder, c []IDs, live bool) {
	for _, i := range c {
		switch {
		case !i.Set:
		case i.Null && i.Not:
			b.Add(" AND task.host_id IS NOT NULL")
		case i.Null:
			b.Add(" AND task.host_id IS NULL")
		case live:
			and(b, i.Not)
			db.In(b, "task.host_id + 0", i.In)
		default:
			and(b, i.Not)
			db.In(b, "task.host_id", i.In)
		}
	}
}

func whereChannel(b *db.Builder, c []IDs, live bool) {
	for _, i := range c {
		switch {
		case !i.Set:
		case i.Null && i.Not:
			b.Add(" AND task.channel_id IS NOT NULL")
		case i.Null:
			b.Add(" AND task.channel_id IS NULL")
		case live:
			and(b, i.Not)
			db.In(b, "task.channel_id + 0", i.In)
		default:
			and(b, i.Not)
			db.In(b, "task.channel_id", i.In)
		}
	}
}

func whereParent(b *db.Builder, c []IDs) {
	for _, i := range c {
		switch {
		case !i.Set:
		case i.Null && i.Not:
			b.Add(" AND task.parent IS NOT NULL")
		case i.Null:
			b.Add(" AND task.parent IS NULL")
		default:
			and(b, i.Not)
			db.In(b, "task.parent", i.In)
		}
	}
}

func and(b *db.Builder, not bool) {
	if not {
		b.Add(" AND NOT")
	} else {
		b.Add(" AND")
	}
}

func (f *Filter) times(b *db.Builder) {
	if f.CreatedBefore != 0 {
		b.Add(" AND task.create_time < ?", f.CreatedBefore)
	}
	if f.CreatedAfter != 0 {
		b.Add(" AND task.create_time > ?", f.CreatedAfter)
	}
	if f.StartedBefore != 0 {
		b.Add(" AND task.start_time < ?", f.StartedBefore)
	}
	if f.StartedAfter != 0 {
		b.Add(" AND task.start_time > ?", f.StartedAfter)
	}
	if f.CompleteBefore != 0 {
		b.Add(" AND task.completion_time < ?", f.CompleteBefore)
	}
	if f.CompleteAfter != 0 {
		b.Add(" AND task.completion_time > ?", f.CompleteAfter)
	}
}

func (f *Filter) order(b *db.Builder) error {
	if f.Order == "" {
		return nil
	}
	b.Add(" ORDER BY ")
	for i, key := range strings.Split(f.Order, ",") {
		if i > 0 {
			b.Add(", ")
		}
		name, desc := strings.CutPrefix(strings.TrimSpace(key), "-")
		if !orderBy(b, name) {
			return kura.Errorf("task.List", kura.Invalid, "Invalid order: %s", name)
		}
		if desc {
			b.Add(" DESC")
		}
	}
	return nil
}

func orderBy(b *db.Builder, name string) bool {
	switch name {
	case "id":
		b.Add("task.id")
	case "state":
		b.Add("task.state")
	case "create_time", "create_ts":
		b.Add("task.create_time")
	case "start_time", "start_ts":
		b.Add("task.start_time")
	case "completion_time", "completion_ts":
		b.Add("task.completion_time")
	case "channel_id":
		b.Add("task.channel_id")
	case "host_id":
		b.Add("task.host_id")
	case "parent":
		b.Add("task.parent")
	case "label":
		b.Add("task.label")
	case "waiting":
		b.Add("task.waiting")
	case "awaited":
		b.Add("task.awaited")
	case "owner":
		b.Add("task.owner")
	case "owner_name":
		b.Add("users.name")
	case "owner_type":
		b.Add("users.usertype")
	case "method":
		b.Add("task.method")
	case "arch":
		b.Add("task.arch")
	case "priority":
		b.Add("task.priority")
	case "weight":
		b.Add("task.weight")
	default:
		return false
	}
	return true
}

// Children gives the tasks right below one, by id.
func Children(ctx context.Context, tx *db.Tx, id int64) ([]*Task, error) {
	got, err := db.All(ctx, tx, scanTask, "SELECT "+columns+" FROM task WHERE task.parent = $1 ORDER BY task.id", id)
	return got, kura.E("task.Children", err)
}

// Descendents gives the tasks below one, listed by their parent; a task
// without children has an empty list.
func Descendents(ctx context.Context, tx *db.Tx, id int64) (map[int64][]*Task, error) {
	out := map[int64][]*Task{id: {}}
	level := []int64{id}
	for depth := 0; len(level) > 0 && depth < maxDepth; depth++ {
		var b db.Builder
		b.Add("SELECT " + columns + " FROM task WHERE")
		db.In(&b, "task.parent", level)
		b.Add(" ORDER BY task.id")
		kids, err := db.Find(ctx, tx, scanTask, &b)
		if err != nil {
			return nil, kura.E("task.Descendents", err)
		}
		level = nil
		for _, k := range kids {
			out[*k.Parent] = append(out[*k.Parent], k)
			out[k.ID] = []*Task{}
			level = append(level, k.ID)
		}
	}
	return out, nil
}
