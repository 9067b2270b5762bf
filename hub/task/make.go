package task

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
)

// Spec describes a task to be made.
type Spec struct {
	Method   string
	Request  json.RawMessage // a JSON array: the parameters
	Arch     string          // empty: the parent's, else noarch
	Channel  string          // name; empty: by policy
	Priority *int            // nil: one before the parent's, else DefaultPriority
	Parent   int64           // 0 for none
	Label    string          // names the child among its parent's
	Owner    int64           // 0: the parent's
	Scopes   []string        // of the token that makes it, see Task; a child has its parent's at most
	Share    int64           // whose fair share; 0: the parent's, else the owner
	Weight   float64         // 0: 1
	Hub      bool            // a hub runs it itself
	Awaited  bool            // its parent will wait for it: see SetWait
}

// For gives a spec of a task that somebody makes: it may do what its maker may.
func (s Spec) For(by account.Actor) Spec {
	s.Owner, s.Scopes = by.ID, by.Scopes
	return s
}

// Make makes a task. A child whose parent has one of that label already is
// that very task, in whatever state it is.
func (r *Room) Make(ctx context.Context, tx *db.Tx, s Spec) (*Task, error) {
	const op = "task.Make"
	if s.Method == "" {
		return nil, kura.Errorf(op, kura.Invalid, "a task needs a method")
	}
	if len(s.Request) == 0 {
		s.Request = json.RawMessage("[]")
	}
	if !json.Valid(s.Request) {
		return nil, kura.Errorf(op, kura.Invalid, "the request of a %s task is not JSON", s.Method)
	}
	parent, err := r.parent(ctx, tx, &s)
	if err != nil {
		return nil, err
	}
	if parent != nil && s.Label != "" {
		t, err := child(ctx, tx, s.Parent, s.Label)
		if err != nil || t != nil {
			return t, kura.E(op, err)
		}
	}
	if s.Owner == 0 {
		return nil, kura.Errorf(op, kura.Invalid, "a %s task needs an owner", s.Method)
	}
	if s.Arch == "" {
		s.Arch = "noarch"
	}
	if s.Weight == 0 {
		s.Weight = 1
	}
	channel, priority, err := r.place(ctx, tx, s, parent)
	if err != nil {
		return nil, kura.E(op, err)
	}
	t, err := insert(ctx, tx, s, channel, priority)
	if err != nil {
		return nil, kura.E(op, err)
	}
	if err := changed(ctx, tx, t, ""); err != nil {
		return nil, kura.E(op, err)
	}
	r.freed(tx, t.Hub)
	return t, nil
}

// parent locks the parent, so that its children are made one after another
// and none after it ended, and fills in what a child inherits.
func (r *Room) parent(ctx context.Context, tx *db.Tx, s *Spec) (*Task, error) {
	if s.Parent == 0 {
		s.Label = ""
		if s.Share == 0 {
			s.Share = s.Owner
		}
		return nil, nil
	}
	p, err := get(ctx, tx, "task.Make", s.Parent, tx.LockRows())
	if kura.Is(err, kura.NotFound) {
		return nil, kura.Errorf("task.Make", kura.Invalid, "Invalid parent task: %d", s.Parent)
	}
	if err != nil {
		return nil, err
	}
	if p.State != Open {
		return nil, kura.Errorf("task.Make", kura.Conflict, "Parent task (id %d) is not open but %s", p.ID, p.State)
	}
	if s.Owner == 0 && p.Owner != nil {
		s.Owner = *p.Owner
	}
	if s.Share == 0 {
		s.Share = p.Share
	}
	s.Scopes = account.Narrower(s.Scopes, p.Scopes)
	if s.Arch == "" {
		s.Arch = p.Arch
	}
	return p, nil
}

func child(ctx context.Context, tx *db.Tx, parent int64, label string) (*Task, error) {
	got, err := db.All(ctx, tx, scanTask,
		"SELECT "+columns+" FROM task WHERE task.parent = $1 AND task.label = $2", parent, label)
	if err != nil || len(got) == 0 {
		return nil, err
	}
	return got[0], nil
}

