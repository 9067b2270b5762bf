package repo

import (
	"context"
	"encoding/json"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/tag"
)

// Request is somebody's wish for a repository, and the task that makes it, which
// says how it stands. That it is over is kept as well.
type Request struct {
	ID         int64
	CreateTime int64
	UpdateTime int64
	Owner      *int64
	OwnerName  *string
	Priority   int
	TagID      int64
	TagName    string
	AtEvent    *int64
	MinEvent   *int64
	Opts       json.RawMessage
	TaskID     *int64
	TaskState  *int
	Tries      int
	RepoID     *int64 // once the task has made it
	Active     bool   // the task goes on
}

const requestColumns = `q.id, q.create_time, q.update_time, q.owner, users.name, q.priority, q.tag_id, tag.name, q.at_event, q.min_event,
	q.opts, q.task_id, task.state, task.result, task.completion_time, q.tries, q.repo_id, q.active`

const requestJoins = ` FROM repo_queue q JOIN tag ON tag.id = q.tag_id LEFT JOIN users ON users.id = q.owner LEFT JOIN task ON task.id = q.task_id`

// taskOver are the states in which a task does nothing more; taskClosed is the
// one in which it left a result.
const taskClosed = 2

var taskOver = map[int]bool{taskClosed: true, 3: true, 5: true}

func scanRequest(s db.Scanner) (*Request, error) {
	r := &Request{}
	var opts string
	var result *string
	var done *int64
	err := s.Scan(&r.ID, &r.CreateTime, &r.UpdateTime, &r.Owner, &r.OwnerName, &r.Priority, &r.TagID, &r.TagName, &r.AtEvent, &r.MinEvent,
		&opts, &r.TaskID, &r.TaskState, &result, &done, &r.Tries, &r.RepoID, &r.Active)
	if err != nil {
		return nil, err
	}
	r.Opts = json.RawMessage(opts)
	if r.TaskState == nil || !taskOver[*r.TaskState] {
		return r, nil
	}
	r.Active = false
	if done != nil {
		r.UpdateTime = *done
	}
	var made []int64 // the repository and its event
	if *r.TaskState == taskClosed && result != nil && json.Unmarshal([]byte(*result), &made) == nil && len(made) > 0 {
		r.RepoID = &made[0]
	}
	return r, nil
}

// GetRequest gives a request by its id.
func GetRequest(ctx context.Context, tx *db.Tx, id int64) (*Request, error) {
	got, err := db.All(ctx, tx, scanRequest, "SELECT "+requestColumns+requestJoins+" WHERE q.id = $1", id)
	if err != nil {
		return nil, kura.E("repo.GetRequest", err)
	}
	if len(got) == 0 {
		return nil, kura.Errorf("repo.GetRequest", kura.NotFound, "No such request: %d", id)
	}
	return got[0], nil
}

// RequestFilter narrows Requests; zero fields do not.
type RequestFilter struct {
	TagID int64
	Open  bool   // only those whose task goes on
	Opts  string // the same options
	Asked db.Asked
}

// RequestFields are the fields of requests by which they may be chosen, as
// scanRequest reads them. Which repository came of one is in its task's result.
var RequestFields = db.Fields{
	"id":         {SQL: "q.id"},
	"tag_id":     {SQL: "q.tag_id"},
	"tag_name":   {SQL: "tag.name", Kind: db.Text},
	"owner":      {SQL: "q.owner", Null: true},
	"owner_name": {SQL: "users.name", Kind: db.Text, Null: true},
	"priority":   {SQL: "q.priority"},
	"at_event":   {SQL: "q.at_event", Null: true},
	"min_event":  {SQL: "q.min_event", Null: true},
	"task_id":    {SQL: "q.task_id", Null: true},
	"task_state": {SQL: "task.state", Null: true},
	"tries":      {SQL: "q.tries"},
	"create_ts":  {SQL: "q.create_time", Kind: db.Seconds},
	"update_ts":  {SQL: "CASE WHEN task.state IN (2, 3, 5) THEN COALESCE(task.completion_time, q.update_time) ELSE q.update_time END", Kind: db.Seconds},
	"active":     {SQL: "q.active", Kind: db.Bool},
}

func (f *RequestFilter) where(q *db.Builder) {
	q.Add(requestJoins + " WHERE 1 = 1")
	if f.TagID != 0 {
		q.Add(" AND q.tag_id = ?", f.TagID)
	}
	if f.Open {
		q.Add(" AND q.active AND task.state IN (0, 1, 4)")
	}
	if f.Opts != "" {
		q.Add(" AND q.opts = ?", f.Opts)
	}
	RequestFields.Where(q, f.Asked.Clauses)
}

// Requests gives requests by priority and age, unless another order is asked for.
func Requests(ctx context.Context, tx *db.Tx, f RequestFilter) ([]*Request, error) {
	var q db.Builder
	q.Add("SELECT " + requestColumns)
	f.where(&q)
	q.Add(" ORDER BY")
	RequestFields.Order(&q, f.Asked.Order)
	got, err := db.Find(ctx, tx, scanRequest, f.Asked.Page(q.Add(" q.priority, q.id")))
	return got, kura.E("repo.Requests", err)
}

// CountRequests says how many requests there would be without a limit.
func CountRequests(ctx context.Context, tx *db.Tx, f RequestFilter) (int64, error) {
	var q db.Builder
	f.where(q.Add("SELECT count(*)"))
	got, err := db.Find(ctx, tx, db.Column[int64], &q)
	if err != nil {
		return 0, kura.E("repo.CountRequests", err)
	}
	return got[0], nil
}

