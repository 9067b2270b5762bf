package repo_test

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/build/buildtest"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
)

func made(t *testing.T, m *repo.Maker, w repo.Want) *repo.Repo {
	t.Helper()
	r, err := m.Make(context.Background(), w, 0)
	if err != nil {
		t.Fatal(err)
	}
	if r.State != repo.Ready {
		t.Fatalf("repository %d is %s", r.ID, r.State)
	}
	return r
}

func put(s *buildtest.Site, b *build.Build) {
	s.Do(func(ctx context.Context, tx *db.Tx) error { return build.Tag(ctx, tx, s.User, b, s.Dest, false) })
}

func read(t *testing.T, s *buildtest.Site, path string) string {
	t.Helper()
	var c *file.Content
	s.Do(func(ctx context.Context, tx *db.Tx) (err error) { c, err = file.Read(ctx, tx, path); return err })
	r := c.Open(context.Background(), s.Blobs)
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSameContentsShareOneRepository(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		m := repo.NewMaker(s.DB, s.Blobs)
		want := repo.Want{Tag: tag.ByName("f36")}
		put(s, s.Complete("1"))
		one := made(t, m, want)
		if again := made(t, m, want); again.ID != one.ID {
			t.Errorf("nothing changed, and repository %d was made beside %d", again.ID, one.ID)
		}
		s.Complete("2") // not tagged: no change of the tag
		if again := made(t, m, want); again.ID != one.ID {
			t.Error("an event elsewhere made a new repository")
		}
		debug := want
		debug.Opts.Src = true
		if other := made(t, m, debug); other.ID == one.ID {
			t.Error("other options share the repository")
		}
		put(s, s.Complete("3"))
		two := made(t, m, want)
		if two.ID == one.ID {
			t.Fatal("the tag changed and the repository did not")
		}
		past := want
		past.Event = one.CreateEvent
		if r := made(t, m, past); r.ID != one.ID {
			t.Errorf("the repository at event %d is %d, want %d", past.Event, r.ID, one.ID)
		}
		for r, release := range map[*repo.Repo]string{one: "1", two: "3"} {
			want := "toplink/packages/hello/2.10/" + release + "/x86_64/hello-2.10-" + release + ".x86_64.rpm\n"
			if diff := cmp.Diff(want, read(t, s, r.Path()+"/x86_64/pkglist")); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(read(t, s, r.Path()+"/x86_64/repodata/repomd.xml"), `type="primary"`) {
				t.Error("repomd.xml names no primary")
			}
		}
		if got := read(t, s, "repos/f36/latest/x86_64/pkglist"); !strings.Contains(got, "hello-2.10-3") {
			t.Errorf("latest holds %s", got)
		}
	})
}

func TestDistributionRepository(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		m := repo.NewMaker(s.DB, s.Blobs)
		put(s, s.Complete("1"))
		opts := repo.DistOpts{Arch: []string{"x86_64", "src"}}
		signing := repo.Signing{
			Write: func(context.Context, int64, string) error {
				return kura.Errorf("test", kura.NotFound, "no signature")
			},
			Metadata: func(_ context.Context, keys []string, _ string, md []byte) ([]byte, error) {
				if len(keys) == 0 {
					return nil, nil
				}
				return []byte("signed by " + keys[0]), nil
			},
		}
		task := func() (id int64) {
			s.Do(func(ctx context.Context, tx *db.Tx) (err error) {
				id, err = tx.Insert(ctx, `INSERT INTO task (method, request, arch, priority, create_time, free_time, owner)
					VALUES ('distRepo', '[]', 'noarch', 20, 1, 1, $1) RETURNING id`, s.User.ID)
				return err
			})
			return id
		}
		fill := func(keys []string, o repo.DistOpts) (r *repo.Repo, err error) {
			id := task()
			s.Do(func(ctx context.Context, tx *db.Tx) (err error) {
				r, err = repo.BeginDist(ctx, tx, tag.ByName("f36"), keys, o, id)
				return err
			})
			return m.Dist(context.Background(), r, keys, o, signing)
		}
		if _, err := fill([]string{"deadbeef"}, opts); !kura.Is(err, kura.Conflict) || !strings.Contains(err.Error(), "deadbeef") {
			t.Errorf("packages without the signature: %v", err)
		}
		opts.AllowMissingSignatures = true
		r, err := fill([]string{"deadbeef"}, opts)
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]string{
			"x86_64/pkglist":                 "Packages/h/hello-2.10-1.x86_64.rpm\n",
			"src/pkglist":                    "Packages/h/hello-2.10-1.src.rpm\n",
			"x86_64/repodata/repomd.xml.asc": "signed by deadbeef",
		} {
			if diff := cmp.Diff(want, read(t, s, r.Path()+"/"+path)); diff != "" {
				t.Error(path, diff)
			}
		}
		if a, b := read(t, s, "packages/hello/2.10/1/x86_64/hello-2.10-1.x86_64.rpm"), read(t, s, "repos-dist/f36/latest/x86_64/Packages/h/hello-2.10-1.x86_64.rpm"); a != b {
			t.Error("the repository's package is not the build's")
		}
	})
}

