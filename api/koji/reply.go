package koji

import (
	"net/http"
	"strconv"
	"time"

	"github.com/kura-build/kura"
)

const (
	// holdBack is how much of an answer is kept before it is streamed: smaller
	// answers get a length, and errors up to there become faults.
	holdBack = 256 << 10
	// holdMost bounds the answer of a writing call, which waits for the commit.
	holdMost = 256 << 20
	// writePatience is how long a client may take for one piece of a stream.
	writePatience = 2 * time.Minute
)

// reply gathers an answer and decides when it goes out.
type reply struct {
	w       http.ResponseWriter
	buf     []byte
	hold    bool // nothing goes out before finish
	started bool // the head is out: no way back
	share   *spools
	kept    *answer // is sent instead of what was written
	gzip    bool    // the client takes it so
	spool   *spool  // what follows the head goes through it
}

func (r *reply) Write(p []byte) (int, error) {
	if r.started {
		return r.send(p)
	}
	r.buf = append(r.buf, p...)
	if r.hold {
		if len(r.buf) > holdMost {
			return 0, kura.Errorf("koji.reply", kura.TooLarge,
				"the answer is over %d MiB: ask for less in one call", holdMost>>20)
		}
		return len(p), nil
	}
	if len(r.buf) > holdBack {
		r.started = true
		r.w.Header().Set("Content-Type", "text/xml")
		r.w.WriteHeader(http.StatusOK)
		if r.share != nil {
			r.spool, _ = newSpool(r.w, r.share) // without one it goes as the client takes it
		}
		if _, err := r.send(r.buf); err != nil {
			return 0, err
		}
		r.buf = nil
	}
	return len(p), nil
}

func (r *reply) send(p []byte) (int, error) {
	if r.spool != nil {
		return r.spool.Write(p)
	}
	// Not every ResponseWriter has deadlines; the server's has.
	_ = http.NewResponseController(r.w).SetWriteDeadline(time.Now().Add(writePatience))
	return r.w.Write(p)
}

// reset forgets what was written, before another attempt or a fault.
func (r *reply) reset() { r.buf = r.buf[:0] }

// end lets go of a stream. It is called in any case, before the handler returns.
func (r *reply) end(complete bool) {
	if r.spool != nil {
		r.spool.close(complete)
		r.spool = nil
	}
}

// finish sends what was held back, or the kept answer.
func (r *reply) finish() {
	if r.kept != nil {
		r.sendKept()
		return
	}
	if r.started {
		r.end(true)
		return
	}
	r.started = true
	r.w.Header().Set("Content-Type", "text/xml")
	r.w.Header().Set("Content-Length", strconv.Itoa(len(r.buf)))
	r.w.WriteHeader(http.StatusOK)
	_, _ = r.send(r.buf) // a client that has gone hears nothing
}

// sendKept sends a kept answer. What cannot be read is cut off: its length was
// promised.
func (r *reply) sendKept() {
	r.started = true
	head := r.w.Header()
	head.Set("Content-Type", "text/xml")
	file, size := r.kept.file, r.kept.size
	if r.gzip {
		if packed, short := r.kept.compressed(); packed != nil {
			file, size = packed, short
			head.Set("Content-Encoding", "gzip")
		}
	}
	head.Set("Content-Length", strconv.FormatInt(size, 10))
	r.w.WriteHeader(http.StatusOK)
	if r.kept.data != nil {
		_, _ = r.send(r.kept.data) // a client that has gone hears nothing
		return
	}
	buf := make([]byte, min(size, 256<<10))
	for at := int64(0); at < size; {
		n, err := file.ReadAt(buf[:min(int64(len(buf)), size-at)], at)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		if _, err := r.send(buf[:n]); err != nil {
			return // the client has gone
		}
		at += int64(n)
	}
}
