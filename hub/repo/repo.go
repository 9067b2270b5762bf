package repo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/file"
)

// State is Koji's state of a repository.
type State int

// The states.
const (
	Init State = iota
	Ready
	Expired
	Deleted
	Problem
)

var stateNames = [...]string{"INIT", "READY", "EXPIRED", "DELETED", "PROBLEM"}

func (s State) String() string { return stateNames[s] }

// Opts are what distinguishes repositories of the same tag and event.
type Opts struct {
	Src         bool `json:"src"`
	Debuginfo   bool `json:"debuginfo"`
	SeparateSrc bool `json:"separate_src"`
	Maven       bool `json:"maven"`
}

// Repo is a repository. Times are microseconds.
type Repo struct {
	ID          int64
	TagID       int64
	TagName     string
	CreateEvent int64
	EventTime   int64 // of CreateEvent
	BeginEvent  *int64
	BeginTime   *int64
	EndEvent    *int64
	EndTime     *int64
	CreateTime  int64
	StateTime   int64
	State       State
	Dist        bool
	Opts        json.RawMessage
	CustomOpts  json.RawMessage
	TaskID      *int64
	TaskState   *int
	externals   string // JSON, see External
	placed      string // the tag's name when it was made
}

// Path is the repository's directory in the tree. It stays where it is when the
// tag gets another name.
func (r *Repo) Path() string {
	top := "repos"
	if r.Dist {
		top = "repos-dist"
	}
	return file.Join(top, r.placed, fmt.Sprint(r.ID))
}

const columns = `repo.id, repo.tag_id, tag.name, repo.create_event, ce.time, repo.begin_event, be.time, repo.end_event, ee.time,
	repo.create_time, repo.state_time, repo.state, repo.dist, repo.opts, repo.custom_opts, repo.task_id, task.state, repo.externals, repo.tag_name`

const joins = ` FROM repo JOIN tag ON tag.id = repo.tag_id JOIN event ce ON ce.id = repo.create_event
	LEFT JOIN event be ON be.id = repo.begin_event LEFT JOIN event ee ON ee.id = repo.end_event
	LEFT JOIN task ON task.id = repo.task_id`

func scan(s db.Scanner) (*Repo, error) {
	r := &Repo{}
	var opts, custom string
	err := s.Scan(&r.ID, &r.TagID, &r.TagName, &r.CreateEvent, &r.EventTime, &r.BeginEvent, &r.BeginTime, &r.EndEvent, &r.EndTime,
		&r.CreateTime, &r.StateTime, &r.State, &r.Dist, &opts, &custom, &r.TaskID, &r.TaskState, &r.externals, &r.placed)
	r.Opts, r.CustomOpts = json.RawMessage(opts), json.RawMessage(custom)
	return r, err
}

// Get gives a repository by its id.
func Get(ctx context.Context, tx *db.Tx, id int64) (*Repo, error) {
	got, err := db.All(ctx, tx, scan, "SELECT "+columns+joins+" WHERE repo.id = $1", id)
	if err != nil {
		return nil, kura.E("repo.Get", err)
	}
	if len(got) == 0 {
		return nil, kura.Errorf("repo.Get", kura.NotFound, "No such repo: %d", id)
	}
	return got[0], nil
}

// Filter narrows List; zero fields do not.
type Filter struct {
	TagID, TaskID int64
	States        []int
	Dist          *bool
	AtEvent       int64  // the contents are those of this event
	MinEvent      int64  // the contents are at least as new as this event
	UntilEvent    int64  // made at an event up to this one
	Opts          string // the same options
	ByTime        bool   // the order is that of their making, not of their events
	ByID          bool   // the order is that of their numbers
	BeforeID      int64  // with smaller numbers
	Limit         int64
	Asked         db.Asked // its limit is for lists without the one above
}

// Fields are the fields of repositories by which they may be chosen.
var Fields = db.Fields{
	"id":           {SQL: "repo.id"},
	"tag_id":       {SQL: "repo.tag_id"},
	"tag_name":     {SQL: "tag.name", Kind: db.Text},
	"creation_ts":  {SQL: "repo.create_time", Kind: db.Seconds},
	"state_ts":     {SQL: "repo.state_time", Kind: db.Seconds},
	"create_event": {SQL: "repo.create_event"},
	"create_ts":    {SQL: "ce.time", Kind: db.Seconds},
	"begin_event":  {SQL: "repo.begin_event", Null: true},
	"begin_ts":     {SQL: "be.time", Kind: db.Seconds, Null: true},
	"end_event":    {SQL: "repo.end_event", Null: true},
	"end_ts":       {SQL: "ee.time", Kind: db.Seconds, Null: true},
	"state":        {SQL: "repo.state"},
	"dist":         {SQL: "repo.dist", Kind: db.Bool},
	"task_id":      {SQL: "repo.task_id", Null: true},
	"task_state":   {SQL: "task.state", Null: true},
}

// List gives repositories, newest first.
func List(ctx context.Context, tx *db.Tx, f Filter) ([]*Repo, error) {
	var q db.Builder
	q.Add("SELECT " + columns)
	f.where(&q)
	q.Add(" ORDER BY")
	Fields.Order(&q, f.Asked.Order)
	switch {
	case f.ByTime:
		q.Add(" repo.create_time DESC, repo.id DESC")
	case f.ByID:
		q.Add(" repo.id DESC")
	default:
		q.Add(" repo.create_event DESC, repo.id DESC")
	}
	if f.Limit != 0 {
		q.Page(f.Limit, 0)
	} else {
		f.Asked.Page(&q)
	}
	got, err := db.Find(ctx, tx, scan, &q)
	return got, kura.E("repo.List", err)
}

