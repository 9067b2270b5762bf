package rpm

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// Signature is one signature that a signature header holds.
type Signature struct {
	Tag         Tag
	Packet      []byte // the OpenPGP packet
	Version     int
	PubkeyAlgo  int    // OpenPGP's numbers
	HashAlgo    int    //
	KeyID       string // sixteen hex digits, lower case
	Fingerprint string // of the key, if the signature names it
}

// SigKey is the key as Koji names it: the last eight digits of its id.
func (s Signature) SigKey() string {
	if len(s.KeyID) < 8 {
		return s.KeyID
	}
	return s.KeyID[len(s.KeyID)-8:]
}

// HeaderOnly says whether it covers the header alone, as all do since rpm 4.14;
// older ones also cover the payload.
func (s Signature) HeaderOnly() bool { return s.Tag != SigTagPGP && s.Tag != SigTagGPG }

// sigTags are the tags with signatures, in the order in which Koji looks for
// the one that counts.
var sigTags = []Tag{SigTagGPG, SigTagPGP, SigTagDSA, SigTagRSA, SigTagOpenPGP}

// Signatures lists the signatures of a signature header.
func Signatures(sig *Header) ([]Signature, error) {
	var out []Signature
	for _, tag := range sigTags {
		packets := [][]byte{sig.Bytes(tag)}
		if tag == SigTagOpenPGP {
			packets = nil
			for _, s := range sig.Strings(tag) {
				b, err := base64.StdEncoding.DecodeString(s)
				if err != nil {
					return nil, fmt.Errorf("signature tag %d: %w", tag, err)
				}
				packets = append(packets, b)
			}
		}
		for _, b := range packets {
			if b == nil {
				continue
			}
			s, err := ParseSignature(b)
			if err != nil {
				return nil, fmt.Errorf("signature tag %d: %w", tag, err)
			}
			s.Tag = tag
			out = append(out, s)
		}
	}
	return out, nil
}

// SigKey is the key that Koji takes a signature header to be signed with, ""
// if it has no signature.
func SigKey(sig *Header) (string, error) {
	for _, tag := range sigTags[:4] {
		if b := sig.Bytes(tag); len(b) > 0 {
			s, err := ParseSignature(b)
			if err != nil {
				return "", fmt.Errorf("signature tag %d: %w", tag, err)
			}
			return s.SigKey(), nil
		}
	}
	all, err := Signatures(sig)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0].SigKey(), nil
}

var errShort = errors.New("the OpenPGP signature is cut short")

// ParseSignature reads what an OpenPGP signature packet says of its key. It
// does not verify anything.
func ParseSignature(packet []byte) (Signature, error) {
	body, err := signatureBody(packet)
	if err != nil {
		return Signature{}, err
	}
	s := Signature{Packet: packet}
	if len(body) < 1 {
		return s, errShort
	}
	s.Version = int(body[0])
	switch s.Version {
	case 2, 3:
		if len(body) < 17 {
			return s, errShort
		}
		s.KeyID = hex.EncodeToString(body[7:15])
		s.PubkeyAlgo, s.HashAlgo = int(body[15]), int(body[16])
		s.Tag = tagFor(s.PubkeyAlgo)
		return s, nil
	case 4, 6:
		return s, s.parseV4(body)
	}
	return s, fmt.Errorf("the OpenPGP signature has the unknown version %d", s.Version)
}

func (s *Signature) parseV4(body []byte) error {
	if len(body) < 4 {
		return errShort
	}
	s.PubkeyAlgo, s.HashAlgo = int(body[2]), int(body[3])
	s.Tag = tagFor(s.PubkeyAlgo)
	rest := body[4:]
	for range 2 { // what is signed, and what is not
		w := 2
		if s.Version == 6 {
			w = 4
		}
		if len(rest) < w {
			return errShort
		}
		n := uint64(binary.BigEndian.Uint16(rest))
		if w == 4 {
			n = uint64(binary.BigEndian.Uint32(rest))
		}
		rest = rest[w:]
		if n > uint64(len(rest)) {
			return errShort
		}
		if err := s.subpackets(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	if s.KeyID == "" {
		return errors.New("the OpenPGP signature does not name its key")
	}
	return nil
}

func (s *Signature) subpackets(b []byte) error {
	for len(b) > 0 {
		n, head, err := packetLength(b, 255)
		if err != nil || n < 1 || n > len(b)-head {
			return errShort
		}
		kind, data := b[head]&0x7f, b[head+1:head+n]
		b = b[head+n:]
		switch {
		case kind == 16 && len(data) == 8:
			if err := s.setKey(hex.EncodeToString(data)); err != nil {
				return err
			}
		case kind == 33 && len(data) == 21 && data[0] == 4:
			s.Fingerprint = hex.EncodeToString(data[1:])
			if err := s.setKey(hex.EncodeToString(data[13:])); err != nil {
				return err
			}
		case kind == 33 && len(data) == 33 && data[0] == 6:
			s.Fingerprint = hex.EncodeToString(data[1:])
			if err := s.setKey(hex.EncodeToString(data[1:9])); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Signature) setKey(id string) error {
	if s.KeyID != "" && s.KeyID != id {
		return fmt.Errorf("the OpenPGP signature names two keys, %s and %s", s.KeyID, id)
	}
	s.KeyID = id
	return nil
}

// signatureBody unwraps the one packet that must be there.
func signatureBody(p []byte) ([]byte, error) {
	if len(p) < 2 {
		return nil, errShort
	}
	if p[0]&0x80 == 0 {
		return nil, errors.New("this is not an OpenPGP packet")
	}
	kind := int(p[0] & 0x3f)
	var n, head int
	if p[0]&0x40 != 0 {
		var err error
		if n, head, err = packetLength(p[1:], 224); err != nil {
			return nil, err
		}
		head++
	} else {
		kind = int(p[0]&0x3c) >> 2
		w := 1 << (p[0] & 3) // 1, 2, 4, or 8 for "to the end"
		head = 1
		if w == 8 {
			n = len(p) - 1
		} else {
			if len(p) < 1+w {
				return nil, errShort
			}
			for _, c := range p[1 : 1+w] {
				n = n<<8 | int(c)
			}
			head += w
		}
	}
	if kind != 2 {
		return nil, fmt.Errorf("the OpenPGP packet is of kind %d and no signature", kind)
	}
	if n != len(p)-head {
		return nil, fmt.Errorf("the OpenPGP signature claims %d bytes where %d are", n, len(p)-head)
	}
	return p[head:], nil
}

// packetLength reads a length of the new form; two bytes begin at 192 and below
// the limit.
func packetLength(b []byte, limit int) (n, head int, err error) {
	switch c := int(b[0]); {
	case c < 192:
		return c, 1, nil
	case c < limit && len(b) >= 2:
		return (c-192)<<8 + int(b[1]) + 192, 2, nil
	case c == 255 && len(b) >= 5:
		return int(binary.BigEndian.Uint32(b[1:])), 5, nil
	case c >= limit && c != 255:
		return 0, 0, errors.New("the OpenPGP signature has a partial length")
	}
	return 0, 0, errShort
}

// tagFor is the tag of a header-only signature by a public key algorithm: rpm
// has one for RSA and puts all else under DSA.
func tagFor(algo int) Tag {
	if algo == 1 || algo == 3 {
		return SigTagRSA
	}
	return SigTagDSA
}
