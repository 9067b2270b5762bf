package repo_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/createrepo"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build/buildtest"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
)

// elsewhere is an external repository.
type elsewhere struct {
	*httptest.Server
	t    *testing.T
	dir  string
	away atomic.Bool
}

func newElsewhere(t *testing.T) *elsewhere {
	t.Helper()
	e := &elsewhere{t: t, dir: t.TempDir()}
	files := http.FileServer(http.Dir(e.dir))
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if e.away.Load() {
			http.Error(w, "gone for lunch", http.StatusForbidden)
			return
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(e.Close)
	return e
}

// add puts a package there, built from a source package of its own name.
func (e *elsewhere) add(name, version, arch string) {
	e.t.Helper()
	b := &rpm.Build{Name: name, Version: version, Release: "1", Arch: arch, Summary: name, License: "MIT", SourceRPM: name + "-" + version + "-1.src.rpm"}
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		e.t.Fatal(err)
	}
	dir := filepath.Join(e.dir, "x86_64")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		e.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, b.FileName()), buf.Bytes(), 0o644); err != nil {
		e.t.Fatal(err)
	}
	if _, err := createrepo.Run(context.Background(), dir, createrepo.Options{}); err != nil {
		e.t.Fatal(err)
	}
}

// shows gives the packages of a repository with where they lie.
func shows(t *testing.T, s *buildtest.Site, r *repo.Repo) (out []string) {
	t.Helper()
	dir := r.Path() + "/x86_64/"
	md, err := repomd.ReadRepomd(strings.NewReader(read(t, s, dir+"repodata/repomd.xml")))
	if err != nil {
		t.Fatal(err)
	}
	d, _ := md.Find("primary")
	z, err := repomd.Open(strings.NewReader(read(t, s, dir+d.Href)))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	err = repomd.Scan(z, repomd.Primary, func(it *repomd.Item) error {
		out = append(out, strings.TrimPrefix(it.Base+"/"+it.Href, "/"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func TestExternalRepositoriesAreMerged(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		far := newElsewhere(t)
		far.add("bash", "5.2", "x86_64")
		far.add("glibc", "2.38", "i686")
		far.add("alien", "1", "aarch64")
		far.add("hello", "9", "x86_64") // the tag builds its own
		far.add("blocked", "1", "noarch")
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			if _, err := tag.CreateExternalRepo(ctx, tx, s.User, "far", far.URL+"/$arch"); err != nil {
				return err
			}
			owner := account.ByID(s.User.ID)
			if err := tag.NewLists(nil).Add(ctx, tx, s.User, tag.ByName("f36"), tag.ByName("blocked"), tag.Entry{Owner: &owner}); err != nil {
				return err
			}
			if err := tag.NewLists(nil).Block(ctx, tx, s.User, tag.ByName("f36"), tag.ByName("blocked"), false); err != nil {
				return err
			}
			return tag.Attach(ctx, tx, s.User, tag.ByName("f36"), tag.ByName("far"), 10, "", nil)
		})
		m := repo.NewMaker(s.DB, s.Blobs)
		m.LookAge = 0
		want := repo.Want{Tag: tag.ByName("f36")}
		put(s, s.Complete("1"))
		one := made(t, m, want)
		base := far.URL + "/x86_64/"
		if diff := cmp.Diff([]string{base + "bash-5.2-1.x86_64.rpm", base + "glibc-2.38-1.i686.rpm", "toplink/packages/hello/2.10/1/x86_64/hello-2.10-1.x86_64.rpm"}, shows(t, s, one)); diff != "" {
			t.Errorf("want(-) got(+)\n%s", diff)
		}
		if got := read(t, s, one.Path()+"/x86_64/blocklist"); got != "blocked\n" {
			t.Errorf("the blocklist is %q", got)
		}
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			got, err := m.Origins(ctx, tx, one, "x86_64", map[string]bool{"bash-5.2-1.x86_64": true, "hello-2.10-1.x86_64": true})
			if diff := cmp.Diff(map[string]int64{"bash-5.2-1.x86_64": 1}, got); diff != "" {
				t.Error(diff)
			}
			return err
		})
		if again := made(t, m, want); again.ID != one.ID {
			t.Errorf("nothing changed, and repository %d was made beside %d", again.ID, one.ID)
		}
		far.add("zsh", "5", "noarch")
		two := made(t, m, want)
		if two.ID == one.ID || !slices.Contains(shows(t, s, two), base+"zsh-5-1.noarch.rpm") {
			t.Errorf("a new package elsewhere: repository %d shows %v", two.ID, shows(t, s, two))
		}
		put(s, s.Complete("2"))
		far.away.Store(true)
		if _, err := m.Make(context.Background(), want, 0); !kura.Is(err, kura.Unavailable) || !strings.Contains(err.Error(), base+"repodata/repomd.xml: the server answers 403") ||
			!strings.Contains(err.Error(), "external repository far for x86_64") {
			t.Errorf("the mirror is away: %v", err)
		}
		if got := read(t, s, "repos/f36/latest/x86_64/pkglist"); !strings.Contains(got, "hello-2.10-1") {
			t.Errorf("the last good repository is gone: %s", got)
		}
		far.away.Store(false)
		if three := made(t, m, want); len(shows(t, s, three)) != 4 {
			t.Errorf("the mirror is back: %v", shows(t, s, three))
		}
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			if _, err := tag.CreateExternalRepo(ctx, tx, s.User, "farther", far.URL+"/x86_64"); err != nil {
				return err
			}
			return tag.Attach(ctx, tx, s.User, tag.ByName("f36"), tag.ByName("farther"), 20, "bare", nil)
		})
		if _, err := m.Make(context.Background(), want, 0); !kura.Is(err, kura.Invalid) || !strings.Contains(err.Error(), "far is koji, farther is bare") {
			t.Errorf("two merge modes: %v", err)
		}
	})
}

// TestExternalRepositoryOfAKnownAuthority reads one over TLS.
func TestExternalRepositoryOfAKnownAuthority(t *testing.T) {
	d := dbtest.SQLite(t)
	s := buildtest.New(t, d)
	far := newElsewhere(t)
	far.add("bash", "5.2", "x86_64")
	tls := httptest.NewTLSServer(http.FileServer(http.Dir(far.dir)))
	defer tls.Close()
	s.Do(func(ctx context.Context, tx *db.Tx) error {
		if _, err := tag.CreateExternalRepo(ctx, tx, s.User, "far", tls.URL+"/$arch"); err != nil {
			return err
		}
		return tag.Attach(ctx, tx, s.User, tag.ByName("f36"), tag.ByName("far"), 10, "", nil)
	})
	m := repo.NewMaker(s.DB, s.Blobs)
	want := repo.Want{Tag: tag.ByName("f36")}
	if _, err := m.Make(context.Background(), want, 0); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown authority: %v", err)
	}
	if err := m.Trust(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tls.Certificate().Raw})); err != nil {
		t.Fatal(err)
	}
	if got := shows(t, s, made(t, m, want)); len(got) != 1 {
		t.Errorf("the repository shows %v", got)
	}
	if err := m.Trust([]byte("nothing")); err == nil {
		t.Error("nothing is trusted")
	}
}
