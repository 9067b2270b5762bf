package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/signer"
	"github.com/kura-build/kura/worker"
)

// drain is how long running builds may go on once a builder is told to stop.
const drain = 24 * time.Hour

// up runs hub, builder and signer together. The builder stops first: its
// results are to reach the hub. A second interrupt stops everything at once.
func up(ctx context.Context, c *Config, log *slog.Logger) error {
	second, stop := secondInterrupt(ctx, log)
	defer stop()
	var lifeline io.Closer
	signerDone := make(chan error, 1)
	if c.Signer.Enabled {
		var err error
		if lifeline, err = startSigner(second, c, log, signerDone); err != nil {
			return err
		}
		defer lifeline.Close()
	}
	h, err := newHouse(ctx, c, log)
	if err != nil {
		return err
	}
	defer h.close()
	hub, stopHub := context.WithCancel(second)
	defer stopHub()
	g, _ := errgroup.WithContext(hub)
	ready := make(chan struct{})
	g.Go(func() error {
		err := h.run(hub, func() { close(ready) })
		stopHub()
		return err
	})
	g.Go(func() error {
		defer stopHub()
		select {
		case <-ready:
		case <-hub.Done():
			return nil
		}
		if !c.Builder.Enabled {
			select {
			case <-ctx.Done():
			case <-hub.Done():
			}
			return nil
		}
		work, cancel := context.WithCancel(ctx)
		defer cancel()
		context.AfterFunc(second, cancel)
		context.AfterFunc(hub, cancel)
		return atWork(second, func() error { return worker.Run(work, workerConfig(c, log)) })
	})
	g.Go(func() error {
		select {
		case err := <-signerDone:
			if hub.Err() == nil { // reading and building need no keys
				log.Error("the signer ended: nothing is signed until kura is started again; kura doctor may say why", "err", err)
			}
			return nil
		case <-hub.Done():
			return nil
		}
	})
	return stopped(g.Wait())
}

// secondInterrupt is a context that ends with the second interrupt, and later
// than ctx, which ends with the first.
func secondInterrupt(ctx context.Context, log *slog.Logger) (context.Context, func()) {
	second, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ch := make(chan os.Signal, 2)
	done := make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
		case <-done:
			return
		}
		log.Info("taking no new work; interrupt again to stop at once")
		signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
		select {
		case <-ch:
			cancel()
		case <-done:
		}
	}()
	return second, func() { close(done); signal.Stop(ch); cancel() }
}

func startSigner(ctx context.Context, c *Config, log *slog.Logger, done chan<- error) (io.Closer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	uid, gid, err := signerUser(c)
	if err != nil {
		return nil, err
	}
	cmd, lifeline, err := signer.Command(self, signer.Config{
		Dir: filepath.Dir(c.Signer.Socket), Socket: c.Signer.Socket, AllowUIDs: []uint32{uint32(os.Getuid())},
		PerMinute: c.Signer.PerMinute, Lifeline: true, UID: uint32(uid), GID: uint32(gid),
		LogLevel: c.Log.Level, LogFormat: c.Log.Format, Log: log,
	})
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the signer: %w", err), lifeline.Close())
	}
	go func() { done <- cmd.Wait() }()
	return lifeline, nil
}

// runBuilder runs only a builder.
func runBuilder(ctx context.Context, c *Config, log *slog.Logger) error {
	second, stop := secondInterrupt(ctx, log)
	defer stop()
	return atWork(second, func() error { return worker.Run(ctx, workerConfig(c, log)) })
}

// atWork waits for a builder's end, which may take long once it is told to
// stop: until the second interrupt. What it leaves, it finds at its next start.
func atWork(second context.Context, run func() error) error {
	done := make(chan error, 1)
	go func() { done <- run() }()
	select {
	case err := <-done:
		return stopped(err)
	case <-second.Done():
		return nil
	}
}

func workerConfig(c *Config, log *slog.Logger) worker.Config {
	return worker.Config{
		Name: c.Builder.Name, Hub: c.Builder.Hub, CertFile: c.Builder.Cert, KeyFile: c.Builder.Cert, CAFile: c.Builder.CA,
		Dir: c.Builder.Dir, Capacity: c.Builder.Capacity, Arches: c.Builder.Arches, Emulate: c.Builder.Emulate,
		Limits: protocol.Limits{
			Time: c.Limits.Time, Silence: c.Limits.Silence, Log: c.Limits.Log,
			Memory: c.Limits.Memory, Processes: c.Limits.Processes, Disk: c.Limits.Disk,
		},
		Drain: drain, Log: log.With("role", "builder"),
	}
}
