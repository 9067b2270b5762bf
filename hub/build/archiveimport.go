package build

import (
	"context"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/file"
)

// Stored is the file of an archive: its bytes, and those of the files that
// stand beside it, by what is added to its name (.md5).
type Stored struct {
	Blob   blob.Info
	Beside map[string]blob.Info
}

// AddArchive makes a file one of a build's. Of the archive, Type, BTypeID and
// BuildID follow from its name, from BType and from the build. A nil file is
// elsewhere: there is only what is said of it.
func AddArchive(ctx context.Context, tx *db.Tx, b *Build, a *Archive, s *Stored) error {
	const op = "build.AddArchive"
	if b.Draft {
		return kura.Errorf(op, kura.Invalid, "Draft build not supported")
	}
	if err := file.CheckName(a.Filename); err != nil {
		return kura.E(op, err)
	}
	types, err := ArchiveTypes(ctx, tx)
	if err != nil {
		return err
	}
	var known bool
	if a.Type, known = TypeOfFile(types, a.Filename); !known {
		return kura.Errorf(op, kura.NotFound, "unsupported file extension: %s", a.Filename)
	}
	found, err := tx.Get(ctx, []any{&a.BTypeID}, "SELECT id FROM btype WHERE name = $1", a.BType)
	switch {
	case err != nil:
		return kura.E(op, err)
	case !found:
		return kura.Errorf(op, kura.Build, "unsupported build type: %s", a.BType)
	}
	own, err := Types(ctx, tx, b.ID)
	if err != nil {
		return err
	}
	if !slices.Contains(own, a.BType) {
		return kura.Errorf(op, kura.Import, "Build does not have type %s", a.BType)
	}
	if err := a.check(); err != nil {
		return err
	}
	a.BuildID, a.MetadataOnly = b.ID, s == nil
	var extra *string
	if a.Extra != nil {
		text := string(a.Extra)
		extra = &text
	}
	if a.ID, err = tx.Insert(ctx, `INSERT INTO archiveinfo (type_id, btype_id, build_id, buildroot_id, filename, subdir, size, checksum, checksum_type, metadata_only, extra)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id`,
		a.Type.ID, a.BTypeID, a.BuildID, a.BuildrootID, a.Filename, a.Subdir, a.Size, a.Checksum, int(a.ChecksumType), a.MetadataOnly, extra); err != nil {
		return kura.E(op, err)
	}
	switch {
	case a.Maven != nil:
		_, err = tx.Exec(ctx, "INSERT INTO maven_archives (archive_id, group_id, artifact_id, version) VALUES ($1, $2, $3, $4)", a.ID, a.Maven.Group, a.Maven.Artifact, a.Maven.Version)
	case a.Win != nil:
		_, err = tx.Exec(ctx, "INSERT INTO win_archives (archive_id, relpath, platforms, flags) VALUES ($1, $2, $3, $4)", a.ID, a.Win.Path, a.Win.Platforms, a.Win.Flags)
	case a.Arch != nil:
		_, err = tx.Exec(ctx, "INSERT INTO image_archives (archive_id, arch) VALUES ($1, $2)", a.ID, *a.Arch)
	}
	if err == nil && s != nil {
		err = s.Put(ctx, tx, file.Join(a.Dir(b), a.Filename))
	}
	if err != nil {
		return kura.E(op, err)
	}
	return kura.E(op, event.Emit(ctx, tx, "archive.import", map[string]any{"id": a.ID, "filename": a.Filename, "type": a.BType, "build": b.ID}))
}

// Put gives the files their names; a name that stands for something already is
// refused.
func (s *Stored) Put(ctx context.Context, tx *db.Tx, path string) error {
	if _, err := file.Lstat(ctx, tx, path); err == nil {
		return kura.Errorf("build.AddArchive", kura.Exists, "Error importing archive file, %s already exists", path)
	} else if !kura.Is(err, kura.NotFound) {
		return err
	}
	if err := file.Put(ctx, tx, path, s.Blob); err != nil {
		return err
	}
	for end, b := range s.Beside {
		if err := file.Put(ctx, tx, path+end, b); err != nil {
			return err
		}
	}
	return nil
}

