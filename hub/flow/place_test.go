package flow

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/build/buildtest"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

func TestWhereTasksGo(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		p, err := NewPolicies(map[string]string{
			"channel": `
				method wrong :: somewhere
				method lost :: parent
				method build && source git+https://*/kernel* :: use heavy
				method build && buildtag f36-build && bool scratch :: use scratch
				method newRepo && tag f36* :: use repos
				method gone :: use nowhere
				has req_channel && has_perm admin :: req
				is_child_task :: parent
			`,
			"priority": `
				bool scratch :: adjust +5
				method newRepo :: set 3
				method odd :: higher
				all :: stay
			`,
		})
		if err != nil {
			t.Fatal(err)
		}
		tasks := task.New(nil)
		tasks.Place = p.Place
		other := person(t, s, "other")
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			for _, name := range []string{"heavy", "scratch", "repos", "asked"} {
				if _, err := tasks.AddChannel(ctx, tx, name, nil); err != nil {
					return err
				}
			}
			id, err := tag.Create(ctx, tx, s.User, tag.Config{Name: "f36-build"})
			if err != nil {
				return err
			}
			_, err = tag.CreateTarget(ctx, tx, s.User, "f36", tag.ByID(id), tag.ByName("f36"))
			return err
		})
		for _, c := range []struct {
			spec     task.Spec
			channel  string // "" for a refusal
			priority int
		}{
			{task.Spec{Method: "build", Request: json.RawMessage(`["git+https://src.example.org/kernel#1","f36",{}]`)}, "heavy", 20},
			{task.Spec{Method: "build", Request: json.RawMessage(`["git+https://src.example.org/bash#1","f36",{}]`)}, "default", 20},
			{task.Spec{Method: "build", Request: json.RawMessage(`["git+https://src.example.org/bash#1","f36",{"scratch":true}]`)}, "scratch", 25},
			{task.Spec{Method: "build", Request: json.RawMessage(`["x.src.rpm",{"target":"f36","opts":{"scratch":true},"__starstar":true}]`)}, "scratch", 25},
			{task.Spec{Method: "build", Request: json.RawMessage(`["x.src.rpm",null,null]`)}, "default", 20},
			{task.Spec{Method: "newRepo", Request: json.RawMessage(`["f36-build"]`)}, "repos", 3},
			{task.Spec{Method: "newRepo", Request: json.RawMessage(`[99,null,true]`)}, "default", 3},
			{task.Spec{Method: "sleep", Channel: "asked"}, "asked", 20},
			{task.Spec{Method: "sleep", Channel: "asked", Owner: other.ID}, "default", 20},
			{task.Spec{Method: "sleep", Channel: "asked", Scopes: []string{"tag"}}, "default", 20}, // a narrow token's
			{task.Spec{Method: "sleep", Channel: "asked", Scopes: []string{"admin"}}, "asked", 20},
			{task.Spec{Method: "wrong"}, "", 0},
			{task.Spec{Method: "lost"}, "", 0},
			{task.Spec{Method: "gone"}, "", 0},
			{task.Spec{Method: "odd"}, "", 0},
		} {
			if c.spec.Owner == 0 {
				c.spec.Owner = s.User.ID
			}
			var made *task.Task
			channel := ""
			err := s.Try(func(ctx context.Context, tx *db.Tx) (err error) {
				if made, err = tasks.Make(ctx, tx, c.spec); err != nil {
					return err
				}
				got, err := task.GetChannel(ctx, tx, task.Ref{ID: *made.ChannelID})
				if err == nil {
					channel = got.Name
				}
				return err
			})
			switch {
			case c.channel == "" && err == nil, c.channel != "" && err != nil:
				t.Errorf("%s %s: %v", c.spec.Method, c.spec.Request, err)
			case err == nil && (channel != c.channel || made.Priority != c.priority):
				t.Errorf("%s %s went to %s with %d, want %s with %d", c.spec.Method, c.spec.Request, channel, made.Priority, c.channel, c.priority)
			}
		}
	})
}
