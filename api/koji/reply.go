package koji

import (
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/spliced"
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
	keep    *keep   // what is written is to be kept there: see take
	pack    *packer // of what follows the head, for the client or to be kept
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
		if err := r.start(); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// start lets the head out, and what has been written.
func (r *reply) start() error {
	r.started = true
	r.head()
	if r.gzip {
		r.w.Header().Set("Content-Encoding", "gzip")
	}
	r.w.WriteHeader(http.StatusOK)
	if r.share != nil {
		r.spool, _ = newSpool(r.w, r.share) // without one it goes as the client takes it
	}
	switch {
	case r.gzip:
		r.pack = newPacker(toClient{r}, r.keep != nil)
	case r.keep != nil:
		r.pack = newPacker(nil, true)
	}
	_, err := r.send(r.buf)
	r.buf = nil
	return err
}

// splice writes a piece of an answer that is compressed already. Who has it open too
// gives that as well.
func (r *reply) splice(p spliced.Piece, open []byte) (err error) {
	if !r.started && !r.hold && int64(len(r.buf))+p.Size > holdBack {
		if err := r.start(); err != nil {
			return err
		}
	}
	if r.started && r.pack != nil {
		if err := r.pack.splice(p); err != nil || r.gzip {
			return err
		}
	}
	if open == nil {
		if open, err = p.Open(); err != nil {
			return err
		}
	}
	if r.started {
		_, err = toClient{r}.Write(open)
	} else {
		_, err = r.Write(open)
	}
	return err
}

func (r *reply) head() { r.w.Header().Set("Content-Type", "text/xml") }

func (r *reply) send(p []byte) (int, error) {
	if r.pack != nil {
		if err := r.pack.write(p); err != nil || r.gzip {
			return len(p), err
		}
	}
	return toClient{r}.Write(p)
}

// toClient writes what the client gets as it is.
type toClient struct{ *reply }

func (r toClient) Write(p []byte) (int, error) {
	if r.spool != nil {
		return r.spool.Write(p)
	}
	// Not every ResponseWriter has deadlines; the server's has.
	_ = http.NewResponseController(r.w).SetWriteDeadline(time.Now().Add(writePatience))
	return r.w.Write(p)
}

// take gives the answer that was written whole, to be kept, or nil. Nothing is
// written after it.
func (r *reply) take() *answer {
	if r.pack != nil {
		return r.pack.take()
	}
	return r.keep.pack(r.buf)
}

// reset forgets what was written, before another attempt or a fault.
func (r *reply) reset() { r.buf = r.buf[:0] }

// end lets go of a stream. It is called in any case, before the handler returns.
func (r *reply) end(complete bool) error {
	var err error
	if r.pack != nil {
		if complete {
			err = r.pack.finish()
			complete = err == nil
		}
		r.pack.letGo()
		r.pack = nil
	}
	if r.spool != nil {
		r.spool.close(complete)
		r.spool = nil
	}
	return err
}

// finish sends what was held back, or the kept answer.
func (r *reply) finish() {
	if r.kept != nil {
		r.sendKept()
		return
	}
	if r.started {
		if r.end(true) != nil { // half an answer must not look like a whole one
			panic(http.ErrAbortHandler)
		}
		return
	}
	r.whole(r.buf)
}

// whole sends an answer in one piece.
func (r *reply) whole(p []byte) {
	r.started = true
	r.head()
	r.w.Header().Set("Content-Length", strconv.Itoa(len(p)))
	r.w.WriteHeader(http.StatusOK)
	_, _ = toClient{r}.Write(p) // a client that has gone hears nothing
}

// sendKept sends a kept answer. What cannot be read is cut off: its length was
// promised.
func (r *reply) sendKept() {
	if r.kept.data != nil {
		r.whole(r.kept.data)
		return
	}
	r.started = true
	r.head()
	var in io.Reader = io.NewSectionReader(r.kept.file, 0, r.kept.size)
	size := r.kept.size
	if r.gzip {
		r.w.Header().Set("Content-Encoding", "gzip")
	} else {
		z, err := gzip.NewReader(in)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		in, size = z, r.kept.whole
	}
	r.w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	r.w.WriteHeader(http.StatusOK)
	buf := make([]byte, min(size, 64<<10))
	for size > 0 {
		n, err := io.ReadFull(in, buf[:min(int64(len(buf)), size)])
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		if _, err := (toClient{r}).Write(buf[:n]); err != nil {
			return // the client has gone
		}
		size -= int64(n)
	}
}
