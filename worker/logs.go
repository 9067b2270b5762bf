package worker

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/protocol"
)

// How logs travel: what was written is sent after flushEvery at the latest, in
// pieces of at most chunkSize.
const (
	flushEvery = 150 * time.Millisecond
	chunkSize  = 1 << 20
)

// logs are the logs of one task. They are written to the worker's disk and sent
// from there, so a hub that is away holds up no build.
type logs struct {
	dir  string
	send func(ctx context.Context, name string, offset int64, data []byte) (protocol.LogAnswer, error)

	mu    sync.Mutex
	files map[string]*logFile
	order []string
}

// logFile is one log. It has one sender.
type logFile struct {
	f     *os.File
	mu    sync.Mutex
	size  int64
	ended bool
	wake  chan struct{} // holds a value when there may be something to send
	done  chan struct{} // closed when all is sent, or nothing more can be
	err   error
}

func newLogs(dir string, send func(context.Context, string, int64, []byte) (protocol.LogAnswer, error)) (*logs, error) {
	return &logs{dir: dir, send: send, files: map[string]*logFile{}}, os.Mkdir(dir, 0o700)
}

// open gives the writer of a log and starts its sender.
func (l *logs) open(ctx context.Context, name string) io.Writer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.files[name]; f != nil {
		return f
	}
	f := &logFile{wake: make(chan struct{}, 1), done: make(chan struct{})}
	f.f, f.err = os.OpenFile(filepath.Join(l.dir, filepath.Base(name)), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	l.files[name] = f
	l.order = append(l.order, name)
	if f.err != nil {
		close(f.done)
		return f
	}
	go f.run(ctx, func(offset int64, data []byte) (protocol.LogAnswer, error) { return l.send(ctx, name, offset, data) })
	return f
}

// Write adds to the log. It does not fail for what happens to the sender.
func (f *logFile) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil || f.ended {
		return len(p), nil
	}
	n, err := f.f.WriteAt(p, f.size)
	f.size += int64(n)
	f.signal()
	return n, err
}

func (f *logFile) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// run sends what is new until the log has ended and the hub has all of it.
func (f *logFile) run(ctx context.Context, send func(int64, []byte) (protocol.LogAnswer, error)) {
	defer close(f.done)
	var sent int64
	buf := make([]byte, chunkSize)
	for {
		f.mu.Lock()
		size, ended := f.size, f.ended
		f.mu.Unlock()
		if sent >= size {
			if ended {
				return
			}
			select {
			case <-f.wake:
			case <-ctx.Done():
				f.err = context.Cause(ctx)
				return
			}
			f.mu.Lock()
			ended = f.ended
			f.mu.Unlock()
			if !ended {
				sleep(ctx, flushEvery) // let a little more come together
			}
			continue
		}
		n, err := f.f.ReadAt(buf[:min(int64(chunkSize), size-sent)], sent)
		if n == 0 {
			f.err = err
			return
		}
		err = persist(ctx, func() error {
			a, err := send(sent, buf[:n])
			if err == nil {
				sent = min(a.Size, size)
			}
			return err
		})
		if err != nil {
			f.err = err // too large, or not ours any more: the build's end tells which
			return
		}
	}
}

// end closes all logs and waits until the hub has them. It gives their names.
func (l *logs) end(ctx context.Context) ([]string, error) {
	l.mu.Lock()
	names := append([]string{}, l.order...)
	l.mu.Unlock()
	var errs error
	for _, n := range names {
		f := l.files[n]
		f.mu.Lock()
		f.ended = true
		f.signal()
		f.mu.Unlock()
	}
	for _, n := range names {
		f := l.files[n]
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if kura.Is(f.err, kura.Fenced) {
			errs = errors.Join(errs, f.err)
		}
	}
	return names, errs
}

// close lets go of the files. The context that open was given has ended, or
// end has been waited for: senders are at their end.
func (l *logs) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.files {
		<-f.done
		f.mu.Lock()
		f.ended = true
		if f.f != nil {
			_ = f.f.Close()
			f.f = nil
		}
		f.mu.Unlock()
	}
}
