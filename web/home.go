package web

import (
	"context"
	"net/http"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/task"
)

type homePage struct {
	Running, Recent []taskRow
	Free            int64 // tasks that wait for a host
	Open            int64
	Builds          []*build.Build
	Hosts           []hostRow
	Health          []health
	Live            string
}

func (s *Server) home(ctx context.Context, tx *db.Tx, r *http.Request) (any, error) {
	p := &homePage{}
	live, err := task.List(ctx, tx, task.Filter{States: []task.State{task.Open, task.Assigned, task.Free}, Order: "-state,id", Limit: 15})
	if err != nil {
		return nil, err
	}
	past, err := task.List(ctx, tx, task.Filter{States: []task.State{task.Closed, task.Failed, task.Canceled},
		Parent: []task.IDs{{Null: true, Set: true}}, Order: "-id", Limit: 12, Results: true})
	if err != nil {
		return nil, err
	}
	if p.Free, err = task.Count(ctx, tx, task.Filter{States: []task.State{task.Free}}); err != nil {
		return nil, err
	}
	if p.Open, err = task.Count(ctx, tx, task.Filter{States: []task.State{task.Open, task.Assigned}}); err != nil {
		return nil, err
	}
	if p.Builds, err = build.List(ctx, tx, build.Filter{Newest: true, Limit: 12}); err != nil {
		return nil, err
	}
	names, err := readNames(ctx, tx)
	if err != nil {
		return nil, err
	}
	if p.Hosts, err = hostRows(ctx, tx, names); err != nil {
		return nil, err
	}
	p.Running, p.Recent = names.rows(live), names.rows(past)
	p.Live = liveAddress(0, p.Running)
	p.Health = s.ready.look(ctx)
	return p, nil
}
