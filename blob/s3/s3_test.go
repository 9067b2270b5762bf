package s3_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/blobtest"
	"github.com/kura-build/kura/blob/s3"
)

// fake is an S3 service in the process, with a switch for trouble.
type fake struct {
	back    *s3mem.Backend
	spool   string
	config  s3.Config
	trouble atomic.Pointer[func(w http.ResponseWriter, r *http.Request, next http.Handler)]
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{spool: t.TempDir()}
	f.back = s3mem.New()
	must(t, f.back.CreateBucket("store"))
	next := gofakes3.New(f.back, gofakes3.WithTimeSkewLimit(0)).Server()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fn := f.trouble.Load(); fn != nil {
			(*fn)(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	f.config = s3.Config{
		URL: srv.URL, Region: "us-east-1", Bucket: "store", Prefix: "/kura/blobs/", PathStyle: true,
		AccessKey: "key", SecretKey: "secret", Spool: f.spool, MinFree: 1, Retries: 1,
	}
	return f
}

func (f *fake) store(t *testing.T) *s3.Store {
	t.Helper()
	s, err := s3.New(f.config)
	must(t, err)
	return s
}

// object puts one behind the service's back. Its age is a piece of metadata.
func (f *fake) object(t *testing.T, key string, data []byte, age time.Duration) {
	t.Helper()
	meta := map[string]string{"Last-Modified": time.Now().Add(-age).UTC().Format(http.TimeFormat)}
	_, err := f.back.PutObject("store", key, meta, bytes.NewReader(data), int64(len(data)), nil)
	must(t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func key(sum blob.Sum) string { return "kura/blobs/" + sum.String() }

func TestContract(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blobtest.Bench {
		f := newFake(t)
		s := f.store(t)
		return blobtest.Bench{
			Store: s,
			Age: func(t *testing.T, sum blob.Sum, age time.Duration) {
				obj, err := f.back.GetObject("store", key(sum), nil)
				must(t, err)
				data, err := io.ReadAll(obj.Contents)
				must(t, err)
				f.object(t, key(sum), data, age)
			},
			Damage: func(t *testing.T, sum blob.Sum, data []byte) { f.object(t, key(sum), data, 0) },
			Stray: func(t *testing.T) {
				lost := blob.SumOf([]byte("lost")).String()
				f.object(t, lost, nil, 0)
				f.object(t, "kura/blobs/note", nil, 0)
				f.object(t, "kura/blobs/aa/"+lost, nil, 0)
			},
			Residue: func(t *testing.T) int {
				entries, err := os.ReadDir(f.spool)
				must(t, err)
				return len(entries)
			},
		}
	})
}

func TestConfig(t *testing.T) {
	good := s3.Config{URL: "https://s3.example.org", Bucket: "b", AccessKey: "a", SecretKey: "s", Spool: t.TempDir()}
	if _, err := s3.New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*s3.Config){
		"no scheme":  func(c *s3.Config) { c.URL = "s3.example.org" },
		"a path":     func(c *s3.Config) { c.URL += "/bucket" },
		"no bucket":  func(c *s3.Config) { c.Bucket = "" },
		"half a key": func(c *s3.Config) { c.SecretKey = "" },
	} {
		c := good
		change(&c)
		if _, err := s3.New(c); !kura.Is(err, kura.Invalid) {
			t.Errorf("%s: got %v, want an error of kind invalid", name, err)
		}
	}
}

// refuse answers in the words of a service.
func refuse(w http.ResponseWriter, r *http.Request, status int, code string) {
	io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	io.WriteString(w, "<?xml version=\"1.0\"?><Error><Code>"+code+"</Code><Message>no</Message></Error>")
}

func TestServiceTrouble(t *testing.T) {
	for _, tt := range []struct {
		status int
		code   string
		want   kura.Kind
	}{
		{507, "XMinioStorageFull", kura.NoSpace},
		{507, "Whatever", kura.NoSpace},
		{403, "AccessDenied", kura.Unavailable},
		{404, "NoSuchBucket", kura.Unavailable},
		{500, "InternalError", kura.Unavailable},
	} {
		f := newFake(t)
		fn := func(w http.ResponseWriter, r *http.Request, _ http.Handler) { refuse(w, r, tt.status, tt.code) }
		f.trouble.Store(&fn)
		err := f.store(t).Healthy(t.Context())
		if !kura.Is(err, tt.want) || !strings.Contains(err.Error(), "store") {
			t.Errorf("%s: got %v (%v), want kind %v and the bucket's name", tt.code, err, kura.KindOf(err), tt.want)
		}
	}
}

func TestServiceAway(t *testing.T) {
	f := newFake(t)
	f.config.URL = "http://127.0.0.1:1"
	s := f.store(t)
	if err := s.Healthy(t.Context()); !kura.Is(err, kura.Unavailable) {
		t.Errorf("Healthy: %v, want kind unavailable", err)
	}
	if _, err := s.Stat(t.Context(), blob.SumOf(nil)); !kura.Is(err, kura.Unavailable) {
		t.Errorf("Stat: %v, want kind unavailable and never not found", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Walk(ctx, func(blob.Info) error { return nil }); !kura.Is(err, kura.Canceled) {
		t.Errorf("Walk: %v, want kind canceled", err)
	}
}

// A connection that breaks in the middle of a package is taken up again.
func TestBrokenStreamResumes(t *testing.T) {
	f := newFake(t)
	s := f.store(t)
	data := blobtest.Data(1, 3<<20)
	info, err := s.Put(t.Context(), bytes.NewReader(data), nil)
	must(t, err)
	var gets atomic.Int32
	fn := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodGet && gets.Add(1) <= 3 {
			w = &cutter{ResponseWriter: w, left: 700 << 10}
		}
		next.ServeHTTP(w, r)
	}
	f.trouble.Store(&fn)
	r, err := s.Open(t.Context(), info.Sum)
	must(t, err)
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("read %d of %d bytes: %v", len(got), len(data), err)
	}
	if n := gets.Load(); n != 4 {
		t.Errorf("%d requests, want 4: three broken ones and the last", n)
	}
}

// cutter hangs up after some bytes.
type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(p []byte) (int, error) {
	if c.left < len(p) {
		c.ResponseWriter.Write(p[:c.left])
		panic(http.ErrAbortHandler)
	}
	c.left -= len(p)
	return c.ResponseWriter.Write(p)
}

// A service without conditional writes still stores.
func TestNoConditionalWrites(t *testing.T) {
	f := newFake(t)
	s := f.store(t)
	fn := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Header.Get("If-None-Match") != "" {
			refuse(w, r, 501, "NotImplemented")
			return
		}
		next.ServeHTTP(w, r)
	}
	f.trouble.Store(&fn)
	info, err := s.Put(t.Context(), strings.NewReader("x"), nil)
	must(t, err)
	if _, err := s.Stat(t.Context(), info.Sum); err != nil {
		t.Error(err)
	}
}

// A service that stores other bytes than were sent is found out.
func TestServiceThatChangesContent(t *testing.T) {
	f := newFake(t)
	s := f.store(t)
	fn := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(w, r)
		if r.Method == http.MethodPut {
			f.object(t, strings.TrimPrefix(r.URL.Path, "/store/"), []byte("framing and x"), 0)
		}
	}
	f.trouble.Store(&fn)
	_, err := s.Put(t.Context(), strings.NewReader("x"), nil)
	if err == nil || !strings.Contains(err.Error(), "cannot be used") {
		t.Errorf("got %v, want a complaint about the service", err)
	}
	f.trouble.Store(nil)
	if _, err := s.Stat(t.Context(), blob.SumOf([]byte("x"))); !kura.Is(err, kura.NotFound) {
		t.Errorf("the changed content was left: %v", err)
	}
}
