package repo_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/build/buildtest"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
)

// packages makes complete builds of so many packages that the tag lists.
func packages(t *testing.T, s *buildtest.Site, n int) []*build.Build {
	t.Helper()
	var out []*build.Build
	for i := range n {
		name := fmt.Sprintf("p%04d", i)
		file := fmt.Sprintf("%s-2.10-1.x86_64.rpm", name)
		in, err := s.Inspect(buildtest.Package(t, name, "1", "x86_64", name+"-2.10-1.src.rpm"), file)
		if err != nil {
			t.Fatal(err)
		}
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			owner := account.ByID(s.User.ID)
			if err := tag.NewLists(nil).Add(ctx, tx, s.User, tag.ByID(s.Dest.ID), tag.ByName(name), tag.Entry{Owner: &owner}); err != nil {
				return err
			}
			b, err := build.Begin(ctx, tx, build.New{Name: name, Version: "2.10", Release: "1", OwnerID: s.User.ID})
			if err != nil {
				return err
			}
			if _, err := build.Attach(ctx, tx, b, in, nil); err != nil {
				return err
			}
			b, err = build.SetState(ctx, tx, b.ID, build.Complete)
			out = append(out, b)
			return err
		})
	}
	return out
}

// look reads a repository as clients do and compares it with what it must hold:
// its lists, and its metadata with its own checksums.
func look(t *testing.T, s *buildtest.Site, r *repo.Repo, in []bool, builds []*build.Build) {
	t.Helper()
	dir := r.Path() + "/x86_64/"
	var want []string
	for i, b := range builds {
		if in[i] {
			want = append(want, b.Name)
		}
	}
	var listed, described []string
	for line := range strings.Lines(read(t, s, dir+"pkglist")) {
		listed = append(listed, strings.Split(line, "/")[2])
	}
	for line := range strings.Lines(read(t, s, dir+"rpmlist.jsonl")) {
		var v struct{ Name string }
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("rpmlist.jsonl of %d: %q: %v", r.ID, line, err)
		}
		described = append(described, v.Name)
	}
	if !slices.Equal(listed, want) || !slices.Equal(described, want) {
		t.Fatalf("repository %d lists %d and %d packages, want %d", r.ID, len(listed), len(described), len(want))
	}
	md, err := repomd.ReadRepomd(strings.NewReader(read(t, s, dir+"repodata/repomd.xml")))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []repomd.Kind{repomd.Primary, repomd.Filelists, repomd.Other} {
		d, _ := md.Find(string(k))
		text := read(t, s, dir+d.Href)
		if sum := sha256.Sum256([]byte(text)); hex.EncodeToString(sum[:]) != d.Checksum || int64(len(text)) != d.Size {
			t.Fatalf("%s of repository %d is not what its repomd.xml says", k, r.ID)
		}
		z, err := repomd.Open(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		if err := repomd.Scan(z, k, func(it *repomd.Item) error { names = append(names, it.Name); return nil }); err != nil {
			t.Fatalf("%s of repository %d: %v", k, r.ID, err)
		}
		z.Close()
		if !slices.Equal(names, want) {
			t.Fatalf("%s of repository %d has %d packages, want %d", k, r.ID, len(names), len(want))
		}
	}
}

// TestRepositoriesShareTheirPieces changes a tag many times, now and then as a
// hub that was started anew, while earlier repositories are deleted and what
// nobody names is swept away.
func TestRepositoriesShareTheirPieces(t *testing.T) {
	s := buildtest.New(t, dbtest.SQLite(t))
	builds := packages(t, s, 500)
	in := make([]bool, len(builds))
	s.Do(func(ctx context.Context, tx *db.Tx) error {
		for i, b := range builds[:450] {
			in[i] = true
			if err := build.Tag(ctx, tx, s.User, b, s.Dest, false); err != nil {
				return err
			}
		}
		return nil
	})
	random := rand.New(rand.NewPCG(5, 6))
	m := repo.NewMaker(s.DB, s.Blobs)
	var all []*repo.Repo
	var states [][]bool
	joined := 0
	for turn := range 90 {
		if turn%40 == 39 {
			m = repo.NewMaker(s.DB, s.Blobs)
		}
		r := made(t, m, repo.Want{Tag: tag.ByName("f36")})
		all, states = append(all, r), append(states, slices.Clone(in))
		look(t, s, r, in, builds)
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			n, err := file.Stat(ctx, tx, r.Path()+"/x86_64/pkglist")
			if n.Kind == file.Joined {
				joined++
			}
			return err
		})
		if turn%10 == 9 {
			s.Do(func(ctx context.Context, tx *db.Tx) error {
				for _, old := range all[:len(all)-3] {
					old, err := repo.Get(ctx, tx, old.ID)
					if err == nil && old.State != repo.Deleted {
						err = repo.SetState(ctx, tx, old, repo.Deleted)
					}
					if err != nil {
						return err
					}
				}
				return nil
			})
			if swept, err := file.Sweep(context.Background(), s.DB, s.Blobs, -1); err != nil || len(swept.Missing) > 0 {
				t.Fatalf("swept %+v: %v", swept, err)
			}
			for i := len(all) - 3; i < len(all); i++ {
				look(t, s, all[i], states[i], builds)
			}
		}
		for range 1 + random.IntN(2) {
			i := random.IntN(len(builds))
			s.Do(func(ctx context.Context, tx *db.Tx) error {
				if in[i] {
					return build.Untag(ctx, tx, s.User, builds[i], s.Dest, false, false)
				}
				return build.Tag(ctx, tx, s.User, builds[i], s.Dest, false)
			})
			in[i] = !in[i]
		}
	}
	if joined < 80 {
		t.Errorf("only %d of %d lists were joined", joined, len(all))
	}
}

// TestEarlierRepositoryIsDeletedMeanwhile deletes the repository of which pieces
// are being taken over.
func TestEarlierRepositoryIsDeletedMeanwhile(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		builds := packages(t, s, 8)
		in := make([]bool, len(builds))
		put := func(i int) {
			in[i] = true
			s.Do(func(ctx context.Context, tx *db.Tx) error {
				return build.Tag(ctx, tx, s.User, builds[i], s.Dest, false)
			})
		}
		store := &deleting{Site: s, Store: s.Blobs}
		m := repo.NewMaker(d, store)
		for i := range builds {
			put(i)
			r := made(t, m, repo.Want{Tag: tag.ByName("f36")})
			if swept, err := file.Sweep(context.Background(), d, s.Blobs, -1); err != nil || len(swept.Missing) > 0 {
				t.Fatalf("swept %+v: %v", swept, err)
			}
			look(t, s, r, in, builds)
			store.repo, store.after = r, i // while the next one is made
		}
		if store.deleted != len(builds)-1 {
			t.Errorf("%d repositories were deleted while the next was made", store.deleted)
		}
	})
}

// deleting is a store that deletes a repository with one of the blobs that it
// takes.
type deleting struct {
	*buildtest.Site
	blob.Store
	mu      sync.Mutex
	repo    *repo.Repo
	after   int // blobs
	deleted int
}

func (d *deleting) Put(ctx context.Context, r io.Reader, expect *blob.Sum) (blob.Info, error) {
	d.mu.Lock()
	if d.after--; d.after < 0 && d.repo != nil {
		x := d.repo
		d.repo = nil
		d.deleted++
		d.Do(func(ctx context.Context, tx *db.Tx) error { return repo.SetState(ctx, tx, x, repo.Deleted) })
	}
	d.mu.Unlock()
	return d.Store.Put(ctx, r, expect)
}
