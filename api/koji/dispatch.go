package koji

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
)

// request is one HTTP call.
type request struct {
	http   *http.Request
	remote string
	method string
	params []any
	cred   credentials
	stale  bool // the session's last use should be noted

	state  db.State      // of the database, at some time after the call came
	looked bool          // it was read
	actor  account.Actor // who calls, if known
	known  bool
}

// Call is one method call: the only one of its HTTP call, or an entry of a
// multicall.
type Call struct {
	Method *Method
	Args   *Args
	Actor  account.Actor
	Tx     *db.Tx // nil for methods of mode Apart

	// Invoke calls another reading method with the rights of this one's actor.
	Invoke func(ctx context.Context, method string, params []any, kw map[string]any) (any, error)

	request *request
}

// dispatch carries out a request and writes the answer.
func (s *Server) dispatch(ctx context.Context, q *request, out *reply) (err error) {
	mode, err := s.modeOf(q)
	if err != nil {
		return err
	}
	if q.cred, err = readCredentials(q.http, q.remote); err != nil {
		return err
	}
	if mode == Read {
		if err := s.recall(ctx, q); err != nil {
			return err
		}
		if done, err := s.atOnce(q, out); done || err != nil {
			return err
		}
		if m := s.api.methods[q.method]; m != nil && m.Still && q.known {
			return s.answer(ctx, db.Nothing(), q, false, out)
		}
	}
	if !q.cred.given() {
		if mode == Read || mode == Write || isMultiCall(q.method) {
			return s.answerStranger(ctx, q, out)
		}
	}
	switch mode {
	case Write:
		out.hold = true
		return s.DB.Update(ctx, func(tx *db.Tx) error {
			out.reset() // this may be another attempt
			return s.answer(ctx, tx, q, true, out)
		})
	case Read:
		return s.read(ctx, q, out)
	default:
		if isMultiCall(q.method) {
			return s.multiApart(ctx, q, out)
		}
		return s.answerApart(ctx, q, out)
	}
}

// answerStranger answers who came without a session or a token. Nothing that
// writes is for them: they are refused without a place among the writers, of
// which there is one at a time, and read in places of their own.
func (s *Server) answerStranger(ctx context.Context, q *request, out *reply) error {
	select {
	case s.strange <- struct{}{}:
	default:
		if err := s.queue(ctx); err != nil {
			return err
		}
	}
	defer func() { <-s.strange }()
	out.share = &s.crowd
	bound, cancel := context.WithTimeout(ctx, haveStrange)
	defer cancel()
	err := s.read(bound, q, out)
	if err != nil && bound.Err() != nil && ctx.Err() == nil {
		return kura.Errorf("koji.call", kura.TooLarge, "%s took longer than %s: ask for less, or log in", q.method, haveStrange)
	}
	return err
}

// read answers what only reads.
func (s *Server) read(ctx context.Context, q *request, out *reply) error {
	view := s.DB.View
	if m, _, err := s.api.find(q.method); err == nil && m.Once && (q.known || !q.cred.given()) {
		view = s.DB.Ask
	}
	return view(ctx, func(tx *db.Tx) error {
		if out.started { // this is the second attempt of Ask, and comes too late
			return fmt.Errorf("%s asked the database more than once", q.method)
		}
		out.reset()
		return s.answer(ctx, tx, q, false, out)
	})
}

