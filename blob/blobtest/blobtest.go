package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
)

// Bench is an empty store and the ways round it.
type Bench struct {
	Store blob.Store
	// Age makes stored content look as if it was put that long ago.
	Age func(t *testing.T, sum blob.Sum, age time.Duration)
	// Damage replaces stored content behind the store's back.
	Damage func(t *testing.T, sum blob.Sum, data []byte)
	// Stray puts a thing that is no content where content lies.
	Stray func(t *testing.T)
	// Residue counts what the store keeps beside visible content.
	Residue func(t *testing.T) int
}

// Run checks a driver against the contract. open gives a fresh, empty bench.
func Run(t *testing.T, open func(t *testing.T) Bench) {
	tests := []struct {
		name string
		run  func(*testing.T, Bench)
	}{
		{"put and read back", putAndRead},
		{"sizes", sizes},
		{"read at, seek", readAtSeek},
		{"announced sum", announced},
		{"wrong sum", wrongSum},
		{"broken source", brokenSource},
		{"cancelled", cancelled},
		{"absent", absent},
		{"put again renews", renews},
		{"delete", deletes},
		{"walk", walk},
		{"at once", atOnce},
		{"put against delete", putAgainstDelete},
		{"heals", heals},
		{"verify", verify},
		{"healthy", healthy},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, open(t)) })
	}
}

// Data gives n bytes that are the same for the same seed.
func Data(seed byte, n int) []byte {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(data)
	return data
}

func put(t *testing.T, s blob.Store, data []byte) blob.Info {
	t.Helper()
	info, err := s.Put(t.Context(), bytes.NewReader(data), nil)
	if err != nil {
		t.Fatalf("Put of %d bytes: %v", len(data), err)
	}
	return info
}

func read(t *testing.T, s blob.Store, sum blob.Sum) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), sum)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("reading: %v", err)
	}
	if r.Size() != int64(len(data)) {
		t.Errorf("Size is %d, but %d bytes could be read", r.Size(), len(data))
	}
	return data
}

// sums lists what the store shows, in the order it shows it.
func sums(t *testing.T, s blob.Store) []blob.Sum {
	t.Helper()
	var got []blob.Sum
	if err := s.Walk(t.Context(), func(i blob.Info) error {
		got = append(got, i.Sum)
		return nil
	}); err != nil {
		t.Fatalf("Walk: %v", err)
	}
	return got
}

func wantKind(t *testing.T, what string, err error, kind kura.Kind) {
	t.Helper()
	if !kura.Is(err, kind) {
		t.Errorf("%s: got error %v (%v), want one of kind %v", what, err, kura.KindOf(err), kind)
	}
}

// wantEmpty checks that a failed Put left nothing, seen or unseen.
func wantEmpty(t *testing.T, b Bench) {
	t.Helper()
	if got := sums(t, b.Store); len(got) != 0 {
		t.Errorf("content can be seen after a failed Put: %v", got)
	}
	if n := b.Residue(t); n != 0 {
		t.Errorf("%d leftovers after a failed Put", n)
	}
}

func putAndRead(t *testing.T, b Bench) {
	data := Data(1, 100_000)
	before := time.Now().Add(-2 * time.Second) // stores round times
	info := put(t, b.Store, data)
	want := blob.Info{Sum: blob.SumOf(data), Size: int64(len(data))}
	ignore := cmpopts.IgnoreFields(blob.Info{}, "Time")
	if diff := cmp.Diff(want, info, ignore); diff != "" {
		t.Errorf("Put (-want +got):\n%s", diff)
	}
	if info.Time.Before(before) {
		t.Errorf("Put says it happened at %v, before it began", info.Time)
	}
	if !bytes.Equal(read(t, b.Store, info.Sum), data) {
		t.Error("what was read is not what was put")
	}
	stat, err := b.Store.Stat(t.Context(), info.Sum)
	if err != nil {
		t.Fatalf("Stat: %v", err)
	}
	if diff := cmp.Diff(want, stat, ignore); diff != "" {
		t.Errorf("Stat (-want +got):\n%s", diff)
	}
	if n := b.Residue(t); n != 0 {
		t.Errorf("%d leftovers after a Put", n)
	}
}

