package buildtest

import (
	"bytes"
	"context"
	"testing"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
)

// Site is a hub's build room with a user and a tag that lists hello.
type Site struct {
	t     testing.TB
	DB    *db.DB
	Blobs blob.Store
	User  account.Actor
	Dest  tag.Tag
}

// New makes a site on an empty database.
func New(t testing.TB, d *db.DB) *Site {
	t.Helper()
	b, err := dir.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &Site{t: t, DB: d, Blobs: b}
	s.Do(func(ctx context.Context, tx *db.Tx) error {
		u, err := account.Create(ctx, tx, "packager", account.Person)
		if err != nil {
			return err
		}
		if err := account.Grant(ctx, tx, account.System, account.ByID(u.ID), account.ByName("admin")); err != nil {
			return err
		}
		if s.User, err = account.Load(ctx, tx, account.ByID(u.ID)); err != nil {
			return err
		}
		arches := "x86_64"
		id, err := tag.Create(ctx, tx, s.User, tag.Config{Name: "f36", Arches: &arches})
		if err != nil {
			return err
		}
		if s.Dest, err = tag.Get(ctx, tx, tag.ByID(id), 0); err != nil {
			return err
		}
		owner := account.ByID(u.ID)
		return tag.NewLists(nil).Add(ctx, tx, s.User, tag.ByName("f36"), tag.ByName("hello"), tag.Entry{Owner: &owner})
	})
	return s
}

// Try runs a transaction.
func (s *Site) Try(fn func(context.Context, *db.Tx) error) error {
	ctx := context.Background()
	return s.DB.Update(ctx, func(tx *db.Tx) error { return fn(ctx, tx) })
}

// Do runs a transaction that must not fail.
func (s *Site) Do(fn func(context.Context, *db.Tx) error) {
	s.t.Helper()
	if err := s.Try(fn); err != nil {
		s.t.Fatal(err)
	}
}

// Store keeps bytes.
func (s *Site) Store(data []byte) blob.Info {
	s.t.Helper()
	i, err := s.Blobs.Put(context.Background(), bytes.NewReader(data), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return i
}

// Package makes a package of version 2.10; its source is the SRPM that it names.
func Package(t testing.TB, name, release, arch, source string) []byte {
	t.Helper()
	var out bytes.Buffer
	b := rpm.Build{Name: name, Version: "2.10", Release: release, Arch: arch, Summary: "s", License: "MIT", SourceRPM: source}
	if arch == "src" {
		b.Source, b.SourceRPM, b.Arch = true, "", "x86_64"
	}
	if _, err := b.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Inspect stores and inspects a file.
func (s *Site) Inspect(data []byte, name string) (*build.Incoming, error) {
	return build.Inspect(context.Background(), s.Blobs, s.Store(data), name)
}

// Begin begins a build of hello.
func (s *Site) Begin(release string) (b *build.Build, err error) {
	err = s.Try(func(ctx context.Context, tx *db.Tx) error {
		b, err = build.Begin(ctx, tx, build.New{Name: "hello", Version: "2.10", Release: release, OwnerID: s.User.ID})
		return err
	})
	return b, err
}

// Complete imports a build of hello with its source and one binary package.
func (s *Site) Complete(release string) *build.Build {
	s.t.Helper()
	b, err := s.Begin(release)
	if err != nil {
		s.t.Fatal(err)
	}
	src := "hello-2.10-" + release + ".src.rpm"
	for _, f := range []struct{ arch, name string }{{"src", src}, {"x86_64", "hello-2.10-" + release + ".x86_64.rpm"}} {
		in, err := s.Inspect(Package(s.t, "hello", release, f.arch, src), f.name)
		if err != nil {
			s.t.Fatal(err)
		}
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			_, err := build.Attach(ctx, tx, b, in, nil)
			return err
		})
	}
	s.Do(func(ctx context.Context, tx *db.Tx) error {
		b, err = build.SetState(ctx, tx, b.ID, build.Complete)
		return err
	})
	return b
}
