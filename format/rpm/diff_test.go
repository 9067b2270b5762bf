package rpm

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiff(t *testing.T) {
	pack := func(change func(*Build)) *Package {
		t.Helper()
		b := Build{Name: "a", Version: "1", Release: "1", Arch: "noarch", Summary: "Said", License: "MIT",
			Requires: []Dep{{Name: "bash"}, {Name: "glibc", Flags: SenseGreater | SenseEqual, Version: "2"}},
			Files: []File{{Path: "/usr/share/a", Mode: 0o644, Size: 1, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }},
				{Path: "/usr/share/b", Mode: 0o644, Size: 1, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }}}}
		change(&b)
		var raw bytes.Buffer
		if _, err := b.WriteTo(&raw); err != nil {
			t.Fatal(err)
		}
		p, err := Read(&raw)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	plain := pack(func(*Build) {})
	for _, c := range []struct {
		change func(*Build)
		want   []string
	}{
		{func(*Build) {}, nil},
		{func(b *Build) { b.BuildTime = 99; b.BuildHost = "else" }, nil},
		{func(b *Build) {
			b.Files[0].Size, b.Files[0].Open = 2, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("yy")), nil }
		}, nil},
		{func(b *Build) { b.Summary = "Else" }, []string{"S.5........ SUMMARY"}},
		{func(b *Build) { b.Requires[1].Version = "3" }, []string{"removed     REQUIRES glibc >= 2", "added       REQUIRES glibc >= 3"}},
		{func(b *Build) { b.Files = b.Files[:1] }, []string{"removed     /usr/share/b"}},
		{func(b *Build) { b.Files[1].Mode = 0o755 }, []string{".M......... /usr/share/b"}},
		{func(b *Build) { b.Files[0].Flags = FileConfig }, []string{".........F. /usr/share/a"}},
	} {
		got, err := Diff(plain, pack(c.change))
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Error(diff)
		}
	}
}
