package signer

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

const (
	sealFile    = "seal.json"
	hostKeyFile = "host.key"
	sealCheck   = "kura signer seal 1"
)

// sealHeader is seal.json. Check is a known text, sealed: it tells a wrong
// passphrase from damaged keys.
type sealHeader struct {
	From    string `json:"from"` // "host-key" or "argon2id"
	Salt    []byte `json:"salt,omitempty"`
	Time    uint32 `json:"time,omitempty"`
	Memory  uint32 `json:"memory_kib,omitempty"`
	Threads uint8  `json:"threads,omitempty"`
	Check   []byte `json:"check"`
}

// seal encrypts private keys for the disk.
type seal struct{ aead cipher.AEAD }

func newSeal(key []byte) (*seal, error) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, err
	}
	return &seal{aead}, nil
}

// close encrypts plain; label is kept readable elsewhere and bound to it.
func (s *seal) close(plain, label []byte) []byte {
	nonce := make([]byte, s.aead.NonceSize())
	rand.Read(nonce)
	return s.aead.Seal(nonce, nonce, plain, label)
}

func (s *seal) open(sealed, label []byte) ([]byte, error) {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return nil, errors.New("sealed bytes are cut off")
	}
	return s.aead.Open(nil, sealed[:n], sealed[n:], label)
}

// createSeal makes seal.json, and the host key if there is no passphrase.
func createSeal(dir *os.Root, passphrase []byte) error {
	head := sealHeader{From: "host-key"}
	var key []byte
	if len(passphrase) > 0 {
		head = sealHeader{From: "argon2id", Salt: make([]byte, 16), Time: 3, Memory: 64 << 10, Threads: 4}
		rand.Read(head.Salt)
		key = head.derive(passphrase)
	} else {
		key = make([]byte, chacha20poly1305.KeySize)
		rand.Read(key)
		if err := writeFile(dir, hostKeyFile, key); err != nil {
			return err
		}
	}
	s, err := newSeal(key)
	if err != nil {
		return err
	}
	head.Check = s.close([]byte(sealCheck), nil)
	body, err := json.Marshal(head)
	if err != nil {
		return err
	}
	return writeFile(dir, sealFile, append(body, '\n'))
}

func (h sealHeader) derive(passphrase []byte) []byte {
	return argon2.IDKey(passphrase, h.Salt, h.Time, h.Memory, h.Threads, chacha20poly1305.KeySize)
}

// openSeal reads seal.json and the host key, or takes the passphrase.
func openSeal(dir *os.Root, passphrase []byte) (*seal, error) {
	body, err := dir.ReadFile(sealFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no %s: it was not set up for a signer", dir.Name(), sealFile)
	}
	if err != nil {
		return nil, err
	}
	var head sealHeader
	if err := json.Unmarshal(body, &head); err != nil {
		return nil, fmt.Errorf("%s/%s is damaged: %w", dir.Name(), sealFile, err)
	}
	var key []byte
	switch {
	case head.From == "host-key":
		if key, err = dir.ReadFile(hostKeyFile); err != nil {
			return nil, fmt.Errorf("the key that seals the signer's keys cannot be read: %w", err)
		}
	case head.From == "argon2id" && len(passphrase) == 0:
		return nil, fmt.Errorf("the keys in %s are sealed with a passphrase: name a passphrase file", dir.Name())
	case head.From == "argon2id" && head.Time > 0 && head.Threads > 0 && head.Memory <= 4<<20:
		key = head.derive(passphrase)
	default:
		return nil, fmt.Errorf("%s/%s: keys sealed from %q are unknown to this version", dir.Name(), sealFile, head.From)
	}
	s, err := newSeal(key)
	if err != nil {
		return nil, fmt.Errorf("the key that seals the signer's keys is damaged: %w", err)
	}
	if check, err := s.open(head.Check, nil); err != nil || !bytes.Equal(check, []byte(sealCheck)) {
		return nil, fmt.Errorf("the passphrase or host key does not fit %s/%s", dir.Name(), sealFile)
	}
	return s, nil
}

// writeFile writes a whole file with mode 0600, or leaves what was there.
func writeFile(dir *os.Root, name string, data []byte) error {
	temp := name + ".new"
	f, err := dir.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = dir.Rename(temp, name)
	}
	if err != nil {
		return fmt.Errorf("write %s/%s: %w", dir.Name(), name, err)
	}
	d, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
