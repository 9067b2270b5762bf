package openpgp

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

var rsaKey = sync.OnceValues(func() (*Key, error) {
	return Generate(Spec{Kind: RSA4096, Name: "Test RSA", Email: "rsa@example.org", Created: epoch})
})

var edKey = sync.OnceValues(func() (*Key, error) {
	return Generate(Spec{Kind: Ed25519, Name: "Test Ed", Created: epoch})
})

// both runs a test with a key of each kind.
func both(t *testing.T, f func(t *testing.T, key *Key)) {
	t.Helper()
	for name, make := range map[string]func() (*Key, error){"rsa4096": rsaKey, "ed25519": edKey} {
		t.Run(name, func(t *testing.T) {
			key, err := make()
			if err != nil {
				t.Fatal(err)
			}
			f(t, key)
		})
	}
}

func run(t *testing.T, dir string, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "GNUPGHOME="+dir, "LC_ALL=C", "TZ=UTC")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}

func write(t *testing.T, path string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestKeySurvivesStorage(t *testing.T) {
	both(t, func(t *testing.T, key *Key) {
		stored, err := key.Private()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReadPrivate(stored)
		if err != nil {
			t.Fatal(err)
		}
		if again.Fingerprint() != key.Fingerprint() || again.UserID() != key.UserID() || !again.Created().Equal(epoch) {
			t.Errorf("stored key came back as %s %q %s", again.Fingerprint(), again.UserID(), again.Created())
		}
		one, err := key.Sign([]byte("data"), epoch.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		two, err := again.Sign([]byte("data"), epoch.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one, two) {
			t.Error("the same key, bytes and time gave two different signatures")
		}
	})
}

func TestPublicKeyHoldsNoSecret(t *testing.T) {
	both(t, func(t *testing.T, key *Key) {
		armored, err := key.Public().Armored()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(armored, "-----BEGIN PGP PUBLIC KEY BLOCK-----\n") {
			t.Errorf("not a public key block: %.60s", armored)
		}
		pub, err := ReadPublic(armored)
		if err != nil {
			t.Fatal(err)
		}
		if pub.entity.PrivateKey != nil || len(pub.entity.Subkeys) != 0 {
			t.Error("the exported key has a private part or subkeys")
		}
		if pub.KeyID() != key.KeyID() || len(pub.KeyID()) != 16 || pub.ShortID() != pub.KeyID()[8:] {
			t.Errorf("key ids %s, %s, short %s", pub.KeyID(), key.KeyID(), pub.ShortID())
		}
	})
}

func TestGnuPGReadsKeysAndSignatures(t *testing.T) {
	both(t, func(t *testing.T, key *Key) {
		dir := t.TempDir()
		armored, err := key.Public().Armored()
		if err != nil {
			t.Fatal(err)
		}
		run(t, dir, "gpg", "--batch", "--import", write(t, filepath.Join(dir, "pub"), []byte(armored)))
		listed := run(t, dir, "gpg", "--batch", "--with-colons", "--list-keys")
		for _, want := range []string{
			"fpr:::::::::" + strings.ToUpper(key.Fingerprint()) + ":",
			":" + strings.ToUpper(key.KeyID()) + ":1767323045:",
			":" + key.UserID() + ":",
		} {
			if !strings.Contains(listed, want) {
				t.Errorf("gpg does not list %q:\n%s", want, listed)
			}
		}
		data := []byte("<repomd/>\n")
		file := write(t, filepath.Join(dir, "repomd.xml"), data)
		asc, err := key.SignArmored(data, epoch.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		out := run(t, dir, "gpg", "--batch", "--verify", write(t, file+".asc", []byte(asc)), file)
		if !strings.Contains(out, "Good signature") {
			t.Errorf("gpg --verify: %s", out)
		}
		if _, err := key.VerifyArmored(data, asc, epoch.Add(time.Hour)); err != nil {
			t.Error(err)
		}
	})
}

func TestRPMImportsKeys(t *testing.T) {
	both(t, func(t *testing.T, key *Key) {
		dir := t.TempDir()
		armored, err := key.Public().Armored()
		if err != nil {
			t.Fatal(err)
		}
		db := filepath.Join(dir, "db")
		run(t, dir, "rpmkeys", "--dbpath", db, "--import", write(t, filepath.Join(dir, "pub"), []byte(armored)))
		out := run(t, dir, "rpm", "--dbpath", db, "-qa", "gpg-pubkey*")
		if want := "gpg-pubkey-" + key.ShortID() + "-"; !strings.Contains(out, want) {
			t.Errorf("rpm -qa has no %s: %s", want, out)
		}
	})
}

func TestKeyMadeByGnuPGVerifies(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, "gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", "",
		"--quick-gen-key", "other <o@example.org>", "ed25519", "sign", "never")
	pub, err := ReadPublic(run(t, dir, "gpg", "--batch", "--armor", "--export"))
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, filepath.Join(dir, "f"), []byte("hello"))
	run(t, dir, "gpg", "--batch", "--digest-algo", "SHA256", "--detach-sign", file)
	sig, err := os.ReadFile(file + ".sig")
	if err != nil {
		t.Fatal(err)
	}
	got, err := pub.Verify([]byte("hello"), sig, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if got.KeyID != pub.KeyID() || got.Algorithm != AlgorithmEdDSA || got.Hash != SHA256 {
		t.Errorf("signature says %+v", got)
	}
	run(t, dir, "gpgconf", "--kill", "all")
}

func TestExpiredKeyNeitherSignsNorVerifies(t *testing.T) {
	key, err := Generate(Spec{Kind: Ed25519, Name: "short-lived", Created: epoch, Expires: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	sig, err := key.Sign([]byte("x"), epoch.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := key.Verify([]byte("x"), sig, epoch.Add(2*time.Minute)); err != nil {
		t.Error(err)
	}
	if _, err := key.Sign([]byte("x"), epoch.Add(2*time.Hour)); err == nil {
		t.Error("an expired key signed")
	}
	if _, err := key.Verify([]byte("x"), sig, epoch.Add(2*time.Hour)); err == nil {
		t.Error("an expired key verified")
	}
	if _, err := key.Sign([]byte("x"), epoch.Add(-time.Hour)); err == nil {
		t.Error("a key signed before it was made")
	}
}

func TestWeakKeysAreRefused(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, "gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", "",
		"--quick-gen-key", "weak <w@example.org>", "rsa2048", "sign", "never")
	file := filepath.Join(dir, "secret")
	run(t, dir, "gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", "", "--output", file, "--export-secret-keys")
	secret, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadPrivate(secret); !errors.Is(err, ErrWeak) {
		t.Errorf("RSA-2048 for signing: %v", err)
	}
	run(t, dir, "gpgconf", "--kill", "all")
}

func TestSpecsThatMakeNoKey(t *testing.T) {
	for name, spec := range map[string]Spec{
		"kind":       {Kind: "dsa1024", Name: "x", Created: epoch},
		"time":       {Kind: Ed25519, Name: "x"},
		"user id":    {Kind: Ed25519, Name: "x <\x00>", Created: epoch},
		"expires":    {Kind: Ed25519, Name: "x", Created: epoch, Expires: -1},
		"expires on": {Kind: Ed25519, Name: "x", Created: epoch, Expires: 1 << 62},
	} {
		if _, err := Generate(spec); err == nil {
			t.Errorf("%s: a key was made from %+v", name, spec)
		}
	}
}
