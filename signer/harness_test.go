package signer

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/protocol"
)

// TestMain lets the test program be the signer that Command starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "signer" {
		os.Exit(child(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func child(args []string) int {
	if len(args) == 1 && args[0] == "probe" {
		return probe()
	}
	conf, err := ParseArgs(args, os.Stderr)
	if err == nil {
		conf.Log = slog.New(slog.DiscardHandler)
		err = Run(context.Background(), conf)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// house is a signer under test with its hub.
type house struct {
	t      testing.TB
	dir    string
	conf   Config
	hub    ed25519.PrivateKey
	client *Client
	stop   func()
}

func newHouse(t testing.TB, change func(*Config)) *house {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	base := t.TempDir()
	h := &house{t: t, dir: filepath.Join(base, "signer"), hub: private}
	if err := Init(h.dir, Setup{Hubs: []ed25519.PublicKey{public}}); err != nil {
		t.Fatal(err)
	}
	h.conf = Config{
		Dir: h.dir, Socket: filepath.Join(base, "s.sock"), AllowUIDs: []uint32{uint32(os.Getuid())},
		Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&h.conf)
	}
	h.client = NewClient(h.conf.Socket, private)
	h.start()
	t.Cleanup(func() { h.stop() })
	return h
}

// start runs the signer and comes back when it answers.
func (h *house) start() {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	end := make(chan error, 1)
	go func() { end <- Serve(ctx, h.conf) }()
	h.stop = func() {
		h.client.http.CloseIdleConnections()
		cancel()
		if err := <-end; err != nil {
			h.t.Errorf("the signer ended with: %v", err)
		}
		h.stop = func() {}
	}
	waitFor(h.t, h.conf.Socket, end)
}

// waitFor waits until something listens.
func waitFor(t testing.TB, socket string, end <-chan error) {
	t.Helper()
	for range 2000 {
		if _, err := NewClient(socket, nil).Status(context.Background()); err == nil || problem(err).Kind != kindUnavailable {
			return
		}
		select {
		case err := <-end:
			t.Fatalf("the signer did not start: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	t.Fatal("the signer does not answer")
}

func (h *house) restart() {
	h.t.Helper()
	h.stop()
	h.start()
}

// key makes a key for everything.
func (h *house) key(name, kind string) protocol.SignerKey {
	h.t.Helper()
	key, err := h.client.CreateKey(h.t.Context(), name, "made for a test", protocol.SignerKeySpec{
		Kind: kind, UserID: "Test " + name, Uses: []protocol.SignerUse{protocol.UsePackages, protocol.UseMetadata},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return key
}

// entries reads the audit log and checks its chain.
func (h *house) entries() []Entry {
	h.t.Helper()
	f, err := os.Open(filepath.Join(h.dir, auditFile))
	if err != nil {
		h.t.Fatal(err)
	}
	defer f.Close()
	var out []Entry
	if _, err := VerifyAudit(f, protocol.SignerHead{}, func(e Entry) { out = append(out, e) }); err != nil {
		h.t.Fatal(err)
	}
	return out
}

// sample writes a package and gives it with its main header.
func sample(t testing.TB, name string) (pkg []byte, header *rpm.Package) {
	t.Helper()
	b := &rpm.Build{Name: name, Version: "1.0", Release: "1", Arch: "x86_64", Summary: "s", Description: "d",
		License: "MIT", SourceRPM: name + "-1.0-1.src.rpm", Files: []rpm.File{{
			Path: "/usr/share/" + name, Mode: 0o644, Size: 5,
			Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("data\n")), nil },
		}}}
	var out bytes.Buffer
	if _, err := b.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	header, err := rpm.Read(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), header
}

// splice puts a header signature into a package.
func splice(t testing.TB, pkg []byte, p *rpm.Package, sig []byte) []byte {
	t.Helper()
	head, err := rpm.Replace(p.Sig, sig)
	if err != nil {
		t.Fatal(err)
	}
	s, err := rpm.Splice(bytes.NewReader(pkg), int64(len(pkg)), head)
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// checksig is what rpm says to a package when it knows one key only.
func checksig(t testing.TB, key protocol.SignerKey, pkg []byte) (string, error) {
	t.Helper()
	dir := t.TempDir()
	pub, file, db := filepath.Join(dir, "pub"), filepath.Join(dir, "x.rpm"), filepath.Join(dir, "db")
	for name, data := range map[string][]byte{pub: []byte(key.Public), file: pkg} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "rpmkeys", "--dbpath", db, "--import", pub)
	cmd := exec.Command("rpmkeys", "--dbpath", db, "--define", "_pkgverify_level all", "--checksig", "-v", file)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// wantKind checks that an error is a refusal of a kind.
func wantKind(t testing.TB, err error, kind string) {
	t.Helper()
	var r *Refusal
	if !errors.As(err, &r) || r.Kind != kind {
		t.Errorf("got %v, want a refusal of kind %q", err, kind)
	}
}

func run(t testing.TB, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}
