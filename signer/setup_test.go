package signer

import (
	"context"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/kura-build/kura/protocol"
)

func TestKeysAreSealedOnDisk(t *testing.T) {
	h := newHouse(t, nil)
	h.key("k", "ed25519")
	err := filepath.WalkDir(h.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %s: others can reach it", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestChangedKeyFileIsRefused(t *testing.T) {
	h := newHouse(t, nil)
	if _, err := h.client.CreateKey(t.Context(), "k", "d", protocol.SignerKeySpec{
		Kind: "ed25519", UserID: "x", Uses: []protocol.SignerUse{protocol.UsePackages}}); err != nil {
		t.Fatal(err)
	}
	h.stop()
	files, err := filepath.Glob(filepath.Join(h.dir, keysDir, "*.key"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	body, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	promoted := strings.Replace(string(body), `"uses":["packages"]`, `"uses":["metadata"]`, 1)
	if err := os.WriteFile(files[0], []byte(promoted), 0o600); err != nil {
		t.Fatal(err)
	}
	h.start()
	_, err = h.client.SignMetadata(t.Context(), "k", "r", "d", []byte(goodRepomd))
	wantKind(t, err, kindInternal)
}

func TestPassphraseSealsKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "s")
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := Init(dir, Setup{Hubs: []ed25519.PublicKey{public}, Passphrase: []byte("right")}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, hostKeyFile)); err == nil {
		t.Error("there is a host key beside the passphrase")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for passphrase, want := range map[string]bool{"right": true, "wrong": false, "": false} {
		if _, err := openSeal(root, []byte(passphrase)); (err == nil) != want {
			t.Errorf("passphrase %q: %v", passphrase, err)
		}
	}
}

func TestInitAddsHubsAndKeepsTheRest(t *testing.T) {
	h := newHouse(t, nil)
	h.key("k", "ed25519")
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	h.stop()
	for range 2 {
		if err := Init(h.dir, Setup{Hubs: []ed25519.PublicKey{public}}); err != nil {
			t.Fatal(err)
		}
	}
	h.start()
	for name, hub := range map[string]ed25519.PrivateKey{"first": h.hub, "second": private} {
		if _, err := NewClient(h.conf.Socket, hub).SignMetadata(t.Context(), "k", "r", "d", []byte(goodRepomd)); err != nil {
			t.Errorf("%s hub: %v", name, err)
		}
	}
	body, err := os.ReadFile(filepath.Join(h.dir, hubsFile))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(body), "\n"); n != 2 {
		t.Errorf("the file of hubs has %d lines:\n%s", n, body)
	}
}

func TestSignerDoesNotStart(t *testing.T) {
	h := newHouse(t, nil)
	if err := Serve(context.Background(), h.conf); err == nil || !strings.Contains(err.Error(), "another signer") {
		t.Errorf("a second signer in the same directory: %v", err)
	}
	h.stop()
	if err := os.Chmod(h.dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := Serve(context.Background(), h.conf); err == nil || !strings.Contains(err.Error(), "0700") {
		t.Errorf("a directory that others can read: %v", err)
	}
	for name, conf := range map[string]Config{
		"nothing": {}, "no uids": {Dir: "d", Socket: "s"}, "rate": {Dir: "d", Socket: "s", AllowUIDs: []uint32{1}, PerMinute: -1},
	} {
		if err := Serve(context.Background(), conf); err == nil {
			t.Errorf("%s: it starts", name)
		}
	}
}

func TestSpecsThatMakeNoKey(t *testing.T) {
	h := newHouse(t, nil)
	h.key("taken", "ed25519")
	good := protocol.SignerKeySpec{Kind: "ed25519", UserID: "x", Uses: []protocol.SignerUse{protocol.UsePackages}}
	for _, c := range []struct {
		name   string
		change func(*protocol.SignerKeySpec)
		kind   string
	}{
		{"taken", func(*protocol.SignerKeySpec) {}, kindExists},
		{"", func(*protocol.SignerKeySpec) {}, kindInvalid},
		{"../x", func(*protocol.SignerKeySpec) {}, kindInvalid},
		{"a b", func(*protocol.SignerKeySpec) {}, kindInvalid},
		{"weak", func(s *protocol.SignerKeySpec) { s.Kind = "rsa1024" }, kindInvalid},
		{"useless", func(s *protocol.SignerKeySpec) { s.Uses = nil }, kindInvalid},
		{"uses", func(s *protocol.SignerKeySpec) { s.Uses = []protocol.SignerUse{"anything"} }, kindInvalid},
		{"user", func(s *protocol.SignerKeySpec) { s.UserID = "" }, kindInvalid},
		{"future", func(s *protocol.SignerKeySpec) { s.Created = 1 << 33 }, kindInvalid},
		{"days", func(s *protocol.SignerKeySpec) { s.Days = -1 }, kindInvalid},
	} {
		spec := good
		c.change(&spec)
		_, err := h.client.CreateKey(t.Context(), c.name, "d", spec)
		t.Run(c.name, func(t *testing.T) { wantKind(t, err, c.kind) })
	}
}

func TestArgumentsComeBack(t *testing.T) {
	want := Config{Dir: "/d", Socket: "/s", SocketGroup: 7, AllowUIDs: []uint32{0, 991}, PerMinute: 5,
		PassphraseFile: "/p", OldPackages: true, Lifeline: true}
	got, err := ParseArgs(want.Args(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Config{}, "Log", "Now")); diff != "" {
		t.Error(diff)
	}
}

func TestEnsureUserFindsWhoIsThere(t *testing.T) {
	if uid, gid, err := EnsureUser("root"); err != nil || uid != 0 || gid != 0 {
		t.Errorf("root is %d:%d, %v", uid, gid, err)
	}
}
