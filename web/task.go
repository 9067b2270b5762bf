package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/task"
)

// taskDir is where the files of a task lie in the tree.
func taskDir(id int64) string { return fmt.Sprintf("work/tasks/%d/%d", id%10000, id) }

// maxTree is how many tasks below one a page shows.
const maxTree = 500

type taskPage struct {
	taskRow
	Up         []taskRow // its parents, the top first
	Tree       []taskRow // itself and everything below it
	More       bool      // and further ones
	Blame      string    // address of the line that is to blame
	Why        *task.Why
	Builds     []*build.Build
	Buildroots []*build.Buildroot
	Files      []file.Node // that are no logs
	Notes      []task.Note
	Result     json.RawMessage
	Live       string
}

func (s *Server) task(ctx context.Context, tx *db.Tx, r *http.Request) (any, error) {
	id, err := number("task", r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	l, err := task.GetListed(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	n, err := readNames(ctx, tx)
	if err != nil {
		return nil, err
	}
	p := &taskPage{taskRow: n.rows([]*task.Listed{l})[0], Result: l.Result}
	if err := p.climb(ctx, tx, n); err != nil {
		return nil, err
	}
	if err := p.descend(ctx, tx, n); err != nil {
		return nil, err
	}
	if !p.State.Finished() {
		if p.Why, err = s.Tasks.WhyWaiting(ctx, tx, id); err != nil {
			return nil, err
		}
	}
	if p.Builds, err = build.List(ctx, tx, build.Filter{TaskID: id, Limit: 50}); err != nil {
		return nil, err
	}
	if p.Buildroots, err = build.ListBuildroots(ctx, tx, build.RootFilter{TaskID: id, Limit: 50}); err != nil {
		return nil, err
	}
	if p.Notes, err = task.Notes(ctx, tx, task.Of{Task: id, Limit: 100}); err != nil {
		return nil, err
	}
	p.blame()
	p.Live = liveAddress(id, p.Tree)
	return p, nil
}

// climb finds the task's parents.
func (p *taskPage) climb(ctx context.Context, tx *db.Tx, n *names) error {
	for up := p.Parent; up != nil && len(p.Up) < 10; {
		t, err := task.Get(ctx, tx, *up)
		if err != nil {
			return err
		}
		p.Up = append([]taskRow{n.row(t)}, p.Up...)
		up = t.Parent
	}
	return nil
}

// descend finds everything below the task, and what each left in files.
func (p *taskPage) descend(ctx context.Context, tx *db.Tx, n *names) error {
	below, err := task.Descendents(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	var walk func(t taskRow) error
	walk = func(t taskRow) error {
		if len(p.Tree) >= maxTree {
			p.More = true
			return nil
		}
		logs, files, err := outputs(ctx, tx, t.ID)
		if err != nil {
			return err
		}
		if t.Logs = logs; t.ID == p.ID {
			p.Files = files
		}
		if t.State == task.Failed && t.Fault == nil {
			if _, t.Fault, err = task.Result(ctx, tx, t.ID); err != nil {
				return err
			}
		}
		p.Tree = append(p.Tree, t)
		for _, c := range below[t.ID] {
			row := n.row(c)
			row.Depth = t.Depth + 1
			if err := walk(row); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(p.taskRow)
}

// outputs gives the files of a task: logs to look at, others to download.
func outputs(ctx context.Context, tx *db.Tx, id int64) (logs []logLink, files []file.Node, err error) {
	list, err := file.List(ctx, tx, taskDir(id))
	if kura.Is(err, kura.NotFound) {
		return nil, nil, nil
	}
	for _, f := range list {
		switch {
		case f.Kind == file.Dir:
		case strings.HasSuffix(f.Name, ".log"):
			logs = append(logs, logLink{f.Name, fmt.Sprintf("/tasks/%d/logs/%s", id, escapePath(f.Name)), f.Size})
		default:
			files = append(files, f)
		}
	}
	return logs, files, err
}

// blame finds the log that a fault speaks of. A parent fails with its child's
// fault, so the log may be a child's.
func (p *taskPage) blame() {
	if p.Fault == nil || p.Fault.Log == "" {
		return
	}
	for i := range p.Tree {
		t := p.Tree[len(p.Tree)-1-i]
		for _, l := range t.Logs {
			if l.Name == p.Fault.Log && t.State == task.Failed {
				p.Blame = l.To
				if p.Fault.Line > 0 {
					p.Blame += fmt.Sprintf("?from=%d#L%d", max(1, p.Fault.Line-200), p.Fault.Line)
				}
				return
			}
		}
	}
}
