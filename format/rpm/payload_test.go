package rpm

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

// TestPayloadsHoldWhatTheHeadersSay unpacks every package at hand, in all the
// compressions, and compares each content with the header's digest of it.
func TestPayloadsHoldWhatTheHeadersSay(t *testing.T) {
	checked := 0
	for _, file := range corpus(t) {
		if strings.Contains(file, "corrupted") {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Read(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		checked += unpack(t, p, b[p.HeaderEnd:])
	}
	if checked < 50 {
		t.Errorf("only %d contents were compared", checked)
	}
}

func unpack(t *testing.T, p *Package, payload []byte) (checked int) {
	t.Helper()
	want := map[string]*FileInfo{}
	files, _ := p.Header.Files()
	for i := range files {
		if !files[i].IsGhost() {
			want[strings.TrimPrefix(files[i].Path(), "/")] = &files[i]
		}
	}
	pr, err := OpenPayload(p, bytes.NewReader(payload))
	if err != nil {
		t.Fatalf("%s: %v", p.NEVRA(), err)
	}
	defer pr.Close()
	for {
		f, err := pr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", p.NEVRA(), err)
		}
		info := want[f.Name]
		if info == nil {
			t.Errorf("%s: the payload has %q, the header not", p.NEVRA(), f.Name)
			continue
		}
		delete(want, f.Name)
		content, err := io.ReadAll(pr)
		if err != nil {
			t.Fatalf("%s: %s: %v", p.NEVRA(), f.Name, err)
		}
		if info.IsSymlink() && string(content) != info.LinkTo {
			t.Errorf("%s: %s links to %q, the header says %q", p.NEVRA(), f.Name, content, info.LinkTo)
		}
		if !info.IsRegular() || f.Size == 0 && info.Size != 0 {
			continue
		}
		m, s := md5.Sum(content), sha256.Sum256(content)
		if info.Digest != hex.EncodeToString(m[:]) && info.Digest != hex.EncodeToString(s[:]) {
			t.Errorf("%s: %s has another content than the header says", p.NEVRA(), f.Name)
		}
		checked++
	}
	for name := range want {
		t.Errorf("%s: %s is not in the payload", p.NEVRA(), name)
	}
	return checked
}

func TestPayloadNamesStayInside(t *testing.T) {
	for in, want := range map[string]string{
		"./usr/bin/x": "usr/bin/x", "/etc": "etc", "x.spec": "x.spec", ".hidden": ".hidden", ".": ".", "./.x": ".x",
		"../x": "", "./../x": "", "/a/../../x": "", "//x": "", "a//b": "", "": "", "..": "", "a/.": "", "a\x00b": "",
	} {
		got, err := cleanName(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q becomes %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestPayloadLimit(t *testing.T) {
	b := sample()
	big := strings.Repeat("\x00", 4<<20)
	b.Files = []File{{Path: "/big", Size: int64(len(big)), Open: content(big)}}
	raw := encode(t, b)
	p, err := Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	pr, err := OpenPayload(p, bytes.NewReader(raw[p.HeaderEnd:]))
	if err != nil {
		t.Fatal(err)
	}
	defer pr.Close()
	pr.Limit = 1 << 20
	if _, err := pr.Next(); err == nil || !strings.Contains(err.Error(), "more than the 1048576") {
		t.Errorf("a small package that unpacks to 4 MiB: %v", err)
	}
}
