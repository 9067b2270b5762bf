package worker

import (
	"context"
	"io"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/protocol"
)

// Hub is what a worker asks of its hub. Each call is made once; errors are of
// kura's kinds.
type Hub interface {
	Lease(ctx context.Context, r protocol.LeaseRequest) (*protocol.Lease, error) // nil: nothing came free
	Heartbeat(ctx context.Context, task int64, h protocol.Heartbeat) (protocol.HeartbeatAnswer, error)
	Log(ctx context.Context, task, epoch int64, name string, offset int64, data []byte) (protocol.LogAnswer, error)
	File(ctx context.Context, task, epoch int64, name, sha256 string, size int64, body io.Reader) (protocol.FileAnswer, error)
	Buildroot(ctx context.Context, task int64, b protocol.Buildroot) (protocol.BuildrootAnswer, error)
	Finish(ctx context.Context, task int64, f protocol.Finish) error
	Fail(ctx context.Context, task int64, f protocol.Fail) error
	Refuse(ctx context.Context, task int64, r protocol.Refuse) error
	Fetch(ctx context.Context, url string) (io.ReadCloser, error)
}

// again says whether a call may succeed when it is made once more, although
// nothing was changed: the hub was away or in trouble.
func again(err error) bool {
	switch kura.KindOf(err) {
	case kura.Other, kura.Unavailable, kura.Locked, kura.NoSpace, kura.Canceled, kura.Retry:
		return true
	}
	return false
}

// The pauses between attempts: short at first, for a hub that is only being
// restarted.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 15 * time.Second
)

// persist makes a call until it succeeds, fails for good, or ctx ends.
func persist(ctx context.Context, call func() error) error {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := call()
		if err == nil || !again(err) {
			return err
		}
		if !sleep(ctx, pause) {
			return context.Cause(ctx)
		}
	}
}

// sleep waits for d, or until ctx ends: then it is false.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
