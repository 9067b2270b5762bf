package koji

import (
	"bytes"
	"context"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
)

// multiApart carries out a multicall of which an entry must not run inside a
// transaction: it copies packages, and would keep all other writers waiting.
// Each entry is committed by itself then, in order; to the client it is the
// same, for an entry that fails has never undone the others.
func (s *Server) multiApart(ctx context.Context, q *request, out *reply) error {
	actor, err := s.whoApart(ctx, q)
	if err != nil {
		return err
	}
	if err := s.DB.Update(ctx, func(tx *db.Tx) error { return s.advance(ctx, tx, q, actor) }); err != nil {
		return err
	}
	entries, err := multiEntries(q.params)
	if err != nil {
		return err
	}
	out.hold = true
	return s.multiEach(ctx, entries, out, func(e multiEntry, w *bytes.Buffer) error {
		return s.entryApart(ctx, q, actor, e, w)
	})
}

func (s *Server) entryApart(ctx context.Context, q *request, actor account.Actor, entry multiEntry, w *bytes.Buffer) error {
	run := func(tx *db.Tx) error {
		w.Reset() // this may be another attempt
		return s.multiOne(ctx, tx, q, actor, entry, w)
	}
	mode := Read
	if m, _, err := s.api.find(entry.method); err == nil {
		mode = m.Mode
	}
	switch {
	case isLogin(entry.method):
		return fault(genericError, "%s cannot be part of another call: call it by itself", entry.method)
	case mode == Apart:
		return run(nil)
	case mode == Write:
		return s.DB.Update(ctx, run)
	}
	return s.DB.View(ctx, run)
}
