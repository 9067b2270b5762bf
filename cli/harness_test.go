package cli

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/client/hubtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// bench is a user at a fake hub, with a clock that moves only when it is
// slept on.
type bench struct {
	t    *testing.T
	hub  *hubtest.Hub
	dir  string
	env  map[string]string
	out  bytes.Buffer
	errs bytes.Buffer

	mu    sync.Mutex
	now   time.Time
	slept func(n int) // runs after each sleep
	naps  int
	term  *terminal // what the output is, if it is one
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, hub: hubtest.New(t), dir: t.TempDir(), env: map[string]string{}, now: time.Unix(1_800_000_000, 0).UTC()}
	b.config("user = ann\npassword = sesame\n")
	return b
}

func (b *bench) config(more string) {
	b.t.Helper()
	url := b.hub.Server.URL
	text := fmt.Sprintf("[koji]\nserver = %s/kojihub\ntopurl = %s/kojifiles\nretry_interval = 0\nmax_retries = 2\n%s", url, url, more)
	if err := os.WriteFile(filepath.Join(b.dir, "koji.conf"), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// run runs a command line and gives its exit status.
func (b *bench) run(args ...string) int {
	return b.runContext(b.t.Context(), args...)
}

func (b *bench) runContext(ctx context.Context, args ...string) int {
	b.out.Reset()
	b.errs.Reset()
	e := Env{
		In: strings.NewReader(""), Out: &b.out, Err: &b.errs, Home: b.dir, System: b.dir, Zone: time.UTC,
		Getenv: func(k string) string { return b.env[k] },
		Now:    b.clock,
		Sleep:  b.sleep,
	}
	if b.term != nil {
		e.Out = b.term
		e.Size = b.term.size
	}
	return Main(ctx, New(e), args, &b.errs)
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) sleep(ctx context.Context, d time.Duration) error {
	b.mu.Lock()
	b.now = b.now.Add(d)
	b.naps++
	n := b.naps
	b.mu.Unlock()
	if n > 200 {
		return fmt.Errorf("slept too often")
	}
	if b.slept != nil {
		b.slept(n)
	}
	return ctx.Err()
}

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s:\n%s", name, d)
	}
}

// output is all that the user sees, with the hub's address made the same in
// each run.
func (b *bench) output() string {
	text := b.out.String()
	if s := b.errs.String(); s != "" {
		text += "--- errors\n" + s
	}
	text = strings.ReplaceAll(text, b.hub.Server.URL, "http://hub")
	return strings.ReplaceAll(text, b.dir, "DIR")
}
