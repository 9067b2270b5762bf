package nats_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/kura-build/kura/bus"
	"github.com/kura-build/kura/bus/nats"
)

func benchBus(b *testing.B) *nats.Bus {
	b.Helper()
	n, err := nats.Open(b.Context(), nats.Config{Hub: "h1", Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { n.Close() })
	return n
}

// BenchmarkPublish is one event after the other, each on disk.
func BenchmarkPublish(b *testing.B) {
	n := benchBus(b)
	data := make([]byte, 500)
	i := 0
	for b.Loop() {
		i++
		if err := n.Publish(b.Context(), "event.x", fmt.Sprint(i), data); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkConsume is an event handled and acknowledged.
func BenchmarkConsume(b *testing.B) {
	n := benchBus(b)
	ctx, cancel := context.WithCancel(b.Context())
	const events = 2000
	for i := range events {
		if err := n.Publish(ctx, "event.x", fmt.Sprint(i), nil); err != nil {
			b.Fatal(err)
		}
	}
	seen := 0
	b.ResetTimer()
	err := n.Consume(ctx, "web", "event.>", func(context.Context, bus.Event) error {
		if seen++; seen == min(b.N, events) {
			cancel()
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(seen), "µs/event")
}

// BenchmarkWake1000 is a signal until a thousand waiters have woken.
func BenchmarkWake1000(b *testing.B) {
	n := benchBus(b)
	topic, err := bus.NewTopic(n, "work.free")
	if err != nil {
		b.Fatal(err)
	}
	defer topic.Close()
	for b.Loop() {
		var ready, woken sync.WaitGroup
		for range 1000 {
			ready.Add(1)
			woken.Go(func() {
				wake := topic.Wait()
				ready.Done()
				<-wake
			})
		}
		ready.Wait()
		if err := n.Signal("work.free", nil); err != nil {
			b.Fatal(err)
		}
		woken.Wait()
	}
}
