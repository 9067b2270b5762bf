package rpm

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rpmutils "github.com/sassoftware/go-rpmutils"
)

// TestReadAgreesWithRPMUtils compares with another reader of headers, which has
// nothing in common with rpm's own.
func TestReadAgreesWithRPMUtils(t *testing.T) {
	for _, name := range corpus(t) {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := rpmutils.ReadRpm(bytes.NewReader(raw))
		if err != nil {
			t.Errorf("%s: rpmutils: %v", name, err)
			continue
		}
		p, err := Read(bytes.NewReader(raw))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var a, b []string
		for _, tag := range p.Header.Tags() {
			if tag < 1000 { // regions and translations
				continue
			}
			if want, err := theirs.Header.GetStrings(int(tag)); err == nil {
				a, b = append(a, fmt.Sprintf("%d %q", tag, want)), append(b, fmt.Sprintf("%d %q", tag, p.Header.Strings(tag)))
			} else if want, err := theirs.Header.GetUint64s(int(tag)); err == nil {
				a, b = append(a, fmt.Sprint(tag, want)), append(b, fmt.Sprint(tag, p.Header.Ints(tag)))
			} else if want, err := theirs.Header.GetBytes(int(tag)); err == nil {
				a, b = append(a, fmt.Sprintf("%d %x", tag, want)), append(b, fmt.Sprintf("%d %x", tag, p.Header.Bytes(tag)))
			}
		}
		if len(a) < 10 {
			t.Errorf("%s: rpmutils reads %d tags", name, len(a))
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("%s: rpmutils(-) Read(+)\n%s", name, diff)
		}
	}
}

// TestParseIsRead compares the reader without copies with the other, also where
// the bytes end too early.
func TestParseIsRead(t *testing.T) {
	for _, name := range corpus(t) {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Read(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		q, ok, err := Parse(raw)
		if err != nil || !ok {
			t.Errorf("%s: %v %v", name, ok, err)
			continue
		}
		if diff := cmp.Diff(p, q, cmp.AllowUnexported(Package{}, Header{}, entry{})); diff != "" {
			t.Errorf("%s: Read(-) Parse(+)\n%s", name, diff)
		}
		sameViews(t, name, q.Header)
		for _, n := range []int64{0, 50, leadSize, leadSize + 8, q.HeaderStart - 1, q.HeaderStart + 8, q.HeaderEnd - 1} {
			if _, ok, err := Parse(raw[:n]); ok || err != nil {
				t.Errorf("%s: %d bytes of it: %v %v", name, n, ok, err)
			}
		}
	}
	if _, ok, err := Parse(bytes.Repeat([]byte("x"), 200)); !ok || err == nil || !strings.Contains(err.Error(), "not an RPM") {
		t.Errorf("no package: %v %v", ok, err)
	}
}

// sameViews compares what is given without copies with the copies.
func sameViews(t *testing.T, name string, h *Header) {
	t.Helper()
	for _, tag := range h.Tags() {
		if h.View(tag) != h.String(tag) {
			t.Errorf("%s: tag %d: %q and %q", name, tag, h.View(tag), h.String(tag))
		}
		if diff := cmp.Diff(h.Strings(tag), h.Views(tag, nil)); diff != "" {
			t.Errorf("%s: tag %d: %s", name, tag, diff)
		}
	}
	files, err := h.Files()
	if err != nil {
		t.Fatal(err)
	}
	names, err := h.FileNames()
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		dir, ghost := names.Kind(i)
		if got := names.Dirs[names.Dir(i)] + names.Bases[i]; got != files[i].Path() || dir != files[i].IsDir() || ghost != files[i].IsGhost() {
			t.Errorf("%s: file %s is %s, %v, %v", name, files[i].Path(), got, dir, ghost)
		}
	}
	if len(names.Bases) != len(files) {
		t.Errorf("%s: %d and %d files", name, len(names.Bases), len(files))
	}
	for k := range depTags {
		a, err1 := h.Deps(DepKind(k))
		b, err2 := h.DepViews(DepKind(k), nil)
		if err1 != nil || err2 != nil || len(a)+len(b) > 0 && !cmp.Equal(a, b) {
			t.Errorf("%s: dependencies %d: %v %v", name, k, err1, err2)
		}
	}
}

// FuzzSignatureHeader: what is written for a signature header can be read again,
// and says the same.
func FuzzSignatureHeader(f *testing.F) {
	for _, name := range []string{"hello-2.0-1.x86_64-signed.rpm", "empty-signed-v6-multiple-0-0.x86_64.rpm", "hlinktest-1.0-1.noarch-v3sig.rpm"} {
		raw, err := Rip(bytes.NewReader(load(f, name)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	package_ := load(f, "hello-2.0-1.x86_64-signed.rpm")
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := ParseSigHeader(raw); err != nil {
			return
		}
		out, err := Splice(bytes.NewReader(package_), int64(len(package_)), raw)
		if err != nil {
			return
		}
		back, err := Rip(out)
		if err != nil || !bytes.Equal(bytes.TrimRight(back, "\x00"), bytes.TrimRight(raw, "\x00")) {
			t.Errorf("spliced in, it is another: %v", err)
		}
	})
}
