package openpgp

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Kind is a sort of key that can be made.
type Kind string

// The kinds. RSA4096 is read by every rpm in use; Ed25519 is small and fast,
// and read by rpm since 4.15.
const (
	RSA4096 Kind = "rsa4096"
	Ed25519 Kind = "ed25519"
)

// minRSABits is the shortest RSA key that may sign.
const minRSABits = 3072

// ErrWeak is returned where a key, a hash or a signature is weaker than
// RSA-3072 and SHA-256.
var ErrWeak = errors.New("too weak")

// Spec says which key to make.
type Spec struct {
	Kind    Kind
	Name    string        // of the user id: "Example Linux 12"
	Email   string        // of the user id, may be empty
	Created time.Time     // part of the fingerprint; to the second
	Expires time.Duration // after Created; 0 means never
	Rand    io.Reader     // nil means crypto/rand
}

// Key is a private key that can sign.
type Key struct {
	PublicKey
}

// PublicKey is a key that signatures are checked with.
type PublicKey struct {
	entity *openpgp.Entity
}

// Generate makes a key.
func Generate(spec Spec) (*Key, error) {
	if spec.Created.IsZero() {
		return nil, errors.New("make an OpenPGP key: no creation time given")
	}
	if spec.Expires < 0 || spec.Expires/time.Second > 1<<32-1 {
		return nil, fmt.Errorf("make an OpenPGP key: it cannot expire after %s", spec.Expires)
	}
	source := spec.Rand
	if source == nil {
		source = rand.Reader
	}
	conf := config(spec.Created)
	conf.Rand = source
	conf.KeyLifetimeSecs = uint32(spec.Expires / time.Second)
	var entity *openpgp.Entity
	var err error
	switch spec.Kind {
	case Ed25519:
		conf.Algorithm = packet.PubKeyAlgoEdDSA
		entity, err = openpgp.NewEntity(spec.Name, "", spec.Email, conf)
	case RSA4096:
		entity, err = newRSA(spec, conf)
	default:
		err = fmt.Errorf("kind %q is not one of %s, %s", spec.Kind, RSA4096, Ed25519)
	}
	if err != nil {
		return nil, fmt.Errorf("make an OpenPGP key for %q: %w", spec.Name, err)
	}
	// NewEntity always adds a subkey for encryption: nobody writes to us.
	entity.Subkeys = nil
	return &Key{PublicKey{entity}}, nil
}

// newRSA does what openpgp.NewEntity does, without the second RSA key that
// would be thrown away.
func newRSA(spec Spec, conf *packet.Config) (*openpgp.Entity, error) {
	raw, err := rsa.GenerateKey(conf.Random(), 4096)
	if err != nil {
		return nil, err
	}
	private := packet.NewRSAPrivateKey(conf.Now(), raw)
	entity := &openpgp.Entity{
		PrimaryKey: &private.PublicKey,
		PrivateKey: private,
		Identities: map[string]*openpgp.Identity{},
	}
	return entity, entity.AddUserId(spec.Name, "", spec.Email, conf)
}

// config has a fixed clock and adds no random salt to signatures.
func config(at time.Time) *packet.Config {
	return &packet.Config{
		Time:                                  func() time.Time { return at },
		DefaultHash:                           crypto.SHA256,
		NonDeterministicSignaturesViaNotation: packet.BoolPointer(false),
	}
}

// Private gives the whole key as an OpenPGP transferable secret key, not
// encrypted: who stores it must seal it.
func (k *Key) Private() ([]byte, error) {
	var out bytes.Buffer
	if err := k.entity.SerializePrivateWithoutSigning(&out, nil); err != nil {
		return nil, fmt.Errorf("write OpenPGP key %s: %w", k.KeyID(), err)
	}
	return out.Bytes(), nil
}

// ReadPrivate reads what Private wrote.
func ReadPrivate(data []byte) (*Key, error) {
	entity, err := readOne(data)
	if err != nil {
		return nil, fmt.Errorf("read a private OpenPGP key: %w", err)
	}
	if entity.PrivateKey == nil || entity.PrivateKey.Encrypted {
		return nil, errors.New("read a private OpenPGP key: the private part is missing or encrypted")
	}
	if err := strong(entity.PrimaryKey); err != nil {
		return nil, fmt.Errorf("OpenPGP key %s: %w", entity.PrimaryKey.KeyIdString(), err)
	}
	return &Key{PublicKey{entity}}, nil
}

