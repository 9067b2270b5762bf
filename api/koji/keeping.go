package koji

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
)

// recall reads the state that the database is in, if the answer may be kept or the
// caller may be known, and finds who that is.
func (s *Server) recall(ctx context.Context, q *request) (err error) {
	if !q.cred.given() {
		q.known, q.actor = true, account.Actor{IP: q.remote}
		if m, _, err := s.api.find(q.method); !isMultiCall(q.method) && (err != nil || !m.Kept) {
			return nil
		}
	}
	if q.state, err = s.DB.State(ctx); err != nil {
		return err
	}
	q.looked = true
	if !q.known {
		q.actor, q.known = s.Sessions.Recall(q.cred.Credentials, q.cred.token, q.state)
	}
	return nil
}

// atOnce answers without a transaction what can be: all of it is kept. What is wrong
// with a call is told where it is carried out.
func (s *Server) atOnce(q *request, out *reply) (done bool, err error) {
	if !q.known || !q.looked {
		return false, nil
	}
	if !isMultiCall(q.method) {
		out.kept = s.findKept(q, q.method, q.params)
		return out.kept != nil, nil
	}
	entries, err := multiEntries(q.params)
	if err != nil {
		return false, err
	}
	all := make([]*answer, 0, len(entries))
	defer func() {
		for _, a := range all {
			a.letGo()
		}
	}()
	for _, e := range entries {
		a := s.findKept(q, e.method, e.params)
		if a == nil {
			return false, nil
		}
		if all = append(all, a); a.data == nil {
			return false, nil
		}
	}
	if !q.cred.given() {
		out.share = &s.crowd
	}
	return true, xmlrpc.EncodeResponse(out, multiAnswer(func(enc *xmlrpc.Encoder) error {
		for _, a := range all {
			enc.BeginArray()
			_ = enc.Raw(xmlrpc.ValueOf(a.data)) // sticks
			enc.EndArray()
		}
		return enc.Err()
	}))
}

// findKept gives the answer that is kept to a call that may be made, or nil.
func (s *Server) findKept(q *request, method string, params []any) *answer {
	m, _, err := s.api.find(method)
	if err != nil || !m.Kept {
		return nil
	}
	positional, kw := splitKeywords(params)
	args, err := s.check(m, q.actor, positional, kw)
	if err != nil {
		return nil
	}
	return s.kept.find(ask(m, args), q.state)
}

// answerKept answers a method whose answers are kept with a new one, which is kept
// on its way out.
func (s *Server) answerKept(ctx context.Context, tx *db.Tx, q *request, actor account.Actor, method string, params []any, out io.Writer) error {
	positional, kw := splitKeywords(params)
	c, handler, err := s.prepare(tx, q, actor, method, positional, kw)
	if err != nil {
		return err
	}
	about := ask(c.Method, c.Args) // before the handler has the arguments
	v, err := guarded(ctx, c, handler)
	if err != nil {
		return err
	}
	t := &tee{out: out, from: s.kept.from}
	defer t.close()
	if err := xmlrpc.EncodeResponse(t, v); err != nil {
		return err
	}
	if a := t.take(); a != nil && tx.Reads().Keeps() {
		a.question, a.reads, a.state = about, tx.Reads(), q.state
		s.kept.put(a)
	}
	return nil
}

// multiKept answers an entry of a multicall likewise, with what is kept if there is
// something.
func (s *Server) multiKept(ctx context.Context, tx *db.Tx, q *request, actor account.Actor, e multiEntry, w *bytes.Buffer) error {
	var doc []byte
	if a := s.findKept(q, e.method, e.params); a != nil {
		doc = a.data
		defer a.letGo()
	}
	if doc == nil {
		var buf bytes.Buffer
		if err := s.answerKept(ctx, tx, q, actor, e.method, e.params, &buf); err != nil {
			return err
		}
		doc = buf.Bytes()
	}
	enc := xmlrpc.NewEncoder(w)
	enc.BeginArray()
	_ = enc.Raw(xmlrpc.ValueOf(doc)) // sticks
	enc.EndArray()
	return enc.Flush()
}

// tee writes an answer to the client, and keeps what it writes: in memory while it is
// small, and in a file then.
type tee struct {
	out  io.Writer
	from int64  // the size of what lies in a file
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
		var err error
		if t.file, err = nameless("kura-kept-"); err != nil {
			t.over = true
			return
		}
		t.buf = bufio.NewWriterSize(t.file, 256<<10)
		_, _ = t.buf.Write(t.head) // the writer remembers an error
		t.head = nil
	}
	if _, err := t.buf.Write(p); err != nil || t.size > keepMost {
		t.over = true
		t.close()
	}
}

// take gives a whole answer, or nil.
func (t *tee) take() *answer {
	if t.over {
		return nil
	}
	if t.file == nil {
		return &answer{data: bytes.Clone(t.head), size: t.size}
	}
	if t.buf.Flush() != nil {
		return nil
	}
	f := t.file
	t.file = nil
	return &answer{file: f, size: t.size}
}

func (t *tee) close() {
	if t.file != nil {
		t.file.Close()
		t.file = nil
	}
}
