package nats

import (
	"context"
	"errors"
	"time"

	"github.com/kura-build/kura/bus"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// ackWait is how soon an event comes again after its consumer died. A
	// consumer that lives says so three times in it.
	ackWait = 30 * time.Second
	// maxPending is how many events of a durable may rest after failures
	// before later ones wait too.
	maxPending = 20_000
	// retryAfter is the pause when the bus itself is in trouble.
	retryAfter = time.Second
	// firstWait and lastWait bound how long the next event is waited for
	// before it is asked for again, see next. lastWait is longer than the
	// silence after which the library says that the store is away.
	firstWait = 10 * time.Millisecond
	lastWait  = 2 * ackWait
)

// Consume implements bus.Bus.
func (b *Bus) Consume(ctx context.Context, durable, filter string, fn func(context.Context, bus.Event) error) error {
	const op = "bus/nats.Consume"
	if err := bus.CheckConsume(op, durable, filter); err != nil {
		return err
	}
	run, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(b.life, cancel)()
	for run.Err() == nil {
		if err := b.consume(run, durable, filter, fn); err != nil && run.Err() == nil {
			b.log.Warn("consuming events", "durable", durable, "err", err)
			select {
			case <-run.Done():
			case <-time.After(retryAfter):
			}
		}
	}
	if ctx.Err() == nil {
		return b.alive(op)
	}
	return nil
}

// consume handles events until ctx ends or the bus is in trouble. It asks for
// one event at a time: one that was fetched ahead would wait behind a slow one
// while another consumer is idle.
func (b *Bus) consume(ctx context.Context, durable, filter string, fn func(context.Context, bus.Event) error) error {
	cons, err := b.consumer(ctx, durable, filter)
	if err != nil {
		return err
	}
	// One at most, so Next asks for the next only when it is called.
	iter, err := cons.Messages(jetstream.PullMaxMessages(1), jetstream.PullExpiry(ackWait), jetstream.WithMessagesErrOnMissingHeartbeat(true))
	if err != nil {
		return err
	}
	defer b.leave(iter)
	for ctx.Err() == nil {
		msg, err := next(ctx, iter)
		if err == nil {
			err = b.handle(ctx, msg, fn)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// consumer makes the durable, or finds it. One at a time: the store answers who
// comes second before the durable listens, and what is asked of it then is lost
// until a heartbeat is missed.
func (b *Bus) consumer(ctx context.Context, durable, filter string) (jetstream.Consumer, error) {
	b.naming.Lock()
	defer b.naming.Unlock()
	return b.js.CreateOrUpdateConsumer(ctx, b.stream, jetstream.ConsumerConfig{
		Durable:       durable,
		FilterSubject: filter,
		DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       ackWait,
		MaxDeliver:    -1,
		MaxAckPending: maxPending,
	})
}

// next waits for an event. The library asks the store when it is called, unless
// its last request is still being sent; an answer can be here before it has
// noted that the request was sent, and then nothing is asked, and the wait would
// be for ever (nats.go 1.55). So the first waits are short: each begins with
// asking, where that is missing.
func next(ctx context.Context, iter jetstream.MessagesContext) (jetstream.Msg, error) {
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		turn, cancel := context.WithTimeout(ctx, wait)
		msg, err := iter.Next(jetstream.NextContext(turn))
		cancel()
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return msg, err
		}
	}
}

// leave gives back what the store sent while we were leaving; without that it
// would wait for an answer before giving it to anybody else.
func (b *Bus) leave(iter jetstream.MessagesContext) {
	iter.Drain()
	for {
		msg, err := iter.Next(jetstream.NextMaxWait(retryAfter))
		if err != nil {
			break
		}
		if err := msg.Nak(); err != nil {
			break
		}
	}
	iter.Stop()
	if b.life.Err() == nil {
		// It matters only that it was tried before the caller goes on.
		_ = b.events.FlushTimeout(retryAfter)
	}
}

// handle gives one event to fn and tells the store how it went.
func (b *Bus) handle(ctx context.Context, msg jetstream.Msg, fn func(context.Context, bus.Event) error) error {
	meta, err := msg.Metadata()
	if err != nil {
		return err
	}
	done := make(chan struct{})
	go hold(msg, done)
	err = fn(ctx, bus.Event{
		Subject: msg.Subject(), ID: msg.Headers().Get(jetstream.MsgIDHeader), Data: msg.Data(),
		Time: meta.Timestamp, Delivery: int(meta.NumDelivered),
	})
	close(done)
	if err == nil {
		// Told also while stopping, or it would be done twice.
		told, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishWithin)
		defer cancel()
		return msg.DoubleAck(told)
	}
	if ctx.Err() != nil { // not its fault: whoever consumes next gets it at once
		return msg.Nak()
	}
	pause := b.config.Pause(int(meta.NumDelivered))
	b.log.Info("event comes again", "subject", msg.Subject(), "delivery", meta.NumDelivered, "pause", pause, "err", err)
	return msg.NakWithDelay(pause)
}

// hold keeps the store from giving the event to somebody else meanwhile.
func hold(msg jetstream.Msg, done <-chan struct{}) {
	tick := time.NewTicker(ackWait / 3)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			if msg.InProgress() != nil {
				return
			}
		}
	}
}
