package rest

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/task"
)

// Urgency says how soon a task is to come.
type Urgency struct {
	Priority int    `json:"priority,omitempty" doc:"beside the usual one, a smaller one comes first; below 0 is for administrators"`
	Channel  string `json:"channel,omitempty" doc:"none: by policy"`
}

func (u *Urgency) priority(by account.Actor) (*int, error) {
	if u.Priority == 0 {
		return nil, nil
	}
	p, err := task.Beside(by, int64(u.Priority), "tasks")
	return &p, err
}

// started shows a task that was made.
func started(t *task.Task, err error) (v taskView, _ error) {
	if err != nil {
		return v, err
	}
	return viewTask(t), nil
}

func (s *Server) starts() {
	write(s, "start-build", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Urgency
			Source     string          `json:"source" minLength:"1" doc:"an SCM address, or the path of an upload"`
			Target     string          `json:"target,omitempty"`
			Scratch    bool            `json:"scratch,omitempty" doc:"the packages go to nobody's tag"`
			Draft      bool            `json:"draft,omitempty" doc:"the build claims its name when it is promoted"`
			SkipTag    bool            `json:"skip_tag,omitempty"`
			RepoID     int64           `json:"repo,omitempty" doc:"build with this repository"`
			Arches     string          `json:"arch_override,omitempty" doc:"of scratch builds: only these, with spaces between them"`
			WaitBuilds []string        `json:"wait_builds,omitempty" doc:"wait for a repository that has these builds"`
			WaitRepo   bool            `json:"wait_repo,omitempty" doc:"wait for a repository of the tag as it is now"`
			FailFast   bool            `json:"fail_fast,omitempty" doc:"stop the other architectures when one fails"`
			Background bool            `json:"background,omitempty" doc:"later than others"`
			Metadata   json.RawMessage `json:"metadata,omitempty" doc:"is kept with the build"`
		}
	}) (v taskView, err error) {
		b := &in.Body
		p, err := b.priority(c.by)
		if err != nil {
			return v, err
		}
		o := flow.BuildOpts{Scratch: b.Scratch, Draft: b.Draft, SkipTag: b.SkipTag, RepoID: b.RepoID, ArchOverride: b.Arches, WaitBuilds: b.WaitBuilds,
			WaitRepo: b.WaitRepo, FailFast: b.FailFast, Background: b.Background, Metadata: b.Metadata}
		return started(s.Flow.StartBuild(ctx, c.tx, c.by, b.Source, b.Target, o, p, b.Channel))
	})
	write(s, "start-chain-build", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Urgency
			Sources [][]string `json:"sources" doc:"groups of SCM addresses: each sees the packages of those before it"`
			Target  string     `json:"target" minLength:"1"`
		}
	}) (v taskView, err error) {
		p, err := in.Body.priority(c.by)
		if err != nil {
			return v, err
		}
		return started(s.Flow.StartChain(ctx, c.tx, c.by, in.Body.Sources, in.Body.Target, json.RawMessage("{}"), p, in.Body.Channel))
	})
	write(s, "restart-hosts", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Priority int            `json:"priority,omitempty" default:"5" doc:"a smaller one comes first; 20 is usual"`
			Options  map[string]any `json:"options,omitempty" doc:"which hosts, and how: host, channel, arches, force, timeout"`
		}
	}) (v taskView, err error) {
		params := []any{}
		if len(in.Body.Options) > 0 {
			params = append(params, in.Body.Options)
		}
		text, err := json.Marshal(params)
		if err != nil {
			return v, kura.E("rest.restartHosts", err)
		}
		return started(s.Tasks.Make(ctx, c.tx, task.Spec{Method: "restartHosts", Request: text, Priority: &in.Body.Priority}.For(c.by)))
	})
	write(s, "make-task", http.StatusCreated, s.makeTask)
}

// makeTask makes any task, as it is asked for.
func (s *Server) makeTask(ctx context.Context, c *call, in *struct {
	Body struct {
		Method   string `json:"method" minLength:"1"`
		Params   []any  `json:"params,omitempty" doc:"in the order that the method has them"`
		Arch     string `json:"arch,omitempty" doc:"none: noarch"`
		Channel  string `json:"channel,omitempty" doc:"none: by policy"`
		Priority *int   `json:"priority,omitempty" doc:"a smaller one comes first; 20 is usual"`
		Host     string `json:"host,omitempty" doc:"give it to this one"`
	}
}) (v taskView, err error) {
	b := &in.Body
	if b.Params == nil {
		b.Params = []any{}
	}
	text, err := json.Marshal(b.Params)
	if err != nil {
		return v, kura.E("rest.makeTask", err)
	}
	t, err := s.Tasks.Make(ctx, c.tx, task.Spec{Method: b.Method, Request: text, Arch: b.Arch, Channel: b.Channel, Priority: b.Priority, Hub: flow.HubMethods[b.Method]}.For(c.by))
	if err == nil && b.Host != "" {
		if _, err = s.Tasks.AssignTo(ctx, c.tx, t.ID, task.Ref{Name: b.Host}, false, true); err == nil {
			t, err = task.Get(ctx, c.tx, t.ID)
		}
	}
	return started(t, err)
}
