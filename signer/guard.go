package signer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/kura-build/kura/protocol"
)

// guard is the signer's memory of what it did: which authorisations are used
// up, which header it signed for which package, and how much lately. All but
// the rates is read back from the audit log.
type guard struct {
	mu     sync.Mutex
	nonces map[string]int64 // used, until they expire
	swept  int64
	floor  int64               // the latest expiry that was forgotten
	signed map[uint64][16]byte // key, build and package → header

	signing  bucket
	keys     bucket
	refusals bucket
	unlogged int64
}

func newGuard(perMinute int) *guard {
	return &guard{
		nonces:   map[string]int64{},
		signed:   map[uint64][16]byte{},
		signing:  bucket{perMinute: perMinute},
		keys:     bucket{perMinute: 60},
		refusals: bucket{perMinute: 600},
	}
}

// bucket lets perMinute things through a minute, and as many at once after a
// minute of rest.
type bucket struct {
	perMinute int
	left      float64
	last      time.Time
}

func (b *bucket) take(now time.Time) bool {
	full := float64(b.perMinute)
	if b.last.IsZero() {
		b.left = full
	} else if passed := now.Sub(b.last); passed > 0 {
		b.left = min(full, b.left+passed.Minutes()*full)
	}
	b.last = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// replay takes an entry of the audit log into the memory.
func (g *guard) replay(e Entry, now time.Time) {
	if e.Nonce != "" && e.Expires > now.Unix() {
		g.nonces[e.Nonce] = e.Expires
	}
	if e.Outcome == outcomeDone && e.Operation == protocol.SignPackage {
		id, header, err := signedAs(e.Key, e.Build, e.NVRA, e.SHA256)
		if err == nil {
			g.signed[id] = header
		}
	}
}

// admit uses an authorisation up, or says why it may not be used.
func (g *guard) admit(auth protocol.SignerAuthorisation, now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sweep(now)
	if _, used := g.nonces[auth.Nonce]; used {
		return refuse(kindDenied, "this authorisation was used already: each is good once; ask the hub for a new one")
	}
	if auth.Expires <= g.floor {
		// Only a clock that was set back makes it look good still.
		return refuse(kindDenied, "this authorisation is older than those that the signer remembers: compare the clocks; starting the signer again makes it read its log")
	}
	rate := &g.signing
	if auth.Operation == protocol.CreateKey || auth.Operation == protocol.DisableKey {
		rate = &g.keys
	}
	if !rate.take(now) {
		return refuse(kindLocked, "the signer does no more than %d of these a minute: ask again a little later, or raise the limit", rate.perMinute)
	}
	g.nonces[auth.Nonce] = auth.Expires
	return nil
}

// once remembers that a header is what a key signs for a package of a build,
// and refuses any other from then on. It is called when all else was checked.
func (g *guard) once(auth protocol.SignerAuthorisation) error {
	id, header, err := signedAs(auth.Key, auth.Build, auth.NVRA, auth.SHA256)
	if err != nil {
		return refuse(kindInvalid, "the checksum in the authorisation for %s is not a SHA-256", auth.NVRA)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if before, ok := g.signed[id]; ok && before != header {
		return refuse(kindDenied, "key %s signed another header for %s of build %d before: a signed package is never replaced; build it again under a new release", auth.Key, auth.NVRA, auth.Build)
	}
	g.signed[id] = header
	return nil
}

// logRefusal says whether a refusal is written down, so that nobody fills the
// disk with them, and how many were not since the last one that was.
func (g *guard) logRefusal(now time.Time) (bool, int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.refusals.take(now) {
		g.unlogged++
		return false, 0
	}
	n := g.unlogged
	g.unlogged = 0
	return true, n
}

func (g *guard) sweep(now time.Time) {
	if now.Unix()-g.swept < 60 {
		return
	}
	g.swept = now.Unix()
	for nonce, end := range g.nonces {
		if end < g.swept {
			delete(g.nonces, nonce)
			g.floor = max(g.floor, end)
		}
	}
}

// signedAs makes the memory of a signature small: millions are kept.
func signedAs(key string, build int64, nvra, header string) (uint64, [16]byte, error) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d %q", key, build, nvra))
	var short [16]byte
	full, err := hex.DecodeString(header)
	if err != nil || len(full) != sha256.Size {
		return 0, short, fmt.Errorf("%q is not a SHA-256", header)
	}
	copy(short[:], full)
	return binary.BigEndian.Uint64(sum[:]), short, nil
}
