package repo_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/build/buildtest"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
)

// distSite is a site with builds of many packages, and distribution
// repositories of its tag.
type distSite struct {
	*buildtest.Site
	t       *testing.T
	m       *repo.Maker
	rpms    map[string]*build.RPM // by name-release.arch
	plain   map[int64]blob.Info
	written []string // name-release.arch and key of copies that were asked for
}

func newDistSite(t *testing.T, d *db.DB) *distSite {
	s := &distSite{Site: buildtest.New(t, d), t: t, rpms: map[string]*build.RPM{}, plain: map[int64]blob.Info{}}
	s.m = repo.NewMaker(s.DB, s.Blobs)
	return s
}

// binary is a package of a build: "name.arch", its files, and what it requires.
type binary struct {
	name     string
	files    []string
	requires []string
}

// built imports and tags a build of version 1 with a source package.
func (s *distSite) built(name, release string, packages ...binary) *build.Build {
	s.t.Helper()
	s.Do(func(ctx context.Context, tx *db.Tx) error {
		owner := account.ByID(s.User.ID)
		err := tag.NewLists(nil).Add(ctx, tx, s.User, tag.ByID(s.Dest.ID), tag.ByName(name), tag.Entry{Owner: &owner})
		if kura.Is(err, kura.Tag) || kura.Is(err, kura.Exists) {
			return nil // another release of it is there
		}
		return err
	})
	var b *build.Build
	s.Do(func(ctx context.Context, tx *db.Tx) (err error) {
		b, err = build.Begin(ctx, tx, build.New{Name: name, Version: "1", Release: release, OwnerID: s.User.ID})
		return err
	})
	for _, p := range append([]binary{{name: name + ".src"}}, packages...) {
		i := strings.LastIndexByte(p.name, '.')
		spec := rpm.Build{
			Name: p.name[:i], Version: "1", Release: release, Arch: p.name[i+1:], Summary: "s", License: "MIT",
			SourceRPM: name + "-1-" + release + ".src.rpm",
		}
		file := spec.Name + "-1-" + release + "." + spec.Arch
		switch spec.Arch {
		case "nosrc":
			spec.NoSource = []uint32{0}
			fallthrough
		case "src":
			spec.Source, spec.Arch, spec.SourceRPM = true, "x86_64", ""
		}
		for _, f := range p.files {
			spec.Files = append(spec.Files, rpm.File{Path: f, Mode: 0o644})
		}
		for _, r := range p.requires {
			spec.Requires = append(spec.Requires, rpm.Dep{Name: r})
		}
		var out bytes.Buffer
		if _, err := spec.WriteTo(&out); err != nil {
			s.t.Fatal(err)
		}
		in, err := s.Inspect(out.Bytes(), file+".rpm")
		if err != nil {
			s.t.Fatal(err)
		}
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			r, err := build.Attach(ctx, tx, b, in, nil)
			if err == nil {
				s.rpms[strings.Replace(file, "-1-", "-", 1)], s.plain[r.ID] = r, in.Blob
			}
			return err
		})
	}
	s.Do(func(ctx context.Context, tx *db.Tx) (err error) {
		if b, err = build.SetState(ctx, tx, b.ID, build.Complete); err != nil {
			return err
		}
		return build.Tag(ctx, tx, s.User, b, s.Dest, false)
	})
	return b
}

// signed notes a signature of a package, and with copied makes its copy.
func (s *distSite) signed(name, key string, copied bool) {
	s.t.Helper()
	r, ok := s.rpms[name]
	if !ok {
		s.t.Fatalf("no package %s", name)
	}
	s.Do(func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO rpmsigs (rpm_id, sigkey, sighash) VALUES ($1, $2, '')", r.ID, key)
		if err != nil || !copied {
			return err
		}
		return build.SetSigned(ctx, tx, r.ID, key, s.plain[r.ID])
	})
}

func (s *distSite) write(ctx context.Context, id int64, key string) error {
	for name, r := range s.rpms {
		if r.ID == id {
			s.written = append(s.written, name+" "+key)
			slices.Sort(s.written)
		}
	}
	return s.DB.Update(ctx, func(tx *db.Tx) error { return build.SetSigned(ctx, tx, id, key, s.plain[id]) })
}

// dist makes a distribution repository of the tag.
func (s *distSite) dist(keys []string, o repo.DistOpts) (r *repo.Repo, err error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	err = s.Try(func(ctx context.Context, tx *db.Tx) error {
		task, err := tx.Insert(ctx, `INSERT INTO task (method, request, arch, priority, create_time, free_time, owner)
			VALUES ('distRepo', '[]', 'noarch', 20, 1, 1, $1) RETURNING id`, s.User.ID)
		if err != nil {
			return err
		}
		r, err = repo.BeginDist(ctx, tx, tag.ByID(s.Dest.ID), keys, o, task)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.m.Dist(context.Background(), r, keys, o, repo.Signing{
		Write:    s.write,
		Metadata: func(context.Context, []string, string, []byte) ([]byte, error) { return nil, nil },
	})
}

// holds gives the packages of a directory of a repository, without the letters
// they stand under.
func (s *distSite) holds(r *repo.Repo, dir string) string {
	s.t.Helper()
	var out []string
	for line := range strings.Lines(read(s.t, s.Site, r.Path()+"/"+dir+"/pkglist")) {
		line = strings.TrimSpace(line)
		parts := strings.Split(line, "/")
		name := parts[len(parts)-1]
		if want := "Packages/" + name[:1] + "/" + name; strings.TrimPrefix(line, "../") != want {
			s.t.Errorf("%s stands at %s", name, line)
		}
		top, _, _ := strings.Cut(dir, "/")
		if read(s.t, s.Site, file.Join(r.Path(), top, strings.TrimPrefix(line, "../"))) == "" {
			s.t.Errorf("%s is empty", line)
		}
		out = append(out, strings.TrimSuffix(strings.Replace(name, "-1-", "-", 1), ".rpm"))
	}
	return strings.Join(out, " ")
}

// upload puts a file among the uploads.
func (s *distSite) upload(text string) string {
	name := fmt.Sprintf("cli-dist-repo/%d/conf", len(text))
	info := s.Store([]byte(text))
	s.Do(func(ctx context.Context, tx *db.Tx) error { return file.Replace(ctx, tx, "work/"+name, info) })
	return name
}
