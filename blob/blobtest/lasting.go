package blobtest

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
)

func absent(t *testing.T, b Bench) {
	sum := blob.SumOf([]byte("never stored"))
	_, err := b.Store.Open(t.Context(), sum)
	wantKind(t, "Open", err, kura.NotFound)
	if err != nil && !strings.Contains(err.Error(), sum.String()) {
		t.Errorf("the error does not say which content: %v", err)
	}
	_, err = b.Store.Stat(t.Context(), sum)
	wantKind(t, "Stat", err, kura.NotFound)
	_, err = b.Store.Open(t.Context(), blob.Sum{})
	wantKind(t, "Open of the zero sum", err, kura.NotFound)
}

func renews(t *testing.T, b Bench) {
	data := Data(7, 5000)
	info := put(t, b.Store, data)
	b.Age(t, info.Sum, 100*24*time.Hour)
	old, err := b.Store.Stat(t.Context(), info.Sum)
	if err != nil {
		t.Fatal(err)
	}
	if time.Since(old.Time) < 99*24*time.Hour {
		t.Fatalf("ageing did not work: %v", old.Time)
	}
	put(t, b.Store, data)
	got, err := b.Store.Stat(t.Context(), info.Sum)
	if err != nil {
		t.Fatal(err)
	}
	if age := time.Since(got.Time); age > blob.Fresh {
		t.Errorf("content put just now has a time of %v ago: a sweep would take it", age)
	}
	if n := len(sums(t, b.Store)); n != 1 {
		t.Errorf("the same content is stored %d times", n)
	}
}

func deletes(t *testing.T, b Bench) {
	info := put(t, b.Store, Data(8, 1000))
	for range 2 {
		if err := b.Store.Delete(t.Context(), info.Sum); err != nil {
			t.Fatalf("Delete: %v", err)
		}
	}
	_, err := b.Store.Stat(t.Context(), info.Sum)
	wantKind(t, "Stat after Delete", err, kura.NotFound)
	wantEmpty(t, b)
	put(t, b.Store, Data(8, 1000))
}

func walk(t *testing.T, b Bench) {
	var want []blob.Sum
	for i := range 12 {
		want = append(want, put(t, b.Store, Data(byte(i), i*100)).Sum)
	}
	b.Stray(t)
	slices.SortFunc(want, func(a, b blob.Sum) int { return bytes.Compare(a[:], b[:]) })
	if diff := cmp.Diff(want, sums(t, b.Store)); diff != "" {
		t.Errorf("Walk (-want +got):\n%s", diff)
	}
	stop := errors.New("stop")
	seen := 0
	err := b.Store.Walk(t.Context(), func(i blob.Info) error {
		seen++
		// Deleting what the walk shows is what a sweep does.
		if err := b.Store.Delete(t.Context(), i.Sum); err != nil {
			return err
		}
		if seen == 3 {
			return stop
		}
		return nil
	})
	if err != stop || seen != 3 { //nolint:errorlint // Walk promises the very error, not one around it
		t.Errorf("Walk gave %v after %d, want the callback's own error after 3", err, seen)
	}
	if diff := cmp.Diff(want[3:], sums(t, b.Store)); diff != "" {
		t.Errorf("after deleting (-want +got):\n%s", diff)
	}
}

func atOnce(t *testing.T, b Bench) {
	data := Data(9, 200_000)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			info, err := b.Store.Put(t.Context(), bytes.NewReader(data), nil)
			if err != nil {
				t.Errorf("Put: %v", err)
				return
			}
			// Whoever's Put has returned can read, whatever the others do.
			r, err := b.Store.Open(t.Context(), info.Sum)
			if err != nil {
				t.Errorf("Open: %v", err)
				return
			}
			defer r.Close()
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data) {
				t.Errorf("read %d bytes, %v", len(got), err)
			}
		})
	}
	wg.Wait()
	if n := len(sums(t, b.Store)); n != 1 {
		t.Errorf("the same content is stored %d times", n)
	}
	if n := b.Residue(t); n != 0 {
		t.Errorf("%d leftovers", n)
	}
}

// putAgainstDelete lets both fight. Either may win, neither may fail, and
// whatever is left is whole.
func putAgainstDelete(t *testing.T, b Bench) {
	data := Data(10, 10_000)
	sum := blob.SumOf(data)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				if _, err := b.Store.Put(t.Context(), bytes.NewReader(data), &sum); err != nil {
					t.Errorf("Put: %v", err)
				}
			}
		})
		wg.Go(func() {
			for range 10 {
				if err := b.Store.Delete(t.Context(), sum); err != nil {
					t.Errorf("Delete: %v", err)
				}
			}
		})
	}
	wg.Wait()
	put(t, b.Store, data)
	if !bytes.Equal(read(t, b.Store, sum), data) {
		t.Error("damaged by the fight")
	}
}

// heals: a crash of the machine may have cut a file in spite of all care.
// Putting the content again makes it whole.
func heals(t *testing.T, b Bench) {
	data := Data(11, 10_000)
	info := put(t, b.Store, data)
	b.Damage(t, info.Sum, data[:4096])
	put(t, b.Store, data)
	if !bytes.Equal(read(t, b.Store, info.Sum), data) {
		t.Error("content that was cut is still cut after putting it again")
	}
}

func verify(t *testing.T, b Bench) {
	data := Data(12, 50_000)
	s := blob.Verify(b.Store)
	info := put(t, s, data)
	if !bytes.Equal(read(t, s, info.Sum), data) {
		t.Fatal("sound content was read wrong")
	}
	flipped := bytes.Clone(data)
	flipped[20_000] ^= 1
	for name, bad := range map[string][]byte{
		"one bit": flipped, "cut": data[:30_000], "longer": append(bytes.Clone(data), 'x'), "empty": {},
	} {
		b.Damage(t, info.Sum, bad)
		r, err := s.Open(t.Context(), info.Sum)
		if err != nil {
			t.Fatal(err)
		}
		// As net/http reads: first the size by seeking, then so many bytes.
		size, err := r.Seek(0, io.SeekEnd)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, r, max(size, 1)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: damaged content was read without complaint (%v)", name, err)
		}
		r.Close()
	}
}
