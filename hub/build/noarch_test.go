package build

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/rpm"
)

func TestNoarchPackagesAreAlike(t *testing.T) {
	in := func(summary string) *Incoming {
		t.Helper()
		b := rpm.Build{Name: "a", Version: "1", Release: "1", Arch: "noarch", Summary: summary, License: "MIT"}
		var raw bytes.Buffer
		if _, err := b.WriteTo(&raw); err != nil {
			t.Fatal(err)
		}
		p, err := rpm.Read(&raw)
		if err != nil {
			t.Fatal(err)
		}
		return &Incoming{Name: p.NEVRA(), Package: p}
	}
	var o Once
	for i, want := range []bool{true, false, false} {
		if first, err := o.Take(in("Said")); err != nil || first != want {
			t.Errorf("%d: first %v, %v", i, first, err)
		}
	}
	_, err := o.Take(in("Else"))
	if !kura.Is(err, kura.Build) || !strings.Contains(err.Error(), "a-1-1.noarch.rpm\nrpmdiff output was:\nS.5........ SUMMARY") {
		t.Errorf("other contents: %v", err)
	}
}
