package blob

import (
	"context"
	"crypto/sha256"
	"hash"
	"io"

	"github.com/kura-build/kura"
)

// Verify wraps a store so that content read from its first to its last byte is
// hashed on the way and checked. Damaged content fails at the read that would
// have given its last bytes, so nobody gets all of it believing it whole. Parts
// read with ReadAt, or after a Seek into the middle, cannot be checked.
func Verify(s Store) Store { return verified{s} }

type verified struct{ Store }

func (v verified) Open(ctx context.Context, sum Sum) (Reader, error) {
	r, err := v.Store.Open(ctx, sum)
	if err != nil {
		return nil, err
	}
	return &verifier{Reader: r, sum: sum, hash: sha256.New()}, nil
}

// verifier hashes as long as pos == hashed, that is, as long as everything
// before the position has been seen once and in order.
type verifier struct {
	Reader
	sum    Sum
	hash   hash.Hash
	hashed int64 // bytes hashed so far
	pos    int64
	failed error
}

func (v *verifier) Read(p []byte) (int, error) {
	if v.failed != nil {
		return 0, v.failed
	}
	n, err := v.Reader.Read(p)
	if v.pos == v.hashed {
		v.hash.Write(p[:n])
		v.hashed += int64(n)
		// Checked at the last byte and not only at io.EOF: io.CopyN, and
		// with it net/http, never asks for the EOF.
		if v.hashed >= v.Size() || err == io.EOF { //nolint:errorlint // an EOF inside another error is a broken connection, not damage
			if got := Sum(v.hash.Sum(nil)); got != v.sum {
				v.failed = kura.Errorf("blob.Verify", kura.Other,
					"stored content %s is damaged: its %d bytes have SHA-256 %s; restore it from a backup", v.sum, v.hashed, got)
				return 0, v.failed
			}
		}
	}
	v.pos += int64(n)
	return n, err
}

func (v *verifier) Seek(offset int64, whence int) (int64, error) {
	pos, err := v.Reader.Seek(offset, whence)
	if err != nil {
		return pos, err
	}
	v.pos = pos
	if pos == 0 {
		v.hash.Reset()
		v.hashed = 0
	}
	return pos, nil
}
