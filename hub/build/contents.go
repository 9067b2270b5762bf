package build

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/archive"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/file"
)

// Contents lists what is in an archive: a tar file's entries have modes and
// owners. Of what is only described here, or was deleted, there is nothing.
func Contents(ctx context.Context, tx *db.Tx, blobs blob.Store, a *Archive) (list []archive.Entry, tar bool, err error) {
	const op = "build.Contents"
	if a.Type.Compression == nil {
		return nil, false, kura.Errorf(op, kura.Invalid, "Unsupported archive type: %s", a.Type.Name)
	}
	b, err := Get(ctx, tx, a.BuildID)
	if err != nil {
		return nil, false, kura.E(op, err)
	}
	stored, err := file.Read(ctx, tx, file.Join(a.Dir(b), a.Filename))
	if kura.Is(err, kura.NotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, kura.E(op, err)
	}
	r := stored.Open(ctx, blobs)
	defer r.Close()
	tar = *a.Type.Compression == "tar"
	if tar {
		list, err = archive.Tar(ctx, r)
	} else {
		list, err = archive.Zip(ctx, r, a.Size)
	}
	if err != nil {
		return nil, tar, kura.Errorf(op, kura.Invalid, "archive %d, %s, cannot be listed: %w", a.ID, a.Filename, err)
	}
	return list, tar, nil
}

// HeaderOf gives the main header of an rpm, which must be the hub's own and of
// a build that was not deleted.
func HeaderOf(ctx context.Context, tx *db.Tx, r *RPM) (*rpm.Header, error) {
	const op = "build.HeaderOf"
	if r.BuildID == nil {
		return nil, kura.Errorf(op, kura.NotFound, "RPM: %s is not internal", r.NVRA())
	}
	b, err := Get(ctx, tx, *r.BuildID)
	if err == nil && b.State == Deleted {
		err = kura.Errorf(op, kura.NotFound, "Build %s is deleted", b.NVR())
	}
	if err != nil {
		return nil, kura.E(op, err)
	}
	return Header(ctx, tx, r.ID)
}

// SourceHeader gives the main header of a build's source package.
func SourceHeader(ctx context.Context, tx *db.Tx, b *Build) (*rpm.Header, error) {
	const op = "build.SourceHeader"
	rpms, err := ListRPMs(ctx, tx, RPMFilter{BuildID: b.ID, Arches: []string{"src"}})
	if err != nil {
		return nil, kura.E(op, err)
	}
	if len(rpms) == 0 || b.State == Deleted {
		return nil, kura.Errorf(op, kura.NotFound, "Build %s doesn't have srpms", b.NVR())
	}
	return Header(ctx, tx, rpms[0].ID)
}
