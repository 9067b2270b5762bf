package koji

import (
	"bufio"
	linked "container/list"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
)

const (
	// keepFrom is the size from which an answer is worth keeping: making a
	// smaller one costs little more than finding it.
	keepFrom = 32 << 10
	// keepMost bounds one answer, keepAll all of them, and keepFiles how many
	// files lie open for them.
	keepMost  = 256 << 20
	keepAll   = 1 << 30
	keepFiles = 256
)

// question is what an answer depends on besides the records: the method and
// its arguments as they were bound.
type question [sha256.Size]byte

// keep holds encoded answers of methods that are marked so, for as long as
// nothing that they may tell has changed. The bytes lie in files without a
// name: the kernel keeps in memory what is asked for often, and no more than
// there is room for.
type keep struct {
	from int64 // the size of the smallest

	mu    sync.Mutex
	by    map[question]*linked.Element // of *answer
	order linked.List                  // last asked for first
	size  int64
}

// answer is a kept one. It is closed when nobody keeps or sends it any more.
type answer struct {
	question question
	state    int64 // of the records that it was made of
	file     *os.File
	size     int64
	users    int
}

// find gives an answer made of the records in this state, or nil. It must be
// let go of.
func (k *keep) find(q question, state int64) *answer {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.by[q]
	if e == nil {
		return nil
	}
	a := e.Value.(*answer)
	if a.state != state {
		return nil // a newer one may be there already: who reads an older state makes its own
	}
	k.order.MoveToFront(e)
	a.users++
	return a
}

func (k *keep) letGo(a *answer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.drop(a)
}

func (k *keep) drop(a *answer) {
	if a.users--; a.users == 0 {
		a.file.Close()
		k.size -= a.size
	}
}

func (k *keep) forget(e *linked.Element) {
	a := k.order.Remove(e).(*answer)
	delete(k.by, a.question)
	k.drop(a)
}

// put keeps an answer in the place of an older one, and forgets those that were
// not asked for the longest.
func (k *keep) put(a *answer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e := k.by[a.question]; e != nil {
		if e.Value.(*answer).state >= a.state {
			a.file.Close()
			return
		}
		k.forget(e)
	}
	if k.by == nil {
		k.by = map[question]*linked.Element{}
	}
	a.users = 1
	k.size += a.size
	k.by[a.question] = k.order.PushFront(a)
	for k.order.Len() > 1 && (k.size > keepAll || k.order.Len() > keepFiles) {
		k.forget(k.order.Back())
	}
}

// answerKept answers a method whose answers are kept: with the one that is
// there, or with a new one, which is kept on its way out.
func (s *Server) answerKept(ctx context.Context, tx *db.Tx, q *request, actor account.Actor, out *reply) error {
	positional, kw := splitKeywords(q.params)
	c, handler, err := s.prepare(tx, q, actor, q.method, positional, kw)
	if err != nil {
		return err
	}
	state, err := tx.State(ctx)
	if err != nil {
		return err
	}
	about := ask(c)
	if out.kept = s.kept.find(about, state); out.kept != nil {
		return nil
	}
	v, err := guarded(ctx, c, handler)
	if err != nil {
		return err
	}
	t := &tee{out: out, from: s.kept.from}
	defer t.close()
	if err := xmlrpc.EncodeResponse(t, v); err != nil {
		return err
	}
	if file, size := t.take(); file != nil {
		s.kept.put(&answer{question: about, state: state, file: file, size: size})
	}
	return nil
}

// ask tells questions apart.
func ask(c *Call) (q question) {
	h := sha256.New()
	fmt.Fprintf(h, "%q", c.Method.Name)
	for _, v := range c.Args.values {
		mark(h, v)
	}
	mark(h, c.Args.Keywords)
	h.Sum(q[:0])
	return q
}

// mark writes a value so that no other has the same text.
func mark(w io.Writer, v any) {
	switch v := v.(type) {
	case []any:
		fmt.Fprintf(w, "[%d", len(v))
		for _, e := range v {
			mark(w, e)
		}
	case map[string]any:
		fmt.Fprintf(w, "{%d", len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			fmt.Fprintf(w, "%q", k)
			mark(w, v[k])
		}
	default:
		fmt.Fprintf(w, "(%T %q)", v, fmt.Sprint(v))
	}
}

// tee writes an answer to the client, and what is worth it to a file.
type tee struct {
	out  io.Writer
	from int64
	head []byte // before there is a file
	file *os.File
	buf  *bufio.Writer
	size int64
	over bool // not to be kept
}

func (t *tee) Write(p []byte) (int, error) {
	t.note(p)
	return t.out.Write(p)
}

func (t *tee) note(p []byte) {
	if t.over {
		return
	}
	t.size += int64(len(p))
	if t.size < t.from {
		t.head = append(t.head, p...)
		return
	}
	if t.file == nil {
		f, err := os.CreateTemp("", "kura-kept-")
		if err != nil {
			t.over = true
			return
		}
		t.file, t.buf = f, bufio.NewWriterSize(f, 256<<10)
		if t.over = os.Remove(f.Name()) != nil; t.over {
			return
		}
		_, _ = t.buf.Write(t.head) // the writer remembers an error
		t.head = nil
	}
	if _, err := t.buf.Write(p); err != nil || t.size > keepMost {
		t.over = true
		t.close()
	}
}

// take gives the file of a whole answer, or nil.
func (t *tee) take() (*os.File, int64) {
	if t.over || t.file == nil || t.buf.Flush() != nil {
		return nil, 0
	}
	f := t.file
	t.file = nil
	return f, t.size
}

func (t *tee) close() {
	if t.file != nil {
		t.file.Close()
		t.file = nil
	}
}