// Asked describes a request to be kept. Without AtEvent the repository must
// show the tag as it was at MinEvent or later.
type Asked struct {
	Owner, Tag        int64
	AtEvent, MinEvent *int64
	Opts              Opts
	Priority          int
	Task              int64
}

// requestKeep is for how long it can be asked how a request went.
const requestKeep = 7 * 24 * 3600 * 1_000_000

// Ask keeps a request, and forgets old ones that are over.
func Ask(ctx context.Context, tx *db.Tx, a Asked) (*Request, error) {
	const op = "repo.Ask"
	if _, err := tx.Exec(ctx, `DELETE FROM repo_queue WHERE create_time < $1
		AND NOT EXISTS (SELECT 1 FROM task WHERE task.id = repo_queue.task_id AND task.state IN (0, 1, 4))`, db.Now()-requestKeep); err != nil {
		return nil, kura.E(op, err)
	}
	id, err := tx.Insert(ctx, `INSERT INTO repo_queue (tag_id, create_time, update_time, owner, priority, at_event, min_event, opts, task_id, tries)
		VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, 1) RETURNING id`,
		a.Tag, db.Now(), a.Owner, a.Priority, a.AtEvent, a.MinEvent, encode(a.Opts), a.Task)
	if err != nil {
		return nil, kura.E(op, err)
	}
	r, err := GetRequest(ctx, tx, id)
	return r, kura.E(op, err)
}

// EndRequests notes that the task of requests is over: those that go on are few
// among all that are kept.
func EndRequests(ctx context.Context, tx *db.Tx, task int64) error {
	_, err := tx.Exec(ctx, "UPDATE repo_queue SET active = FALSE WHERE task_id = $1 AND active", task)
	return kura.E("repo.EndRequests", err)
}

// OpenRequest gives a request that is under way and will do for what is asked,
// or nil.
func OpenRequest(ctx context.Context, tx *db.Tx, a Asked) (*Request, error) {
	all, err := Requests(ctx, tx, RequestFilter{TagID: a.Tag, Open: true, Opts: encode(a.Opts)})
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		same := r.AtEvent != nil && a.AtEvent != nil && *r.AtEvent == *a.AtEvent
		newer := r.MinEvent != nil && a.MinEvent != nil && *r.MinEvent >= *a.MinEvent
		if same || newer {
			return r, nil
		}
	}
	return nil, nil
}

// SetRequestPriority changes the priority that a request shows; that of its
// task is for the room of tasks to change.
func SetRequestPriority(ctx context.Context, tx *db.Tx, id int64, priority int) error {
	const op = "repo.SetRequestPriority"
	n, err := tx.Exec(ctx, "UPDATE repo_queue SET priority = $2, update_time = $3 WHERE id = $1", id, priority, db.Now())
	if err == nil && n == 0 {
		err = kura.Errorf(op, kura.NotFound, "No such request: %d", id)
	}
	return kura.E(op, err)
}

// OptsFor are the options of a tag's repositories: what the tag's settings say
// (repo.opts, with_debuginfo), changed by what is asked for.
func OptsFor(t tag.Tag, asked map[string]bool) Opts {
	all := map[string]bool{}
	if v, ok := t.Extra["repo.opts"].(map[string]any); ok {
		for name := range v {
			all[name], _ = v[name].(bool)
		}
	} else if v, ok := t.Extra["with_debuginfo"].(bool); ok {
		all["debuginfo"] = v
	}
	for name, v := range asked {
		all[name] = v
	}
	return Opts{Src: all["src"], Debuginfo: all["debuginfo"], SeparateSrc: all["separate_src"]}
}

// Match gives the newest ready repository with these options that was made at
// an event or later, or nil.
func Match(ctx context.Context, tx *db.Tx, tagID, minEvent int64, o Opts) (*Repo, error) {
	no := false
	got, err := List(ctx, tx, Filter{TagID: tagID, Dist: &no, States: []int{int(Ready)}, Opts: encode(o), MinEvent: minEvent, Limit: 1})
	if err != nil || len(got) == 0 {
		return nil, err
	}
	return got[0], nil
}

// References gives the roots that are made from a repository just now.
func References(ctx context.Context, tx *db.Tx, id int64) ([]Reference, error) {
	got, err := db.All(ctx, tx, func(s db.Scanner) (r Reference, err error) {
		return r, s.Scan(&r.Buildroot, &r.Host, &r.Task, &r.CreateEvent, &r.State)
	}, "SELECT id, host_id, task_id, create_event, state FROM buildroot WHERE repo_id = $1 AND retire_event IS NULL ORDER BY id", id)
	return got, kura.E("repo.References", err)
}

// Reference is a root that is made from a repository.
type Reference struct {
	Buildroot   int64
	Host, Task  *int64
	CreateEvent int64
	State       int
}

// Best gives the newest ready repository of a tag with these options that shows
// it as it was at an event (at) or later (least), or nil.
func Best(ctx context.Context, tx *db.Tx, tagID, least, at int64, o Opts) (*Repo, error) {
	if at == 0 {
		if r, err := Match(ctx, tx, tagID, least, o); err != nil || r != nil {
			return r, err
		}
	}
	// The tag may not have changed since an older one was made.
	return Find(ctx, tx, Want{Tag: tag.ByID(tagID), Event: at, Opts: o})
}

// Discard deletes a repository unless something uses it, and says what does.
func Discard(ctx context.Context, tx *db.Tx, r *Repo) ([]Reference, error) {
	refs, err := References(ctx, tx, r.ID)
	if err != nil || len(refs) > 0 {
		return refs, err
	}
	return nil, SetState(ctx, tx, r, Deleted)
}
