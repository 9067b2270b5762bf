package openpgp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Limits of what is read. A post-quantum signature has some 5 KB (SLH-DSA up
// to 50 KB), a key with many certifications some 100 KB.
const (
	maxSignature = 64 << 10
	maxKey       = 1 << 20
)

// Algorithm is OpenPGP's number of a public key algorithm.
type Algorithm uint8

// The algorithms that matter to packages.
const (
	AlgorithmRSA   Algorithm = 1
	AlgorithmDSA   Algorithm = 17
	AlgorithmECDSA Algorithm = 19
	AlgorithmEdDSA Algorithm = 22
)

func (a Algorithm) String() string {
	switch a {
	case 1, 3:
		return "RSA"
	case AlgorithmDSA:
		return "DSA"
	case AlgorithmECDSA:
		return "ECDSA"
	case AlgorithmEdDSA:
		return "EdDSA"
	case 27:
		return "Ed25519"
	case 28:
		return "Ed448"
	}
	return "algorithm " + strconv.Itoa(int(a))
}

// Hash is OpenPGP's number of a hash.
type Hash uint8

// SHA256 is the hash that Sign uses.
const SHA256 Hash = 8

var hashNames = map[Hash]string{
	1: "MD5", 2: "SHA1", 3: "RIPEMD160", 8: "SHA256", 9: "SHA384",
	10: "SHA512", 11: "SHA224", 12: "SHA3-256", 14: "SHA3-512",
}

func (h Hash) String() string {
	if s, ok := hashNames[h]; ok {
		return s
	}
	return "hash " + strconv.Itoa(int(h))
}

// Strong reports whether the hash is SHA-256 or better.
func (h Hash) Strong() bool {
	switch h {
	case 8, 9, 10, 12, 14:
		return true
	}
	return false
}

// Signature is what a signature packet says about itself. Nothing of it is
// proven before Verify.
type Signature struct {
	Version     int
	Type        byte // 0 is a signature over bytes
	Algorithm   Algorithm
	Hash        Hash
	KeyID       string // 16 hex digits, lower case
	Fingerprint string // of the key, if the packet has it
	Created     time.Time
}

// ShortID is the last 8 digits of KeyID: Koji's name of a signing key.
func (s Signature) ShortID() string {
	if len(s.KeyID) < 8 {
		return s.KeyID
	}
	return s.KeyID[len(s.KeyID)-8:]
}

var errShort = errors.New("it ends too early")

// ParseSignature reads exactly one signature packet, of version 3, 4 or 6.
func ParseSignature(data []byte) (Signature, error) {
	sig, err := parseSignature(data)
	if err != nil {
		return Signature{}, fmt.Errorf("read an OpenPGP signature: %w", err)
	}
	return sig, nil
}

func parseSignature(data []byte) (Signature, error) {
	if len(data) > maxSignature {
		return Signature{}, fmt.Errorf("%d bytes are too many (limit %d)", len(data), maxSignature)
	}
	body, err := packetBody(data)
	if err != nil {
		return Signature{}, err
	}
	if len(body) == 0 {
		return Signature{}, errShort
	}
	switch body[0] {
	case 3:
		return parseV3(body)
	case 4, 6:
		return parseV4(body)
	}
	return Signature{}, fmt.Errorf("version %d is unknown", body[0])
}

// packetBody takes the frame of the one packet off.
func packetBody(data []byte) ([]byte, error) {
	if len(data) < 2 {
		return nil, errShort
	}
	first, rest := data[0], data[1:]
	if first&0x80 == 0 {
		return nil, errors.New("it is not an OpenPGP packet")
	}
	tag, length, used := first&0x3f, 0, 0
	if first&0x40 != 0 {
		length, used = newLength(rest)
	} else {
		tag = first >> 2 & 0x0f
		if width := 1 << (first & 3); width <= 4 && len(rest) >= width {
			for _, b := range rest[:width] {
				length = length<<8 | int(b)
			}
			used = width
		}
	}
	switch {
	case tag != 2:
		return nil, fmt.Errorf("it is packet %d, not a signature (2)", tag)
	case used == 0:
		return nil, errors.New("its length is missing or of a form that signatures do not use")
	case length != len(rest)-used:
		return nil, fmt.Errorf("the packet says it has %d bytes, there are %d", length, len(rest)-used)
	}
	return rest[used:], nil
}

// newLength reads a length of the newer form, which subpackets use too; used
// is 0 if there is none or it is a partial one.
func newLength(b []byte) (length, used int) {
	switch {
	case len(b) >= 1 && b[0] < 192:
		return int(b[0]), 1
	case len(b) >= 2 && b[0] < 224:
		return (int(b[0])-192)<<8 + int(b[1]) + 192, 2
	case len(b) >= 5 && b[0] == 255:
		return int(binary.BigEndian.Uint32(b[1:5])), 5
	}
	return 0, 0
}

func parseV3(b []byte) (Signature, error) {
	if len(b) < 19 {
		return Signature{}, errShort
	}
	if b[1] != 5 {
		return Signature{}, fmt.Errorf("a version 3 signature hashes %d bytes, not 5", b[1])
	}
	return Signature{
		Version:   3,
		Type:      b[2],
		Created:   unix(b[3:7]),
		KeyID:     fmt.Sprintf("%x", b[7:15]),
		Algorithm: Algorithm(b[15]),
		Hash:      Hash(b[16]),
	}, nil
}

func parseV4(b []byte) (Signature, error) {
	if len(b) < 4 {
		return Signature{}, errShort
	}
	sig := Signature{Version: int(b[0]), Type: b[1], Algorithm: Algorithm(b[2]), Hash: Hash(b[3])}
	b = b[4:]
	// What is hashed comes first and wins: the rest is not protected.
	for range 2 {
		area, rest, err := subpacketArea(b, sig.Version)
		if err != nil {
			return Signature{}, err
		}
		if err := sig.subpackets(area); err != nil {
			return Signature{}, err
		}
		b = rest
	}
	if len(b) < 2 {
		return Signature{}, errShort
	}
	if sig.KeyID == "" {
		return Signature{}, errors.New("it does not name the key that made it")
	}
	return sig, nil
}

func subpacketArea(b []byte, version int) (area, rest []byte, err error) {
	width := 2
	if version == 6 {
		width = 4
	}
	if len(b) < width {
		return nil, nil, errShort
	}
	n := 0
	for _, c := range b[:width] {
		n = n<<8 | int(c)
	}
	if b = b[width:]; n > len(b) {
		return nil, nil, errShort
	}
	return b[:n], b[n:], nil
}

func (s *Signature) subpackets(area []byte) error {
	for len(area) > 0 {
		n, used := newLength(area)
		if used == 0 || n == 0 || n > len(area)-used {
			return errors.New("a subpacket has a wrong length")
		}
		kind, body := area[used]&0x7f, area[used+1:used+n]
		area = area[used+n:]
		switch {
		case kind == 2 && len(body) == 4 && s.Created.IsZero():
			s.Created = unix(body)
		case kind == 16 && len(body) == 8 && s.KeyID == "":
			s.KeyID = fmt.Sprintf("%x", body)
		case kind == 33 && s.Fingerprint == "":
			s.issuer(body)
		}
	}
	return nil
}

// issuer reads the fingerprint of the key, from which its id follows: the end
// of it up to version 4, its beginning since.
func (s *Signature) issuer(b []byte) {
	switch {
	case len(b) == 21 && b[0] == 4:
		s.Fingerprint = fmt.Sprintf("%x", b[1:])
		if s.KeyID == "" {
			s.KeyID = s.Fingerprint[24:]
		}
	case len(b) == 33 && b[0] >= 5:
		s.Fingerprint = fmt.Sprintf("%x", b[1:])
		if s.KeyID == "" {
			s.KeyID = s.Fingerprint[:16]
		}
	}
}

func unix(b []byte) time.Time { return time.Unix(int64(binary.BigEndian.Uint32(b)), 0).UTC() }
