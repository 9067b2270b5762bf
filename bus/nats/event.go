package nats

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/kura-build/kura/bus"
	"github.com/nats-io/nats.go/jetstream"
)

// publishWithin bounds one try to publish, lookAfter is when to see whether the
// store is still working.
const (
	publishWithin = 10 * time.Second
	lookAfter     = 500 * time.Millisecond
)

// ensure makes the stream of events when it is not there. An external one that
// is there belongs to whoever set it up; our own follows the configuration.
func (b *Bus) ensure(ctx context.Context) error {
	const op = "bus/nats.Open"
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	stream, err := b.js.Stream(ctx, b.stream)
	missing := errors.Is(err, jetstream.ErrStreamNotFound)
	if err != nil && !missing {
		return b.fail(op, b.stream, err)
	}
	// Also one that never got an event: the hub that made it may have died
	// before it began to fill it.
	b.fresh = missing || stream.CachedInfo().State.LastSeq == 0
	if !missing && b.config.External != nil {
		return nil
	}
	config := jetstream.StreamConfig{
		Name:        b.stream,
		Description: "kura's events, filled from its database",
		Subjects:    []string{bus.Prefix + ">"},
		Retention:   jetstream.LimitsPolicy,
		Discard:     jetstream.DiscardOld,
		MaxAge:      bus.Keep,
		MaxBytes:    b.config.MaxStore,
		Storage:     jetstream.FileStorage,
		Duplicates:  bus.Window,
		Replicas:    1,
	}
	if ext := b.config.External; ext != nil {
		config.Replicas = max(ext.Replicas, 1)
	}
	_, err = b.js.CreateOrUpdateStream(ctx, config)
	return b.fail(op, b.stream, err)
}

// Publish implements bus.Bus.
func (b *Bus) Publish(ctx context.Context, subject, id string, data []byte) error {
	const op = "bus/nats.Publish"
	if err := bus.CheckEvent(op, subject, id, data); err != nil {
		return err
	}
	if err := b.alive(op); err != nil {
		return err
	}
	if err := b.mend(op); err != nil {
		return err
	}
	err := b.publish(ctx, subject, id, data)
	if err != nil && b.sick() != "" {
		b.ill.Store(true)
		if err := b.mend(op); err != nil {
			return err
		}
		err = b.publish(ctx, subject, id, data)
	}
	return b.fail(op, subject, err)
}

// publish tries once. A store that cannot write gives no answer at all, so after
// a while somebody goes and looks.
func (b *Bus) publish(ctx context.Context, subject, id string, data []byte) error {
	limited, cancel := context.WithTimeout(ctx, publishWithin)
	defer cancel()
	look := time.AfterFunc(lookAfter, func() {
		if b.sick() != "" {
			cancel()
		}
	})
	defer look.Stop()
	_, err := b.js.Publish(limited, subject, data, jetstream.WithMsgID(id), jetstream.WithExpectStream(b.stream))
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return errors.New("the store gave no answer")
	}
	return err
}

// fullStore knows the ways in which JetStream says that there is no room.
func fullStore(err error) bool {
	var api *jetstream.APIError
	if errors.As(err, &api) && (api.ErrorCode == 10023 || api.ErrorCode == 10047) { // insufficient resources, storage
		return true
	}
	return strings.Contains(err.Error(), "no space left")
}
