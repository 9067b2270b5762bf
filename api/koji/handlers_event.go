package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/event"
)

// Events carries out what concerns moments of change.
type Events struct{}

// Handlers are the methods.
func (h Events) Handlers() Handlers {
	return Handlers{"getEvent": h.get, "getLastEvent": h.last}
}

func eventStruct(e event.Event) xmlrpc.Struct { return record("id", e.ID, "ts", TimeTS(e.Time)) }

func (Events) get(ctx context.Context, c *Call) (any, error) {
	id, strict := c.Args.Int("id"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	e, err := event.Get(ctx, c.Tx, id)
	return lookedUp(strict, eventStruct(e), err)
}

// last gives the newest event, or the newest before a time in seconds.
func (Events) last(ctx context.Context, c *Call) (any, error) {
	before, strict := c.Args.OptDouble("before"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	var at int64
	if before != nil {
		at = max(1, int64(*before*1e6))
	}
	e, err := event.Last(ctx, c.Tx, at)
	if err == nil && e.ID == 0 {
		err = kura.Errorf("koji.getLastEvent", kura.NotFound, "there is no event before that time")
	}
	return lookedUp(strict, eventStruct(e), err)
}
