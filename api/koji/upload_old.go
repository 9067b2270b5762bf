package koji

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/upload"
)

// oldUpload is a piece as the older way sends it: inside XML-RPC, as base64 in
// a string.
type oldUpload struct {
	name    upload.Name
	offset  int64
	size    int64
	verify  string
	digest  string
	content []byte
}

// uploadFile takes a piece, or, at offset -1, the last piece, with which the
// size and digest of the whole file come. It answers false when they differ:
// clients then send again.
func (s *Server) uploadFile(ctx context.Context, c *Call) (any, error) {
	u, err := readOldUpload(c.Args)
	if err != nil {
		return nil, err
	}
	if u.offset != -1 && (u.size != int64(len(u.content)) || u.verify != "" && u.digest != sum(u.verify, u.content)) {
		return false, nil
	}
	p := upload.Piece{Name: u.name, Offset: u.offset}
	switch {
	case u.offset == -1 && u.size == int64(len(u.content)): // the whole file at once
		p.Offset, p.Overwrite = 0, true
	case u.offset == 0 && strings.HasSuffix(u.name.Name, ".log"): // logs are sent again as they grow
		p.Overwrite = true
	}
	if _, err := s.Uploads.Put(ctx, c.Actor, p, bytes.NewReader(u.content)); err != nil {
		return nil, err
	}
	if u.offset != -1 {
		return true, nil
	}
	info, err := s.Uploads.Stat(ctx, upload.Query{Name: u.name, Verify: u.verify})
	if err != nil {
		return nil, err
	}
	return info != nil && info.Size == u.size && (u.verify == "" || info.Digest == u.digest), nil
}

func readOldUpload(a *Args) (u oldUpload, err error) {
	u.name, u.offset, u.size = uploadName(a), a.Int("offset"), a.Int("size")
	data := a.String("data")
	check := a.Any("checksum")
	if check == nil {
		check = a.Any("md5sum")
	}
	if err := a.Err(); err != nil {
		return u, err
	}
	invalid := func(format string, args ...any) error {
		return kura.Errorf("koji.uploadFile", kura.Invalid, "upload of %s: "+format, append([]any{u.name.Name}, args...)...)
	}
	if u.offset < -1 {
		return u, invalid("invalid offset %d", u.offset)
	}
	switch v := check.(type) {
	case nil:
	case string:
		u.verify, u.digest = "md5", v
	case []any:
		var ok1, ok2 bool
		if len(v) == 2 {
			u.verify, ok1 = v[0].(string)
			u.digest, ok2 = v[1].(string)
		}
		if !ok1 || !ok2 {
			return u, invalid("a checksum is a pair of type and digest")
		}
	default:
		return u, invalid("a checksum is a string or a pair of type and digest")
	}
	if err := upload.CheckVerify(u.verify); err != nil {
		return u, err
	}
	if u.content, err = base64.StdEncoding.DecodeString(data); err != nil {
		return u, invalid("the data is not base64")
	}
	return u, nil
}

func sum(verify string, data []byte) string {
	h := upload.Digest(verify)
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}
