package flow

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/openpgp"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/build/buildtest"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/source"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// Only the dist-git of this hub is its own: below other paths lies what
// anybody uploads, and git reads a repository out of plain files too.
func TestUploadsAreNoDistGit(t *testing.T) {
	rules, err := source.ParseRules("*:*")
	if err != nil {
		t.Fatal(err)
	}
	f := New(nil, nil, nil, nil, nil, Config{Rules: rules, OwnHosts: []string{"hub.example.org:8444"}})
	for _, path := range []string{"/kojifiles/work/cli-build/1/rpms/bash", "/rpms", "/rpms/a/b", "/rpms/-x", "/x/rpms/bash", "/repo/pkgs/bash"} {
		if _, err := f.scm("git+https://hub.example.org:8444" + path + "#main"); err == nil {
			t.Errorf("%s was taken for sources of this hub", path)
		}
	}
}

func person(t *testing.T, s *buildtest.Site, name string, packages ...string) (a account.Actor) {
	t.Helper()
	s.Do(func(ctx context.Context, tx *db.Tx) error {
		u, err := account.Create(ctx, tx, name, account.Person)
		if err != nil {
			return err
		}
		for _, p := range packages {
			owner := account.ByID(u.ID)
			if err := tag.NewLists(nil).Add(ctx, tx, s.User, tag.ByName("f36"), tag.ByName(p), tag.Entry{Owner: &owner}); err != nil {
				return err
			}
		}
		a, err = account.Load(ctx, tx, account.ByID(u.ID))
		return err
	})
	return a
}

func TestWhoMayMakeAPackage(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		owner, other := person(t, s, "owner", "bash"), person(t, s, "other", "mine")
		rules, err := source.ParseRules("src.example.org:/*")
		if err != nil {
			t.Fatal(err)
		}
		f := New(d, s.Blobs, task.New(nil), nil, nil, Config{Rules: rules, OwnHosts: []string{"hub:8444"}})
		upload := "cli-build/1/bash-1-1.src.rpm"
		for _, c := range []struct {
			by   account.Actor
			src  string
			opts BuildOpts
			may  bool
		}{
			{owner, upload, BuildOpts{}, true},
			{other, upload, BuildOpts{}, false},
			{other, upload, BuildOpts{SkipTag: true}, false},
			{other, upload, BuildOpts{Scratch: true}, true},
			{s.User, upload, BuildOpts{}, true},
			{other, "git+https://hub:8444/rpms/bash.git#main", BuildOpts{}, true},
			{other, "git+https://hub:8444/rpms/mine.git#main", BuildOpts{}, false}, // which makes bash
			{owner, "git+https://hub:8444/rpms/mine.git#main", BuildOpts{}, true},
			{other, "git+https://src.example.org/rpms/x#main", BuildOpts{}, true},
			{owner, "git+https://hub:8444/rpms/bash.git#main", BuildOpts{RepoID: 7}, false},
			{owner, "git+https://hub:8444/rpms/bash.git#main", BuildOpts{RepoID: 7, Scratch: true}, true},
			{s.User, "git+https://hub:8444/rpms/bash.git#main", BuildOpts{RepoID: 7}, true},
		} {
			id := c.by.ID
			j := &job{Flow: f, r: &task.Run{Task: &task.Task{Owner: &id}}, src: c.src, opts: c.opts}
			err := s.Try(func(ctx context.Context, tx *db.Tx) error { return j.mayMake(ctx, tx, "bash") })
			if (err == nil) != c.may || err != nil && !kura.Is(err, kura.Denied) {
				t.Errorf("%s from %s with %+v: %v", c.by.Name, c.src, c.opts, err)
			}
		}
	})
}

// An installation's own rules replace the defaults.
func TestPoliciesOnWhatABuildIsMadeFrom(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		owner, other := person(t, s, "owner", "bash"), person(t, s, "other", "mine")
		p, err := NewPolicies(map[string]string{
			"build_from_srpm":    "user other && package bash && source cli-build/* && target f36 :: allow",
			"build_from_repo_id": "user other && compare repo_id = 7 && skip_tag :: allow",
		})
		if err != nil {
			t.Fatal(err)
		}
		f := New(d, s.Blobs, task.New(nil), nil, nil, Config{OwnHosts: []string{"hub:8444"}, Policies: p})
		upload, scm := "cli-build/1/bash-1-1.src.rpm", "git+https://hub:8444/rpms/bash.git#main"
		for _, c := range []struct {
			by   account.Actor
			src  string
			opts BuildOpts
			may  bool
		}{
			{other, upload, BuildOpts{}, true},
			{owner, upload, BuildOpts{}, false},
			{s.User, upload, BuildOpts{}, false},
			{owner, scm, BuildOpts{}, true},
			{other, scm, BuildOpts{RepoID: 7, SkipTag: true}, true},
			{other, scm, BuildOpts{RepoID: 7}, false},
			{other, scm, BuildOpts{RepoID: 8, SkipTag: true}, false},
			{s.User, scm, BuildOpts{RepoID: 7, SkipTag: true}, false},
		} {
			id := c.by.ID
			j := &job{Flow: f, r: &task.Run{Task: &task.Task{Owner: &id}}, src: c.src, target: "f36", opts: c.opts}
			err := s.Try(func(ctx context.Context, tx *db.Tx) error { return j.mayMake(ctx, tx, "bash") })
			if (err == nil) != c.may || err != nil && !kura.Is(err, kura.Denied) {
				t.Errorf("%s from %s with %+v: %v", c.by.Name, c.src, c.opts, err)
			}
		}
	})
}

