package cli

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/client/hubtest"
	"github.com/kura-build/kura/format/xmlrpc"
)

// play lets a build go its way: one step each second.
func play(b *bench, fails bool) {
	b.hub.Answer("kura.whyWaiting", m{"reason": "all hosts for aarch64 are full", "place": 2})
	b.hub.Answer("getTaskResult", m{"faultCode": 1005, "faultString": "build: make failed; a.c:4: error: no ';'; see build.log line 40"})
	b.hub.Answer("listBuilds", l{m{"build_id": 7, "nvr": "bash-5-1"}})
	start := float64(b.now.Unix())
	step := func() int { return int(b.clock().Unix()) - int(start) }
	b.hub.Answer("getTaskInfo", func(hubtest.Call) (any, error) {
		t := m{"id": 12, "method": "build", "arch": "noarch", "request": l{"git+https://src.example/bash#main", "f43"}, "create_ts": start, "state": 0}
		if s := step(); s >= 1 {
			t["state"], t["start_ts"], t["waiting"] = 1, start+1, s >= 2
		}
		if step() >= 9 {
			t["state"], t["completion_ts"] = 2, start+9
			if fails {
				t["state"] = 5
			}
		}
		return t, nil
	})
	b.hub.Answer("getTaskDescendents", func(hubtest.Call) (any, error) {
		var list l
		for i, arch := range []string{"x86_64", "aarch64"} {
			if step() < 2 {
				break
			}
			t := m{"id": 13 + i, "parent": 12, "method": "buildArch", "arch": arch, "request": l{"bash-5-1.src.rpm"}, "create_ts": start + 2, "state": 0}
			if step() >= 3+3*i {
				t["state"], t["start_ts"], t["phase"] = 1, start+3+3*float64(i), "%build"
			}
			if step() >= 8 {
				t["state"], t["completion_ts"] = 2, start+8
				if fails && i == 1 {
					t["state"] = 5
				}
			}
			list = append(list, t)
		}
		return m{"12": list}, nil
	})
}

func TestWatchOnATerminal(t *testing.T) {
	b := newBench(t)
	b.env["NO_COLOR"] = "1"
	b.term = newTerminal(80, 24)
	play(b, true)
	var film strings.Builder
	b.slept = func(int) {
		if b.now.Nanosecond() == 0 {
			fmt.Fprintf(&film, "--- %d\n%s", b.now.Unix()-1_800_000_000, b.term.text())
		}
	}
	if got := b.run("watch", "12"); got != exitTaskFailed {
		t.Errorf("exit status %d: %s", got, b.errs.String())
	}
	fmt.Fprintf(&film, "--- end\n%s", b.term.text())
	golden(t, "watch.screen", film.String())
}

// Only what changes is written: a line whose seconds stand still is not.
func TestWatchDoesNotFlicker(t *testing.T) {
	b := newBench(t)
	b.term = newTerminal(100, 24)
	play(b, false)
	quiet, most := 0, 0
	b.slept = func(int) {
		n := len(b.term.touched())
		if n == 0 {
			quiet++
		}
		most = max(most, n)
	}
	if got := b.run("watch", "12"); got != exitOK {
		t.Fatalf("exit status %d: %s", got, b.errs.String())
	}
	if quiet < 5 {
		t.Errorf("only %d of %d looks wrote nothing", quiet, b.naps)
	}
	if most > 4 {
		t.Errorf("%d lines at once, and there are four", most)
	}
}

func TestWatchInASmallWindow(t *testing.T) {
	b := newBench(t)
	b.env["NO_COLOR"] = "1"
	b.term = newTerminal(40, 6)
	n := 0
	b.hub.Answer("listBuilds", l{})
	b.hub.Answer("kura.whyWaiting", &xmlrpc.Fault{Code: 1000, String: "Invalid method: kura.whyWaiting"})
	b.hub.Answer("getTaskInfo", func(hubtest.Call) (any, error) {
		n++
		state := 1
		if n > 3 {
			state = 2
		}
		return m{"id": 1, "method": "chainbuild", "state": state, "create_ts": 1_800_000_000.0, "start_ts": 1_800_000_000.0, "completion_ts": 1_800_000_001.0}, nil
	})
	b.hub.Answer("getTaskDescendents", func(hubtest.Call) (any, error) {
		var list l
		for i := range 12 {
			state := 2
			if i == 10 && n < 4 {
				state = 1
			}
			list = append(list, m{"id": 100 + i, "method": "build", "state": state, "request": l{strings.Repeat("蔵", 30) + ".src.rpm", "f43"}})
		}
		return m{"1": list}, nil
	})
	b.slept = func(int) {
		text := b.term.text()
		if lines := strings.Count(text, "\n"); lines > 5 {
			t.Fatalf("%d lines in a window of 6:\n%s", lines, text)
		}
		if !strings.Contains(text, "110 ") {
			t.Fatalf("what runs is not shown:\n%s", text)
		}
		for line := range strings.Lines(text) {
			if width(strings.TrimSpace(line)) > 40 {
				t.Fatalf("too wide: %q", line)
			}
		}
	}
	if got := b.run("watch", "1"); got != exitOK {
		t.Fatalf("exit status %d: %s", got, b.errs.String())
	}
}

func TestWatchInAPipe(t *testing.T) {
	b := newBench(t)
	play(b, true)
	if got := b.run("watch", "12"); got != exitTaskFailed {
		t.Errorf("exit status %d", got)
	}
	golden(t, "watch.lines", b.output())
}

func TestWatchInterrupted(t *testing.T) {
	b := newBench(t)
	play(b, false)
	ctx, cancel := context.WithCancel(t.Context())
	b.slept = func(n int) {
		if n == 3 {
			cancel()
		}
	}
	if got := b.runContext(ctx, "watch", "12"); got != exitInterrupted {
		t.Errorf("exit status %d", got)
	}
	want := "The hub goes on without you; look again with: kura watch 12\nkura: interrupted\n"
	if d := cmp.Diff(want, b.errs.String()); d != "" {
		t.Error(d)
	}
}

func TestLayout(t *testing.T) {
	b := newBench(t)
	record(b.hub)
	b.hub.Answer("getTaskDescendents", m{
		"12": l{m{"id": 13, "method": "a", "state": 2}, m{"id": 14, "method": "b", "state": 2}},
		"13": l{m{"id": 15, "method": "c", "state": 2}, m{"id": 16, "method": "d", "state": 2}}, "16": l{m{"id": 17, "method": "e", "state": 2}}})
	b.run("task", "12")
	for _, want := range []string{"├ a", "│ ├ c", "│ └ d", "│   └ e", "└ b"} {
		if !strings.Contains(b.out.String(), want) {
			t.Errorf("no %q in\n%s", want, b.out.String())
		}
	}
}

// A terminal that is made narrower breaks the lines it shows; all of them have
// to go.
func TestScreenAfterANarrowing(t *testing.T) {
	var out strings.Builder
	cols := 80
	s := &screen{w: &out, size: func() (int, int) { return cols, 24 }}
	s.draw([]line{{{strings.Repeat("x", 70), plain}}, {{"short", plain}}})
	out.Reset()
	cols = 30
	s.draw([]line{{{"new", plain}}, {{"short", plain}}})
	if d := cmp.Diff("\x1b[?2026h\x1b[4A\r\x1b[J\rnew\x1b[K\r\n\rshort\x1b[K\r\n\x1b[?2026l", out.String()); d != "" {
		t.Error(d)
	}
}
