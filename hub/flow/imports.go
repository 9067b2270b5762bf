package flow

import (
	"context"
	"path"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
)

// Wanted refuses types of builds, besides those of packages, that are not wanted
// here.
func (f *Flow) Wanted(btype string) error {
	const op = "flow.Wanted"
	switch {
	case btype == "maven" && !f.conf.Maven:
		return kura.Errorf(op, kura.Conflict, "Maven support not enabled: an administrator may set maven below [koji] of the hub's configuration")
	case btype == "win" && !f.conf.Windows:
		return kura.Errorf(op, kura.Conflict, "Windows support not enabled: an administrator may set windows below [koji] of the hub's configuration")
	case btype != "maven" && btype != "win" && btype != "image":
		return unsupported(btype)
	}
	return nil
}

// WantedOfHosts is Wanted for files that builders bring: images come with their
// builds, not one by one.
func (f *Flow) WantedOfHosts(btype string) error {
	if btype == "image" {
		return unsupported(btype)
	}
	return f.Wanted(btype)
}

func unsupported(btype string) error {
	return kura.Errorf("flow.Wanted", kura.Invalid, "unsupported archive type: %s", btype)
}

// EmptyBuild makes a complete build without files, to import into, on the volume
// where the policy wants it.
func (f *Flow) EmptyBuild(ctx context.Context, tx *db.Tx, by account.Actor, n build.New) (*build.Build, error) {
	b, err := build.Empty(ctx, tx, n)
	if err != nil {
		return nil, err
	}
	if err := f.SettleVolume(ctx, tx, by, b, false); err != nil {
		return nil, err
	}
	return build.Get(ctx, tx, b.ID)
}

// ImportRPM makes an uploaded package one of a build, which a source package
// makes. It is verified before the records are touched: reading it takes time.
func (f *Flow) ImportRPM(ctx context.Context, by account.Actor, name string) (b *build.Build, r *build.RPM, in *build.Incoming, err error) {
	info, err := f.sealed(ctx, name)
	if err != nil {
		return nil, nil, nil, err
	}
	if in, err = build.Inspect(ctx, f.blobs, info, path.Base(name)); err != nil {
		return nil, nil, nil, err
	}
	err = f.db.Update(ctx, func(tx *db.Tx) (err error) {
		if b, r, err = build.Import(ctx, tx, by, in); err != nil || !in.Package.IsSource() {
			return err
		}
		if b, err = build.Get(ctx, tx, b.ID); err != nil {
			return err
		}
		if err := f.SettleVolume(ctx, tx, by, b, false); err != nil {
			return err
		}
		b, err = build.Get(ctx, tx, b.ID)
		return err
	})
	return b, r, in, err
}

// ImportArchive is TakeArchive for people: each type has its permission.
func (f *Flow) ImportArchive(ctx context.Context, by account.Actor, id int64, name string, a *build.Archive) error {
	if err := f.MayImport(by, a.BType); err != nil {
		return err
	}
	return f.TakeArchive(ctx, id, name, a)
}

// MayImport says whether somebody may bring files of a type of builds.
func (f *Flow) MayImport(by account.Actor, btype string) error {
	if err := f.Wanted(btype); err != nil {
		return err
	}
	return account.Perm(btype + "-import").Allow(by)
}

// TakeArchive makes an uploaded file an archive of a build. It is read before the
// records are touched.
func (f *Flow) TakeArchive(ctx context.Context, id int64, name string, a *build.Archive) error {
	info, err := f.sealed(ctx, name)
	if err != nil {
		return err
	}
	s := &build.Stored{Blob: info}
	a.Filename, a.Size, a.Checksum, a.ChecksumType = path.Base(name), info.Size, info.Sum.String(), build.SHA256
	if a.BType == "maven" {
		if err := s.ForMaven(ctx, f.blobs, a); err != nil {
			return err
		}
	}
	return f.db.Update(ctx, func(tx *db.Tx) error {
		b, err := build.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		return build.AddArchive(ctx, tx, b, a, s)
	})
}
