package build

import (
	"context"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/tag"
)

// DefaultVolume is the number of the volume that is always there.
const DefaultVolume = 0

// defaultPath is the build's directory on the default volume. There is a link
// if the build lies on another.
func (b *Build) defaultPath() string {
	return "packages/" + b.Name + "/" + b.Version + "/" + b.Release
}

// Path is the build's directory in the tree: packages/NAME/VERSION/RELEASE, or
// that below vol/VOLUME.
func (b *Build) Path() string {
	if b.VolumeID == DefaultVolume {
		return b.defaultPath()
	}
	return file.Join("vol", b.VolumeName, b.defaultPath())
}

// removeFiles takes away all files of a build.
func removeFiles(ctx context.Context, tx *db.Tx, b *Build) error {
	paths := []string{b.Path()}
	if b.VolumeID != DefaultVolume {
		paths = append(paths, b.defaultPath())
	}
	if b.PromotionTime != nil {
		paths = append(paths, b.draftPath())
	}
	for _, p := range paths {
		if err := file.Remove(ctx, tx, p); err != nil {
			return err
		}
	}
	return nil
}

// link leads from a build's place on the default volume to where it lies.
func (b *Build) link(ctx context.Context, tx *db.Tx) error {
	up := strings.Repeat("../", strings.Count(b.defaultPath(), "/"))
	return file.Symlink(ctx, tx, b.defaultPath(), up+b.Path())
}

// Volumes gives the volumes on which builds can lie.
func Volumes(ctx context.Context, tx *db.Tx) ([]Named, error) {
	got, err := db.All(ctx, tx, scanNamed, "SELECT id, name FROM volume ORDER BY id")
	return got, kura.E("build.Volumes", err)
}

// GetVolume gives a volume by its number, or by its name.
func GetVolume(ctx context.Context, tx *db.Tx, ref tag.Ref) (Named, error) {
	all, err := Volumes(ctx, tx)
	if err != nil {
		return Named{}, err
	}
	for _, v := range all {
		if ref.Name != "" && v.Name == ref.Name || ref.Name == "" && v.ID == ref.ID {
			return v, nil
		}
	}
	if ref.Name != "" {
		return Named{}, kura.Errorf("build.GetVolume", kura.NotFound, "No such volume: %s", ref.Name)
	}
	return Named{}, kura.Errorf("build.GetVolume", kura.NotFound, "No such volume: %d", ref.ID)
}

// AddVolume makes a volume. There is nothing to prepare for it: its directory
// is a name in the tree.
func AddVolume(ctx context.Context, tx *db.Tx, name string) (Named, error) {
	const op = "build.AddVolume"
	err := account.CheckName(name)
	if err == nil {
		err = file.CheckName(name)
	}
	if err != nil {
		return Named{}, err
	}
	if _, err := GetVolume(ctx, tx, tag.ByName(name)); err == nil {
		return Named{}, kura.Errorf(op, kura.Exists, "volume %s already exists", name)
	} else if !kura.Is(err, kura.NotFound) {
		return Named{}, err
	}
	id, err := tx.Insert(ctx, "INSERT INTO volume (name) VALUES ($1) RETURNING id", name)
	return Named{ID: id, Name: name}, kura.E(op, err)
}

// RemoveVolume takes away a volume on which no build lies.
func RemoveVolume(ctx context.Context, tx *db.Tx, v Named) error {
	const op = "build.RemoveVolume"
	if v.ID == DefaultVolume {
		return kura.Errorf(op, kura.Conflict, "volume %s is where new builds go: it stays", v.Name)
	}
	var one int64
	used, err := tx.Get(ctx, []any{&one}, "SELECT id FROM build WHERE volume_id = $1 LIMIT 1", v.ID)
	if err != nil {
		return kura.E(op, err)
	}
	if used {
		return kura.Errorf(op, kura.Conflict, "volume %s has build references", v.Name)
	}
	if err := file.Remove(ctx, tx, file.Join("vol", v.Name)); err != nil { // empty directories
		return kura.E(op, err)
	}
	_, err = tx.Exec(ctx, "DELETE FROM volume WHERE id = $1", v.ID)
	return kura.E(op, err)
}

// SetVolume moves a build to a volume. Nothing is copied: bytes have no place
// in the tree, only names have. Whoever asks for the place on the default
// volume is led to the new one.
func SetVolume(ctx context.Context, tx *db.Tx, by account.Actor, id int64, v Named) error {
	const op = "build.SetVolume"
	b, err := Get(ctx, tx, id)
	if err != nil {
		return err
	}
	if b.VolumeID == v.ID {
		return kura.Errorf(op, kura.Conflict, "Build %s already on volume %s", b.NVR(), v.Name)
	}
	if b.State != Complete && b.State != Deleted {
		return kura.Errorf(op, kura.Conflict, "Build %s is %s", b.NVR(), b.State)
	}
	from := *b
	b.VolumeID, b.VolumeName = v.ID, v.Name
	if from.VolumeID != DefaultVolume {
		if err := file.Remove(ctx, tx, from.defaultPath()); err != nil { // the link
			return kura.E(op, err)
		}
	}
	// A build that is deleted has no files, and one may be without any.
	switch err := file.Move(ctx, tx, from.Path(), b.Path()); {
	case err == nil && v.ID != DefaultVolume:
		if err := b.link(ctx, tx); err != nil {
			return kura.E(op, err)
		}
	case err != nil && !kura.Is(err, kura.NotFound):
		return kura.E(op, err)
	}
	if _, err := tx.Exec(ctx, "UPDATE build SET volume_id = $1 WHERE id = $2", v.ID, b.ID); err != nil {
		return kura.E(op, err)
	}
	tags, err := TagsOf(ctx, tx, b.ID, 0)
	if err != nil {
		return kura.E(op, err)
	}
	for _, t := range tags {
		if err := tag.Touch(ctx, tx, by, t.ID, tag.VolumeChange); err != nil {
			return kura.E(op, err)
		}
	}
	return kura.E(op, event.Emit(ctx, tx, "build.volume", map[string]any{"id": b.ID, "nvr": b.NVR(), "old": from.VolumeName, "new": v.Name}))
}
