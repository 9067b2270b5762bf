package openpgp

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Sign makes a detached signature over data: one binary version 4 packet with
// SHA-256, as rpm keeps it in its signature header (tag RSA for an RSA key,
// tag DSA for an EdDSA one).
func (k *Key) Sign(data []byte, at time.Time) ([]byte, error) {
	if err := strong(k.entity.PrimaryKey); err != nil {
		return nil, fmt.Errorf("sign with OpenPGP key %s: %w", k.KeyID(), err)
	}
	if at.Before(k.Created()) {
		return nil, fmt.Errorf("sign with OpenPGP key %s: %s is before the key was made: check the clock", k.KeyID(), at)
	}
	if end, ok := k.Expires(); ok && !at.Before(end) {
		return nil, fmt.Errorf("sign with OpenPGP key %s: it expired on %s: make a new key", k.KeyID(), end.Format(time.DateOnly))
	}
	pub := k.entity.PrimaryKey
	sig := &packet.Signature{
		Version:      4,
		SigType:      packet.SigTypeBinary,
		PubKeyAlgo:   pub.PubKeyAlgo,
		Hash:         crypto.SHA256,
		CreationTime: at,
		IssuerKeyId:  &pub.KeyId,
	}
	hash := crypto.SHA256.New()
	hash.Write(data)
	if err := sig.Sign(hash, k.entity.PrivateKey, config(at)); err != nil {
		return nil, fmt.Errorf("sign with OpenPGP key %s: %w", k.KeyID(), err)
	}
	// The library loses the error of a failed RSA operation.
	if sig.RSASignature == nil && sig.EdDSASigR == nil {
		return nil, fmt.Errorf("sign with OpenPGP key %s: %w", k.KeyID(), errors.New("the key gave no signature"))
	}
	var out bytes.Buffer
	if err := sig.Serialize(&out); err != nil {
		return nil, fmt.Errorf("sign with OpenPGP key %s: %w", k.KeyID(), err)
	}
	// A faulty RSA signature can give the private key away: none leaves unchecked.
	if _, err := k.Verify(data, out.Bytes(), at); err != nil {
		return nil, fmt.Errorf("sign with OpenPGP key %s: the fresh signature is wrong: %w", k.KeyID(), err)
	}
	return out.Bytes(), nil
}

// SignArmored makes a detached signature as text: repomd.xml.asc.
func (k *Key) SignArmored(data []byte, at time.Time) (string, error) {
	sig, err := k.Sign(data, at)
	if err != nil {
		return "", err
	}
	return enarmor(openpgp.SignatureType, sig)
}

// Verify checks a detached binary signature over data at a time, and tells
// what the signature says. A key or signature that had expired by then, or a
// hash weaker than SHA-256, is refused.
func (p *PublicKey) Verify(data, signature []byte, at time.Time) (Signature, error) {
	sig, err := ParseSignature(signature)
	if err != nil {
		return Signature{}, err
	}
	if !sig.Hash.Strong() {
		return sig, fmt.Errorf("signature of key %s uses hash %s: %w", sig.KeyID, sig.Hash, ErrWeak)
	}
	ring := openpgp.EntityList{p.entity}
	_, err = openpgp.CheckDetachedSignature(ring, bytes.NewReader(data), bytes.NewReader(signature), config(at))
	if err != nil {
		return sig, fmt.Errorf("signature of key %s does not verify with key %s: %w", sig.KeyID, p.KeyID(), err)
	}
	return sig, nil
}

// VerifyArmored is Verify for a signature as text.
func (p *PublicKey) VerifyArmored(data []byte, armored string, at time.Time) (Signature, error) {
	sig, err := unarmor(armored, openpgp.SignatureType, maxSignature)
	if err != nil {
		return Signature{}, fmt.Errorf("read an OpenPGP signature: %w", err)
	}
	return p.Verify(data, sig, at)
}
