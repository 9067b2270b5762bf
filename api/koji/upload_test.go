package koji

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/upload"
)

// memory keeps uploads in a map.
type memory struct{ files map[string][]byte }

func (m *memory) Put(_ context.Context, a account.Actor, p upload.Piece, body io.Reader) (upload.Stored, error) {
	data, err := io.ReadAll(body)
	if err != nil {
		return upload.Stored{}, err
	}
	key := p.Volume + ":" + p.Dir + "/" + p.Name.Name
	have, exists := m.files[key]
	switch {
	case p.Offset == 0 && exists && !p.Overwrite:
		return upload.Stored{}, kura.Errorf("upload", kura.Exists, "upload path exists: %s", key)
	case p.Offset == -1:
		p.Offset = int64(len(have))
	}
	m.files[key] = append(have[:p.Offset:p.Offset], data...)
	s := upload.Stored{Size: int64(len(data)), Offset: p.Offset}
	if p.Verify != "" {
		s.Digest = sum(p.Verify, data)
	}
	return s, nil
}

func (m *memory) Stat(_ context.Context, q upload.Query) (*upload.Info, error) {
	data, ok := m.files[q.Volume+":"+q.Dir+"/"+q.Name.Name]
	if !ok {
		return nil, nil
	}
	info := &upload.Info{Size: int64(len(data)), MTime: 1_500_000, SumLength: int64(len(data))}
	if q.Verify != "" {
		info.Digest = sum(q.Verify, data)
	}
	return info, nil
}

func (c *client) upload(query string, data []byte) (any, error) {
	h := c.header.Clone()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Koji-Session-Callnum", fmt.Sprint(c.num))
	_, body, err := c.post("/kojihub?"+query, h, bytes.NewReader(data))
	if err != nil {
		c.t.Fatal(err)
	}
	return xmlrpc.DecodeResponse(bytes.NewReader(body), xmlrpc.Limits{})
}

func TestRawUpload(t *testing.T) {
	f := newFront(t)
	ada := f.login("ada")
	big := bytes.Repeat([]byte("kura"), 2<<20) // more than a request may have
	got, err := ada.upload("filename=a.src.rpm&filepath=cli-build/1.x&fileverify=adler32&offset=0&volume=DEFAULT", big)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"size": int64(len(big)), "fileverify": "adler32", "offset": int64(0), "hexdigest": sum("adler32", big)}
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Error(diff)
	}
	if _, err = ada.upload("filename=a.src.rpm&filepath=cli-build/1.x&fileverify=&offset=-1", []byte("!")); err != nil {
		t.Error(err)
	}
	v := ada.must("checkUpload", "cli-build/1.x", "a.src.rpm").(map[string]any)
	if diff := cmp.Diff(map[string]any{"size": int64(len(big) + 1), "mtime": 1.5}, v); diff != "" {
		t.Error(diff)
	}
	if v := ada.must("checkUpload", "", "fastUploadProbe"); v != nil {
		t.Error(v)
	}
	v2, err := ada.upload("filename=a.src.rpm&filepath=cli-build/1.x&offset=0", nil)
	wantFault(t, v2, err, 1000, "upload path exists")
	v2, err = ada.upload("filename=x&fileverify=crc32", nil)
	wantFault(t, v2, err, 1000, "Unsupported verify type")
	v2, err = ada.upload("filename=x&offset=-2", nil)
	wantFault(t, v2, err, 1000, "invalid offset")
	v2, err = f.anonymous().upload("filename=x", nil)
	wantFault(t, v2, err, 1002, "'session-id' not specified")
	ada.header = http.Header{}
	v2, err = f.anonymous().upload("", nil)
	wantFault(t, v2, err, 1004, "you must be logged-in to upload")
}

func TestOldUpload(t *testing.T) {
	ada := newFront(t).login("ada")
	b64 := base64.StdEncoding.EncodeToString
	part := func(offset any, whole, data string, verify ...any) any {
		return ada.must("uploadFile", "d", "f.txt", fmt.Sprint(len(whole)), verify[0], offset, b64([]byte(data)))
	}
	if part(0, "ku", "ku", sum("md5", []byte("ku"))) != true {
		t.Error("first piece")
	}
	if part("2", "ra", "ra", []any{"sha256", "wrong"}) != false {
		t.Error("a wrong digest was taken")
	}
	if part("2", "ra", "ra", []any{"adler32", sum("adler32", []byte("ra"))}) != true {
		t.Error("second piece")
	}
	if part(-1, "kura", "", sum("md5", []byte("kura"))) != true {
		t.Error("final piece")
	}
	if part(-1, "kura?", "", sum("md5", []byte("kura"))) != false {
		t.Error("a wrong size was taken")
	}
}

// brokenCommit loses every writing transaction at its end.
type brokenCommit struct{ *db.DB }

func (b brokenCommit) Update(ctx context.Context, fn func(*db.Tx) error) error {
	return b.DB.Update(ctx, func(tx *db.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return fmt.Errorf("disk I/O error")
	})
}

type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