// queue waits for one of the places of strangers.
func (s *Server) queue(ctx context.Context) error {
	busy := time.NewTimer(waitStrange)
	defer busy.Stop()
	select {
	case s.strange <- struct{}{}:
		return nil
	case <-busy.C:
		return kura.Errorf("koji.call", kura.Unavailable, "too many calls without a login at once: log in, or try again later")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// modeOf looks at what is called before a transaction is opened. A multicall
// writes if one of its entries does, and runs apart if one of them must.
func (s *Server) modeOf(q *request) (Mode, error) {
	if !isMultiCall(q.method) {
		m, _, err := s.api.find(q.method)
		if err != nil {
			return 0, err
		}
		return m.Mode, nil
	}
	entries, err := multiEntries(q.params)
	if err != nil {
		return 0, err
	}
	mode := Read
	for _, e := range entries {
		m, _, err := s.api.find(e.method)
		switch {
		case err != nil:
		case m.Mode == Apart && !isLogin(e.method):
			return Apart, nil
		case m.Mode == Write:
			mode = Write
		}
	}
	return mode, nil
}

// answer runs inside the transaction of the call.
func (s *Server) answer(ctx context.Context, tx *db.Tx, q *request, writes bool, out *reply) error {
	actor, err := s.who(ctx, tx, q)
	if err == nil && writes {
		err = s.advance(ctx, tx, q, actor)
	}
	if err != nil {
		return err
	}
	if q.looked && !q.known { // now it is known who asks
		q.actor, q.known = actor, true
		if done, err := s.atOnce(q, out); done || err != nil {
			return err
		}
	}
	if isMultiCall(q.method) {
		return s.multiCall(ctx, tx, q, actor, out)
	}
	if m, _, err := s.api.find(q.method); err == nil && m.Kept {
		return s.answerKept(ctx, tx, q, actor, out)
	}
	v, err := s.invoke(ctx, tx, q, actor, q.method, q.params)
	if err != nil {
		return err
	}
	return xmlrpc.EncodeResponse(out, v)
}

// answerApart is for methods that run without a transaction: only the session
// or the token is checked in one. The call's number is noted when it went well,
// as with others; one that is repeated is told so before it runs.
func (s *Server) answerApart(ctx context.Context, q *request, out *reply) error {
	actor, err := s.whoApart(ctx, q)
	if err != nil {
		return err
	}
	numbered := actor.Session != 0 && !isLogin(q.method)
	if numbered {
		if err := s.repeated(ctx, q, actor); err != nil {
			return err
		}
	}
	v, err := s.invoke(ctx, nil, q, actor, q.method, q.params)
	if err == nil && numbered {
		err = s.DB.Update(ctx, func(tx *db.Tx) error { return s.advance(ctx, tx, q, actor) })
	}
	if err != nil {
		return err
	}
	return xmlrpc.EncodeResponse(out, v)
}

var errLooked = errors.New("looked only")

// repeated fails for a call that was carried out already, and notes nothing.
func (s *Server) repeated(ctx context.Context, q *request, actor account.Actor) error {
	stale := q.stale
	err := s.DB.Update(ctx, func(tx *db.Tx) error {
		if err := s.advance(ctx, tx, q, actor); err != nil {
			return err
		}
		return errLooked
	})
	q.stale = stale
	if errors.Is(err, errLooked) {
		return nil
	}
	return err
}

func (s *Server) whoApart(ctx context.Context, q *request) (actor account.Actor, err error) {
	if !q.cred.given() {
		return account.Actor{IP: q.remote}, nil
	}
	err = s.DB.View(ctx, func(tx *db.Tx) error {
		actor, err = s.who(ctx, tx, q)
		return err
	})
	return actor, err
}

// admit keeps out whom an exclusive session or the lock-out of the whole hub
// shuts out. It looks at each method, of a multicall too.
func (s *Server) admit(method string, a account.Actor) error {
	if !isLogin(method) && method != "exclusiveSession" && method != "logout" {
		if err := a.CheckLock(); err != nil {
			return err
		}
	}
	if s.LockOut && !isLogin(method) && method != "logout" && !a.Has("admin") {
		return fault(serverOffline, "Server disabled for maintenance")
	}
	return nil
}

// invoke is the one way to a handler: everything is checked here.
func (s *Server) invoke(ctx context.Context, tx *db.Tx, q *request, actor account.Actor, method string, params []any) (any, error) {
	positional, kw := splitKeywords(params)
	return s.call(ctx, tx, q, actor, method, positional, kw)
}

func (s *Server) call(ctx context.Context, tx *db.Tx, q *request, actor account.Actor, method string,
	positional []any, kw map[string]any) (any, error) {
	c, handler, err := s.prepare(tx, q, actor, method, positional, kw)
	if err != nil {
		return nil, err
	}
	return guarded(ctx, c, handler)
}

// prepare finds who carries out a call, and checks all that can be checked
// before.
func (s *Server) prepare(tx *db.Tx, q *request, actor account.Actor, method string,
	positional []any, kw map[string]any) (*Call, Handler, error) {
	m, handler, err := s.api.find(method)
	if err != nil {
		return nil, nil, err
	}
	args, err := s.check(m, actor, positional, kw)
	if err != nil {
		return nil, nil, err
	}
	if (m.Mode == Apart) != (tx == nil) {
		return nil, nil, kura.Errorf("koji.call", kura.Invalid,
			"%s cannot be part of another call: call it by itself", method)
	}
	c := &Call{Method: m, Args: args, Actor: actor, Tx: tx, request: q}
	c.Invoke = func(ctx context.Context, name string, params []any, kw map[string]any) (any, error) {
		inner, _, err := s.api.find(name)
		if err != nil {
			return nil, err
		}
		if inner.Mode != Read || s.nests(name) {
			return nil, kura.Errorf("koji.call", kura.Invalid, "%s cannot be called through %s", name, method)
		}
		return s.call(ctx, tx, q, actor, name, params, kw)
	}
	return c, handler, nil
}

// check binds the arguments of a call that the actor may make.
func (s *Server) check(m *Method, actor account.Actor, positional []any, kw map[string]any) (*Args, error) {
	if err := s.admit(m.Name, actor); err != nil {
		return nil, err
	}
	args, err := m.sig.bind(positional, kw)
	if err != nil {
		return nil, err
	}
	return args, m.Needs.Allow(actor)
}

// guarded turns the panic of a handler into an error, so that the client gets
// a fault and the transaction ends.
func guarded(ctx context.Context, c *Call, h Handler) (v any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in %s: %v\n%s", c.Method.Name, p, debug.Stack())
		}
	}()
	return h(ctx, c)
}