// A build host may close a task as Koji's do, with whatever it likes.
func TestATaskNamesOnlyItsOwnFiles(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		var roots [2]int64
		var ids [2]int64
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			for i := range ids {
				made, err := task.New(nil).Make(ctx, tx, task.Spec{Method: "buildArch", Owner: s.User.ID, Request: json.RawMessage(fmt.Sprintf("[%d]", i))})
				if err != nil {
					return err
				}
				ids[i] = made.ID
				if roots[i], err = build.RecordRoot(ctx, tx, build.NewRoot{TaskID: made.ID, Arch: "x86_64"}); err != nil {
					return err
				}
			}
			return nil
		})
		dir, foreign := TaskDir(ids[0]), TaskDir(ids[1])
		for text, good := range map[string]bool{
			fmt.Sprintf(`{"rpms":["%s/a-1-1.noarch.rpm"],"logs":["%s/build.log"],"brootid":%d}`, dir, dir, roots[0]): true,
			fmt.Sprintf(`{"rpms":["%s/a-1-1.noarch.rpm"]}`, foreign):                                                 false,
			fmt.Sprintf(`{"srpm":"%s/../x.src.rpm"}`, dir):                                                           false,
			fmt.Sprintf(`{"logs":["%s/a/b.log"]}`, dir):                                                              false,
			`{"srpms":["cli-build/1/a-1-1.src.rpm"]}`:                                                                false,
			fmt.Sprintf(`{"brootid":%d}`, roots[1]):                                                                  false,
			`{"brootid":99999}`:                                                                                      false,
			`{"source":{"commit":"../main"}}`:                                                                        false,
			`[]`:                                                                                                     false,
		} {
			g := &task.Listed{Task: task.Task{ID: ids[0]}, Result: json.RawMessage(text)}
			err := s.Try(func(ctx context.Context, tx *db.Tx) error { _, err := result(ctx, tx, g); return err })
			if (err == nil) != good || err != nil && !kura.Is(err, kura.Build) {
				t.Errorf("%s: %v", text, err)
			}
		}
	})
}

func TestWhatAHostMayHaveTagged(t *testing.T) {
	d := dbtest.SQLite(t)
	s := buildtest.New(t, d)
	b, err := s.Begin("1")
	if err != nil {
		t.Fatal(err)
	}
	var own *build.Build
	var id int64
	s.Do(func(ctx context.Context, tx *db.Tx) error {
		made, err := task.New(nil).Make(ctx, tx, task.Spec{Method: "image", Owner: s.User.ID, Request: json.RawMessage("[]")})
		if err != nil {
			return err
		}
		id = made.ID
		own, err = build.Begin(ctx, tx, build.New{Name: "hello", Version: "2.10", Release: "2", OwnerID: s.User.ID, TaskID: &id})
		return err
	})
	for _, c := range []struct {
		params []any
		may    bool
	}{
		{[]any{"f36", own.ID, false, nil, true}, true},
		{[]any{"f36", own.ID}, true},
		{[]any{"f36", own.ID, true}, false},
		{[]any{"f36", own.ID, false, "f35"}, false},
		{[]any{"f36", b.ID, false, nil, true}, false},
		{[]any{"f36", "hello-2.10-2"}, false},
		{[]any{"f36", own.ID, false, nil, true, map[string]any{"__starstar": true, "force": true}}, false},
		{[]any{"f36", map[string]any{"__starstar": true, "build_id": b.ID, "force": true}}, false},
	} {
		err := s.Try(func(ctx context.Context, tx *db.Tx) error { return MayTag(ctx, tx, id, c.params) })
		if (err == nil) != c.may {
			t.Errorf("%v: %v", c.params, err)
		}
	}
}

// A signature in a package of a builder would count, by the key that it names.
func TestBuildersSignNothing(t *testing.T) {
	ctx := context.Background()
	s := buildtest.New(t, dbtest.SQLite(t))
	f := New(s.DB, s.Blobs, task.New(nil), nil, nil, Config{})
	key, err := openpgp.Generate(openpgp.Spec{Kind: openpgp.Ed25519, Name: "x", Created: time.Now(), Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	plain := buildtest.Package(t, "hello", "1", "noarch", "hello-2.10-1.src.rpm")
	p, err := rpm.Read(bytes.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	sig, err := key.Sign(p.Header.Raw(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := rpm.Replace(p.Sig, sig)
	if err != nil {
		t.Fatal(err)
	}
	spliced, err := rpm.Splice(bytes.NewReader(plain), int64(len(plain)), raw)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := io.ReadAll(spliced)
	if err != nil {
		t.Fatal(err)
	}
	for dir, data := range map[string][]byte{"plain": plain, "signed": signed} {
		path := dir + "/hello-2.10-1.noarch.rpm"
		info := s.Store(data)
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			_, err := file.Append(ctx, tx, "work/"+path, 0, false, info)
			return err
		})
		if _, err := f.inspect(ctx, path); (err == nil) != (dir == "plain") || err != nil && !kura.Is(err, kura.Build) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}
