package signer

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kura-build/kura/protocol"
)

// logged is a signer's directory with some entries, the signer stopped.
func logged(t *testing.T) (*house, protocol.SignerHead) {
	t.Helper()
	h := newHouse(t, nil)
	h.key("k", "ed25519")
	var head protocol.SignerHead
	for range 3 {
		answer, err := h.client.SignMetadata(t.Context(), "k", "r", "d", []byte(goodRepomd))
		if err != nil {
			t.Fatal(err)
		}
		head = answer.Audit
	}
	h.stop()
	return h, head
}

func (h *house) log() string { return filepath.Join(h.dir, auditFile) }

func TestRewrittenAuditLogIsNoticed(t *testing.T) {
	h, head := logged(t)
	good, err := os.ReadFile(h.log())
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(good, []byte("\n"))
	lines = lines[:len(lines)-1]
	if got, err := VerifyAudit(bytes.NewReader(good), head, nil); err != nil || got != head {
		t.Fatalf("the log as it is: %v, %v, signer said %v", got, err, head)
	}
	for name, bad := range map[string][][]byte{
		"changed": append([][]byte{bytes.Replace(lines[0], []byte(`"started"`), []byte(`"startEd"`), 1)}, lines[1:]...),
		"dropped": append(append([][]byte{}, lines[:2]...), lines[3:]...),
		"swapped": append([][]byte{lines[1], lines[0]}, lines[2:]...),
		"twice":   append([][]byte{lines[0]}, lines...),
		"foreign": append(append([][]byte{}, lines...), []byte("{}\n")),
	} {
		body := bytes.Join(bad, nil)
		if _, err := VerifyAudit(bytes.NewReader(body), protocol.SignerHead{}, nil); err == nil {
			t.Errorf("%s: the chain verifies", name)
		}
		if err := os.WriteFile(h.log(), body, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Serve(context.Background(), h.conf); err == nil || !strings.Contains(err.Error(), "audit log") {
			t.Errorf("%s: the signer starts on it: %v", name, err)
		}
	}
	// A shortened log is a whole chain: who kept its head notices.
	if _, err := VerifyAudit(bytes.NewReader(bytes.Join(lines[:3], nil)), head, nil); err == nil {
		t.Error("a shortened log passes for the whole one")
	}
}

func TestLineCutOffByACrashIsRepaired(t *testing.T) {
	h, head := logged(t)
	f, err := os.OpenFile(h.log(), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"seq":6,"time":"2026-`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	h.start()
	entries := h.entries()
	if last := entries[len(entries)-1]; last.Outcome != outcomeRepaired || last.Seq != head.Entries+1 || last.Prev != head.SHA256 {
		t.Errorf("after the repair the log ends with %+v", last)
	}
	if _, err := h.client.SignMetadata(t.Context(), "k", "r", "d", []byte(goodRepomd)); err != nil {
		t.Error(err)
	}
}

func TestNothingIsSignedWithoutAuditLog(t *testing.T) {
	h, _ := logged(t)
	dir, err := openDir(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := h.conf.fill(); err != nil {
		t.Fatal(err)
	}
	s, err := open(h.conf, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.audit.file.Close(); err != nil {
		t.Fatal(err)
	}
	_, p := sample(t, "a")
	answer, err := s.perform(h.forge(p.Header.Raw(), nil), peer{})
	wantKind(t, err, kindUnavailable)
	if answer.Signature != nil {
		t.Error("a signature left without an entry in the audit log")
	}
}

func TestFloodOfRefusalsDoesNotFillTheLog(t *testing.T) {
	g := newGuard(1)
	now := time.Now()
	written := 0
	for range 10_000 {
		if ok, _ := g.logRefusal(now); ok {
			written++
		}
	}
	if written > 600 {
		t.Errorf("%d of 10000 refusals at once were written", written)
	}
	if ok, unlogged := g.logRefusal(now.Add(time.Minute)); !ok || int(unlogged) != 10_000-written {
		t.Errorf("the next entry counts %d unlogged ones (%v), want %d", unlogged, ok, 10_000-written)
	}
}

func FuzzReadAudit(f *testing.F) {
	f.Add([]byte(`{"seq":1,"time":"2026-01-01T00:00:00Z","outcome":"started","uid":0,"prev":""}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, good, _ := readAudit(bytes.NewReader(data), func(Entry, string) {})
		if good < 0 || good > int64(len(data)) {
			t.Errorf("%d good bytes of %d", good, len(data))
		}
	})
}