func TestExpiryKeepsWhatIsUsed(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		m := repo.NewMaker(s.DB, s.Blobs)
		want := repo.Want{Tag: tag.ByName("f36"), Force: true}
		used, old, newest := made(t, m, want), made(t, m, want), made(t, m, want)
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			_, err := build.RecordRoot(ctx, tx, build.NewRoot{RepoID: used.ID, Arch: "x86_64"})
			return err
		})
		for range 2 { // expired first, deleted next
			s.Do(func(ctx context.Context, tx *db.Tx) error {
				_, err := repo.Expire(ctx, tx, s.Dest.ID, -1)
				return err
			})
		}
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			for r, state := range map[*repo.Repo]repo.State{used: repo.Ready, old: repo.Deleted, newest: repo.Ready} {
				now, err := repo.Get(ctx, tx, r.ID)
				if err != nil {
					return err
				}
				if now.State != state {
					t.Errorf("repository %d is %s, want %s", r.ID, now.State, state)
				}
				_, err = file.Stat(ctx, tx, r.Path()+"/repo.json")
				if gone := kura.Is(err, kura.NotFound); gone != (state == repo.Deleted) {
					t.Errorf("repository %d, %s: its files are gone: %v", r.ID, now.State, gone)
				}
			}
			return nil
		})
	})
}

// TestRequestsAtOnceShareOneRepository asks for a repository many times at once.
func TestRequestsAtOnceShareOneRepository(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		m := repo.NewMaker(s.DB, s.Blobs)
		put(s, s.Complete("1"))
		var g errgroup.Group
		ids := make([]int64, 12)
		for i := range ids {
			g.Go(func() error {
				r, err := m.Make(context.Background(), repo.Want{Tag: tag.ByName("f36")}, 0)
				if err == nil {
					ids[i] = r.ID
				}
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		slices.Sort(ids)
		if one := slices.Compact(ids); len(one) != 1 {
			t.Errorf("12 requests at once made the repositories %v", one)
		}
	})
}

// TestCompressionIsTheTagsSetting makes repositories for old readers.
func TestCompressionIsTheTagsSetting(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		m := repo.NewMaker(s.DB, s.Blobs)
		set := func(v any) {
			s.Do(func(ctx context.Context, tx *db.Tx) error {
				return tag.Edit(ctx, tx, s.User, tag.ByName("f36"), tag.Change{Extra: map[string]any{"repo.compression": v}})
			})
		}
		put(s, s.Complete("1"))
		for v, want := range map[string]string{"gzip": "-primary.xml.gz", "zstd": "-primary.xml.zst"} {
			set(v)
			r := made(t, m, repo.Want{Tag: tag.ByName("f36")})
			if md := read(t, s, r.Path()+"/x86_64/repodata/repomd.xml"); !strings.Contains(md, want) {
				t.Errorf("%s: no %s in %s", v, want, md)
			}
		}
		set("rar")
		if _, err := m.Make(context.Background(), repo.Want{Tag: tag.ByName("f36")}, 0); !kura.Is(err, kura.Invalid) || !strings.Contains(err.Error(), "set it to zstd or gzip") {
			t.Errorf("an unknown compression: %v", err)
		}
	})
}
