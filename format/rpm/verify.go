package rpm

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
)

// Checked is a package file whose bytes agree with what it says of itself.
type Checked struct {
	*Package
	Size    int64    // of the file
	SHA256  string   // of the file
	Digests []string // the digests that were checked, by name
}

// Verify reads a whole package file and checks it against its own digests and
// sizes: nothing is missing, added or changed between the lead and the end. It
// needs no keys and proves nothing about who made the package. The size is that
// of the file, -1 if it is not known.
//
// Of the signature header only the digests are checked, for they are the only
// thing in it that speaks of other bytes; the lead is ignored, as rpm does.
func Verify(r io.Reader, size int64) (*Checked, error) {
	whole := sha256.New()
	cr := &countReader{r: io.TeeReader(r, whole)}
	p, err := Read(cr)
	if err != nil {
		return nil, err
	}
	c := &Checked{Package: p}
	if err := c.verifyHeader(); err != nil {
		return nil, err
	}
	payload, err := c.payloadDigests()
	if err != nil {
		return nil, err
	}
	ws := make([]io.Writer, len(payload))
	for i, d := range payload {
		ws[i] = d.hash
	}
	if _, err := io.Copy(io.MultiWriter(ws...), cr); err != nil {
		return nil, fmt.Errorf("reading the package's payload: %w", err)
	}
	c.Size, c.SHA256 = cr.n, hex.EncodeToString(whole.Sum(nil))
	if err := c.verifySize(size); err != nil {
		return nil, err
	}
	for _, d := range payload {
		if err := d.check(); err != nil {
			return nil, err
		}
		c.Digests = append(c.Digests, d.name)
	}
	return c, nil
}

type countReader struct {
	r io.Reader
	n int64
}

func (c *countReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// digest is one statement of a package about its bytes.
type digest struct {
	name string
	what string
	hash hash.Hash
	want string
}

func (d digest) check() error {
	if got := hex.EncodeToString(d.hash.Sum(nil)); got != strings.ToLower(d.want) {
		return fmt.Errorf("the %s was changed or damaged: its %s is %s, but the package says %s", d.what, d.name, got, d.want)
	}
	return nil
}

func (c *Checked) verifyHeader() error {
	if c.Header.region != 0 && !c.Header.wholeRegion() {
		return errors.New("the package's header has tags behind the part that digests and signatures cover")
	}
	for _, d := range []digest{
		{"header SHA1", "header", sha1.New(), c.Sig.String(SigTagSHA1)},
		{"header SHA256", "header", sha256.New(), c.Sig.String(SigTagSHA256)},
		{"header SHA3-256", "header", sha3.New256(), c.Sig.String(SigTagSHA3_256)},
	} {
		if d.want == "" {
			continue
		}
		d.hash.Write(c.Header.raw)
		if err := d.check(); err != nil {
			return err
		}
		c.Digests = append(c.Digests, d.name)
	}
	return nil
}

// payloadDigests lists what covers the payload. There must be something, and
// it must itself be covered: a digest in the header counts if one covers that.
func (c *Checked) payloadDigests() ([]digest, error) {
	var out []digest
	headerCovered := len(c.Digests) > 0
	if want := c.Sig.Bytes(SigTagMD5); want != nil {
		d := digest{"MD5 of header and payload", "header or payload", md5.New(), hex.EncodeToString(want)}
		d.hash.Write(c.Header.raw)
		out = append(out, d)
		headerCovered = true
	}
	algo := uint64(digestSHA256)
	if v, ok := c.Header.Int(TagPayloadDigestAlgo); ok {
		algo = v
	}
	add := func(name, want string, h func() hash.Hash) {
		if want != "" {
			out = append(out, digest{name, "payload", h(), want})
		}
	}
	first := c.Header.String(TagPayloadDigest)
	switch {
	case first == "":
	case algo == digestSHA256:
		add("payload SHA256", first, sha256.New)
	case algo == 9:
		add("payload SHA384", first, sha512.New384)
	case algo == 10:
		add("payload SHA512", first, sha512.New)
	default:
		return nil, fmt.Errorf("the package's payload digest is of the unknown kind %d", algo)
	}
	add("payload SHA512", c.Header.String(TagPayloadSHA512), sha512.New)
	add("payload SHA3-256", c.Header.String(TagPayloadSHA3_256), func() hash.Hash { return sha3.New256() })
	if len(out) == 0 || !headerCovered {
		return nil, errors.New("the package has no digest of its payload or of its header: it cannot be checked")
	}
	return out, nil
}

// verifySize finds a missing or added end before a digest does, to name it.
func (c *Checked) verifySize(size int64) error {
	if size >= 0 && c.Size != size {
		return fmt.Errorf("the file has %d bytes and not the %d announced", c.Size, size)
	}
	for _, s := range []struct {
		h     *Header
		tag   Tag
		start int64
	}{
		{c.Sig, SigTagSize, c.HeaderStart},
		{c.Sig, SigTagLongSize, c.HeaderStart},
		{c.Header, TagPayloadSize, c.HeaderEnd},
	} {
		v, ok := s.h.Int(s.tag)
		if !ok {
			continue
		}
		want := s.start + int64(min(v, 1<<62))
		switch {
		case c.Size < want:
			return fmt.Errorf("the package is cut short: %d bytes are there, %d should be", c.Size, want)
		case c.Size > want:
			return fmt.Errorf("%d bytes follow the end of the package at %d", c.Size-want, want)
		}
	}
	return nil
}

// SameContent says whether two signature headers speak of the same header and
// payload, judged by the digests that both have.
func SameContent(a, b *Header) bool {
	common := false
	for _, tag := range []Tag{SigTagSHA256, SigTagSHA1, SigTagSHA3_256} {
		if a.Has(tag) && b.Has(tag) {
			if a.String(tag) != b.String(tag) {
				return false
			}
			common = true
		}
	}
	if a.Has(SigTagMD5) && b.Has(SigTagMD5) {
		if !bytes.Equal(a.Bytes(SigTagMD5), b.Bytes(SigTagMD5)) {
			return false
		}
		common = true
	}
	return common
}
