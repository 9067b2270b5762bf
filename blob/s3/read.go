package s3

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/minio/minio-go/v7"
)

// resumes is how often in a row a broken stream is taken up again without
// having given a byte.
const resumes = 3

// reader streams from where it is read; a Seek costs nothing until the next
// Read. Each ReadAt is a request of its own, so they may run side by side.
type reader struct {
	s      *Store
	ctx    context.Context // of Open: it bounds the reader's life
	sum    blob.Sum
	size   int64
	pos    int64
	body   io.ReadCloser // gives the bytes from at on; nil when there is none
	at     int64
	closed bool
}

// Open implements blob.Store. The request that finds the content already
// carries its bytes.
func (s *Store) Open(ctx context.Context, sum blob.Sum) (blob.Reader, error) {
	body, oi, _, err := s.core.GetObject(ctx, s.bucket, s.key(sum), minio.GetObjectOptions{})
	if err != nil {
		return nil, s.fail(ctx, "blob/s3.Open", sum, err)
	}
	return &reader{s: s, ctx: ctx, sum: sum, size: oi.Size, body: body}, nil
}

func (r *reader) Size() int64 { return r.size }

func (r *reader) Read(p []byte) (int, error) {
	if r.closed {
		return 0, fs.ErrClosed
	}
	if len(p) == 0 {
		return 0, nil
	}
	for tries := 0; ; tries++ {
		if r.pos >= r.size {
			return 0, io.EOF
		}
		n, err := r.next(p)
		r.pos += int64(n)
		r.at = r.pos
		if n > 0 || err == nil {
			return n, nil // a broken stream is the next Read's concern
		}
		r.drop()
		if r.ctx.Err() != nil || tries == resumes || kura.Is(err, kura.NotFound) {
			return 0, err
		}
	}
}

// next reads from the stream at the position, which it opens if need be.
func (r *reader) next(p []byte) (int, error) {
	const op = "blob/s3.Read"
	if r.body == nil || r.at != r.pos {
		r.drop()
		body, err := r.get(op, r.pos, r.size-1)
		if err != nil {
			return 0, err
		}
		r.body, r.at = body, r.pos
	}
	n, err := r.body.Read(p)
	if err == io.EOF && n == 0 {
		err = io.ErrUnexpectedEOF // before the size is reached
	}
	return n, r.s.fail(r.ctx, op, r.sum, err)
}

func (r *reader) get(op string, from, to int64) (io.ReadCloser, error) {
	var opts minio.GetObjectOptions
	if err := opts.SetRange(from, to); err != nil {
		return nil, kura.E(op, err)
	}
	body, _, _, err := r.s.core.GetObject(r.ctx, r.s.bucket, r.s.key(r.sum), opts)
	return body, r.s.fail(r.ctx, op, r.sum, err)
}

func (r *reader) drop() {
	if r.body != nil {
		r.body.Close()
		r.body = nil
	}
}

func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	const op = "blob/s3.ReadAt"
	if off < 0 {
		return 0, kura.Errorf(op, kura.Invalid, "content %s has no byte %d", r.sum, off)
	}
	if off >= r.size {
		return 0, io.EOF
	}
	want := min(int64(len(p)), r.size-off)
	if want == 0 {
		return 0, nil
	}
	body, err := r.get(op, off, off+want-1)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	n, err := io.ReadFull(body, p[:want])
	if err != nil {
		return n, r.s.fail(r.ctx, op, r.sum, err)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (r *reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += r.pos
	case io.SeekEnd:
		offset += r.size
	default:
		return 0, errors.New("blob/s3: seek from an unknown place")
	}
	if offset < 0 {
		return 0, kura.Errorf("blob/s3.Seek", kura.Invalid, "content %s has no byte %d", r.sum, offset)
	}
	r.pos = offset
	return offset, nil
}

func (r *reader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.drop()
	return nil
}
