package signer

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kura-build/kura/format/openpgp"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/protocol"
	"golang.org/x/sync/errgroup"
)

const goodRepomd = `<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
 <revision>1</revision>
 <data type="primary">
  <checksum type="sha256">e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855</checksum>
  <location href="repodata/e3b0-primary.xml.gz"/>
 </data>
</repomd>
`

func TestSignedPackagePassesRPM(t *testing.T) {
	h := newHouse(t, nil)
	for kind, name := range map[string]string{"rsa4096": "RSA", "ed25519": "EdDSA"} {
		t.Run(kind, func(t *testing.T) {
			key := h.key("test-"+kind, kind)
			pkg, p := sample(t, "pkg-"+kind)
			nvra := "pkg-" + kind + "-1.0-1.x86_64"
			answer, err := h.client.SignPackage(t.Context(), key.Name, 7, nvra, "policy allow, task 9", p.Header.Raw())
			if err != nil {
				t.Fatal(err)
			}
			signed := splice(t, pkg, p, answer.Signature)
			out, err := checksig(t, key, signed)
			if want := "Header V4 " + name + "/SHA256 Signature, key ID " + key.ShortID() + ": OK"; err != nil || !strings.Contains(out, want) {
				t.Errorf("rpmkeys does not say %q: %v\n%s", want, err, out)
			}
			signed[len(signed)-1] ^= 1
			if out, err := checksig(t, key, signed); err == nil {
				t.Errorf("rpmkeys lets a changed payload pass:\n%s", out)
			}
			if out, err := checksig(t, key, pkg); err == nil {
				t.Errorf("rpmkeys lets an unsigned package pass:\n%s", out)
			}
			entries := h.entries()
			e := entries[len(entries)-1]
			sum := sha256.Sum256(answer.Signature)
			if e.Outcome != outcomeDone || e.NVRA != nvra || e.Build != 7 || e.KeyID != key.KeyID ||
				e.Signature != hex.EncodeToString(sum[:]) || e.Decision != "policy allow, task 9" || e.Seq != answer.Audit.Entries {
				t.Errorf("the audit log says %+v", e)
			}
		})
	}
}

const figSpec = `Name: fig
Version: 1.0~rc1
Release: 3
Summary: A fruit
License: MIT
BuildArch: noarch
%description
A fruit.
%install
mkdir -p %{buildroot}/usr/share
echo fig > %{buildroot}/usr/share/fig
%files
/usr/share/fig
`

