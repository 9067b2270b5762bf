package koji

import (
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/kura-build/kura"
)

const (
	// maxKnown and maxStrangers bound what the answers to callers who are known,
	// and to those who are not, keep on disk together.
	maxKnown     = 2 << 30
	maxStrangers = 1 << 30
	// slowest is how many bytes a second a client must take, but for the first
	// minutes, for which it may take its time.
	slowest = 32 << 10
	grace   = 5 * time.Minute
)

// spools counts the disk that answers have taken.
type spools struct {
	max  int64
	wait bool // without room, go as fast as the client; otherwise give up

	mu   sync.Mutex
	used int64
}

var errCrowded = kura.Errorf("koji.reply", kura.Unavailable, "too many long answers wait for slow clients: take this one faster, or log in")

// take asks for more room, and gives none when there is none left.
func (s *spools) take(n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used+n > s.max {
		return false
	}
	s.used += n
	return true
}

func (s *spools) give(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used -= n
}

// spool takes an answer as fast as it is made, and gives it to the client as
// fast as that takes it: a transaction stays open while its answer is made, and
// there are few of them, so it must not wait for whoever reads slowly. What the
// client has not taken yet lies in a file without a name.
type spool struct {
	w     http.ResponseWriter
	rc    *http.ResponseController
	file  *os.File
	share *spools
	done  chan struct{}
	began time.Time
	sent  int64

	mu       sync.Mutex
	changed  *sync.Cond
	in, out  int64 // where in the file is written and read; both 0 when they meet
	size     int64 // of the file, as counted in share
	complete bool
	err      error
}

func newSpool(w http.ResponseWriter, share *spools) (*spool, error) {
	f, err := nameless("kura-answer-")
	if err != nil {
		return nil, err
	}
	s := &spool{w: w, rc: http.NewResponseController(w), file: f, share: share, done: make(chan struct{}), began: time.Now()}
	s.changed = sync.NewCond(&s.mu)
	go s.send()
	return s, nil
}

func (s *spool) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.in == s.out {
		s.in, s.out = 0, 0
	}
	if more := s.in + int64(len(p)) - s.size; more > 0 {
		if s.share.take(more) {
			s.size += more
		} else if !s.share.wait && s.in != s.out {
			return 0, errCrowded
		} else if err := s.drain(); err != nil {
			return 0, err
		}
	}
	if s.err != nil {
		return 0, s.err
	}
	if _, err := s.file.WriteAt(p, s.in); err != nil { // no room on disk
		if err := s.drain(); err != nil {
			return 0, err
		}
		return s.direct(p)
	}
	s.in += int64(len(p))
	s.changed.Broadcast()
	return len(p), nil
}

// drain waits until the client has all that there is.
func (s *spool) drain() error {
	for s.in != s.out && s.err == nil {
		s.changed.Wait()
	}
	s.in, s.out = 0, 0
	return s.err
}

// direct writes to the client, which send leaves alone while there is nothing
// in the file.
func (s *spool) direct(p []byte) (int, error) {
	n, err := s.put(p)
	if err != nil {
		s.err = err
	}
	return n, err
}

func (s *spool) put(p []byte) (int, error) {
	until := time.Now().Add(writePatience)
	if last := s.began.Add(grace + time.Duration(s.sent/slowest)*time.Second); last.Before(until) {
		until = last
	}
	_ = s.rc.SetWriteDeadline(until) // not every ResponseWriter has deadlines; the server's has
	n, err := s.w.Write(p)
	s.sent += int64(n)
	return n, err
}

// send runs beside the handler until all is sent, or nothing more can be.
func (s *spool) send() {
	defer close(s.done)
	buf := make([]byte, 64<<10)
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		for s.in == s.out && !s.complete && s.err == nil {
			s.changed.Wait()
		}
		if s.err != nil || s.in == s.out {
			return
		}
		n, at := min(int64(len(buf)), s.in-s.out), s.out
		s.mu.Unlock()
		_, err := s.file.ReadAt(buf[:n], at)
		if err == nil {
			_, err = s.put(buf[:n])
		}
		s.mu.Lock()
		if err != nil && s.err == nil {
			s.err = err
		}
		s.out += n
		s.changed.Broadcast()
	}
}

// close waits until the client has all of a complete answer; what is not
// complete is left where it is. Nothing is written after it.
func (s *spool) close(complete bool) {
	s.mu.Lock()
	s.complete = true
	if !complete && s.err == nil {
		s.err = http.ErrAbortHandler
		_ = s.rc.SetWriteDeadline(time.Now())
	}
	s.changed.Broadcast()
	s.mu.Unlock()
	<-s.done
	s.file.Close()
	s.share.give(s.size)
}

// nameless makes a file that is gone with the last who has it open.
func nameless(prefix string) (*os.File, error) {
	f, err := os.CreateTemp("", prefix)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
