package worker_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/protocol"
)

func TestWholeTask(t *testing.T) {
	each(t, func(t *testing.T, h *hub) {
		if status, _ := h.post("a", protocol.PathLease, request(0), nil); status != 204 {
			t.Fatalf("a lease of nothing: %d", status)
		}
		made := h.make()
		l := h.lease("a")
		if l.Task != made.ID || l.Epoch == 0 || l.Term == 0 || len(l.Order) == 0 {
			t.Fatalf("%+v", l)
		}
		var hb protocol.HeartbeatAnswer
		if status, p := h.post("a", path(l, "heartbeat"), protocol.Heartbeat{Epoch: l.Epoch, Phase: "build"}, &hb); status != 200 || hb.Cancel {
			t.Errorf("heartbeat: %d %+v", status, p)
		}
		var la protocol.LogAnswer
		for _, c := range []struct {
			offset int
			text   string
			size   int64
		}{{0, "hello ", 6}, {0, "hello ", 6}, {6, "world", 11}, {50, "gap", 11}} {
			p := path(l, fmt.Sprintf("log/build.log?offset=%d&epoch=%d", c.offset, l.Epoch))
			if status, p := h.send("a", "POST", p, []byte(c.text), &la); status != 200 || la.Size != c.size {
				t.Errorf("log at %d: %d %+v %+v", c.offset, status, la, p)
			}
		}
		body := []byte("rpm")
		sum := sha256.Sum256(body)
		var fa protocol.FileAnswer
		put := path(l, fmt.Sprintf("file/x-1-1.x86_64.rpm?epoch=%d&sha256=%x", l.Epoch, sum))
		if status, p := h.send("a", "PUT", put, body, &fa); status != 200 || fa.Size != 3 {
			t.Errorf("file: %d %+v", status, p)
		}
		if status, p := h.send("a", "PUT", put, []byte("cut"), nil); status != 400 {
			t.Errorf("a damaged file: %d %+v", status, p)
		}
		var ba protocol.BuildrootAnswer
		if status, _ := h.post("a", path(l, "buildroot"), protocol.Buildroot{Epoch: l.Epoch, State: "init", Arch: "x86_64"}, &ba); status != 200 || ba.ID != 42 {
			t.Errorf("buildroot: %d %+v", status, ba)
		}
		fin := protocol.Finish{Epoch: l.Epoch, RPMs: []string{"x-1-1.x86_64.rpm"}, Logs: []string{"build.log"}}
		for range 2 { // the second because the answer to the first may be lost
			if status, p := h.post("a", path(l, "finish"), fin, nil); status != 204 {
				t.Errorf("finish: %d %+v", status, p)
			}
		}
		if got := h.task(l.Task); got.State != task.Closed || string(got.Result) != `["x-1-1.x86_64.rpm"]` {
			t.Errorf("%s %s", got.State, got.Result)
		}
		if string(h.rooms.logs[key(l.Task, "build.log")]) != "hello world" {
			t.Errorf("log %q", h.rooms.logs)
		}
	})
}

// Every call about a task, by another host and with an old epoch.
func TestOnlyTheHolderActs(t *testing.T) {
	each(t, func(t *testing.T, h *hub) {
		h.make()
		l := h.lease("a")
		sum := sha256.Sum256(nil)
		calls := func(epoch int64) map[string]func(host string) (int, protocol.Problem) {
			return map[string]func(host string) (int, protocol.Problem){
				"heartbeat": func(x string) (int, protocol.Problem) {
					return h.post(x, path(l, "heartbeat"), protocol.Heartbeat{Epoch: epoch}, nil)
				},
				"log": func(x string) (int, protocol.Problem) {
					return h.send(x, "POST", path(l, fmt.Sprintf("log/l?offset=0&epoch=%d", epoch)), []byte("x"), nil)
				},
				"file": func(x string) (int, protocol.Problem) {
					return h.send(x, "PUT", path(l, fmt.Sprintf("file/f?epoch=%d&sha256=%x", epoch, sum)), nil, nil)
				},
				"buildroot": func(x string) (int, protocol.Problem) {
					return h.post(x, path(l, "buildroot"), protocol.Buildroot{Epoch: epoch, State: "init"}, nil)
				},
				"finish": func(x string) (int, protocol.Problem) {
					return h.post(x, path(l, "finish"), protocol.Finish{Epoch: epoch}, nil)
				},
				"fail": func(x string) (int, protocol.Problem) {
					return h.post(x, path(l, "fail"), protocol.Fail{Epoch: epoch}, nil)
				},
				"refuse": func(x string) (int, protocol.Problem) {
					return h.post(x, path(l, "refuse"), protocol.Refuse{Epoch: epoch}, nil)
				},
			}
		}
		for name, call := range calls(l.Epoch) {
			if status, p := call("b"); status != 409 || p.Kind != "fenced" {
				t.Errorf("%s by another host: %d %+v", name, status, p)
			}
			if status, p := call("nobody"); status != 401 {
				t.Errorf("%s by nobody: %d %+v", name, status, p)
			}
		}
		for name, call := range calls(l.Epoch - 1) {
			if status, p := call("a"); status != 409 || p.Kind != "fenced" {
				t.Errorf("%s with an old epoch: %d %+v", name, status, p)
			}
		}
		if got := h.task(l.Task); got.State != task.Open || len(h.rooms.logs)+len(h.rooms.files)+len(h.rooms.roots) != 0 {
			t.Errorf("something came through: %s %+v", got.State, h.rooms)
		}
	})
}

