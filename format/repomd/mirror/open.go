package mirror

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"

	"github.com/kura-build/kura/format/repomd"
)

// maxFile is what a metadata file may have in bytes as it is sent.
const maxFile = 4 << 30

// Open gives the decompressed contents of a file of a repository.
func (r *Reader) Open(ctx context.Context, url string, d repomd.Data) (io.ReadCloser, error) {
	f, err := r.open(ctx, slash(url), d)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// open gives the decompressed contents of a metadata file. Its end is told only
// when all checksums and sizes were right.
func (r *Reader) open(ctx context.Context, url string, d repomd.Data) (*file, error) {
	fail := func(err error) error { return &Error{URL: url, File: d.Href, Err: err} }
	sum, err := repomd.NewHash(d.ChecksumType)
	if err == nil && d.Checksum == "" {
		err = errors.New("repomd.xml tells no checksum of it")
	}
	if err != nil {
		return nil, fail(err)
	}
	res, err := r.get(ctx, url, d.Href, http.Header{})
	if err != nil {
		return nil, err
	}
	f := &file{url: url, data: d, body: res.Body}
	f.sent = &summed{r: res.Body, sum: sum(), want: d.Checksum, size: d.Size, most: maxFile, what: "it"}
	z, err := repomd.Open(f.sent)
	if err != nil {
		res.Body.Close()
		return nil, f.explain(err)
	}
	f.z = z
	f.open = &summed{r: z, want: d.OpenChecksum, size: d.OpenSize, most: maxFile * 8, what: "its open content"}
	if d.OpenChecksum != "" {
		f.open.sum = sum()
	} else {
		f.open.size = 0
	}
	return f, nil
}

// file is a metadata file while it is read.
type file struct {
	url        string
	data       repomd.Data
	body       io.Closer
	sent, open *summed
	z          io.Closer
}

func (f *file) Read(p []byte) (int, error) {
	n, err := f.open.Read(p)
	if err == nil {
		return n, nil
	}
	if !errors.Is(err, io.EOF) {
		return n, f.explain(err)
	}
	// What follows the compressed stream belongs to the file as well.
	if _, e := io.Copy(io.Discard, f.sent); e != nil {
		return n, f.explain(e)
	}
	return n, err
}

// explain finds out whether a fault of the contents is one of the transfer: of
// another file than repomd.xml speaks of, nothing else needs to be said.
func (f *file) explain(err error) error {
	var m *mismatch
	if !errors.As(err, &m) && f.sent != nil {
		if _, e := io.Copy(io.Discard, f.sent); e != nil {
			err = e
		}
	}
	return &Error{URL: f.url, File: f.data.Href, Err: err, Inconsistent: errors.As(err, &m)}
}

func (f *file) Close() error {
	f.z.Close()
	return f.body.Close()
}

// mismatch is a file that is not the one that repomd.xml speaks of.
type mismatch struct{ text string }

func (m *mismatch) Error() string { return m.text }

// summed checks size and checksum of what is read, at the end.
type summed struct {
	r    io.Reader
	sum  hash.Hash // nil: not told
	want string
	size int64 // 0: not told
	most int64
	n    int64
	what string
	err  error // of the end
}

func (s *summed) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.n += int64(n)
	if s.sum != nil {
		s.sum.Write(p[:n])
	}
	switch {
	case s.size > 0 && s.n > s.size:
		err = &mismatch{fmt.Sprintf("%s has more than the %d bytes that repomd.xml tells", s.what, s.size)}
	case s.n > s.most:
		err = fmt.Errorf("%s has more than %d bytes", s.what, s.most)
	case errors.Is(err, io.EOF) && s.size > 0 && s.n < s.size:
		err = &mismatch{fmt.Sprintf("%s has %d bytes, repomd.xml tells %d", s.what, s.n, s.size)}
	case errors.Is(err, io.EOF) && s.sum != nil:
		if got := hex.EncodeToString(s.sum.Sum(nil)); got != s.want {
			err = &mismatch{fmt.Sprintf("%s has the checksum %s, repomd.xml tells %s", s.what, got, s.want)}
		}
	}
	s.err = err
	return n, err
}
