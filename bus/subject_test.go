package bus_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/bus"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		filter, subject string
		want            bool
	}{
		{"work.free", "work.free", true},
		{"work.free", "work", false},
		{"work", "work.free", false},
		{"work.*", "work.free", true},
		{"work.*", "work.free.arm", false},
		{"work.*", "work", false},
		{"work.*.arm", "work.free.arm", true},
		{"work.>", "work.free.arm", true},
		{"work.>", "work", false},
		{"work.>", "worker.free", false},
		{">", "work", true},
	} {
		if got := bus.Match(tt.filter, tt.subject); got != tt.want {
			t.Errorf("Match(%q, %q) = %v, want %v", tt.filter, tt.subject, got, tt.want)
		}
	}
}

func TestCheck(t *testing.T) {
	long := strings.Repeat("x", 300)
	for what, errs := range map[string][]error{
		"signal": {
			bus.CheckSignal("t", "", nil), bus.CheckSignal("t", "a..b", nil), bus.CheckSignal("t", "a.*", nil),
			bus.CheckSignal("t", "a b", nil), bus.CheckSignal("t", "$SYS.x", nil), bus.CheckSignal("t", "event.x", nil),
			bus.CheckSignal("t", "event", nil), bus.CheckSignal("t", long, nil), bus.CheckSignal("t", "a.\r\nPUB", nil),
		},
		"event": {
			bus.CheckEvent("t", "work.free", "1", nil), bus.CheckEvent("t", "event.x", "", nil),
			bus.CheckEvent("t", "event.>", "1", nil), bus.CheckEvent("t", "event.x", "1\r\n2", nil),
		},
		"listen": {
			bus.CheckListen("t", ">"), bus.CheckListen("t", "*.x"), bus.CheckListen("t", "event.x"),
			bus.CheckListen("t", "a.>.b"), bus.CheckListen("t", "a.>."), bus.CheckListen("t", "_INBOX.>"),
		},
		"consume": {
			bus.CheckConsume("t", "a.b", "event.>"), bus.CheckConsume("t", "", "event.>"), bus.CheckConsume("t", "a", ">"),
		},
	} {
		for i, err := range errs {
			if !kura.Is(err, kura.Invalid) {
				t.Errorf("%s %d: %v, want an error of kind invalid", what, i, err)
			}
		}
	}
	if err := bus.CheckSignal("t", "a", make([]byte, bus.MaxData+1)); !kura.Is(err, kura.TooLarge) {
		t.Errorf("a large signal: %v, want kind too large", err)
	}
}

func TestPauseGrows(t *testing.T) {
	last := time.Duration(0)
	for n := range 20 {
		if p := bus.Pause(n); p < last || p <= 0 {
			t.Fatalf("Pause(%d) = %v after %v", n, p, last)
		} else {
			last = p
		}
	}
}

// FuzzSubject: what is accepted can be compared, and matches itself.
func FuzzSubject(f *testing.F) {
	f.Add("work.*.>", "work.free.arm")
	f.Fuzz(func(t *testing.T, filter, subject string) {
		matched := bus.Match(filter, subject)
		if bus.CheckSignal("t", subject, nil) == nil && !bus.Match(subject, subject) {
			t.Errorf("%q does not match itself", subject)
		}
		if matched && bus.CheckListen("t", filter) == nil && bus.CheckEvent("t", subject, "1", nil) == nil {
			t.Errorf("listening by %q gets the event %q", filter, subject)
		}
	})
}
