package worker

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/worker/rpm"
)

func TestATaskFromLeaseToResult(t *testing.T) {
	h := newHouse(t, 1, 0, func(ctx context.Context, desk rpm.Hub, out string) (*rpm.Result, error) {
		desk.Phase("build")
		id, err := desk.Buildroot(ctx, protocol.Buildroot{State: "init"})
		if err != nil {
			return nil, err
		}
		for i := range 500 {
			fmt.Fprintf(desk.Log("build.log"), "line %d\n", i)
		}
		return &rpm.Result{RPMs: []string{"a.rpm"}, SRPM: "a.src.rpm", Buildroot: id}, firstErr(writeResult(out, "a.rpm", "A"), writeResult(out, "a.src.rpm", "S"))
	})
	h.give(7, 3)
	h.wait()
	h.stop()
	want := []protocol.Finish{{Epoch: 3, SRPM: "a.src.rpm", RPMs: []string{"a.rpm"}, Logs: []string{"build.log"}, Buildroot: 5}}
	if diff := cmp.Diff(want, h.hub.finished); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"a.rpm": "A", "a.src.rpm": "S"}, h.hub.files); diff != "" {
		t.Error(diff)
	}
	log := h.hub.logs["build.log"]
	if strings.Count(log, "\n") != 500 || !strings.HasSuffix(log, "line 499\n") {
		t.Errorf("the log has %d lines and ends %q", strings.Count(log, "\n"), log[max(0, len(log)-20):])
	}
	if left, _ := os.ReadDir(filepath.Join(h.dir, "tasks")); len(left) != 0 {
		t.Errorf("left on the disk: %v", left)
	}
}

func firstErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestAFailureIsToldWithItsCause(t *testing.T) {
	h := newHouse(t, 1, 0, func(_ context.Context, desk rpm.Hub, _ string) (*rpm.Result, error) {
		fmt.Fprintln(desk.Log("build.log"), "x.c:1: error: no")
		return nil, &rpm.Failure{Phase: "build", Message: "%build of x failed: x.c:1: error: no", Cause: "x.c:1: error: no", Log: "build.log", Line: 1, Buildroot: 5}
	})
	h.give(7, 3)
	h.wait()
	want := []protocol.Fail{{Epoch: 3, Phase: "build", Message: "%build of x failed: x.c:1: error: no", Cause: "x.c:1: error: no", Log: "build.log", Line: 1, Buildroot: 5}}
	if diff := cmp.Diff(want, h.hub.failed); diff != "" {
		t.Error(diff)
	}
	if h.hub.logs["build.log"] != "x.c:1: error: no\n" {
		t.Errorf("the log had not arrived: %q", h.hub.logs["build.log"])
	}
}

// The hub dies while a build runs; the build goes on and its result arrives.
func TestTheHubIsAwayForAWhile(t *testing.T) {
	gone, built := make(chan struct{}), make(chan struct{})
	h := newHouse(t, 1, 0, func(_ context.Context, desk rpm.Hub, out string) (*rpm.Result, error) {
		fmt.Fprintln(desk.Log("build.log"), "before")
		close(built)
		<-gone
		fmt.Fprintln(desk.Log("build.log"), "while it was away")
		return &rpm.Result{RPMs: []string{"a.rpm"}}, writeResult(out, "a.rpm", "A")
	})
	h.give(7, 3)
	<-built
	h.hub.set(func() { h.hub.away = true })
	close(gone)
	time.Sleep(300 * time.Millisecond) // several terms long
	h.hub.set(func() { h.hub.away = false })
	h.wait()
	if len(h.hub.finished) != 1 || h.hub.files["a.rpm"] != "A" || h.hub.logs["build.log"] != "before\nwhile it was away\n" {
		t.Errorf("finished %v, files %v, logs %v", h.hub.finished, h.hub.files, h.hub.logs)
	}
}

