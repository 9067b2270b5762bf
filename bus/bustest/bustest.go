package bustest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/kura-build/kura"
	"github.com/kura-build/kura/bus"
)

// Pause is what a driver under test is to use: failures come back at once.
func Pause(int) time.Duration { return time.Millisecond }

// patience is how long a test waits for what must come. It is never waited for
// when all is well.
const patience = 20 * time.Second

// Run checks a driver against the contract. open gives a fresh bus that rests
// by Pause, and closes it after the test.
func Run(t *testing.T, open func(t *testing.T) bus.Bus) {
	tests := []struct {
		name string
		run  func(*testing.T, bus.Bus)
	}{
		{"signals reach all who listen", signals},
		{"signals keep their order", order},
		{"stop", stop},
		{"bad subjects", bad},
		{"topic wakes a thousand", topic},
		{"topic misses nothing", topicMisses},
		{"topic at most every", topicEvery},
		{"events", events},
		{"same id once", sameID},
		{"failure comes again", failure},
		{"consuming goes on where it stopped", goesOn},
		{"shared work", shared},
		{"two durables", twoDurables},
		{"events are no signals", apart},
		{"health and close", closed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, open(t)) })
	}
}

// Get waits for one value.
func Get[T any](t *testing.T, what string, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("%s: nothing came", what)
		panic("unreachable")
	}
}

