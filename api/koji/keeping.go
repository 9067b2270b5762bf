package koji

import (
	"bytes"
	"context"

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

// atOnceMost bounds the answers to the entries of a multicall that are held at once:
// it comes before the places of those who are not known.
const atOnceMost = 1 << 20

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
	all, size := make([][]byte, 0, len(entries)), 0
	for _, e := range entries {
		a := s.findKept(q, e.method, e.params)
		if a == nil {
			return false, nil
		}
		a.letGo()
		if size += len(a.data); a.data == nil || size > atOnceMost {
			return false, nil
		}
		all = append(all, a.data)
	}
	if !q.cred.given() {
		out.share = &s.crowd
	}
	return true, xmlrpc.EncodeResponse(out, multiAnswer(func(enc *xmlrpc.Encoder) error {
		for _, doc := range all {
			enc.BeginArray()
			_ = enc.Raw(xmlrpc.ValueOf(doc)) // sticks
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
func (s *Server) answerKept(ctx context.Context, tx *db.Tx, q *request, actor account.Actor, out *reply) error {
	about, v, err := s.askToKeep(ctx, tx, q, actor, q.method, q.params)
	if err != nil {
		return err
	}
	out.keep = s.kept
	if err := xmlrpc.EncodeResponse(out, v); err != nil {
		return err
	}
	s.put(tx, q, about, out.take())
	return nil
}

// askToKeep gives an answer that is not encoded yet, and what was asked.
func (s *Server) askToKeep(ctx context.Context, tx *db.Tx, q *request, actor account.Actor, method string, params []any) (question, any, error) {
	positional, kw := splitKeywords(params)
	c, handler, err := s.prepare(tx, q, actor, method, positional, kw)
	if err != nil {
		return question{}, nil, err
	}
	about := ask(c.Method, c.Args) // before the handler has the arguments
	v, err := guarded(ctx, c, handler)
	return about, v, err
}

// put keeps an answer that was read, if it stays the same for any time.
func (s *Server) put(tx *db.Tx, q *request, about question, a *answer) {
	if a == nil {
		return
	}
	a.question, a.reads, a.state = about, tx.Reads(), q.state
	if q.looked && tx.ReadOnly() && a.reads.Keeps() {
		s.kept.put(a)
	} else if a.file != nil {
		a.file.Close()
	}
}

// multiKept answers an entry of a multicall likewise, with what is kept if that is
// small.
func (s *Server) multiKept(ctx context.Context, tx *db.Tx, q *request, actor account.Actor, e multiEntry, w *bytes.Buffer) error {
	var doc []byte
	if a := s.findKept(q, e.method, e.params); a != nil {
		doc = a.data
		defer a.letGo()
	}
	if doc == nil {
		about, v, err := s.askToKeep(ctx, tx, q, actor, e.method, e.params)
		if err != nil {
			return err
		}
		var buf bytes.Buffer
		if err := xmlrpc.EncodeResponse(&buf, v); err != nil {
			return err
		}
		doc = buf.Bytes()
		s.put(tx, q, about, s.kept.pack(doc))
	}
	enc := xmlrpc.NewEncoder(w)
	enc.BeginArray()
	_ = enc.Raw(xmlrpc.ValueOf(doc)) // sticks
	enc.EndArray()
	return enc.Flush()
}