func (r *Room) place(ctx context.Context, tx *db.Tx, s Spec, parent *Task) (channel int64, priority int, err error) {
	def := Placement{Channel: s.Channel, Priority: DefaultPriority}
	if parent != nil {
		def.Priority = parent.Priority - 1
	}
	if s.Priority != nil {
		def.Priority = *s.Priority
	}
	if s.Channel != "" {
		c, err := GetChannel(ctx, tx, Ref{Name: s.Channel})
		if err != nil {
			return 0, 0, err
		}
		if !c.Enabled {
			return 0, 0, disabled(c)
		}
	}
	if r.Place != nil {
		if def, err = r.Place(ctx, tx, s, parent, def); err != nil {
			return 0, 0, err
		}
	}
	if def.Channel == "" && parent != nil && parent.ChannelID != nil {
		return *parent.ChannelID, def.Priority, nil
	}
	if def.Channel == "" {
		def.Channel = "default"
	}
	c, err := GetChannel(ctx, tx, Ref{Name: def.Channel})
	if err != nil {
		return 0, 0, err
	}
	if !c.Enabled && def.Channel != "default" {
		return 0, 0, disabled(c)
	}
	return c.ID, def.Priority, nil
}

func disabled(c *Channel) error {
	return kura.Errorf("task.Make", kura.Conflict, "Channel %s is disabled.", c.Name)
}

func insert(ctx context.Context, tx *db.Tx, s Spec, channel int64, priority int) (*Task, error) {
	now := db.Now()
	t := &Task{
		Method: s.Method, Request: s.Request, Arch: s.Arch, ChannelID: &channel, Owner: &s.Owner, Share: s.Share,
		Priority: priority, Weight: s.Weight, CreateTime: now, FreeTime: now, Hub: s.Hub, Awaited: s.Awaited, Scopes: s.Scopes,
	}
	var scopes *string
	if s.Scopes != nil {
		scopes = new(strings.Join(s.Scopes, " "))
	}
	if s.Parent != 0 {
		t.Parent = &s.Parent
	}
	if s.Label != "" {
		t.Label = &s.Label
	}
	var err error
	t.ID, err = tx.Insert(ctx, `INSERT INTO task (state, method, request, arch, channel_id, parent, label, owner, share,
			priority, weight, create_time, free_time, hub, awaited, scopes)
		VALUES (0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) RETURNING id`,
		t.Method, string(t.Request), t.Arch, channel, t.Parent, t.Label, s.Owner, s.Share,
		priority, s.Weight, now, now, s.Hub, s.Awaited, scopes)
	return t, err
}

// Resubmit makes a task anew from a failed or cancelled one without a parent.
// Its owner and administrators may; it is the actor's own then, and does no more
// than the old one might and the actor may.
func (r *Room) Resubmit(ctx context.Context, tx *db.Tx, by account.Actor, id int64) (*Task, error) {
	t, err := Get(ctx, tx, id)
	if err != nil {
		return nil, kura.E("task.Resubmit", err)
	}
	if t.State != Canceled && t.State != Failed {
		return nil, kura.Errorf("task.Resubmit", kura.Conflict,
			"task %d is %s: only canceled or failed tasks may be resubmitted", id, t.State)
	}
	if t.Parent != nil {
		return nil, kura.Errorf("task.Resubmit", kura.Conflict,
			"task %d is a child of task %d: only top-level tasks may be resubmitted", id, *t.Parent)
	}
	if !by.Has(account.Admin) && (t.Owner == nil || !by.Is(*t.Owner)) {
		return nil, kura.Errorf("task.Resubmit", kura.Denied, "only the owner of task %d or an admin may resubmit it", id)
	}
	if by.Token != 0 && !by.Has(account.Admin) && t.Method != "build" && t.Method != "chainbuild" {
		return nil, kura.Errorf("task.Resubmit", kura.Denied, "what a %s task may do was asked when it was made, not of this token: make a new one", t.Method)
	}
	s := Spec{Method: t.Method, Request: t.Request, Arch: t.Arch, Priority: &t.Priority, Weight: t.Weight, Hub: t.Hub}.For(by)
	s.Scopes = account.Narrower(s.Scopes, t.Scopes)
	if t.Share != 0 && (t.Owner == nil || t.Share != *t.Owner) {
		s.Share = t.Share
	}
	if t.ChannelID != nil {
		c, err := GetChannel(ctx, tx, Ref{ID: *t.ChannelID})
		if err != nil {
			return nil, err
		}
		s.Channel = c.Name
	}
	return r.Make(ctx, tx, s)
}
