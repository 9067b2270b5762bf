package signer

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/kura-build/kura/format/rpm"
)

// checkHeader makes sure that bytes are the main header of the package that
// they are said to be, and that a signature over them vouches for the payload.
func checkHeader(data []byte, nvra string, old bool) error {
	if len(data) > maxHeader {
		return refuse(kindTooLarge, "the header of %s has %d bytes; the limit is %d", nvra, len(data), maxHeader)
	}
	h, err := rpm.ParseHeader(data)
	if err != nil {
		return refuse(kindInvalid, "what is to be signed for %s is not a package's header: %v", nvra, err)
	}
	if len(h.Raw()) != len(data) {
		return refuse(kindInvalid, "the header of %s has bytes after its end", nvra)
	}
	if err := oneRegion(data); err != nil {
		return refuse(kindInvalid, "the header of %s cannot be signed: %v", nvra, err)
	}
	if is := (&rpm.Package{Header: h}).NEVRA().NVRA(); is != nvra {
		return refuse(kindDenied, "the header is that of %q, but %q is what the hub allowed to sign", short(is, 200), nvra)
	}
	if err := payloadDigest(h); err != nil && !(old && errors.Is(err, errNoDigest)) {
		return refuse(kindDenied, "the header of %s cannot be signed: %v", nvra, err)
	}
	return nil
}

// oneRegion demands that the immutable region is the whole header: rpm checks
// a signature over the region alone.
func oneRegion(data []byte) error {
	entries, size := binary.BigEndian.Uint32(data[8:]), binary.BigEndian.Uint32(data[12:])
	if tag := rpm.Tag(binary.BigEndian.Uint32(data[16:])); tag != rpm.TagHeaderImmutable {
		return errors.New("it has no immutable region")
	}
	// ParseHeader has checked that region and trailer lie within the header.
	trailer := binary.BigEndian.Uint32(data[16+8:])
	covered := binary.BigEndian.Uint32(data[16+16*entries+trailer+8:])
	if trailer+16 != size || -int64(int32(covered)) != 16*int64(entries) {
		return errors.New("tags were added to it outside of its immutable region")
	}
	return nil
}

var errNoDigest = errors.New("it holds no digest of the payload, so a signature would not cover the files: build it with rpm 4.14 or later, or allow old packages")

// Numbers of hashes in RPM, and the length of their digests in bytes.
var strongDigests = map[uint64]int{8: 32, 9: 48, 10: 64, 12: 32, 14: 64}

func payloadDigest(h *rpm.Header) error {
	digests := h.Strings(rpm.TagPayloadDigest)
	algo, ok := h.Int(rpm.TagPayloadDigestAlgo)
	if !ok {
		algo = 8
	}
	if len(digests) == 0 {
		// Format 6 may have the longer ones only.
		if digests, algo = h.Strings(rpm.TagPayloadSHA512), 10; len(digests) == 0 {
			return errNoDigest
		}
	}
	size := strongDigests[algo]
	if size == 0 {
		return fmt.Errorf("its payload digest is of algorithm %d, which is weaker than SHA-256", algo)
	}
	if sum, err := hex.DecodeString(digests[0]); err != nil || len(sum) != size {
		return errors.New("its payload digest is malformed")
	}
	return nil
}
