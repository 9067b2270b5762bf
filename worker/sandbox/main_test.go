package sandbox

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The test program is also what runs inside: attack names in attacks_test.go.
func TestMain(m *testing.M) {
	Init()
	if name := os.Getenv("KURA_TEST_ATTACK"); name != "" {
		attack(name)
	}
	os.Exit(m.Run())
}

// world is a host with a root whose programs are this machine's own.
type world struct {
	*testing.T
	host  *Host
	layer string
	exe   string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("the sandbox's tests need root: they try to break out of real sandboxes")
	}
	dir := t.TempDir()
	// The directory must be reachable for ids that are nobody here.
	for d := dir; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	h, err := NewHost(filepath.Join(dir, "host"))
	if err != nil {
		t.Fatal(err)
	}
	layer := filepath.Join(dir, "layer")
	if err := MakeUpper(layer); err != nil {
		t.Fatal(err)
	}
	for _, l := range []string{"bin", "sbin", "lib", "lib64"} {
		to, err := os.Readlink("/" + l)
		if err != nil {
			continue
		}
		if err := os.Symlink(to, filepath.Join(layer, l)); err != nil {
			t.Fatal(err)
		}
	}
	tmp := filepath.Join(layer, "tmp")
	if err := MakeUpper(tmp); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(tmp, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, h, layer, exe}
}

func (w *world) scratch(name string, limit int64) *Scratch {
	w.Helper()
	s, err := w.host.Scratch(name, limit)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		if err := s.Close(); err != nil {
			w.Error(err)
		}
	})
	return s
}

// spec runs argv on the layer, as the builder, with the host's /usr for programs.
func (w *world) spec(argv ...string) Spec {
	return Spec{
		Argv: argv, Env: []string{"PATH=/usr/bin:/bin", "HOME=/builddir"}, Layers: []string{w.layer}, Hostname: "kura",
		Binds: []Bind{{Source: "/usr", Target: "/usr", Exec: true}, {Source: w.exe, Target: "/attack", Exec: true}},
	}
}

func (w *world) run(s *Scratch, spec Spec) (Result, string) {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, out, err := s.RunOutput(ctx, spec)
	if err != nil {
		w.Fatal(err)
	}
	return r, strings.TrimSpace(string(out))
}
