package rpm

import (
	"bytes"
	"crypto"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"
)

func TestSignaturesOfRealPackages(t *testing.T) {
	for name, want := range map[string]struct {
		sigKey string
		all    []string // tag, version, algorithm, key id
	}{
		"hello-2.0-1.x86_64-signed.rpm":                 {"1964c5fc", []string{"1002 v4 1 4344591e1964c5fc", "268 v4 1 4344591e1964c5fc"}},
		"hello-2.0-1.x86_64-v3-signed.rpm":              {"1964c5fc", []string{"1002 v3 1 4344591e1964c5fc", "268 v3 1 4344591e1964c5fc"}},
		"hello-2.0-1.x86_64-signed-with-new-subkey.rpm": {"11450b6c", []string{"267 v4 22 6323c42711450b6c"}},
		"centos-release-as-2.1AS-4.noarch.rpm":          {"16ff0e46", []string{"1005 v3 17 2802e89216ff0e46"}},
		"empty-0-0.x86_64.rpm":                          {"", nil},
	} {
		p, err := Read(bytes.NewReader(load(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		sigs, err := Signatures(p.Sig)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got []string
		for _, s := range sigs {
			got = append(got, fmt.Sprintf("%d v%d %d %s", s.Tag, s.Version, s.PubkeyAlgo, s.KeyID))
		}
		if diff := cmp.Diff(want.all, got); diff != "" {
			t.Errorf("%s: want(-) got(+)\n%s", name, diff)
		}
		if key, err := SigKey(p.Sig); err != nil || key != want.sigKey {
			t.Errorf("%s: SigKey gives %q, %v; want %q", name, key, err, want.sigKey)
		}
	}
	for name, n := range map[string]int{"hello-2.0-1.x86_64-signed-mldsa87.rpm": 4, "empty-signed-v6-multiple-0-0.x86_64.rpm": 4} {
		p, _ := Read(bytes.NewReader(load(t, name)))
		sigs, err := Signatures(p.Sig)
		if err != nil || len(sigs) != n {
			t.Errorf("%s: %d signatures, %v; want %d", name, len(sigs), err, n)
		}
	}
}

// signer makes a key and gives its public part for rpm, and what signs.
func signer(t *testing.T, algo packet.PublicKeyAlgorithm) (public []byte, sign func([]byte) []byte) {
	t.Helper()
	config := &packet.Config{Algorithm: algo, RSABits: 2048, DefaultHash: crypto.SHA256}
	e, err := openpgp.NewEntity("Tester", "", "tester@example.org", config)
	if err != nil {
		t.Fatal(err)
	}
	var key bytes.Buffer
	w, err := armor.Encode(&key, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Serialize(w); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return key.Bytes(), func(b []byte) []byte {
		var sig bytes.Buffer
		if err := openpgp.DetachSign(&sig, e, bytes.NewReader(b), config); err != nil {
			t.Fatal(err)
		}
		return sig.Bytes()
	}
}

func TestReplacedSignaturesSatisfyRPM(t *testing.T) {
	for name, algo := range map[string]packet.PublicKeyAlgorithm{"RSA": packet.PubKeyAlgoRSA, "EdDSA": packet.PubKeyAlgoEdDSA} {
		t.Run(name, func(t *testing.T) {
			public, sign := signer(t, algo)
			dir := t.TempDir()
			keyFile := filepath.Join(dir, "key")
			if err := os.WriteFile(keyFile, public, 0o644); err != nil {
				t.Fatal(err)
			}
			db := filepath.Join(filepath.Dir(dir), "rpmdb")
			oracle(t, "rpmkeys", "--import", keyFile)
			for _, unsigned := range [][]byte{encode(t, sample()), load(t, "hello-2.0-1.x86_64-signed.rpm")} {
				p, err := Read(bytes.NewReader(unsigned))
				if err != nil {
					t.Fatal(err)
				}
				sighdr, err := Replace(p.Sig, sign(p.Header.Raw()))
				if err != nil {
					t.Fatal(err)
				}
				s, err := Splice(bytes.NewReader(unsigned), int64(len(unsigned)), sighdr)
				if err != nil {
					t.Fatal(err)
				}
				signed, err := io.ReadAll(s)
				if err != nil || int64(len(signed)) != s.Size {
					t.Fatalf("%d bytes of %d, %v", len(signed), s.Size, err)
				}
				file := filepath.Join(dir, "signed.rpm")
				if err := os.WriteFile(file, signed, 0o644); err != nil {
					t.Fatal(err)
				}
				got := oracle(t, "rpmkeys", "--checksig", "-v", file)
				if !strings.Contains(got, "Header V4 "+name+"/SHA256 Signature, key ID") || !strings.Contains(got, ": OK") {
					t.Errorf("rpmkeys in %s says\n%s", db, got)
				}
				if _, err := Verify(bytes.NewReader(signed), -1); err != nil {
					t.Error(err)
				}
				h, err := ParseSigHeader(sighdr)
				if err != nil {
					t.Fatal(err)
				}
				if !p.Sig.Has(SigTagRSA) && p.Sig.Has(SigTagReservedSpace) && !bytes.Equal(Unsigned(h), p.RawSig) {
					t.Error("taking the signature off does not give back the unsigned package")
				}
				if key, err := SigKey(h); err != nil || len(key) != 8 {
					t.Errorf("SigKey: %q, %v", key, err)
				}
			}
		})
	}
}

func TestUnsigned(t *testing.T) {
	b := load(t, "hello-2.0-1.x86_64-signed.rpm")
	p, _ := Read(bytes.NewReader(b))
	h, err := ParseSigHeader(Unsigned(p.Sig))
	if err != nil {
		t.Fatal(err)
	}
	if sigs, _ := Signatures(h); len(sigs) != 0 {
		t.Errorf("%d signatures are left", len(sigs))
	}
	if !SameContent(p.Sig, h) || !h.Has(SigTagSize) || !h.Has(SigTagPayloadSize) {
		t.Error("digests or sizes went away with the signatures")
	}
	if len(Unsigned(p.Sig)) != len(p.RawSig) {
		t.Errorf("the header had %d bytes and has %d", len(p.RawSig), len(Unsigned(p.Sig)))
	}
}

func TestSpliceRestoresAndRefuses(t *testing.T) {
	b, other := load(t, "hello-2.0-1.x86_64-signed.rpm"), load(t, "empty-0-0.x86_64.rpm")
	sighdr, err := Rip(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Splice(bytes.NewReader(b), int64(len(b)), sighdr)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(s); !bytes.Equal(got, b) {
		t.Error("a package with its own signature header is not the same")
	}
	if _, err := Splice(bytes.NewReader(other), int64(len(other)), sighdr); err == nil || !strings.Contains(err.Error(), "another package") {
		t.Errorf("the signature header of another package: %v", err)
	}
	if _, err := Splice(bytes.NewReader(b), int64(len(b)), append(bytes.Clone(sighdr), 0)); err == nil {
		t.Error("a signature header with a byte too many is taken")
	}
}

func FuzzParseSignature(f *testing.F) {
	for _, name := range []string{"hello-2.0-1.x86_64-signed.rpm", "hello-2.0-1.x86_64-v3-signed.rpm", "empty-signed-v6-multiple-0-0.x86_64.rpm"} {
		p, err := Read(bytes.NewReader(load(f, name)))
		if err != nil {
			f.Fatal(err)
		}
		sigs, _ := Signatures(p.Sig)
		for _, s := range sigs {
			f.Add(s.Packet)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := ParseSignature(b); err == nil && len(s.SigKey()) != 8 {
			t.Errorf("a signature without a key: %+v", s)
		}
	})
}
