package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"hash/adler32"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kura-build/kura"
)

// Progress hears how much of a file has been moved. total is -1 while it is
// not known.
type Progress func(done, total int64)

// UploadDir names a new directory for uploads on the hub.
func UploadDir(purpose string) string {
	return fmt.Sprintf("%s/%d.%s", purpose, time.Now().Unix(), strings.ToLower(rand.Text()[:10]))
}

// Upload sends a file to dir/name among the hub's uploads, piece by piece,
// each verified by its checksum. Pieces that got lost are sent again. The
// session must be there.
func (h *Hub) Upload(ctx context.Context, dir, name string, r io.Reader, size int64, progress Progress) error {
	const op = "client.Upload"
	if err := CheckName(name); err != nil {
		return kura.Errorf(op, kura.Invalid, "upload: %w", err)
	}
	if !h.LoggedIn() {
		return kura.Errorf(op, kura.Unauthenticated, "log in to upload %s", name)
	}
	piece := h.profile.BlockSize
	if piece <= 0 {
		piece = 1 << 20
	}
	buf := make([]byte, piece)
	var offset int64
	for first := true; ; first = false {
		n, err := io.ReadFull(r, buf)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return kura.Errorf(op, kura.Other, "upload %s: read the file: %w", name, err)
		}
		if n == 0 && !first {
			break
		}
		if err := h.uploadPiece(ctx, dir, name, buf[:n], offset); err != nil {
			return err
		}
		offset += int64(n)
		if progress != nil {
			progress(offset, size)
		}
		if n < len(buf) {
			break
		}
	}
	if size >= 0 && offset != size {
		return kura.Errorf(op, kura.Conflict, "upload %s: the file changed meanwhile: it had %d bytes and now has %d", name, size, offset)
	}
	v, err := h.Call(ctx, "checkUpload", dir, name)
	if err != nil {
		return err
	}
	if got := AsMap(v); got == nil {
		return kura.Errorf(op, kura.Other, "upload %s: the hub does not have it after all", name)
	} else if got.Int("size") != offset {
		return kura.Errorf(op, kura.Other, "upload %s: the hub has %d bytes of %d", name, got.Int("size"), offset)
	}
	return nil
}

func (h *Hub) uploadPiece(ctx context.Context, dir, name string, p []byte, offset int64) error {
	q := url.Values{"filepath": {dir}, "filename": {name}, "fileverify": {"adler32"}, "offset": {strconv.FormatInt(offset, 10)}}
	if offset == 0 {
		q.Set("overwrite", "1") // a first piece that is sent again finds itself there
	}
	v, err := h.send(ctx, &message{method: "upload", kind: "application/octet-stream", query: q, body: bytes.Clone(p), safe: true})
	if err != nil {
		return err
	}
	got, sum := AsMap(v), fmt.Sprintf("%08x", adler32.Checksum(p))
	if got.Int("size") != int64(len(p)) || got.Str("hexdigest") != sum {
		return kura.Errorf("client.Upload", kura.Other, "upload %s at byte %d: the hub got %d bytes with checksum %s instead of %d with %s: try again",
			name, offset, got.Int("size"), got.Str("hexdigest"), len(p), sum)
	}
	return nil
}
