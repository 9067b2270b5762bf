package blob_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
)

func TestParseSum(t *testing.T) {
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	sum, err := blob.ParseSum(empty)
	if err != nil || sum != blob.SumOf(nil) || sum.String() != empty {
		t.Errorf("ParseSum(%q) = %v, %v", empty, sum, err)
	}
	for _, bad := range []string{"", "../../etc/passwd", empty[1:], empty + "0", strings.ToUpper(empty), "zz" + empty[2:]} {
		if _, err := blob.ParseSum(bad); !kura.Is(err, kura.Invalid) {
			t.Errorf("ParseSum(%q): %v, want an error of kind invalid", bad, err)
		}
	}
}

func FuzzParseSum(f *testing.F) {
	f.Add(blob.SumOf(nil).String())
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		if sum, err := blob.ParseSum(text); err == nil && sum.String() != text {
			t.Errorf("%q was read as %v: two names for one content", text, sum)
		}
	})
}

func TestDiskError(t *testing.T) {
	for err, want := range map[error]kura.Kind{
		syscall.ENOSPC: kura.NoSpace,
		syscall.EDQUOT: kura.NoSpace,
		syscall.EFBIG:  kura.NoSpace,
		syscall.EROFS:  kura.Unavailable,
		syscall.EIO:    kura.Other,
	} {
		got := blob.DiskError("op", "/srv/kura", fmt.Errorf("write: %w", err))
		if !kura.Is(got, want) || !errors.Is(got, err) {
			t.Errorf("%v became %v of kind %v, want kind %v", err, got, kura.KindOf(got), want)
		}
		if want == kura.NoSpace && !strings.Contains(got.Error(), "/srv/kura") {
			t.Errorf("%q does not say where", got)
		}
	}
	// A full disk on the sender's side is not ours.
	sender := fmt.Errorf("%w: %w", blob.ErrSource, syscall.ENOSPC)
	if got := blob.DiskError("op", "/srv/kura", sender); kura.Is(got, kura.NoSpace) {
		t.Errorf("the sender's trouble was taken for ours: %v", got)
	}
}

func TestIngestSourceEndsOddly(t *testing.T) {
	_, _, err := blob.Ingest(t.Context(), io.Discard, io.MultiReader(strings.NewReader("x"), errReader{}))
	if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, blob.ErrSource) {
		t.Errorf("a body cut off was taken for its end: %v", err)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
