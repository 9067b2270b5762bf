package repomd

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
)

// NewHash gives the hash that repository metadata knows by a name; "" is
// sha256, and "sha" an old name of sha1.
func NewHash(kind string) (func() hash.Hash, error) {
	switch kind {
	case "", "sha256":
		return sha256.New, nil
	case "sha512":
		return sha512.New, nil
	case "sha384":
		return sha512.New384, nil
	case "sha224":
		return sha256.New224, nil
	case "sha1", "sha":
		return sha1.New, nil
	case "md5":
		return md5.New, nil
	}
	return nil, fmt.Errorf("the checksum type %q is not known: use sha256, sha224, sha384, sha512, sha1 or md5", kind)
}
