package mirror

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kura-build/kura/format/repomd"
)

// site is a repository that can be made to misbehave.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string][]byte
	asked []string
	serve func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
}

// put makes a repository of one package with this release.
func (s *site) put(t *testing.T, release string, o repomd.Options) {
	t.Helper()
	fragments := repomd.Fragments{
		Primary: fmt.Appendf(nil, "<package type=\"rpm\">\n  <name>a</name>\n  <arch>noarch</arch>\n  <version epoch=\"0\" ver=\"1\" rel=\"%s\"/>\n"+
			"  <checksum type=\"sha256\" pkgid=\"YES\">%064d</checksum>\n  <location href=\"a.rpm\"/>\n</package>\n", release, 1),
		Filelists: fmt.Appendf(nil, "<package pkgid=\"%064d\" name=\"a\" arch=\"noarch\">\n  <version epoch=\"0\" ver=\"1\" rel=\"%s\"/>\n</package>\n", 1, release),
	}
	fragments.Other = fragments.Filelists
	out := files{}
	md, _, err := repomd.Write(t.Context(), &out, &repomd.List{
		Entries: []repomd.Entry{{Name: "a", ID: sha256.Sum256([]byte(release))}},
		Load: func(context.Context, []int) ([]repomd.Loaded, error) {
			return []repomd.Loaded{{Fragments: fragments}}, nil
		},
	}, o)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files = map[string][]byte{repomdFile: md.Marshal()}
	for _, d := range md.Data {
		s.files[d.Href] = out.made[d.Name].Bytes()
	}
}

type files struct {
	mu   sync.Mutex
	made map[string]*bytes.Buffer
}

type plainFile struct{ *bytes.Buffer }

func (plainFile) Close() error { return nil }

func (f *files) Create(name string) (io.WriteCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.made == nil {
		f.made = map[string]*bytes.Buffer{}
	}
	f.made[name] = new(bytes.Buffer)
	return plainFile{f.made[name]}, nil
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		name := strings.TrimPrefix(r.URL.Path, "/r/")
		s.asked = append(s.asked, name)
		if s.serve != nil && s.serve(w, r) {
			return
		}
		b, ok := s.files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(b)))
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
	}))
	t.Cleanup(s.Close)
	s.put(t, "1", repomd.Options{Compression: repomd.Zstd, OpenChecksums: true})
	return s
}