func TestAnOldLeaseIsDroppedInSilence(t *testing.T) {
	started, stopped := make(chan struct{}), make(chan error, 1)
	h := newHouse(t, 1, 0, func(ctx context.Context, _ rpm.Hub, _ string) (*rpm.Result, error) {
		close(started)
		<-ctx.Done()
		stopped <- context.Cause(ctx)
		return nil, ctx.Err()
	})
	h.give(7, 3)
	<-started
	h.hub.set(func() { h.hub.epoch = 4 })
	if err := <-stopped; !strings.Contains(err.Error(), "not yours") {
		t.Errorf("stopped for %v", err)
	}
	h.stop()
	if len(h.hub.failed)+len(h.hub.finished)+len(h.hub.refused) != 0 {
		t.Errorf("said: %v %v %v", h.hub.failed, h.hub.finished, h.hub.refused)
	}
}

func TestACanceledTaskStopsAndSaysNothing(t *testing.T) {
	stopped := make(chan struct{})
	h := newHouse(t, 1, 0, func(ctx context.Context, _ rpm.Hub, _ string) (*rpm.Result, error) {
		<-ctx.Done()
		close(stopped)
		return nil, ctx.Err()
	})
	h.hub.cancel = true
	h.give(7, 3)
	<-stopped
	h.stop()
	if len(h.hub.failed)+len(h.hub.finished)+len(h.hub.refused) != 0 {
		t.Errorf("said: %v %v %v", h.hub.failed, h.hub.finished, h.hub.refused)
	}
}

func TestAStoppedWorkerGivesItsLeasesBack(t *testing.T) {
	started := make(chan struct{})
	h := newHouse(t, 1, 0, func(ctx context.Context, _ rpm.Hub, _ string) (*rpm.Result, error) {
		close(started)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	h.give(7, 3)
	<-started
	h.stop()
	if diff := cmp.Diff([]protocol.Refuse{{Epoch: 3, Reason: "this builder is being stopped"}}, h.hub.refused); diff != "" {
		t.Error(diff)
	}
}

func TestAStoppedWorkerFinishesWhatRuns(t *testing.T) {
	started, goOn := make(chan struct{}), make(chan struct{})
	h := newHouse(t, 1, time.Minute, func(_ context.Context, _ rpm.Hub, out string) (*rpm.Result, error) {
		close(started)
		<-goOn
		return &rpm.Result{RPMs: []string{"a.rpm"}}, writeResult(out, "a.rpm", "A")
	})
	h.give(7, 3)
	<-started
	go func() { time.Sleep(20 * time.Millisecond); close(goOn) }()
	h.stop()
	if len(h.hub.finished) != 1 {
		t.Errorf("finished: %v, refused: %v", h.hub.finished, h.hub.refused)
	}
}

// No more runs than there is capacity, and what runs is named to the hub.
func TestCapacity(t *testing.T) {
	var mu sync.Mutex
	now, most := 0, 0
	h := newHouse(t, 2, 0, func(context.Context, rpm.Hub, string) (*rpm.Result, error) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		time.Sleep(60 * time.Millisecond)
		mu.Lock()
		now--
		mu.Unlock()
		return &rpm.Result{}, nil
	})
	for i := range int64(6) {
		h.give(i+1, 1)
	}
	for range 6 {
		h.wait()
	}
	h.stop()
	if most != 2 {
		t.Errorf("%d ran at a time, want 2", most)
	}
	named := false
	for _, r := range h.hub.asked {
		if r.Free+float64(len(r.Running)) != 2 {
			t.Errorf("asked with %v free while %d ran", r.Free, len(r.Running))
		}
		named = named || len(r.Running) == 1
	}
	if !named {
		t.Error("it never told what it runs")
	}
}

func TestLimitsAreTheTighterOfBoth(t *testing.T) {
	got := tighten(protocol.Limits{Time: time.Hour, Log: 5}, protocol.Limits{Time: 2 * time.Hour, Log: 3, Disk: 9})
	if diff := cmp.Diff(protocol.Limits{Time: time.Hour, Log: 3, Disk: 9}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTwoWorkersDoNotShareADirectory(t *testing.T) {
	dir := t.TempDir()
	unlock, err := lockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockDir(dir); err == nil || !strings.Contains(err.Error(), "another worker is at work in "+dir) {
		t.Errorf("got %v", err)
	}
	unlock()
	if unlock, err = lockDir(dir); err != nil {
		t.Fatal(err)
	}
	unlock()
}