// Listen collects the signals of a filter.
func Listen(t *testing.T, b bus.Bus, filter string) <-chan string {
	t.Helper()
	ch := make(chan string, 10_000)
	stop, err := b.Listen(filter, func(subject string, data []byte) { ch <- subject + " " + string(data) })
	must(t, err)
	t.Cleanup(stop)
	return ch
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func signals(t *testing.T, b bus.Bus) {
	exact, star, deep := Listen(t, b, "work.free"), Listen(t, b, "work.*"), Listen(t, b, "work.>")
	other := Listen(t, b, "task.>")
	must(t, b.Signal("work.free", []byte("1")))
	must(t, b.Signal("work.free.arm", nil))
	must(t, b.Signal("task.cancel", []byte("7")))
	for name, ch := range map[string]<-chan string{"exact": exact, "star": star, "deep": deep} {
		if got := Get(t, name, ch); got != "work.free 1" {
			t.Errorf("%s got %q first", name, got)
		}
	}
	if got := Get(t, "deep", deep); got != "work.free.arm " {
		t.Errorf("deep got %q", got)
	}
	if got := Get(t, "other", other); got != "task.cancel 7" {
		t.Errorf("other got %q", got)
	}
}

func order(t *testing.T, b bus.Bus) {
	ch := Listen(t, b, "log.7")
	for i := range 2000 {
		must(t, b.Signal("log.7", fmt.Append(nil, i)))
	}
	for i := range 2000 {
		if got, want := Get(t, "log", ch), fmt.Sprint("log.7 ", i); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// stop: nothing comes after it, also when it is called from the listener, and
// twice.
func stop(t *testing.T, b bus.Bus) {
	got := make(chan string, 10)
	var end func()
	ready := make(chan struct{})
	end, err := b.Listen("a.b", func(_ string, data []byte) {
		<-ready
		got <- string(data)
		end()
		end()
	})
	must(t, err)
	close(ready)
	fence := Listen(t, b, "a.b")
	must(t, b.Signal("a.b", []byte("1")))
	if s := Get(t, "first", got); s != "1" {
		t.Errorf("got %q", s)
	}
	end()
	must(t, b.Signal("a.b", []byte("2")))
	Get(t, "fence", fence)
	Get(t, "fence", fence)
	if len(got) != 0 {
		t.Errorf("after stop: %q", <-got)
	}
}

func bad(t *testing.T, b bus.Bus) {
	nothing := func(string, []byte) {}
	_, listen := b.Listen("event.>", nothing)
	for what, err := range map[string]error{
		"signal to a wildcard":         b.Signal("work.>", nil),
		"signal to an event's subject": b.Signal("event.build", nil),
		"listening to events":          listen,
		"publishing a signal":          b.Publish(t.Context(), "work.free", "1", nil),
		"publishing without an id":     b.Publish(t.Context(), "event.build", "", nil),
		"consuming signals":            b.Consume(t.Context(), "d", "work.>", nil),
		"consuming as a.b":             b.Consume(t.Context(), "a.b", "event.>", nil),
	} {
		if !kura.Is(err, kura.Invalid) {
			t.Errorf("%s: %v, want an error of kind invalid", what, err)
		}
	}
	large := make([]byte, bus.MaxData)
	if err := b.Publish(t.Context(), "event.large", "1", large); err != nil {
		t.Errorf("the largest message: %v", err)
	}
	if err := b.Publish(t.Context(), "event.large", "2", append(large, 0)); !kura.Is(err, kura.TooLarge) {
		t.Errorf("over the limit: %v, want kind too large", err)
	}
}

func topic(t *testing.T, b bus.Bus) {
	tp, err := bus.NewTopic(b, "work.free")
	must(t, err)
	var ready, woken sync.WaitGroup
	for range 1000 {
		ready.Add(1)
		woken.Go(func() {
			wake := tp.Wait()
			ready.Done()
			<-wake
		})
	}
	ready.Wait()
	must(t, b.Signal("work.free", nil))
	all := make(chan struct{})
	go func() { woken.Wait(); close(all) }()
	Get(t, "all waiters", all)
	next := tp.Wait()
	tp.Wake()
	Get(t, "own wake-up", next)
	last := tp.Wait()
	tp.Close()
	tp.Close()
	Get(t, "close", last)
	Get(t, "waiting on a closed topic", tp.Wait())
}

// topicMisses plays a queue with one place: the worker looks, then waits. With
// a wake-up lost in between it would wait for ever.
func topicMisses(t *testing.T, b bus.Bus) {
	tp, err := bus.NewTopic(b, "work.free")
	must(t, err)
	defer tp.Close()
	queue, taken := make(chan int, 1), make(chan int)
	go func() {
		for n := 0; n < 500; {
			wake := tp.Wait()
			select {
			case v := <-queue:
				n++
				taken <- v
			default:
				<-wake
			}
		}
	}()
	for i := range 500 {
		queue <- i
		must(t, b.Signal("work.free", nil))
		if got := Get(t, "the worker", taken); got != i {
			t.Fatalf("took %d, want %d", got, i)
		}
	}
}

func topicEvery(t *testing.T, b bus.Bus) {
	tp, err := bus.NewTopic(b, "work.free", bus.Every(time.Hour))
	must(t, err)
	defer tp.Close()
	first := tp.Wait()
	fence := Listen(t, b, "work.free")
	for range 3 {
		must(t, b.Signal("work.free", nil))
		Get(t, "fence", fence)
	}
	Get(t, "the first signal", first)
	select {
	case <-tp.Wait():
		t.Error("woken twice within an hour")
	default:
	}
}

func closed(t *testing.T, b bus.Bus) {
	must(t, b.Healthy(t.Context()))
	if b.Store() == "" {
		t.Error("the store has no name")
	}
	ended := make(chan error, 1)
	seen := make(chan string, 1)
	must(t, b.Publish(t.Context(), "event.x", "1", nil))
	go func() { ended <- b.Consume(t.Context(), "d", "event.>", collect(seen)) }()
	Get(t, "consumer", seen)
	must(t, b.Close())
	must(t, b.Close())
	_, listen := b.Listen("a", func(string, []byte) {})
	got := map[string]kura.Kind{
		"running Consume": kura.KindOf(Get(t, "Consume", ended)),
		"Signal":          kura.KindOf(b.Signal("a", nil)),
		"Listen":          kura.KindOf(listen),
		"Publish":         kura.KindOf(b.Publish(t.Context(), "event.x", "2", nil)),
		"Consume":         kura.KindOf(b.Consume(t.Context(), "d", "event.>", collect(seen))),
		"Healthy":         kura.KindOf(b.Healthy(t.Context())),
	}
	want := map[string]kura.Kind{}
	for k := range got {
		want[k] = kura.Unavailable
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after Close (-want +got):\n%s", diff)
	}
}