func TestBadRequests(t *testing.T) {
	each(t, func(t *testing.T, h *hub) {
		h.make()
		l := h.lease("a")
		e := fmt.Sprintf("epoch=%d", l.Epoch)
		sum := strings.Repeat("0", 64)
		for _, c := range []struct {
			method, path, body string
			status             int
		}{
			{"POST", protocol.PathLease, `{"methods":["x"],"arches":["x86_64"],"free":1,"bogus":1}`, 400},
			{"POST", protocol.PathLease, `{"methods":[],"arches":["x86_64"],"free":1}`, 400},
			{"POST", protocol.PathLease, `{"methods":["x"],"arches":["x86_64"],"free":-1}`, 400},
			{"POST", protocol.PathLease, `{"methods":["x"],"arches":["x86_64"]} {}`, 400},
			{"POST", protocol.PathLease, `[]`, 400},
			{"POST", protocol.PathLease, `{"version":"` + strings.Repeat("x", 2<<20) + `"}`, 413},
			{"POST", path(l, "log/build.log?offset=-1&"+e), "x", 400},
			{"POST", path(l, "log/build.log?offset=0"), "x", 400},
			{"POST", path(l, "log/build.log?offset=0&"+e), strings.Repeat("x", 111), 413}, // the order's 100 and 10
			{"POST", path(l, "log/build.log?offset=105&"+e), "123456", 413},
			{"POST", path(l, "log/.hidden?offset=0&"+e), "x", 400},
			{"POST", path(l, "log/a%2Fb?offset=0&"+e), "x", 400},
			{"PUT", path(l, "file/%2e%2e%2fetc?sha256="+sum+"&"+e), "x", 400},
			{"PUT", path(l, "file/a%00b?sha256="+sum+"&"+e), "x", 400},
			{"PUT", path(l, "file/ok?sha256=short&"+e), "x", 400},
			{"PUT", protocol.PathTasks + "x/file/ok?sha256=" + sum + "&" + e, "x", 400},
			{"PUT", protocol.PathTasks + "999999/file/ok?sha256=" + sum + "&" + e, "x", 404},
			{"POST", path(l, "buildroot"), fmt.Sprintf(`{"epoch":%d,"state":"gone"}`, l.Epoch), 400},
			{"POST", path(l, "finish"), fmt.Sprintf(`{"epoch":%d,"rpms":["../x"]}`, l.Epoch), 400},
			{"POST", path(l, "fail"), fmt.Sprintf(`{"epoch":%d,"log":"/etc/passwd"}`, l.Epoch), 400},
		} {
			status, p := h.send("a", c.method, c.path, []byte(c.body), nil)
			if status != c.status {
				t.Errorf("%s %s %.60s: %d %+v, want %d", c.method, c.path, c.body, status, p, c.status)
			}
		}
	})
}

func TestCancelReachesAHeldHeartbeat(t *testing.T) {
	each(t, func(t *testing.T, h *hub) {
		h.make()
		l := h.lease("a")
		got := make(chan protocol.HeartbeatAnswer, 1)
		go func() {
			var a protocol.HeartbeatAnswer
			h.post("a", path(l, "heartbeat"), protocol.Heartbeat{Epoch: l.Epoch, Phase: "wait", Wait: 25 * time.Second}, &a)
			got <- a
		}()
		for h.task(l.Task).Phase != "wait" {
			time.Sleep(time.Millisecond)
		}
		h.do(func(tx *db.Tx) error { _, _, err := h.room.Cancel(ctx, tx, l.Task, true); return err })
		select {
		case a := <-got:
			if !a.Cancel {
				t.Error("not told to stop")
			}
		case <-time.After(20 * time.Second):
			t.Error("told only when the poll was over")
		}
		if status, p := h.post("a", path(l, "finish"), protocol.Finish{Epoch: l.Epoch}, nil); status != 409 || p.Kind != "fenced" {
			t.Errorf("finish of a cancelled task: %d %+v", status, p)
		}
	})
}