func TestPackagesOfRPMBuildAreSigned(t *testing.T) {
	h := newHouse(t, nil)
	key := h.key("k", "rsa4096")
	dir := t.TempDir()
	spec := filepath.Join(dir, "fig.spec")
	if err := os.WriteFile(spec, []byte(figSpec), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "rpmbuild", "-ba", "--quiet", "--define", "_topdir "+dir, "--dbpath", filepath.Join(dir, "db"), spec)
	for nvra, file := range map[string]string{
		"fig-1.0~rc1-3.noarch": "RPMS/noarch/fig-1.0~rc1-3.noarch.rpm",
		"fig-1.0~rc1-3.src":    "SRPMS/fig-1.0~rc1-3.src.rpm",
	} {
		pkg, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		p, err := rpm.Read(bytes.NewReader(pkg))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := h.client.SignPackage(t.Context(), "k", 1, nvra, "d", p.Header.Raw())
		if err != nil {
			t.Fatal(err)
		}
		if out, err := checksig(t, key, splice(t, pkg, p, answer.Signature)); err != nil {
			t.Errorf("%s: %v\n%s", nvra, err, out)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	h := newHouse(t, nil)
	h.key("k", "ed25519")
	_, p := sample(t, "a")
	var group errgroup.Group
	for build := range int64(64) {
		group.Go(func() error {
			_, err := h.client.SignPackage(t.Context(), "k", build+1, "a-1.0-1.x86_64", "d", p.Header.Raw())
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	builds := map[int64]bool{}
	for _, e := range h.entries() {
		if e.Outcome == outcomeDone && e.Operation == protocol.SignPackage {
			builds[e.Build] = true
		}
	}
	if len(builds) != 64 {
		t.Errorf("the audit log has %d of 64 signatures", len(builds))
	}
}

// A clock that is set back must not make a forgotten authorisation good again.
func TestReplayAfterClockWasSetBack(t *testing.T) {
	g := newGuard(100)
	start := time.Unix(1_800_000_000, 0)
	auth := protocol.SignerAuthorisation{Operation: protocol.SignPackage, Nonce: "n", Expires: start.Add(time.Minute).Unix()}
	if err := g.admit(auth, start); err != nil {
		t.Fatal(err)
	}
	later := protocol.SignerAuthorisation{Operation: protocol.SignPackage, Nonce: "m", Expires: start.Add(time.Hour).Unix()}
	if err := g.admit(later, start.Add(50*time.Minute)); err != nil {
		t.Fatal(err)
	}
	wantKind(t, g.admit(auth, start), kindDenied)
}

func TestSignedMetadataVerifies(t *testing.T) {
	h := newHouse(t, nil)
	key := h.key("repo", "ed25519")
	answer, err := h.client.SignMetadata(t.Context(), "repo", "dist-12", "policy allow", []byte(goodRepomd))
	if err != nil {
		t.Fatal(err)
	}
	pub, err := openpgp.ReadPublic(key.Public)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pub.VerifyArmored([]byte(goodRepomd), string(answer.Signature), time.Now().Add(time.Second)); err != nil {
		t.Error(err)
	}
}

// forge grants an authorisation for a header and lets it be changed first.
func (h *house) forge(header []byte, change func(*protocol.SignerAuthorisation)) protocol.SignerRequest {
	h.t.Helper()
	sum := sha256.Sum256(header)
	auth := protocol.SignerAuthorisation{Operation: protocol.SignPackage, Key: "k", Build: 1,
		NVRA: "a-1.0-1.x86_64", SHA256: hex.EncodeToString(sum[:]), Decision: "test"}
	if change != nil {
		change(&auth)
	}
	req, err := Grant(h.hub, auth, time.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	req.Data = header
	return req
}

func TestWhatTheHubDidNotAllowIsRefused(t *testing.T) {
	h := newHouse(t, nil)
	h.key("k", "ed25519")
	_, p := sample(t, "a")
	header := p.Header.Raw()
	_, stranger, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	altered := bytes.Clone(header)
	altered[len(altered)-20] ^= 1
	_, other := sample(t, "b")
	grantAt := func(at time.Time) protocol.SignerRequest {
		sum := sha256.Sum256(header)
		req, err := Grant(h.hub, protocol.SignerAuthorisation{Operation: protocol.SignPackage, Key: "k", Build: 1,
			NVRA: "a-1.0-1.x86_64", SHA256: hex.EncodeToString(sum[:]), Decision: "test"}, at)
		if err != nil {
			t.Fatal(err)
		}
		req.Data = header
		return req
	}
	swap := func(data []byte) protocol.SignerRequest { r := h.forge(header, nil); r.Data = data; return r }
	proof := func(f func(*protocol.SignerRequest)) protocol.SignerRequest {
		r := h.forge(header, nil)
		f(&r)
		return r
	}
	for name, c := range map[string]struct {
		req  protocol.SignerRequest
		kind string
	}{
		"altered header":      {swap(altered), kindDenied},
		"another header":      {swap(other.Header.Raw()), kindDenied},
		"no header":           {swap(nil), kindDenied},
		"another package":     {h.forge(header, func(a *protocol.SignerAuthorisation) { a.NVRA = "b-1.0-1.x86_64" }), kindDenied},
		"another arch":        {h.forge(header, func(a *protocol.SignerAuthorisation) { a.NVRA = "a-1.0-1.src" }), kindDenied},
		"no such key":         {h.forge(header, func(a *protocol.SignerAuthorisation) { a.Key = "nobody" }), kindNotFound},
		"no build":            {h.forge(header, func(a *protocol.SignerAuthorisation) { a.Build = 0 }), kindInvalid},
		"no decision":         {h.forge(header, func(a *protocol.SignerAuthorisation) { a.Decision = " " }), kindInvalid},
		"unknown operation":   {h.forge(header, func(a *protocol.SignerAuthorisation) { a.Operation = "sign-anything" }), kindInvalid},
		"as metadata":         {h.forge(header, func(a *protocol.SignerAuthorisation) { a.Operation, a.Repository = protocol.SignMetadata, "r" }), kindInvalid},
		"metadata as package": {h.forge([]byte(goodRepomd), nil), kindInvalid},
		"expired":             {grantAt(time.Now().Add(-time.Hour)), kindDenied},
		"from the future":     {grantAt(time.Now().Add(time.Hour)), kindDenied},
		"no proof":            {proof(func(r *protocol.SignerRequest) { r.Proof = nil }), kindDenied},
		"a stranger's proof":  {proof(func(r *protocol.SignerRequest) { r.Proof = ed25519.Sign(stranger, proven(r.Authorisation)) }), kindDenied},
		"proof for elsewhere": {proof(func(r *protocol.SignerRequest) { r.Proof = ed25519.Sign(h.hub, r.Authorisation) }), kindDenied},
		"changed after":       {proof(func(r *protocol.SignerRequest) { r.Authorisation[len(r.Authorisation)-3] ^= 1 }), kindDenied},
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := h.client.Send(t.Context(), c.req)
			wantKind(t, err, c.kind)
			if answer.Signature != nil {
				t.Error("a signature came all the same")
			}
		})
	}
	refused := 0
	for _, e := range h.entries() {
		if e.Outcome == outcomeDone && e.Operation != protocol.CreateKey {
			t.Errorf("the audit log has a signature: %+v", e)
		}
		if e.Outcome == outcomeRefused && e.Reason != "" {
			refused++
		}
	}
	if refused != 17 {
		t.Errorf("%d refusals are in the audit log, 17 were made", refused)
	}
}

func TestReplayIsRefusedAcrossRestart(t *testing.T) {
	h := newHouse(t, nil)
	h.key("k", "ed25519")
	_, p := sample(t, "a")
	req := h.forge(p.Header.Raw(), nil)
	if _, err := h.client.Send(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	_, err := h.client.Send(t.Context(), req)
	wantKind(t, err, kindDenied)
	h.restart()
	_, err = h.client.Send(t.Context(), req)
	wantKind(t, err, kindDenied)
	// The same package may be signed again with a new authorisation.
	if _, err := h.client.Send(t.Context(), h.forge(p.Header.Raw(), nil)); err != nil {
		t.Error(err)
	}
}

func TestOneHeaderForAPackageOfABuild(t *testing.T) {
	h := newHouse(t, nil)
	h.key("k", "ed25519")
	_, p := sample(t, "a")
	if _, err := h.client.Send(t.Context(), h.forge(p.Header.Raw(), nil)); err != nil {
		t.Fatal(err)
	}
	other := withTag(t, p.Header.Raw())
	_, err := h.client.Send(t.Context(), h.forge(other, nil))
	wantKind(t, err, kindDenied)
	h.restart()
	_, err = h.client.Send(t.Context(), h.forge(other, nil))
	wantKind(t, err, kindDenied)
	if _, err := h.client.Send(t.Context(), h.forge(other, func(a *protocol.SignerAuthorisation) { a.Build = 2 })); err != nil {
		t.Errorf("the same name in another build: %v", err)
	}
}

// withTag is the header of the same package with other contents.
func withTag(t *testing.T, header []byte) []byte {
	t.Helper()
	out := bytes.Replace(header, []byte("/usr/share/"), []byte("/usr/sharf/"), 1)
	if bytes.Equal(out, header) {
		t.Fatal("the header did not change")
	}
	return out
}

func TestKeysSignOnlyWhatTheyAreFor(t *testing.T) {
	h := newHouse(t, nil)
	for name, use := range map[string]protocol.SignerUse{"packages": protocol.UsePackages, "metadata": protocol.UseMetadata} {
		if _, err := h.client.CreateKey(t.Context(), name, "d", protocol.SignerKeySpec{
			Kind: "ed25519", UserID: name, Uses: []protocol.SignerUse{use}}); err != nil {
			t.Fatal(err)
		}
	}
	_, p := sample(t, "a")
	_, err := h.client.SignPackage(t.Context(), "metadata", 1, "a-1.0-1.x86_64", "d", p.Header.Raw())
	wantKind(t, err, kindDenied)
	_, err = h.client.SignMetadata(t.Context(), "packages", "r", "d", []byte(goodRepomd))
	wantKind(t, err, kindDenied)
	if _, err := h.client.SignPackage(t.Context(), "packages", 1, "a-1.0-1.x86_64", "d", p.Header.Raw()); err != nil {
		t.Error(err)
	}
	if _, err := h.client.DisableKey(t.Context(), "packages", "leaked"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err = h.client.SignPackage(t.Context(), "packages", 1, "a-1.0-1.x86_64", "d", p.Header.Raw())
		wantKind(t, err, kindDenied)
		h.restart()
	}
	if key, err := h.client.Key(t.Context(), "packages"); err != nil || !key.Disabled {
		t.Errorf("the disabled key is listed as %+v, %v", key, err)
	}
}

func TestRateLimit(t *testing.T) {
	now := time.Now()
	h := newHouse(t, func(c *Config) { c.PerMinute = 2; c.Now = func() time.Time { return now } })
	h.key("k", "ed25519")
	_, p := sample(t, "a")
	for range 2 {
		if _, err := h.client.Send(t.Context(), h.forge(p.Header.Raw(), nil)); err != nil {
			t.Fatal(err)
		}
	}
	req := h.forge(p.Header.Raw(), nil)
	_, err := h.client.Send(t.Context(), req)
	wantKind(t, err, kindLocked)
	now = now.Add(40 * time.Second)
	if _, err := h.client.Send(t.Context(), req); err != nil {
		t.Errorf("after a while: %v", err)
	}
}

func TestForeignUIDIsTurnedAway(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.AllowUIDs = []uint32{uint32(os.Getuid()) + 4242} })
	_, err := h.client.Keys(t.Context())
	wantKind(t, err, kindDenied)
	_, err = h.client.CreateKey(t.Context(), "k", "d", protocol.SignerKeySpec{Kind: "ed25519", UserID: "x", Uses: []protocol.SignerUse{protocol.UsePackages}})
	wantKind(t, err, kindDenied)
	seen := false
	for _, e := range h.entries() {
		seen = seen || e.Outcome == outcomeRefused && e.UID == int64(os.Getuid())
	}
	if !seen {
		t.Error("the audit log does not show who was turned away")
	}
}

// BenchmarkSignHeader asks from eight sides at once, as a mass rebuild does,
// and tells the time within which 95 of 100 answers came.
func BenchmarkSignHeader(b *testing.B) {
	for _, kind := range []string{"rsa4096", "ed25519"} {
		b.Run(kind, func(b *testing.B) {
			h := newHouse(b, func(c *Config) { c.PerMinute = 1 << 30 })
			h.key("k", kind)
			_, p := sample(b, "a")
			took := make([]time.Duration, b.N)
			var next atomic.Int64
			var group errgroup.Group
			b.ResetTimer()
			for range 8 {
				group.Go(func() error {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						start := time.Now()
						if _, err := h.client.SignPackage(b.Context(), "k", i, "a-1.0-1.x86_64", "bench", p.Header.Raw()); err != nil {
							return err
						}
						took[i-1] = time.Since(start)
					}
					return nil
				})
			}
			if err := group.Wait(); err != nil {
				b.Fatal(err)
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		})
	}
}
