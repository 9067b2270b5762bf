package bustest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kura-build/kura/bus"
)

// collect gives a consumer's function that sends on what it sees.
func collect(ch chan<- string) func(context.Context, bus.Event) error {
	return func(_ context.Context, e bus.Event) error {
		ch <- Line(e)
		return nil
	}
}

// Line writes an event for comparing.
func Line(e bus.Event) string { return fmt.Sprintf("%s %s %s %d", e.Subject, e.ID, e.Data, e.Delivery) }

// Consume collects events until the test ends, or stop is called, which waits
// until consuming has ended.
func Consume(t *testing.T, b bus.Bus, durable, filter string) (seen <-chan string, stop func()) {
	t.Helper()
	ch := make(chan string, 10_000)
	return ch, Consumer(t, b, durable, filter, collect(ch))
}

// Consumer runs one consumer, and stops it with the test at the latest.
func Consumer(t *testing.T, b bus.Bus, durable, filter string, fn func(context.Context, bus.Event) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Consume(ctx, durable, filter, fn) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := Get(t, "the end of "+durable, ended); err != nil {
			t.Errorf("%s ended with: %v", durable, err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// Publish publishes an event with its number as id and data.
func Publish(t *testing.T, b bus.Bus, subject string, n int) {
	t.Helper()
	must(t, b.Publish(t.Context(), subject, fmt.Sprint(n), fmt.Append(nil, n)))
}

func wantLines(t *testing.T, ch <-chan string, want ...string) {
	t.Helper()
	var got []string
	for range want {
		got = append(got, Get(t, fmt.Sprintf("after %q", got), ch))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func events(t *testing.T, b bus.Bus) {
	Publish(t, b, "event.build.complete", 1) // kept for those who come later
	seen, _ := Consume(t, b, "web", "event.build.>")
	Publish(t, b, "event.tag.listing", 2)
	Publish(t, b, "event.build.failed", 3)
	wantLines(t, seen, "event.build.complete 1 1 1", "event.build.failed 3 3 1")
}

func sameID(t *testing.T, b bus.Bus) {
	seen, _ := Consume(t, b, "web", "event.>")
	for range 3 {
		Publish(t, b, "event.x", 1)
	}
	Publish(t, b, "event.x", 2)
	wantLines(t, seen, "event.x 1 1 1", "event.x 2 2 1")
}

// failure: what fails comes again, counted; the others do not wait for it.
func failure(t *testing.T, b bus.Bus) {
	seen := make(chan string, 100)
	others := make(chan struct{})
	Consumer(t, b, "web", "event.>", func(ctx context.Context, e bus.Event) error {
		seen <- Line(e)
		if e.ID == "1" && e.Delivery < 4 {
			return errors.New("the receiver is away")
		}
		if e.ID == "2" {
			close(others)
		}
		return nil
	})
	Publish(t, b, "event.x", 1)
	Publish(t, b, "event.x", 2)
	Get(t, "the event behind the failing one", others)
	var ones, twos []string
	for len(ones) < 4 || len(twos) < 1 {
		if line := Get(t, "events", seen); line[len("event.x ")] == '1' {
			ones = append(ones, line)
		} else {
			twos = append(twos, line)
		}
	}
	want := []string{"event.x 1 1 1", "event.x 1 1 2", "event.x 1 1 3", "event.x 1 1 4"}
	if diff := cmp.Diff(want, ones); diff != "" {
		t.Errorf("the failing event (-want +got):\n%s", diff)
	}
	// What succeeded does not come again: nothing is between it and the next.
	Publish(t, b, "event.x", 3)
	wantLines(t, seen, "event.x 3 3 1")
}

// goesOn: stopping in the middle of an event means that it comes again.
func goesOn(t *testing.T, b bus.Bus) {
	for i := range 3 {
		Publish(t, b, "event.x", i)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var got []string
	err := b.Consume(ctx, "web", "event.>", func(ctx context.Context, e bus.Event) error {
		got = append(got, e.ID)
		if e.ID != "1" {
			return nil
		}
		cancel()
		return ctx.Err()
	})
	if err != nil {
		t.Errorf("Consume ended with: %v", err)
	}
	if diff := cmp.Diff([]string{"0", "1"}, got); diff != "" {
		t.Errorf("before the stop (-want +got):\n%s", diff)
	}
	seen, _ := Consume(t, b, "web", "event.>")
	rest := []string{Get(t, "rest", seen), Get(t, "rest", seen)}
	slices.Sort(rest) // whether the one that failed comes first is open
	if diff := cmp.Diff([]string{"event.x 1 1 2", "event.x 2 2 1"}, rest); diff != "" {
		t.Errorf("after the stop (-want +got):\n%s", diff)
	}
}

// shared: three consumers of one durable handle each event once, and none is
// kept from it by another that is busy.
func shared(t *testing.T, b bus.Bus) {
	seen := make(chan string, 100)
	busy := make(chan struct{})
	for range 3 {
		Consumer(t, b, "web", "event.>", func(_ context.Context, e bus.Event) error {
			if e.ID == "0" {
				<-busy
			}
			seen <- e.ID
			return nil
		})
	}
	for i := range 20 {
		Publish(t, b, "event.x", i)
	}
	var got []string
	for range 19 {
		got = append(got, Get(t, "the idle ones", seen))
	}
	close(busy)
	if last := Get(t, "the busy one", seen); last != "0" {
		t.Errorf("%s came last, want the busy one's", last)
	}
	slices.Sort(got)
	if n := len(slices.Compact(got)); n != 19 {
		t.Errorf("%d distinct events out of 19", n)
	}
}

func twoDurables(t *testing.T, b bus.Bus) {
	web, _ := Consume(t, b, "web", "event.>")
	mail, stop := Consume(t, b, "mail", "event.>")
	Publish(t, b, "event.x", 1)
	wantLines(t, web, "event.x 1 1 1")
	wantLines(t, mail, "event.x 1 1 1")
	stop()
	Publish(t, b, "event.x", 2)
	wantLines(t, web, "event.x 2 2 1")
	mail, _ = Consume(t, b, "mail", "event.>")
	wantLines(t, mail, "event.x 2 2 1")
}

func apart(t *testing.T, b bus.Bus) {
	sig := Listen(t, b, "events.x")
	seen, _ := Consume(t, b, "web", "event.>")
	must(t, b.Signal("events.x", []byte("1")))
	Publish(t, b, "event.x", 2)
	wantLines(t, seen, "event.x 2 2 1")
	if got := Get(t, "signal", sig); got != "events.x 1" {
		t.Errorf("got the signal %q", got)
	}
}