func readOne(data []byte) (*openpgp.Entity, error) {
	if len(data) > maxKey {
		return nil, fmt.Errorf("%d bytes are more than a key needs (limit %d)", len(data), maxKey)
	}
	list, err := openpgp.ReadKeyRing(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, fmt.Errorf("there are %d keys where one is expected", len(list))
	}
	return list[0], nil
}

func strong(pub *packet.PublicKey) error {
	switch pub.PubKeyAlgo {
	case packet.PubKeyAlgoRSA, packet.PubKeyAlgoRSASignOnly:
		if n, err := pub.BitLength(); err != nil || n < minRSABits {
			return fmt.Errorf("RSA with %d bits is %w: at least %d are needed", n, ErrWeak, minRSABits)
		}
		return nil
	case packet.PubKeyAlgoEdDSA:
		return nil
	}
	return fmt.Errorf("algorithm %s cannot sign packages: use RSA or EdDSA", Algorithm(pub.PubKeyAlgo))
}

// Public is the public half.
func (k *Key) Public() *PublicKey { return &k.PublicKey }

// ReadPublic reads one armoured public key, as Armored wrote it or as gpg
// --export --armor does.
func ReadPublic(armored string) (*PublicKey, error) {
	data, err := unarmor(armored, openpgp.PublicKeyType, maxKey)
	if err != nil {
		return nil, fmt.Errorf("read a public OpenPGP key: %w", err)
	}
	entity, err := readOne(data)
	if err != nil {
		return nil, fmt.Errorf("read a public OpenPGP key: %w", err)
	}
	return &PublicKey{entity}, nil
}

// Armored is the public key as text, for rpm --import and gpgkey= of a
// repository file.
func (p *PublicKey) Armored() (string, error) {
	var body bytes.Buffer
	if err := p.entity.Serialize(&body); err != nil {
		return "", fmt.Errorf("write OpenPGP key %s: %w", p.KeyID(), err)
	}
	return enarmor(openpgp.PublicKeyType, body.Bytes())
}

// KeyID is the 16 hex digits, lower case, that name the key in signatures.
func (p *PublicKey) KeyID() string { return fmt.Sprintf("%016x", p.entity.PrimaryKey.KeyId) }

// ShortID is the last 8 digits of KeyID: Koji's name of a signing key.
func (p *PublicKey) ShortID() string { return p.KeyID()[8:] }

// Fingerprint is the whole fingerprint, in lower-case hex.
func (p *PublicKey) Fingerprint() string { return fmt.Sprintf("%x", p.entity.PrimaryKey.Fingerprint) }

// Created is the time the key was made.
func (p *PublicKey) Created() time.Time { return p.entity.PrimaryKey.CreationTime.UTC() }

// Algorithm is the key's algorithm.
func (p *PublicKey) Algorithm() Algorithm { return Algorithm(p.entity.PrimaryKey.PubKeyAlgo) }

// UserID is the key's first user id ("Example Linux <keys@example.org>").
func (p *PublicKey) UserID() string {
	if id := p.entity.PrimaryIdentity(); id != nil {
		return id.Name
	}
	return ""
}

// Expires is the time from which the key is no longer valid; false if never.
func (p *PublicKey) Expires() (time.Time, bool) {
	id := p.entity.PrimaryIdentity()
	if id == nil || id.SelfSignature == nil || id.SelfSignature.KeyLifetimeSecs == nil || *id.SelfSignature.KeyLifetimeSecs == 0 {
		return time.Time{}, false
	}
	return p.Created().Add(time.Duration(*id.SelfSignature.KeyLifetimeSecs) * time.Second), true
}

func enarmor(kind string, body []byte) (string, error) {
	var out bytes.Buffer
	w, err := armor.Encode(&out, kind, nil)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(body); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return out.String() + "\n", nil
}

func unarmor(text, kind string, limit int) ([]byte, error) {
	if len(text) > 2*limit {
		return nil, fmt.Errorf("%d bytes are too many (limit %d)", len(text), 2*limit)
	}
	if strings.Count(text, "-----BEGIN PGP") > 1 {
		return nil, errors.New("there is more than one block of armour: give one at a time")
	}
	block, err := armor.Decode(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("it is not OpenPGP armour: %w", err)
	}
	if block.Type != kind {
		return nil, fmt.Errorf("the armour holds %q, not %q", block.Type, kind)
	}
	data, err := io.ReadAll(io.LimitReader(block.Body, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("its armour is damaged: %w", err)
	}
	if len(data) > limit {
		return nil, fmt.Errorf("it is longer than %d bytes", limit)
	}
	return data, nil
}