func sizes(t *testing.T, b Bench) {
	for _, n := range []int{0, 1, 255 << 10, 256 << 10, 256<<10 + 1, 20 << 20} {
		data := Data(2, n)
		// A source that gives odd pieces, and its last bytes with the EOF.
		info, err := b.Store.Put(t.Context(), iotest.DataErrReader(bytes.NewReader(data)), nil)
		if err != nil {
			t.Fatalf("Put of %d bytes: %v", n, err)
		}
		if !bytes.Equal(read(t, b.Store, info.Sum), data) {
			t.Errorf("%d bytes were read back wrong", n)
		}
	}
}

func readAtSeek(t *testing.T, b Bench) {
	data := Data(3, 1000) // iotest reads them in thousands of ways
	info := put(t, b.Store, data)
	for name, s := range map[string]blob.Store{"bare": b.Store, "verified": blob.Verify(b.Store)} {
		r, err := s.Open(t.Context(), info.Sum)
		if err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(r, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		// A ReadAt must not move the position of Read.
		if _, err := r.Seek(10, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		var at, seq [16]byte
		if _, err := r.ReadAt(at[:], 600); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r, seq[:]); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(at[:], data[600:616]) || !bytes.Equal(seq[:], data[10:26]) {
			t.Errorf("%s: Read and ReadAt disturb each other", name)
		}
		if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}

func announced(t *testing.T, b Bench) {
	data := Data(4, 1000)
	sum := blob.SumOf(data)
	for range 2 {
		info, err := b.Store.Put(t.Context(), bytes.NewReader(data), &sum)
		if err != nil {
			t.Fatal(err)
		}
		if info.Sum != sum {
			t.Errorf("stored as %v, want %v", info.Sum, sum)
		}
	}
	// A sum alone is no proof of having the content.
	_, err := b.Store.Put(t.Context(), bytes.NewReader(nil), &sum)
	wantKind(t, "nothing, announced as stored content", err, kura.Invalid)
}

func wrongSum(t *testing.T, b Bench) {
	other := blob.SumOf([]byte("other"))
	_, err := b.Store.Put(t.Context(), bytes.NewReader(Data(5, 300_000)), &other)
	wantKind(t, "Put of other content", err, kura.Invalid)
	wantEmpty(t, b)
}

func brokenSource(t *testing.T, b Bench) {
	broken := kura.Errorf("upload", kura.Unavailable, "the line went dead")
	r := io.MultiReader(bytes.NewReader(Data(6, 300_000)), iotest.ErrReader(broken))
	_, err := b.Store.Put(t.Context(), r, nil)
	if !errors.Is(err, broken) || !errors.Is(err, blob.ErrSource) {
		t.Errorf("got %v, want the error of the source", err)
	}
	wantKind(t, "Put from a broken source", err, kura.Unavailable)
	wantEmpty(t, b)
}

// cancelled stops a Put from inside its own source.
func cancelled(t *testing.T, b Bench) {
	ctx, cancel := context.WithCancel(t.Context())
	src := readerFunc(func(p []byte) (int, error) { cancel(); return copy(p, "more and more"), nil })
	_, err := b.Store.Put(ctx, src, nil)
	wantKind(t, "cancelled Put", err, kura.Canceled)
	wantEmpty(t, b)
	_, err = b.Store.Stat(ctx, blob.SumOf(nil))
	wantKind(t, "Stat with a cancelled context", err, kura.Canceled)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func healthy(t *testing.T, b Bench) {
	if err := b.Store.Healthy(t.Context()); err != nil {
		t.Errorf("an empty store is not healthy: %v", err)
	}
	wantEmpty(t, b)
}
