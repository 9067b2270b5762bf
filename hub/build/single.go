package build

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
)

// Import adds a single package that was built elsewhere. A source package
// makes its build, complete, if there is none; a binary package needs its
// build to be there.
func Import(ctx context.Context, tx *db.Tx, by account.Actor, in *Incoming) (*Build, *RPM, error) {
	const op = "build.Import"
	b, err := importInto(ctx, tx, by, in)
	if err != nil {
		return nil, nil, kura.E(op, err)
	}
	if b.State != Building && b.State != Complete {
		return nil, nil, kura.Errorf(op, kura.Conflict, "Build is %s: %s", b.State, b.NVR())
	}
	r, err := attach(ctx, tx, b, in, nil)
	if err != nil {
		return nil, nil, kura.E(op, err)
	}
	tags, err := TagsOf(ctx, tx, b.ID, 0)
	if err != nil {
		return nil, nil, kura.E(op, err)
	}
	for _, t := range tags {
		if err := tag.Touch(ctx, tx, by, t.ID, tag.Import); err != nil {
			return nil, nil, kura.E(op, err)
		}
	}
	return b, r, nil
}

func importInto(ctx context.Context, tx *db.Tx, by account.Actor, in *Incoming) (*Build, error) {
	const op = "build.Import"
	if in.Package.IsSource() {
		b, err := ByNVR(ctx, tx, rpm.NVR{Name: in.Name.Name, Version: in.Name.Version, Release: in.Name.Release})
		if !kura.Is(err, kura.NotFound) {
			return b, err
		}
		n := New{Name: in.Name.Name, Version: in.Name.Version, Release: in.Name.Release, OwnerID: by.ID}
		if in.Name.Epoch != nil {
			e := int64(*in.Name.Epoch)
			n.Epoch = &e
		}
		return Empty(ctx, tx, n)
	}
	src, err := rpm.ParseNVRA(in.Source)
	if err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "rpm %s does not say from which source package it was built (%q)", in.File(), in.Source)
	}
	b, err := ByNVR(ctx, tx, src.NVR)
	if kura.Is(err, kura.NotFound) {
		err = kura.Errorf(op, kura.NotFound, "No such build: %s, from which %s was built: import %s first", src.NVR, in.File(), in.Source)
	}
	return b, err
}

// Empty makes a build that is complete and has no packages yet.
func Empty(ctx context.Context, tx *db.Tx, n New) (*Build, error) {
	b, err := Begin(ctx, tx, n)
	if err != nil {
		return nil, err
	}
	return SetState(ctx, tx, b.ID, Complete)
}
