package openpgp

import (
	"bytes"
	"crypto"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"
)

func TestSignatureSaysWhoMadeIt(t *testing.T) {
	both(t, func(t *testing.T, key *Key) {
		at := epoch.Add(time.Minute)
		sig, err := key.Sign([]byte("data"), at)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseSignature(sig)
		if err != nil {
			t.Fatal(err)
		}
		want := Signature{Version: 4, Algorithm: key.Algorithm(), Hash: SHA256,
			KeyID: key.KeyID(), Fingerprint: key.Fingerprint(), Created: at}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if got.ShortID() != key.ShortID() {
			t.Errorf("short id %s, key has %s", got.ShortID(), key.ShortID())
		}
	})
}

func TestSignaturesOfRealPackages(t *testing.T) {
	for file, want := range map[string]Signature{
		"rsa-v3.sig": {Version: 3, Algorithm: AlgorithmRSA, Hash: SHA256, KeyID: "4344591e1964c5fc",
			Created: time.Date(2022, 11, 24, 8, 48, 1, 0, time.UTC)},
		"rsa-v4.sig": {Version: 4, Algorithm: AlgorithmRSA, Hash: 10, KeyID: "1f71177215217ee0",
			Fingerprint: "43253a62850dfadcacd423f11f71177215217ee0",
			Created:     time.Date(2022, 4, 13, 14, 22, 42, 0, time.UTC)},
		"eddsa-v4.sig": {Version: 4, Algorithm: AlgorithmEdDSA, Hash: 10, KeyID: "6323c42711450b6c",
			Fingerprint: "dcc32f8b1ee8c670b53f25566323c42711450b6c",
			Created:     time.Date(2024, 10, 10, 7, 9, 4, 0, time.UTC)},
	} {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseSignature(data)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
	}
}

func TestEveryChangedByteIsNoticed(t *testing.T) {
	key, err := edKey()
	if err != nil {
		t.Fatal(err)
	}
	data, at := []byte("the header of a package"), epoch.Add(time.Minute)
	sig, err := key.Sign(data, at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := key.Verify(data, sig, at); err != nil {
		t.Fatal(err)
	}
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 1
		if _, err := key.Verify(bad, sig, at); err == nil {
			t.Errorf("changed byte %d of the data verifies", i)
		}
	}
	signed := sig[:len(sig)-66] // what follows is the signature itself
	for i := range signed {
		bad := bytes.Clone(sig)
		bad[i] ^= 1
		got, err := key.Verify(data, bad, at)
		// The unhashed issuer is a hint and nothing more.
		if err == nil && got.Fingerprint != key.Fingerprint() {
			t.Errorf("changed byte %d of the signature verifies as %+v", i, got)
		}
	}
	for name, bad := range map[string][]byte{
		"nothing": nil, "cut": sig[:len(sig)-1], "longer": append(bytes.Clone(sig), 0), "twice": append(bytes.Clone(sig), sig...),
	} {
		if _, err := key.Verify(data, bad, at); err == nil {
			t.Errorf("%s: it verifies", name)
		}
	}
}

func TestOtherKeyDoesNotVerify(t *testing.T) {
	a, err := edKey()
	if err != nil {
		t.Fatal(err)
	}
	b, err := Generate(Spec{Kind: Ed25519, Name: "other", Created: epoch})
	if err != nil {
		t.Fatal(err)
	}
	sig, err := a.Sign([]byte("x"), epoch)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Verify([]byte("x"), sig, epoch); err == nil {
		t.Error("another key's signature verifies")
	}
}

func TestWeakHashIsRefused(t *testing.T) {
	key, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, weak := range []crypto.Hash{crypto.SHA1, crypto.SHA224} {
		sig := &packet.Signature{Version: 4, PubKeyAlgo: packet.PubKeyAlgoRSA, Hash: weak,
			CreationTime: epoch, IssuerKeyId: &key.entity.PrimaryKey.KeyId}
		hash := weak.New()
		hash.Write([]byte("x"))
		if err := sig.Sign(hash, key.entity.PrivateKey, config(epoch)); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := sig.Serialize(&out); err != nil {
			t.Fatal(err)
		}
		if _, err := key.Verify([]byte("x"), out.Bytes(), epoch); !errors.Is(err, ErrWeak) {
			t.Errorf("%s: %v", weak, err)
		}
	}
}

func TestArmourOfTheWrongKind(t *testing.T) {
	key, err := edKey()
	if err != nil {
		t.Fatal(err)
	}
	private, err := key.Private()
	if err != nil {
		t.Fatal(err)
	}
	secret, err := enarmor(openpgp.PrivateKeyType, private)
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.Armored()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"private": secret, "empty": "", "text": "hello", "cut": public[:len(public)/2],
		"two": public + public, "huge": strings.Repeat("A", 4*maxKey),
	} {
		if got, err := ReadPublic(text); err == nil {
			t.Errorf("%s: read as key %s", name, got.KeyID())
		}
	}
}

func FuzzParseSignature(f *testing.F) {
	for _, file := range []string{"rsa-v3.sig", "rsa-v4.sig", "eddsa-v4.sig"} {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte{0xc2, 0xff, 0, 0, 0, 0})
	key, err := edKey()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sig, err := ParseSignature(data)
		if err == nil && len(sig.KeyID) != 16 {
			t.Errorf("key id %q", sig.KeyID)
		}
		if _, err := key.Verify([]byte("never signed"), data, epoch); err == nil {
			t.Error("a made-up signature verifies")
		}
	})
}

func FuzzReadPublic(f *testing.F) {
	key, err := edKey()
	if err != nil {
		f.Fatal(err)
	}
	armored, err := key.Armored()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(armored)
	f.Fuzz(func(t *testing.T, text string) {
		if pub, err := ReadPublic(text); err == nil && len(pub.KeyID()) != 16 {
			t.Errorf("key id %q", pub.KeyID())
		}
	})
}

func BenchmarkSign(b *testing.B) {
	header := make([]byte, 64<<10)
	for name, make := range map[string]func() (*Key, error){"rsa4096": rsaKey, "ed25519": edKey} {
		key, err := make()
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := key.Sign(header, epoch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