func TestFailReturnRefuse(t *testing.T) {
	each(t, func(t *testing.T, h *hub) {
		h.make()
		l := h.lease("a")
		if status, p := h.post("a", path(l, "refuse"), protocol.Refuse{Epoch: l.Epoch, Reason: "no", Hard: true}, nil); status != 204 {
			t.Fatalf("refuse: %d %+v", status, p)
		}
		if status, _ := h.post("a", protocol.PathLease, request(0), nil); status != 204 {
			t.Fatalf("leased again to the host that refused: %d", status)
		}
		l = h.lease("b")
		if diff := cmp.Diff([]int64{l.Task}, h.rooms.fresh); diff != "" {
			t.Errorf("files of the first lease: %s", diff)
		}
		f := protocol.Fail{Epoch: l.Epoch, Phase: "buildroot", Message: "disk died", Retryable: true}
		if status, p := h.post("b", path(l, "fail"), f, nil); status != 204 {
			t.Fatalf("fail: %d %+v", status, p)
		}
		if got := h.task(l.Task); got.State != task.Free {
			t.Fatalf("after a host's own failure: %s", got.State)
		}
		h.room.SoftFor = 0
		l = h.lease("b")
		f = protocol.Fail{Epoch: l.Epoch, Phase: "build", Message: "make failed", Cause: "x.c:1: error", Log: "build.log", Line: 7}
		for range 2 {
			if status, p := h.post("b", path(l, "fail"), f, nil); status != 204 {
				t.Fatalf("fail: %d %+v", status, p)
			}
		}
		want := &task.Fault{Phase: "build", Message: "make failed", Cause: "x.c:1: error", Log: "build.log", Line: 7}
		if diff := cmp.Diff(want, h.task(l.Task).Fault); diff != "" {
			t.Error(diff)
		}
	})
}

// A result that the rooms above do not accept fails the task; their own
// trouble does not, the host tries again.
func TestResultNotTakenIn(t *testing.T) {
	each(t, func(t *testing.T, h *hub) {
		h.make()
		l := h.lease("a")
		h.rooms.finish = func(protocol.Finish) (any, error) { return nil, errors.New("disk on fire") }
		status, p := h.post("a", path(l, "finish"), protocol.Finish{Epoch: l.Epoch}, nil)
		if status != 500 || strings.Contains(p.Message, "fire") {
			t.Errorf("our own trouble: %d %+v", status, p)
		}
		h.rooms.finish = func(protocol.Finish) (any, error) {
			return nil, kura.Errorf("flow", kura.Invalid, "x.rpm is not an rpm")
		}
		if status, p := h.post("a", path(l, "finish"), protocol.Finish{Epoch: l.Epoch}, nil); status != 204 {
			t.Errorf("finish: %d %+v", status, p)
		}
		got := h.task(l.Task)
		want := &task.Fault{Kind: "invalid", Phase: "import", Message: "x.rpm is not an rpm"}
		if diff := cmp.Diff(want, got.Fault); got.State != task.Failed || diff != "" {
			t.Error(got.State, diff)
		}
	})
}

func TestNoOrder(t *testing.T) {
	each(t, func(t *testing.T, h *hub) {
		bad, good := h.make(), h.make()
		h.rooms.order = func(t *task.Task) (json.RawMessage, error) {
			if t.ID == bad.ID {
				return nil, kura.Errorf("flow", kura.NotFound, "its tag is gone")
			}
			return json.RawMessage(`{}`), nil
		}
		if l := h.lease("a"); l.Task != good.ID {
			t.Errorf("leased %d, want %d", l.Task, good.ID)
		}
		if got := h.task(bad.ID); got.State != task.Failed || got.Fault.Message != "its tag is gone" || got.Fault.Phase != "order" {
			t.Errorf("%s %+v", got.State, got.Fault)
		}
	})
}

// A host that was started anew does not name its lease: it is given again at
// once. What it does name stays.
func TestRestartedHost(t *testing.T) {
	each(t, func(t *testing.T, h *hub) {
		h.make()
		l := h.lease("a")
		old := func() {
			h.do(func(tx *db.Tx) error {
				_, err := tx.Exec(ctx, "UPDATE task SET start_time = start_time - 60000000 WHERE state = 1")
				return err
			})
		}
		old()
		q := request(0)
		q.Running = []protocol.Held{{Task: l.Task, Epoch: l.Epoch}}
		h.post("a", protocol.PathLease, q, nil)
		if got := h.task(l.Task); got.State != task.Open || got.Epoch != l.Epoch {
			t.Fatalf("a lease that its host named is %s", got.State)
		}
		again := h.lease("a")
		if again.Task != l.Task || again.Epoch <= l.Epoch {
			t.Errorf("leased %+v", again)
		}
		if status, p := h.post("a", path(l, "heartbeat"), protocol.Heartbeat{Epoch: l.Epoch}, nil); status != 409 || p.Kind != "fenced" {
			t.Errorf("the old lease's heartbeat: %d %+v", status, p)
		}
	})
}