// Count says how many repositories there would be without a limit.
func Count(ctx context.Context, tx *db.Tx, f Filter) (int64, error) {
	var q db.Builder
	f.where(q.Add("SELECT count(*)"))
	got, err := db.Find(ctx, tx, db.Column[int64], &q)
	if err != nil {
		return 0, kura.E("repo.Count", err)
	}
	return got[0], nil
}

func (f *Filter) where(q *db.Builder) {
	q.Add(joins + " WHERE 1 = 1")
	Fields.Where(q, f.Asked.Clauses)
	if f.TagID != 0 {
		q.Add(" AND repo.tag_id = ?", f.TagID)
	}
	if f.TaskID != 0 {
		q.Add(" AND repo.task_id = ?", f.TaskID)
	}
	if f.States != nil {
		if !slices.Contains(f.States, int(Deleted)) {
			q.Add(" AND repo.state <> 3") // most are, and the others have an index
		}
		q.Add(" AND")
		db.In(q, "repo.state", f.States)
	}
	if f.Dist != nil {
		q.Add(" AND repo.dist = ?", *f.Dist)
	}
	if f.AtEvent != 0 {
		q.Add(" AND repo.begin_event <= ? AND (repo.end_event IS NULL OR repo.end_event > ?) AND repo.create_event >= repo.begin_event", f.AtEvent, f.AtEvent)
		q.Add(" AND (repo.create_event >= ? OR repo.end_event IS NOT NULL)", f.AtEvent)
	}
	if f.MinEvent != 0 {
		q.Add(" AND repo.create_event >= ?", f.MinEvent)
	}
	if f.UntilEvent != 0 {
		q.Add(" AND repo.create_event <= ?", f.UntilEvent)
	}
	if f.Opts != "" {
		q.Add(" AND repo.opts = ?", f.Opts)
	}
	if f.BeforeID != 0 {
		q.Add(" AND repo.id < ?", f.BeforeID)
	}
}

// StateChange is what the outbox says of a repository.
type StateChange struct {
	ID    int64  `json:"id"`
	Tag   string `json:"tag"`
	State string `json:"state"`
	Dist  bool   `json:"dist"`
}

// SetState moves a repository on. States only progress; a deleted one stays.
func SetState(ctx context.Context, tx *db.Tx, r *Repo, s State) error {
	const op = "repo.SetState"
	if r.State == s {
		return nil
	}
	if r.State > s && s != Deleted || r.State == Deleted {
		return kura.Errorf(op, kura.Conflict, "Invalid repo state transition for repo %d: %s -> %s", r.ID, r.State, s)
	}
	if _, err := tx.Exec(ctx, "UPDATE repo SET state = $2, state_time = $3 WHERE id = $1", r.ID, int(s), db.Now()); err != nil {
		return kura.E(op, err)
	}
	if s == Deleted {
		if err := file.Remove(ctx, tx, r.Path()); err != nil {
			return kura.E(op, err)
		}
	}
	r.State = s
	return kura.E(op, event.Emit(ctx, tx, "repo.state", StateChange{r.ID, r.TagName, s.String(), r.Dist}))
}

// SetEnd notes the event at which a repository's tag changed after it.
func SetEnd(ctx context.Context, tx *db.Tx, id, event int64) error {
	_, err := tx.Exec(ctx, "UPDATE repo SET end_event = $2 WHERE id = $1", id, event)
	return kura.E("repo.SetEnd", err)
}

// references counts what speaks of a repository and is not over: running
// tasks whose roots are made from it.
func references(ctx context.Context, tx *db.Tx, id int64) (n int64, err error) {
	err = tx.Row(ctx, `SELECT count(*) FROM buildroot WHERE repo_id = $1 AND retire_event IS NULL`, id).Scan(&n)
	return n, err
}

// Expire gives up repositories: all of a tag but the newest of each kind of
// options become expired, and expired ones that nothing uses and that rested
// for keep (microseconds) are deleted. Distribution repositories are left.
func Expire(ctx context.Context, tx *db.Tx, tagID, keep int64) (deleted int, err error) {
	const op = "repo.Expire"
	no := false
	all, err := List(ctx, tx, Filter{TagID: tagID, Dist: &no, States: []int{int(Ready), int(Expired)}})
	if err != nil {
		return 0, kura.E(op, err)
	}
	newest := map[string]bool{}
	for _, r := range all {
		key := fmt.Sprint(r.TagID, string(r.Opts))
		if !newest[key] {
			newest[key] = true
			continue
		}
		n, err := references(ctx, tx, r.ID)
		if err != nil {
			return deleted, kura.E(op, err)
		}
		switch {
		case n > 0:
		case r.State == Ready:
			err = SetState(ctx, tx, r, Expired)
		case db.Now()-r.StateTime > keep:
			err = SetState(ctx, tx, r, Deleted)
			deleted++
		}
		if err != nil {
			return deleted, kura.E(op, err)
		}
	}
	return deleted, nil
}
