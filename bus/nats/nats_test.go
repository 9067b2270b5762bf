package nats_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/kura-build/kura"
	"github.com/kura-build/kura/bus"
	"github.com/kura-build/kura/bus/bustest"
	"github.com/kura-build/kura/bus/nats"
	"github.com/nats-io/nats-server/v2/server"
)

func open(t *testing.T, c nats.Config) *nats.Bus {
	t.Helper()
	c.Pause = bustest.Pause
	b, err := nats.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestContractEmbedded(t *testing.T) {
	bustest.Run(t, func(t *testing.T) bus.Bus { return open(t, nats.Config{Hub: "h1", Dir: t.TempDir()}) })
}

func TestContractClustered(t *testing.T) {
	bustest.Run(t, func(t *testing.T) bus.Bus {
		return open(t, nats.Config{Hub: "h1", Dir: t.TempDir(), Cluster: &nats.Cluster{
			Name: "kura", Secret: "s", Listen: "127.0.0.1:0",
		}})
	})
}

// external runs a NATS server as somebody else would.
func external(t *testing.T) string {
	t.Helper()
	srv, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(),
	})
	must(t, err)
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(20 * time.Second) {
		t.Fatal("the external server did not start")
	}
	return srv.ClientURL()
}

func TestContractExternal(t *testing.T) {
	bustest.Run(t, func(t *testing.T) bus.Bus {
		return open(t, nats.Config{Hub: "h1", External: &nats.External{URL: external(t)}})
	})
}

// Two hubs on one external bus: signals cross, the store is one, and what both
// pump is kept once.
func TestExternalIsShared(t *testing.T) {
	url := external(t)
	a := open(t, nats.Config{Hub: "a", External: &nats.External{URL: url}})
	bustest.Publish(t, a, "event.x", 1)
	b := open(t, nats.Config{Hub: "b", External: &nats.External{URL: url}})
	if a.Store() != b.Store() {
		t.Errorf("stores %q and %q, want one", a.Store(), b.Store())
	}
	if !a.Fresh() || b.Fresh() {
		t.Errorf("fresh for a: %v, for b: %v; want for the first alone", a.Fresh(), b.Fresh())
	}
	heard := bustest.Listen(t, b, "work.free")
	must(t, a.Signal("work.free", nil))
	bustest.Get(t, "signal", heard)
	for _, hub := range []bus.Bus{a, b} {
		bustest.Publish(t, hub, "event.x", 1)
		bustest.Publish(t, hub, "event.x", 2)
	}
	seen, _ := bustest.Consume(t, b, "web", "event.>")
	got := []string{bustest.Get(t, "event", seen), bustest.Get(t, "event", seen)}
	bustest.Publish(t, a, "event.x", 3)
	got = append(got, bustest.Get(t, "event", seen))
	if diff := cmp.Diff([]string{"event.x 1 1 1", "event.x 2 2 1", "event.x 3 3 1"}, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestExternalAway(t *testing.T) {
	_, err := nats.Open(t.Context(), nats.Config{Hub: "a", External: &nats.External{URL: "nats://127.0.0.1:1"}})
	if !kura.Is(err, kura.Unavailable) {
		t.Errorf("got %v, want kind unavailable", err)
	}
}

// Events and positions outlive the process.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	b := open(t, nats.Config{Hub: "h1", Dir: dir})
	if !b.Fresh() {
		t.Error("a new store is not fresh")
	}
	must(t, b.Close())
	b = open(t, nats.Config{Hub: "h1", Dir: dir})
	if !b.Fresh() {
		t.Error("a store that nobody filled yet is not fresh")
	}
	seen, stop := bustest.Consume(t, b, "web", "event.>")
	bustest.Publish(t, b, "event.x", 1)
	bustest.Get(t, "event", seen)
	stop()
	bustest.Publish(t, b, "event.x", 2)
	must(t, b.Close())

	b = open(t, nats.Config{Hub: "h1", Dir: dir})
	if b.Fresh() {
		t.Error("a store with events is fresh")
	}
	bustest.Publish(t, b, "event.x", 2) // the pump does not know whether it had
	bustest.Publish(t, b, "event.x", 3)
	seen, _ = bustest.Consume(t, b, "web", "event.>")
	got := []string{bustest.Get(t, "event", seen), bustest.Get(t, "event", seen)}
	if diff := cmp.Diff([]string{"event.x 2 2 1", "event.x 3 3 1"}, got); diff != "" {
		t.Errorf("after the restart (-want +got):\n%s", diff)
	}
}

// What was wiped, or destroyed, is begun anew and asks to be filled.
func TestWiped(t *testing.T) {
	for name, harm := range map[string]func(t *testing.T, dir string){
		"directory":     func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)) },
		"store":         func(t *testing.T, dir string) { must(t, os.RemoveAll(filepath.Join(dir, "jetstream"))) },
		"file in place": func(t *testing.T, dir string) { replace(t, filepath.Join(dir, "jetstream")) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "bus")
			b := open(t, nats.Config{Hub: "h1", Dir: dir})
			bustest.Publish(t, b, "event.x", 1)
			must(t, b.Close())
			harm(t, dir)
			b = open(t, nats.Config{Hub: "h1", Dir: dir})
			if !b.Fresh() {
				t.Error("the store does not ask to be filled")
			}
			bustest.Publish(t, b, "event.x", 1)
			seen, _ := bustest.Consume(t, b, "web", "event.>")
			if got := bustest.Get(t, "event", seen); got != "event.x 1 1 1" {
				t.Errorf("got %q", got)
			}
			must(t, b.Healthy(t.Context()))
		})
	}
}

func replace(t *testing.T, dir string) {
	t.Helper()
	must(t, os.RemoveAll(dir))
	must(t, os.WriteFile(dir, []byte("no directory"), 0o600))
}

func TestOneProcessADirectory(t *testing.T) {
	dir := t.TempDir()
	b := open(t, nats.Config{Hub: "h1", Dir: dir})
	_, err := nats.Open(t.Context(), nats.Config{Hub: "h1", Dir: dir})
	if !kura.Is(err, kura.Locked) {
		t.Errorf("second use of the directory: %v, want kind locked", err)
	}
	must(t, b.Healthy(t.Context()))
	must(t, b.Close())
	open(t, nats.Config{Hub: "h1", Dir: dir})
}

func TestConfig(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]nats.Config{
		"no name":               {Dir: dir},
		"name with a dot":       {Hub: "a.example.org", Dir: dir},
		"no directory":          {Hub: "a"},
		"no secret":             {Hub: "a", Dir: dir, Cluster: &nats.Cluster{Name: "k", Listen: "127.0.0.1:0"}},
		"no port":               {Hub: "a", Dir: dir, Cluster: &nats.Cluster{Name: "k", Secret: "s", Listen: "127.0.0.1"}},
		"network, no TLS":       {Hub: "a", Dir: dir, Cluster: &nats.Cluster{Name: "k", Secret: "s", Listen: "0.0.0.0:0"}},
		"peer away, no TLS":     {Hub: "a", Dir: dir, Cluster: &nats.Cluster{Name: "k", Secret: "s", Listen: "127.0.0.1:0", Peers: []string{"hub2:6222"}}},
		"external and embedded": {Hub: "a", Cluster: &nats.Cluster{}, External: &nats.External{URL: "nats://127.0.0.1"}},
	} {
		if b, err := nats.Open(t.Context(), c); !kura.Is(err, kura.Invalid) {
			t.Errorf("%s: %v, want an error of kind invalid", name, err)
			if b != nil {
				b.Close()
			}
		}
	}
}