// read reads a repository to its end and gives the releases in it.
func (s *site) read(t *testing.T, r *Reader, last *State) (*State, bool, []string, error) {
	t.Helper()
	var got []string
	now, changed, err := r.Read(t.Context(), s.URL+"/r", last, func(_ context.Context, _ *State, l repomd.Lists) error {
		got = nil
		for i, k := range []repomd.Kind{repomd.Primary, repomd.Filelists, repomd.Other} {
			if l[i] == nil {
				continue
			}
			err := repomd.Scan(l[i], k, func(it *repomd.Item) error {
				got = append(got, it.Release)
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return now, changed, got, err
}

var quick = &Reader{Pause: time.Millisecond, Silence: 300 * time.Millisecond}

func TestReadOnlyWhatChanged(t *testing.T) {
	s := newSite(t)
	one, changed, got, err := s.read(t, quick, nil)
	if err != nil || !changed || fmt.Sprint(got) != "[1 1 1]" {
		t.Fatalf("%v %v %v", changed, got, err)
	}
	raw, err := json.Marshal(one) // as it is kept
	if err != nil {
		t.Fatal(err)
	}
	last := new(State)
	if err := json.Unmarshal(raw, last); err != nil {
		t.Fatal(err)
	}
	s.asked = nil
	if _, changed, _, err := s.read(t, quick, last); err != nil || changed || len(s.asked) != 1 {
		t.Errorf("nothing changed: %v %v, asked for %v", changed, err, s.asked)
	}
	last.ETag = "" // a server that knows no conditions
	if _, changed, _, err := s.read(t, quick, last); err != nil || changed {
		t.Errorf("the same bytes: %v %v", changed, err)
	}
	s.put(t, "2", repomd.Options{Compression: repomd.Gzip})
	if _, changed, got, err := s.read(t, quick, one); err != nil || !changed || fmt.Sprint(got) != "[2 2 2]" {
		t.Errorf("it changed: %v %v %v", changed, got, err)
	}
}

// TestMirrorsThatMisbehave asserts what a person reads.
func TestMirrorsThatMisbehave(t *testing.T) {
	primary := func(s *site) string {
		for name := range s.files {
			if strings.Contains(name, "primary") {
				return name
			}
		}
		return ""
	}
	edit := func(s *site, old, new string) {
		s.files[repomdFile] = []byte(strings.Replace(string(s.files[repomdFile]), old, new, 1))
	}
	md := func(s *site) repomd.Data {
		m, _ := repomd.ReadRepomd(bytes.NewReader(s.files[repomdFile]))
		d, _ := m.Find("primary")
		return d
	}
	for _, c := range []struct {
		name    string
		change  func(*site)
		says    string
		lasting bool
	}{
		{"no repository", func(s *site) { s.files = nil }, "repodata/repomd.xml: there is no repository at this address (404)", true},
		{"a login page", func(s *site) { s.files[repomdFile] = []byte("\n<!DOCTYPE html><html>") }, "a page for people", true},
		{"an endless repomd.xml", func(s *site) { s.files[repomdFile] = bytes.Repeat([]byte(" "), maxRepomd+1) }, "more than 4194304 bytes", true},
		{"no primary", func(s *site) { edit(s, `type="primary"`, `type="secondary"`) }, "names no primary", true},
		{"a file that is gone", func(s *site) { delete(s.files, primary(s)) }, "it is not there (404); the mirror is being updated", false},
		{"a file of tomorrow", func(s *site) {
			b := s.files[primary(s)]
			s.files[primary(s)] = append(bytes.Clone(b[:len(b)-1]), b[len(b)-1]^1)
		}, "it has the checksum", false},
		{"a page in a file's place", func(s *site) { s.files[primary(s)] = []byte("<html>sorry") }, "it has 11 bytes, repomd.xml tells", false},
		{"a file that is too long", func(s *site) { s.files[primary(s)] = append(s.files[primary(s)], 0) }, "it has more than the", false},
		{"a wrong size", func(s *site) { edit(s, fmt.Sprintf("<size>%d<", md(s).Size), "<size>999999<") }, "repomd.xml tells 999999", false},
		{"a wrong open checksum", func(s *site) { edit(s, md(s).OpenChecksum, strings.Repeat("0", 64)) }, "its open content has the checksum", false},
		{"a wrong open size", func(s *site) { edit(s, fmt.Sprintf("<open-size>%d<", md(s).OpenSize), "<open-size>7<") }, "its open content has more than the 7 bytes", false},
		{"an unknown checksum", func(s *site) { edit(s, `type="sha256"`, `type="crc32"`) }, `the checksum type "crc32" is not known`, false},
		{"no checksum", func(s *site) { edit(s, md(s).Checksum+"</checksum>", "</checksum>") }, "tells no checksum", false},
		{"overloaded", func(s *site) {
			s.serve = func(w http.ResponseWriter, _ *http.Request) bool {
				http.Error(w, "busy", http.StatusServiceUnavailable)
				return true
			}
		}, "the server answers 503", false},
		{"forbidden", func(s *site) {
			s.serve = func(w http.ResponseWriter, _ *http.Request) bool {
				http.Error(w, "no", http.StatusForbidden)
				return true
			}
		}, "the server answers 403", false},
		{"redirected without end", func(s *site) {
			s.serve = func(w http.ResponseWriter, r *http.Request) bool {
				http.Redirect(w, r, r.URL.Path, http.StatusFound)
				return true
			}
		}, "redirects more than five times", false},
		{"redirected to a file", func(s *site) {
			s.serve = func(w http.ResponseWriter, r *http.Request) bool {
				w.Header().Set("Location", "file:///etc/passwd")
				w.WriteHeader(302)
				return true
			}
		}, `unsupported protocol scheme "file"`, false},
		{"cut off", func(s *site) {
			s.serve = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Path, "primary") {
					return false
				}
				w.Header().Set("Content-Length", "100")
				_, _ = io.WriteString(w, "half")
				return true
			}
		}, "unexpected EOF", false},
		{"silent", func(s *site) {
			s.serve = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Path, "primary") {
					return false
				}
				_, _ = io.WriteString(w, "\x28\xb5\x2f\xfd..")
				_ = http.NewResponseController(w).Flush()
				s.mu.Unlock()
				defer s.mu.Lock()
				<-r.Context().Done()
				return true
			}
		}, "nothing came for 300ms", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			c.change(s)
			_, _, _, err := s.read(t, quick, nil)
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), s.URL+"/r/") || e.Lasting != c.lasting {
				t.Errorf("%v (lasting: %v)", err, e != nil && e.Lasting)
			}
		})
	}
	for _, url := range []string{"file:///srv/x", "ftp://e.example/", "http://user:secret@127.0.0.1/", "://", "http:///x"} {
		if _, _, err := quick.Look(t.Context(), url, nil); err == nil || !strings.Contains(err.Error(), "without a password") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestMirrorThatChangesWhileItIsRead finds the new state by itself.
func TestMirrorThatChangesWhileItIsRead(t *testing.T) {
	s := newSite(t)
	once := false
	s.serve = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "primary") && !once {
			once = true
			s.mu.Unlock()
			s.put(t, "2", repomd.Options{Compression: repomd.Zstd})
			s.mu.Lock()
		}
		return false
	}
	_, changed, got, err := s.read(t, quick, nil)
	if err != nil || !changed || fmt.Sprint(got) != "[2 2 2]" {
		t.Errorf("%v %v %v", changed, got, err)
	}
}

// TestTroubleThatPasses is not noticed.
func TestTroubleThatPasses(t *testing.T) {
	s := newSite(t)
	failed := map[string]bool{}
	s.serve = func(w http.ResponseWriter, r *http.Request) bool {
		if name := path.Base(r.URL.Path); !failed[name] {
			failed[name] = true
			http.Error(w, "restarting", http.StatusBadGateway)
			return true
		}
		return false
	}
	if _, _, got, err := s.read(t, quick, nil); err != nil || len(got) != 3 {
		t.Errorf("%v %v", got, err)
	}
}

// TestRepositoryWithoutFilelists is one all the same.
func TestRepositoryWithoutFilelists(t *testing.T) {
	s := newSite(t)
	b := string(s.files[repomdFile])
	from := strings.Index(b, "  <data type=\"filelists\"")
	to := from + strings.Index(b[from:], "</data>\n") + len("</data>\n")
	s.files[repomdFile] = []byte(b[:from] + b[to:])
	if _, _, got, err := s.read(t, quick, nil); err != nil || len(got) != 2 {
		t.Errorf("%v %v", got, err)
	}
}
