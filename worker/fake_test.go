package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/worker/rpm"
)

// fakeHub is a hub in memory, which keeps what it is told and can be away.
type fakeHub struct {
	mu       sync.Mutex
	away     bool
	tasks    chan *protocol.Lease
	asked    []protocol.LeaseRequest
	logs     map[string]string
	files    map[string]string
	beats    []protocol.Heartbeat
	finished []protocol.Finish
	failed   []protocol.Fail
	refused  []protocol.Refuse
	cancel   bool
	epoch    int64 // older ones are fenced
	ended    chan struct{}
}

func newFakeHub() *fakeHub {
	return &fakeHub{tasks: make(chan *protocol.Lease, 10), logs: map[string]string{}, files: map[string]string{}, ended: make(chan struct{}, 10)}
}

func (h *fakeHub) set(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// enter begins a call: it fails while the hub is away or the epoch is old.
func (h *fakeHub) enter(epoch int64) (func(), error) {
	h.mu.Lock()
	switch {
	case h.away:
		h.mu.Unlock()
		return nil, kura.Errorf("fake", kura.Unavailable, "connection refused")
	case epoch != 0 && epoch < h.epoch:
		h.mu.Unlock()
		return nil, kura.Errorf("fake", kura.Fenced, "the lease is not yours any more")
	}
	return h.mu.Unlock, nil
}

func (h *fakeHub) Lease(ctx context.Context, r protocol.LeaseRequest) (*protocol.Lease, error) {
	leave, err := h.enter(0)
	if err != nil {
		return nil, err
	}
	h.asked = append(h.asked, r)
	leave()
	select {
	case l := <-h.tasks:
		return l, nil
	case <-ctx.Done():
		return nil, kura.E("fake", ctx.Err())
	case <-time.After(20 * time.Millisecond):
		return nil, nil
	}
}

func (h *fakeHub) Heartbeat(_ context.Context, _ int64, b protocol.Heartbeat) (protocol.HeartbeatAnswer, error) {
	leave, err := h.enter(b.Epoch)
	if err != nil {
		return protocol.HeartbeatAnswer{}, err
	}
	defer leave()
	h.beats = append(h.beats, b)
	return protocol.HeartbeatAnswer{Term: 60 * time.Millisecond, Cancel: h.cancel}, nil
}

func (h *fakeHub) Log(_ context.Context, _, epoch int64, name string, offset int64, data []byte) (protocol.LogAnswer, error) {
	leave, err := h.enter(epoch)
	if err != nil {
		return protocol.LogAnswer{}, err
	}
	defer leave()
	if have := h.logs[name]; int64(len(have)) == offset {
		h.logs[name] += string(data[:(len(data)+1)/2]) // only a part arrives
	}
	return protocol.LogAnswer{Size: int64(len(h.logs[name]))}, nil
}

func (h *fakeHub) File(_ context.Context, _, epoch int64, name, _ string, _ int64, body io.Reader) (protocol.FileAnswer, error) {
	leave, err := h.enter(epoch)
	if err != nil {
		return protocol.FileAnswer{}, err
	}
	defer leave()
	data, err := io.ReadAll(body)
	h.files[name] = string(data)
	sum := sha256.Sum256(data)
	return protocol.FileAnswer{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(data))}, err
}

func (h *fakeHub) Buildroot(_ context.Context, _ int64, b protocol.Buildroot) (protocol.BuildrootAnswer, error) {
	leave, err := h.enter(b.Epoch)
	if err != nil {
		return protocol.BuildrootAnswer{}, err
	}
	defer leave()
	return protocol.BuildrootAnswer{ID: 5}, nil
}

func (h *fakeHub) Finish(_ context.Context, _ int64, f protocol.Finish) error {
	leave, err := h.enter(f.Epoch)
	if err != nil {
		return err
	}
	defer leave()
	h.finished = append(h.finished, f)
	h.ended <- struct{}{}
	return nil
}

func (h *fakeHub) Fail(_ context.Context, _ int64, f protocol.Fail) error {
	leave, err := h.enter(f.Epoch)
	if err != nil {
		return err
	}
	defer leave()
	h.failed = append(h.failed, f)
	h.ended <- struct{}{}
	return nil
}

func (h *fakeHub) Refuse(_ context.Context, _ int64, r protocol.Refuse) error {
	leave, err := h.enter(r.Epoch)
	if err != nil {
		return err
	}
	defer leave()
	h.refused = append(h.refused, r)
	h.ended <- struct{}{}
	return nil
}

func (h *fakeHub) Fetch(context.Context, string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("")), nil
}

// fakeCrew does what a function says.
type fakeCrew func(ctx context.Context, desk rpm.Hub, out string) (*rpm.Result, error)

func (f fakeCrew) Work(ctx context.Context, _ *protocol.Lease, _ protocol.Limits, desk rpm.Hub, out string) (*rpm.Result, error) {
	return f(ctx, desk, out)
}

// house is a worker at work for a fake hub.
type house struct {
	*testing.T
	hub  *fakeHub
	stop func() // tells the worker to stop and waits for it
	dir  string
}

func newHouse(t *testing.T, capacity float64, drain time.Duration, crew fakeCrew) *house {
	t.Helper()
	h := &house{T: t, hub: newFakeHub(), dir: t.TempDir()}
	w, err := New(Config{Name: "w1", Dir: h.dir, Capacity: capacity, MinFree: 1, Drain: drain, Log: slog.New(slog.DiscardHandler)}, h.hub, map[string]Crew{"buildArch": crew})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	h.stop = func() { cancel(); <-done }
	t.Cleanup(h.stop)
	return h
}

func (h *house) give(task, epoch int64) {
	h.hub.tasks <- &protocol.Lease{Task: task, Epoch: epoch, Term: 60 * time.Millisecond, Method: "buildArch", Arch: "x86_64"}
}

func (h *house) wait() {
	h.Helper()
	select {
	case <-h.hub.ended:
	case <-time.After(30 * time.Second):
		h.Fatal("the task does not end")
	}
}

func writeResult(out, name, text string) error {
	return os.WriteFile(filepath.Join(out, name), []byte(text), 0o600)
}
