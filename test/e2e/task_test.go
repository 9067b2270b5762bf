package e2e

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
)

// list puts a package into the destination's list.
func (p *place) list(names ...string) {
	p.Helper()
	for _, n := range names {
		_, err := p.admin.Call(p.ctx, "packageListAdd", tag, n, "koji-user")
		p.must(err)
	}
}

// push makes dist-git hold a package, on a branch of its own, and gives its
// address.
func (p *place) push(pkg string, s spec) string {
	p.Helper()
	src, err := p.site.Push(p.ctx, pkg, fmt.Sprintf("b%d", branches.Add(1)), s.repository())
	p.must(err)
	return src
}

var branches atomic.Int64

// build starts a build as the user.
func (p *place) build(src string, opts map[string]any) int64 {
	p.Helper()
	id, err := p.user.Int(p.ctx, "build", src, tag, opts)
	p.must(err)
	return id
}

// until asks until the answer is yes.
func (p *place) until(what string, yes func() bool) {
	p.Helper()
	end := time.Now().Add(2 * time.Minute)
	for !yes() {
		if time.Now().After(end) || p.ctx.Err() != nil {
			p.Fatalf("waited in vain for: %s", what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// task reads a task.
func (p *place) task(id int64) client.Task {
	p.Helper()
	t, err := p.admin.Task(p.ctx, id)
	p.must(err)
	return t
}

// wait waits for a task's end.
func (p *place) wait(id int64) client.Task {
	p.Helper()
	var t client.Task
	p.until(fmt.Sprintf("the end of task %d", id), func() bool {
		t = p.task(id)
		return t.State.Done()
	})
	return t
}

// closed waits for a task that must end well.
func (p *place) closed(id int64) {
	p.Helper()
	if t := p.wait(id); t.State != client.TaskClosed {
		f, err := p.admin.Failure(p.ctx, id)
		p.Fatalf("task %d %s is %s: %+v (%v)\n%s", id, t.Method, t.State, f, err, p.outputs(id))
	}
}

// failed waits for a task that must fail, and gives why.
func (p *place) failed(id int64) *client.Failure {
	p.Helper()
	if t := p.wait(id); t.State != client.TaskFailed {
		p.Fatalf("task %d %s is %s, and was to fail", id, t.Method, t.State)
	}
	f, err := p.admin.Failure(p.ctx, id)
	p.must(err)
	return f
}

// says checks that a failure names its phase and says all the words.
func (p *place) says(f *client.Failure, phase string, words ...string) {
	p.Helper()
	if f.Phase != phase && !strings.HasPrefix(f.Text, phase+": ") {
		p.Errorf("the phase is not %s: %+v", phase, f)
	}
	for _, w := range words {
		if !strings.Contains(f.Text, w) {
			p.Errorf("%q does not say %q", f.Text, w)
		}
	}
}

// kid waits for a descendant of a task with this method that is open, and in
// the phase if one is given.
func (p *place) kid(id int64, method, phase string) client.Task {
	p.Helper()
	var found client.Task
	p.until(fmt.Sprintf("an open %s of task %d in phase %q", method, id, phase), func() bool {
		all, err := p.admin.Trees(p.ctx, id)
		p.must(err)
		for _, t := range all {
			if t.ID == id && t.State.Done() {
				f, _ := p.admin.Failure(p.ctx, id) // only to show
				p.Fatalf("task %d is %s before there was an open %s: %+v\n%s", id, t.State, method, f, p.outputs(id))
			}
			if t.Method == method && t.State == client.TaskOpen && (phase == "" || t.Phase == phase) {
				found = t
				return true
			}
		}
		return false
	})
	return found
}

// output reads a log of a task; one that is not there yet is empty.
func (p *place) output(id int64, name string) string {
	p.Helper()
	var out strings.Builder
	for {
		b, err := p.admin.ReadOutput(p.ctx, id, name, int64(out.Len()), 1<<20)
		if kura.Is(err, kura.NotFound) {
			return ""
		}
		p.must(err)
		if len(b) == 0 {
			return out.String()
		}
		out.Write(b)
	}
}

// outputs are the ends of all logs below a task, to be shown.
func (p *place) outputs(id int64) string {
	p.Helper()
	all, err := p.admin.Trees(p.ctx, id)
	if err != nil {
		return err.Error()
	}
	var out strings.Builder
	for _, t := range all {
		files, err := p.admin.Outputs(p.ctx, t.ID)
		if err != nil {
			return err.Error()
		}
		for _, f := range files {
			if strings.HasSuffix(f.Name, ".log") {
				text := p.output(t.ID, f.Name)
				fmt.Fprintf(&out, "-- task %d %s\n%s\n", t.ID, f.Name, text[max(0, len(text)-1500):])
			}
		}
	}
	return out.String()
}

// builds gives the builds of a name-version-release that there are.
func (p *place) buildOf(nvr string) client.Build {
	p.Helper()
	b, err := p.admin.Build(p.ctx, nvr)
	p.must(err)
	return b
}
