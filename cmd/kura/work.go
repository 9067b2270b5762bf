package main

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/source"
	"github.com/kura-build/kura/hub/tag"
)

func (h *house) lookaside() *source.Lookaside { return source.NewLookaside(h.db, h.blobs) }

// work is what a hub does beside answering.
func (h *house) work(ctx context.Context, g *errgroup.Group) {
	g.Go(func() error { return h.board.Run(ctx) })
	g.Go(func() error { return h.runner.Run(ctx) })
	g.Go(func() error { h.tasks.Sweeping(ctx, h.db, h.log); return nil })
	g.Go(func() error { h.pump(ctx); return nil })
	g.Go(func() error { h.tidy(ctx); return nil })
}

// pump carries the outbox to this hub's bus.
func (h *house) pump(ctx context.Context) {
	wake := make(chan struct{}, 1)
	stop, err := h.bus.Listen("task.>", func(string, []byte) {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	if err != nil {
		h.log.Warn("the outbox is published by the clock only", "err", err)
	} else {
		defer stop()
	}
	p := &event.Pump{DB: h.db, Bus: h.bus, Hub: h.bus.Store(), Fresh: h.bus.Fresh(), Log: h.log}
	p.Run(ctx, wake)
}

const (
	keepExpired = 24 * time.Hour  // an expired repository that nobody uses
	sealAfter   = 5 * time.Minute // a log that does not grow any more
	keepBlobs   = 48 * time.Hour  // bytes that no name stands for
)

// tidy makes whole what grew in pieces, gives up old repositories and sweeps
// bytes that lost their names.
func (h *house) tidy(ctx context.Context) {
	small := time.NewTicker(time.Minute)
	defer small.Stop()
	large := time.NewTicker(6 * time.Hour)
	defer large.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-small.C:
			if n, err := file.SealOld(ctx, h.db, h.blobs, sealAfter, 50); err != nil {
				h.log.Warn("seal logs", "sealed", n, "err", err)
			}
			if err := h.expire(ctx); err != nil {
				h.log.Warn("expire repositories", "err", err)
			}
		case <-large.C:
			got, err := file.Sweep(ctx, h.db, h.blobs, keepBlobs)
			if err != nil {
				h.log.Warn("sweep the store", "err", err)
				continue
			}
			h.log.Info("swept the store", "blobs", got.Blobs, "bytes", got.Bytes, "removed", got.Removed, "missing", len(got.Missing))
		}
	}
}

func (h *house) expire(ctx context.Context) error {
	var tags []tag.Tag
	err := h.db.View(ctx, func(tx *db.Tx) (err error) {
		tags, err = tag.List(ctx, tx, tag.Query{})
		return err
	})
	if err != nil {
		return err
	}
	for _, t := range tags {
		err := h.db.Update(ctx, func(tx *db.Tx) error {
			_, err := repo.Expire(ctx, tx, t.ID, keepExpired.Microseconds())
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
