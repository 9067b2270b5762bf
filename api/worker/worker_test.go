package worker_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/api/worker"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/protocol"
)

var ctx = context.Background()

// local is a bus of one process.
type local struct {
	mu sync.Mutex
	on map[string][]func(string, []byte)
}

func (b *local) Signal(topic string, data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.on[topic] {
		go f(topic, data)
	}
	return nil
}

func (b *local) Listen(topic string, fn func(string, []byte)) (func(), error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.on == nil {
		b.on = map[string][]func(string, []byte){}
	}
	b.on[topic] = append(b.on[topic], fn)
	return func() {}, nil
}

// rooms stands for the rooms above: files in memory, orders and results that
// tests set.
type rooms struct {
	d      *db.DB
	mu     sync.Mutex
	logs   map[string][]byte
	files  map[string][]byte
	order  func(t *task.Task) (json.RawMessage, error)
	finish func(f protocol.Finish) (any, error)
	roots  []protocol.Buildroot
	fresh  []int64 // tasks that were restarted
}

func key(id int64, name string) string { return fmt.Sprint(id, "/", name) }

func (f *rooms) Restart(_ context.Context, _ *db.Tx, id int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fresh = append(f.fresh, id)
	return nil
}

func (f *rooms) AppendLog(ctx context.Context, id int64, name string, offset int64, r io.Reader, own worker.Own) (int64, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	err = f.d.Update(ctx, func(tx *db.Tx) error { return own(ctx, tx) })
	have := f.logs[key(id, name)]
	if skip := int64(len(have)) - offset; err == nil && skip >= 0 && skip <= int64(len(b)) {
		f.logs[key(id, name)] = append(have, b[skip:]...)
	}
	return int64(len(f.logs[key(id, name)])), err
}

func (f *rooms) PutFile(ctx context.Context, id int64, name, want string, r io.Reader, own worker.Own) (string, int64, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return "", 0, err
	}
	sum := sha256.Sum256(b)
	if err := f.d.Update(ctx, func(tx *db.Tx) error { return own(ctx, tx) }); err != nil {
		return "", 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files[key(id, name)] = b
	return hex.EncodeToString(sum[:]), int64(len(b)), nil
}

func (f *rooms) Order(_ context.Context, _ *db.Tx, t *task.Task) (json.RawMessage, error) {
	if f.order != nil {
		return f.order(t)
	}
	return json.RawMessage(`{"arch":"x86_64","limits":{"log":100}}`), nil
}

func (f *rooms) Finish(_ context.Context, _ *db.Tx, _ *task.Task, q protocol.Finish) (any, error) {
	if f.finish != nil {
		return f.finish(q)
	}
	return q.RPMs, nil
}

func (f *rooms) Buildroot(_ context.Context, _ *db.Tx, _ *task.Task, b protocol.Buildroot) (int64, error) {
	f.roots = append(f.roots, b)
	return 42, nil
}

type hub struct {
	t     testing.TB
	d     *db.DB
	room  *task.Room
	rooms *rooms
	url   string
	hosts map[string]int64
	owner int64
	board *task.Board
}

func newHub(t testing.TB, d *db.DB, hosts ...string) *hub {
	h := &hub{t: t, d: d, room: task.New(&local{}), hosts: map[string]int64{}}
	h.room.Retry = 0
	h.rooms = &rooms{d: d, logs: map[string][]byte{}, files: map[string][]byte{}}
	h.do(func(tx *db.Tx) error {
		u, err := account.Create(ctx, tx, "alice", account.Person)
		h.owner = u.ID
		for _, n := range hosts {
			if err == nil {
				h.hosts[n], err = h.room.AddHost(ctx, tx, account.System, n, []string{"x86_64"})
			}
		}
		return err
	})
	h.board = task.NewBoard(h.room, d, slog.Default())
	c, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); h.board.Run(c) }()
	limits := worker.DefaultLimits
	limits.Slack, limits.Chunk = 10, 1000
	s := httptest.NewServer(worker.New(worker.Config{
		DB: d, Room: h.room, Board: h.board, Files: h.rooms, Orders: h.rooms, Results: h.rooms, Buildroots: h.rooms,
		Limits: limits, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
		Host: func(r *http.Request) (int64, string, error) {
			name := r.Header.Get("X-Host")
			if id, ok := h.hosts[name]; ok {
				return id, name, nil
			}
			return 0, "", kura.Errorf("test", kura.Unauthenticated, "no host has this certificate")
		},
	}))
	h.url = s.URL
	t.Cleanup(func() { s.Close(); cancel(); <-done })
	return h
}

func each(t *testing.T, fn func(t *testing.T, h *hub)) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) { fn(t, newHub(t, d, "a", "b")) })
}

func (h *hub) do(fn func(tx *db.Tx) error) {
	h.t.Helper()
	if err := h.d.Update(ctx, fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hub) make() (t *task.Task) {
	h.t.Helper()
	h.do(func(tx *db.Tx) (err error) {
		t, err = h.room.Make(ctx, tx, task.Spec{Method: "buildArch", Arch: "x86_64", Owner: h.owner})
		return err
	})
	return t
}

func (h *hub) task(id int64) (t *task.Listed) {
	h.t.Helper()
	h.do(func(tx *db.Tx) (err error) { t, err = task.GetListed(ctx, tx, id); return err })
	return t
}

// send makes a call and gives its status; the answer is decoded into into.
func (h *hub) send(host, method, path string, body []byte, into any) (int, protocol.Problem) {
	h.t.Helper()
	q, err := http.NewRequest(method, h.url+path, bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	q.Header.Set("X-Host", host)
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		h.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	var p protocol.Problem
	if r.StatusCode >= 300 {
		json.Unmarshal(b, &p)
	} else if into != nil && r.StatusCode == http.StatusOK {
		if err := json.Unmarshal(b, into); err != nil {
			h.t.Fatalf("%s: %v", b, err)
		}
	}
	return r.StatusCode, p
}

func (h *hub) post(host, path string, body, into any) (int, protocol.Problem) {
	h.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.send(host, "POST", path, b, into)
}

func request(wait time.Duration) protocol.LeaseRequest {
	return protocol.LeaseRequest{Methods: []string{"buildArch"}, Arches: []string{"x86_64"}, Free: 2, Wait: wait, Version: "t"}
}

func (h *hub) lease(host string) (l protocol.Lease) {
	h.t.Helper()
	status, p := h.post(host, protocol.PathLease, request(30*time.Second), &l)
	if status != 200 {
		h.t.Fatalf("lease: %d %+v", status, p)
	}
	return l
}

func path(l protocol.Lease, rest string) string {
	return fmt.Sprintf("%s%d/%s", protocol.PathTasks, l.Task, rest)
}

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
