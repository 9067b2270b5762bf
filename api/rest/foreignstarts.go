package rest

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// asked says how a task for one of Koji's builders is to be made.
func (u *Urgency) asked(c *call) (flow.Asked, error) {
	p, err := u.priority(c.by)
	return flow.Asked{Priority: p, Channel: u.Channel}, err
}

// Options are passed on to the builder.
type Options struct {
	Options json.RawMessage `json:"options,omitempty" doc:"an object, passed on to the builder, which knows what may be in it"`
}

// foreignStarts registers the starts of what only Koji's own builders make: these
// tasks wait until one comes that says it can.
func (s *Server) foreignStarts() {
	write(s, "start-maven-build", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Urgency
			Options
			Source string `json:"source" minLength:"1" doc:"an SCM address"`
			Target string `json:"target,omitempty"`
		}
	}) (v taskView, err error) {
		b := &in.Body
		a, err := b.asked(c)
		if err != nil {
			return v, err
		}
		return started(s.Flow.StartMaven(ctx, c.tx, c.by, b.Source, tag.ByName(b.Target), b.Options.Options, a))
	})
	write(s, "start-maven-chain", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Urgency
			Options
			Builds map[string]any `json:"builds" doc:"by name: each with scmurl, and what it needs as buildrequires"`
			Target string         `json:"target,omitempty"`
		}
	}) (v taskView, err error) {
		b := &in.Body
		a, err := b.asked(c)
		if err != nil {
			return v, err
		}
		builds, err := json.Marshal(b.Builds)
		if err != nil {
			return v, err
		}
		return started(s.Flow.StartMavenChain(ctx, c.tx, c.by, builds, tag.ByName(b.Target), b.Options.Options, a))
	})
	write(s, "start-wrapper-rpm", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Urgency
			Build       string `json:"build" minLength:"1" doc:"the build with the files, by number or name-version-release"`
			Source      string `json:"source" minLength:"1" doc:"an SCM address: the spec file's"`
			Target      string `json:"target" minLength:"1"`
			Scratch     bool   `json:"scratch,omitempty" doc:"the packages go to no build"`
			CreateBuild bool   `json:"create_build,omitempty" doc:"the packages become a build of their own"`
			SkipTag     bool   `json:"skip_tag,omitempty"`
		}
	}) (v taskView, err error) {
		b := &in.Body
		a, err := b.asked(c)
		if err != nil {
			return v, err
		}
		of, err := (&InBuild{Build: b.Build}).find(ctx, c)
		if err != nil {
			return v, err
		}
		opts := map[string]bool{}
		for name, on := range map[string]bool{"scratch": b.Scratch, "create_build": b.CreateBuild, "skip_tag": b.SkipTag} {
			if on {
				opts[name] = true
			}
		}
		text, err := json.Marshal(opts)
		if err != nil {
			return v, err
		}
		return started(s.Flow.StartWrapper(ctx, c.tx, c.by, of, b.Source, tag.ByName(b.Target), flow.WrapperOpts{Scratch: b.Scratch, CreateBuild: b.CreateBuild}, text, a))
	})
	write(s, "start-windows-build", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Urgency
			Options
			VM     string `json:"vm" minLength:"1" doc:"the name of the virtual machine to build in"`
			Source string `json:"source" minLength:"1" doc:"an SCM address"`
			Target string `json:"target" minLength:"1"`
		}
	}) (v taskView, err error) {
		b := &in.Body
		a, err := b.asked(c)
		if err != nil {
			return v, err
		}
		return started(s.Flow.StartWindows(ctx, c.tx, c.by, b.VM, b.Source, tag.ByName(b.Target), b.Options.Options, a))
	})
	write(s, "start-runroot", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Tag     string                     `json:"tag" minLength:"1" doc:"whose packages the root has"`
			Arch    string                     `json:"arch" minLength:"1" doc:"noarch: one that the tag and the channel's hosts have"`
			Command []string                   `json:"command" minItems:"1" doc:"the program and its arguments"`
			Channel string                     `json:"channel,omitempty" default:"runroot"`
			Options map[string]json.RawMessage `json:"options,omitempty" doc:"passed on to the builder: packages, mounts, repo_id, skip_setarch, weight, upload_logs, new_chroot"`
		}
	}) (v taskView, err error) {
		b := &in.Body
		command, err := json.Marshal(b.Command)
		if err != nil {
			return v, err
		}
		r := flow.Runroot{Tag: tag.ByName(b.Tag), Arch: b.Arch, Command: command, Options: b.Options}
		return started(s.Flow.StartRunroot(ctx, c.tx, c.by, r, flow.Asked{Channel: b.Channel}))
	})
	write(s, "save-failed-tree", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		ID   int64 `path:"id" minimum:"1" doc:"the root's number"`
		Body struct {
			Full bool `json:"full,omitempty" doc:"the whole root, not only the build's directory"`
		}
	}) (v taskView, err error) {
		return started(s.Flow.SaveTree(ctx, c.tx, c.by, in.ID, in.Body.Full, nil))
	})
	s.imageStarts()
}

// startImage registers the start of an image.
func startImage[B any](s *Server, id string, fn func(ctx context.Context, c *call, b *B) (*task.Task, error)) {
	write(s, id, http.StatusCreated, func(ctx context.Context, c *call, in *struct{ Body B }) (taskView, error) {
		return started(fn(ctx, c, &in.Body))
	})
}
