// Package signtest gives tests a signer in their own process.
package signtest

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/kura-build/kura/format/openpgp"
	"github.com/kura-build/kura/protocol"
)

// Holder holds keys and signs whatever it is told to.
type Holder struct {
	Keys   map[string]*openpgp.Key
	Signed []string // the packages
}

// New is a holder without keys.
func New() *Holder { return &Holder{Keys: map[string]*openpgp.Key{}} }

// CreateKey makes a key: one of Ed25519, unless RSA is asked for.
func (h *Holder) CreateKey(_ context.Context, name, _ string, s protocol.SignerKeySpec) (protocol.SignerKey, error) {
	kind := openpgp.Ed25519
	if s.Kind == "rsa4096" {
		kind = openpgp.RSA4096
	}
	k, err := openpgp.Generate(openpgp.Spec{Kind: kind, Name: s.UserID, Email: s.Email, Created: time.Now(), Rand: rand.Reader})
	if err != nil {
		return protocol.SignerKey{}, err
	}
	h.Keys[name] = k
	p := k.Public()
	text, err := p.Armored()
	return protocol.SignerKey{Name: name, Kind: s.Kind, KeyID: p.KeyID(), Public: text, Created: 1700000000}, err
}

// SignPackage signs a package's header.
func (h *Holder) SignPackage(_ context.Context, key string, _ int64, nvra, _ string, header []byte) (protocol.SignerAnswer, error) {
	h.Signed = append(h.Signed, nvra)
	sig, err := h.Keys[key].Sign(header, time.Now())
	return protocol.SignerAnswer{Signature: sig}, err
}

// SignMetadata signs the metadata of a repository.
func (h *Holder) SignMetadata(_ context.Context, key, _, _ string, md []byte) (protocol.SignerAnswer, error) {
	sig, err := h.Keys[key].SignArmored(md, time.Now())
	return protocol.SignerAnswer{Signature: []byte(sig)}, err
}
