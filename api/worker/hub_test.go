package worker_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

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
