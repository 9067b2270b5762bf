package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/task"
)

// names are those of hosts and channels, of which there are few.
type names struct {
	hosts    map[int64]string
	all      []*task.Host
	channels map[int64]string
}

func readNames(ctx context.Context, tx *db.Tx) (*names, error) {
	n := &names{hosts: map[int64]string{}, channels: map[int64]string{}}
	var err error
	if n.all, err = task.ListHosts(ctx, tx, task.HostFilter{}); err != nil {
		return nil, err
	}
	for _, h := range n.all {
		n.hosts[h.ID] = h.Name
	}
	channels, err := task.ListChannels(ctx, tx, 0, 0, nil)
	for _, c := range channels {
		n.channels[c.ID] = c.Name
	}
	return n, err
}

// taskRow is a task in a list or a tree.
type taskRow struct {
	*task.Task
	Owner   string
	Host    string
	Channel string
	Fault   *task.Fault
	Depth   int
	Logs    []logLink // in the tree only
}

type logLink struct {
	Name, To string
	Size     int64
}

func (n *names) row(t *task.Task) taskRow {
	return taskRow{Task: t, Host: n.hosts[deref(t.HostID)], Channel: n.channels[deref(t.ChannelID)]}
}

func (n *names) rows(list []*task.Listed) []taskRow {
	out := make([]taskRow, 0, len(list))
	for _, l := range list {
		r := n.row(&l.Task)
		r.Owner, r.Fault = deref(l.OwnerName), l.Fault
		out = append(out, r)
	}
	return out
}

type tasksPage struct {
	paging
	Tasks                        []taskRow
	State, Owner, Method, Within string
	States                       []string
	Live                         string
}

// stateFilters are the words that the list of tasks is narrowed by.
var stateFilters = map[string][]task.State{
	"":         nil,
	"running":  {task.Open, task.Assigned},
	"waiting":  {task.Free},
	"active":   {task.Free, task.Open, task.Assigned},
	"closed":   {task.Closed},
	"failed":   {task.Failed},
	"canceled": {task.Canceled},
}

func (s *Server) tasks(ctx context.Context, tx *db.Tx, r *http.Request) (any, error) {
	const op = "web.tasks"
	q := r.URL.Query()
	pg, err := pageOf(r)
	if err != nil {
		return nil, err
	}
	p := &tasksPage{paging: pg, State: q.Get("state"), Owner: strings.TrimSpace(q.Get("owner")), Method: strings.TrimSpace(q.Get("method")),
		Within: q.Get("within"), States: []string{"active", "running", "waiting", "closed", "failed", "canceled"}}
	states, ok := stateFilters[p.State]
	if !ok {
		return nil, kura.Errorf(op, kura.Invalid, "there is no state %.40q: choose one of %s", p.State, strings.Join(p.States, ", "))
	}
	f := task.Filter{States: states, Method: p.Method, Order: "-id", Limit: perPage + 1, Offset: p.offset(), Results: true}
	if p.Within != "all" {
		f.Parent = []task.IDs{{Null: true, Set: true}}
	}
	if p.Owner != "" {
		u, err := account.Get(ctx, tx, account.ByName(p.Owner))
		if err != nil {
			return nil, err
		}
		f.Owner = []task.IDs{{In: []int64{u.ID}, Set: true}}
	}
	list, err := task.List(ctx, tx, f)
	if err != nil {
		return nil, err
	}
	n, err := readNames(ctx, tx)
	if err != nil {
		return nil, err
	}
	p.Tasks = n.rows(cut(&p.paging, list))
	p.Live = liveAddress(0, p.Tasks)
	return p, nil
}
