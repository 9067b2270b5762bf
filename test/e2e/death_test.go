package e2e

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/test/harness"
)

// runs tells how often a task was given to somebody.
func (p *place) runs(id int64) int64 {
	p.Helper()
	var t *task.Task
	p.records(func(tx *db.Tx) (err error) {
		t, err = task.Get(p.ctx, tx, id)
		return err
	})
	return int64(t.Runs)
}

func (p *place) records(fn func(tx *db.Tx) error) {
	p.Helper()
	d, err := p.site.Records(p.ctx)
	p.must(err)
	defer d.Close()
	p.must(d.View(p.ctx, fn))
}

// once checks that a task has led to one complete build.
func (p *place) once(task int64, nvr string) {
	p.Helper()
	var all []*build.Build
	p.records(func(tx *db.Tx) (err error) {
		all, err = build.List(p.ctx, tx, build.Filter{TaskID: task})
		return err
	})
	if len(all) != 1 || all[0].NVR() != nvr || all[0].State != build.Complete {
		p.Errorf("task %d has the builds %v, want one complete %s", task, all, nvr)
	}
}

// sound ends the site and looks over what it kept.
func (p *place) sound() {
	p.Helper()
	p.site.Close()
	problems, err := p.site.Check(p.ctx)
	p.must(err)
	for _, x := range problems {
		p.Error(x)
	}
}

// inBuild starts a build of a slow package and waits until it is at work.
func (p *place) inBuild(name string) (top int64, arch client.Task) {
	p.Helper()
	top = p.build(p.push(name, slow(name, "4")), nil)
	arch = p.kid(top, "buildArch", "")
	p.until("the first steps of rpmbuild", func() bool { return strings.Contains(p.output(arch.ID, "build.log"), "step 2") })
	return top, arch
}

// The builder loses power in the middle of rpmbuild: the task is run again,
// from its start, and there is one build.
func TestBuilderDies(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		p := mortal(t, database)
		p.start("hub")
		builder := p.start("builder")
		p.settle("victim")
		top, arch := p.inBuild("victim")
		builder.Kill()
		p.start("builder")
		p.closed(top)
		p.once(top, "victim-1-1.e2e")
		if n := p.runs(arch.ID); n != 2 {
			t.Errorf("the task was run %d times, want 2", n)
		}
		if log := p.output(arch.ID, "build.log"); strings.Count(log, "step 2\n") != 2 && strings.Count(log, "\nstep 2\n") != 1 {
			t.Errorf("the log is not the second run's:\n%s", log)
		}
		p.sound()
	})
}

// The hub loses power while a builder builds: the builder goes on, and its
// result arrives at the hub's next life.
func TestHubDies(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		p := mortal(t, database)
		hub := p.start("hub")
		p.start("builder")
		p.settle("survivor")
		top, arch := p.inBuild("survivor")
		hub.Kill()
		time.Sleep(time.Second) // the build goes on meanwhile
		p.start("hub")
		p.closed(top)
		p.once(top, "survivor-1-1.e2e")
		if n := p.runs(arch.ID); n != 1 {
			t.Errorf("the task was run %d times, want one that went on", n)
		}
		log := p.output(arch.ID, "build.log")
		for _, step := range []string{"\nstep 1\n", "\nstep 12\n", "\nstep 20\n", "\nstep 40\n"} {
			if strings.Count(log, step) != 1 {
				t.Errorf("the log has %q %d times", step, strings.Count(log, step))
			}
		}
		p.sound()
	})
}

// A builder that was thought dead comes back with its old lease: it is told
// that the task is not its any more, whatever it wants to say.
func TestOldLeaseIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		p := newSite(t, harness.Options{Database: database})
		p.start("hub")
		p.settle("fenced")
		p.build(p.push("fenced", spec{name: "fenced"}), nil)
		w, err := p.site.Worker()
		p.must(err)
		lease := func() *protocol.Lease {
			l, err := w.Lease(p.ctx, protocol.LeaseRequest{
				Methods: []string{"buildSRPMFromSCM"}, Arches: []string{"x86_64", "noarch"}, Free: 4, Running: []protocol.Held{}, Wait: 30 * time.Second,
			})
			p.must(err)
			if l == nil {
				t.Fatal("there is no work")
			}
			return l
		}
		old := lease()
		fresh := lease() // started anew: it names no lease
		if fresh.Task != old.Task || fresh.Epoch <= old.Epoch {
			t.Fatalf("leased %d/%d after %d/%d", fresh.Task, fresh.Epoch, old.Task, old.Epoch)
		}
		sum := strings.Repeat("0", 64)
		for what, err := range map[string]error{
			"heartbeat": second(w.Heartbeat(p.ctx, old.Task, protocol.Heartbeat{Epoch: old.Epoch})),
			"log":       second(w.Log(p.ctx, old.Task, old.Epoch, "build.log", 0, []byte("late"))),
			"file":      second(w.File(p.ctx, old.Task, old.Epoch, "a-1-1.noarch.rpm", sum, 4, strings.NewReader("late"))),
			"finish":    w.Finish(p.ctx, old.Task, protocol.Finish{Epoch: old.Epoch}),
			"fail":      w.Fail(p.ctx, old.Task, protocol.Fail{Epoch: old.Epoch, Message: "late"}),
		} {
			if !kura.Is(err, kura.Fenced) {
				t.Errorf("%s: %v, want fenced", what, err)
			}
		}
		h, err := p.site.HTTP("pki/builder.pem")
		p.must(err)
		res, err := h.Post(p.site.Cert+protocol.PathTasks+"1/finish", "application/json", strings.NewReader(`{"epoch":1}`))
		p.must(err)
		res.Body.Close()
		if res.StatusCode != http.StatusConflict {
			t.Errorf("the status is %s", res.Status)
		}
		if _, err := w.Heartbeat(p.ctx, fresh.Task, protocol.Heartbeat{Epoch: fresh.Epoch}); err != nil {
			t.Errorf("the new lease: %v", err)
		}
		p.sound()
	})
}

func second[T any](_ T, err error) error { return err }

// The second interrupt does not wait for builds; what was left is built at the
// next start.
func TestSecondInterruptStopsAtOnce(t *testing.T) {
	w := getWorld(t)
	w.builder.Lock()
	defer w.builder.Unlock()
	p := newSite(t, harness.Options{Builder: w.dir + "/mortal-builder", Signer: true})
	all := p.start("up")
	p.settle("interrupted")
	top, _ := p.inBuild("interrupted")
	p.must(all.Signal(syscall.SIGINT))
	p.until("the first interrupt to be heard", func() bool { return strings.Contains(p.site.Logs(50), "interrupt again") })
	p.must(all.Signal(syscall.SIGINT))
	select {
	case <-all.Ended():
	case <-time.After(30 * time.Second):
		t.Fatal("it goes on after the second interrupt")
	}
	p.start("up")
	p.closed(top)
	p.once(top, "interrupted-1-1.e2e")
}
