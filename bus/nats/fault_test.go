package nats_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/bus"
	"github.com/kura-build/kura/bus/bustest"
	"github.com/kura-build/kura/bus/nats"
	"golang.org/x/sys/unix"
)

// Old events make room for new ones; a publisher never waits for a consumer.
func TestOldEventsGo(t *testing.T) {
	b := open(t, nats.Config{Hub: "h1", Dir: t.TempDir(), MaxStore: 4 << 20})
	data := make([]byte, 256<<10)
	for i := range 40 {
		must(t, b.Publish(t.Context(), "event.x", fmt.Sprint(i), data))
	}
	last := make(chan string, 100)
	bustest.Consumer(t, b, "web", "event.>", idsTo(last))
	first := bustest.Get(t, "event", last)
	if first == "0" {
		t.Error("ten megabytes were kept in four")
	}
	for id := first; id != "39"; {
		id = bustest.Get(t, "events up to the newest", last)
	}
}

// TestFullDisk fills a small disk under the store. Publishing fails in words,
// signals go on, and all is well again once there is space.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=8m")
	if err != nil {
		t.Fatalf("a full disk is tried on a small tmpfs, which needs root to mount: %v", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	b := open(t, nats.Config{Hub: "h1", Dir: dir})
	bustest.Publish(t, b, "event.kept", 1)
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)

	data := make([]byte, 256<<10)
	for i := 0; err == nil && i < 100; i++ {
		err = b.Publish(t.Context(), "event.x", fmt.Sprint("x", i), data)
	}
	if !kura.Is(err, kura.NoSpace) {
		t.Fatalf("a full disk: %v (%v), want kind no space", err, kura.KindOf(err))
	}
	crosses(t, b, b)

	must(t, os.Remove(ballast))
	eventually(t, "healthy again", func() bool { return b.Healthy(t.Context()) == nil })
	bustest.Publish(t, b, "event.kept", 2)
	seen := make(chan string, 1000)
	bustest.Consumer(t, b, "web", "event.kept", idsTo(seen))
	for _, want := range []string{"1", "2"} {
		if got := bustest.Get(t, "event", seen); got != want {
			t.Errorf("got event %s, want %s", got, want)
		}
	}
}

// fill writes until nothing more fits.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	defer f.Close()
	block := make([]byte, 64<<10)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
}

func idsTo(ch chan<- string) func(context.Context, bus.Event) error {
	return func(_ context.Context, e bus.Event) error { ch <- e.ID; return nil }
}
