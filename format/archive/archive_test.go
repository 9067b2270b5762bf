package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

func tarFile(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []tar.Header{{Name: "dir/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "dir/a", Size: 3, Mode: 0o4644, Uname: "ada", Gname: "all"}} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, h.Size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTarFilesOfAllKinds(t *testing.T) {
	want := []Entry{{Name: "dir", Mode: 0o755}, {Name: "dir/a", Size: 3, Mode: 0o4644, User: "ada", Group: "all"}}
	for name, compress := range map[string]func(io.Writer) (io.WriteCloser, error){
		"plain": func(w io.Writer) (io.WriteCloser, error) { return plain{w}, nil },
		"gzip":  func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
		"xz":    func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
		"zstd":  func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
	} {
		var b bytes.Buffer
		w, err := compress(&b)
		if err == nil {
			_, err = w.Write(tarFile(t))
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := Tar(context.Background(), &b)
		for i := range got {
			got[i].Time = 0
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v: %s", name, err, diff)
		}
	}
	for _, bad := range []string{"nothing of the kind, and longer than a header is, so that it is looked at as one", "\x1f\x8b", "BZh"} {
		if got, err := Tar(context.Background(), bytes.NewReader([]byte(bad))); err == nil {
			t.Errorf("%q holds %v", bad, got)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Tar(ctx, bytes.NewReader(tarFile(t))); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled reading: %v", err)
	}
	if _, err := Zip(ctx, bytes.NewReader(nil), 0); err == nil {
		t.Error("nothing is a zip file")
	}
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }

func FuzzLists(f *testing.F) {
	f.Add(tarFile(f))
	f.Add([]byte("PK\x05\x06" + string(make([]byte, 18))))
	f.Add([]byte("\x1f\x8b\x08"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = Tar(context.Background(), io.LimitReader(bytes.NewReader(data), 1<<20))
		_, _ = Zip(context.Background(), bytes.NewReader(data), int64(len(data)))
	})
}