// check looks at what an archive's place is made of, and that its type's data
// is there.
func (a *Archive) check() error {
	const op = "build.AddArchive"
	bad := func(what, v string) error {
		return kura.Errorf(op, kura.Invalid, "%s of archive %s cannot be %.100q: it is part of its path", what, a.Filename, v)
	}
	switch a.BType {
	case "maven":
		if a.Maven == nil {
			return kura.Errorf(op, kura.Invalid, "archive %s has no group_id, artifact_id and version", a.Filename)
		}
		for _, part := range append(strings.Split(a.Maven.Group, "."), a.Maven.Artifact, a.Maven.Version) {
			if file.CheckName(part) != nil {
				return bad("the Maven name", a.Maven.String())
			}
		}
	case "win":
		if a.Win == nil {
			return kura.Errorf(op, kura.Invalid, "archive %s has no relpath and platforms", a.Filename)
		}
		if a.Win.Platforms == "" {
			return kura.Errorf(op, kura.Build, "no value for platforms")
		}
		if a.Win.Path != "" && file.Check(a.Win.Path) != nil {
			return bad("relpath", a.Win.Path)
		}
	case "image":
		if a.Arch == nil || *a.Arch == "" {
			return kura.Errorf(op, kura.Invalid, "archive %s has no arch", a.Filename)
		}
	default:
		if a.Subdir != "" && file.Check(a.Subdir) != nil {
			return bad("subdir", a.Subdir)
		}
	}
	return nil
}

// Contains records which rpms and archives are in an archive.
func Contains(ctx context.Context, tx *db.Tx, id int64, rpms, archives []int64) error {
	for _, r := range rpms {
		if err := contains(ctx, tx, id, r); err != nil {
			return kura.E("build.Contains", err)
		}
	}
	for _, a := range archives {
		if _, err := tx.Exec(ctx, "INSERT INTO archive_components (archive_id, component_id) VALUES ($1, $2) ON CONFLICT (archive_id, component_id) DO NOTHING", id, a); err != nil {
			return kura.E("build.Contains", err)
		}
	}
	return nil
}

func contains(ctx context.Context, tx *db.Tx, archive, rpm int64) error {
	_, err := tx.Exec(ctx, "INSERT INTO archive_rpm_components (archive_id, rpm_id) VALUES ($1, $2) ON CONFLICT (archive_id, rpm_id) DO NOTHING", archive, rpm)
	return err
}

// ContainsComponents is Contains for rpms as a builder tells them: those of
// external repositories get records.
func ContainsComponents(ctx context.Context, tx *db.Tx, id int64, rpms []Component) error {
	const op = "build.Contains"
	for i := range rpms {
		r, err := component(ctx, tx, &rpms[i])
		if err == nil {
			err = contains(ctx, tx, id, r)
		}
		if err != nil {
			return kura.E(op, err)
		}
	}
	return nil
}

// removeArchives forgets a build's archives and what its types say of it.
// Whatever held them holds them no more.
func removeArchives(ctx context.Context, tx *db.Tx, build int64) error {
	const own = " IN (SELECT id FROM archiveinfo WHERE build_id = $1)"
	var err error
	drop := func(n int64, e error) {
		if err == nil {
			err = e
		}
	}
	drop(tx.Exec(ctx, "DELETE FROM maven_archives WHERE archive_id"+own, build))
	drop(tx.Exec(ctx, "DELETE FROM win_archives WHERE archive_id"+own, build))
	drop(tx.Exec(ctx, "DELETE FROM image_archives WHERE archive_id"+own, build))
	drop(tx.Exec(ctx, "DELETE FROM archive_rpm_components WHERE archive_id"+own, build))
	drop(tx.Exec(ctx, "DELETE FROM archive_components WHERE archive_id"+own, build))
	drop(tx.Exec(ctx, "DELETE FROM archive_components WHERE component_id"+own, build))
	drop(tx.Exec(ctx, "DELETE FROM buildroot_archives WHERE archive_id"+own, build))
	drop(tx.Exec(ctx, "DELETE FROM archiveinfo WHERE build_id = $1", build))
	drop(tx.Exec(ctx, "DELETE FROM maven_builds WHERE build_id = $1", build))
	drop(tx.Exec(ctx, "DELETE FROM win_builds WHERE build_id = $1", build))
	return err
}
