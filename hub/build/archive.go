package build

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/file"
)

// Checksum tells how an archive's checksum was made.
type Checksum int

// The kinds of checksums, numbered as Koji does.
const (
	MD5 Checksum = iota
	SHA1
	SHA256
)

// Archive is a file of a build that is no rpm: a jar, an image, an installer.
type Archive struct {
	ID           int64
	Type         ArchiveType
	BTypeID      int64
	BType        string // which of the build's types it is a file of
	BuildID      int64
	BuildrootID  *int64
	Filename     string
	Subdir       string // of types other than maven, win and image
	Size         int64
	Checksum     string
	ChecksumType Checksum
	MetadataOnly bool // the file itself is elsewhere
	Extra        json.RawMessage

	Maven *Maven
	Win   *WinArchive
	Arch  *string // of an image

	// Of who asks for what a root held: whether the project wanted it, or the root.
	Project *bool
	HostID  *int64 // of who asks by it
}

// WinArchive is what there is to say of a file for Windows.
type WinArchive struct {
	Path      string // the directory below the build's
	Platforms string // separated by spaces
	Flags     *string
}

// TypeDir is the directory of a build's files of a type.
func TypeDir(b *Build, btype string) string {
	switch btype {
	case "maven", "win":
		return file.Join(b.Path(), btype)
	case "image":
		return file.Join(b.Path(), "images")
	}
	return file.Join(b.Path(), "files", btype)
}

// Dir is the directory of an archive of a build.
func (a *Archive) Dir(b *Build) string {
	top := TypeDir(b, a.BType)
	switch {
	case a.Maven != nil:
		return file.Join(top, a.Maven.Dir())
	case a.Win != nil:
		return file.Join(top, a.Win.Path)
	}
	return file.Join(top, a.Subdir)
}

// Dir is where Maven looks for something, below its repository.
func (m Maven) Dir() string {
	return file.Join(strings.ReplaceAll(m.Group, ".", "/"), m.Artifact, m.Version)
}

// ArchiveFilter says which archives are wanted; what is zero does not narrow.
type ArchiveFilter struct {
	ID, BuildID, BuildrootID, HostID, Size *int64
	In                                     *int64 // a root that held them
	Of                                     *int64 // an archive that holds them
	Filename, Checksum                     *string
	ChecksumType                           *int64
	Type                                   string // maven, win and image: only with their data

	Group, Artifact, Version, Path, Arch *string // of maven, maven, maven, win, image
	Platforms, Flags                     []string
}

const archiveColumns = `SELECT a.id, a.type_id, t.name, t.description, t.extensions, t.compression_type, a.btype_id, btype.name, a.build_id, a.buildroot_id,
	a.filename, a.subdir, a.size, a.checksum, a.checksum_type, a.metadata_only, a.extra, m.group_id, m.artifact_id, m.version,
	w.relpath, w.platforms, w.flags, i.arch`

const archiveTables = ` FROM archiveinfo a JOIN archivetypes t ON t.id = a.type_id JOIN btype ON btype.id = a.btype_id
	LEFT JOIN maven_archives m ON m.archive_id = a.id LEFT JOIN win_archives w ON w.archive_id = a.id LEFT JOIN image_archives i ON i.archive_id = a.id`

func scanArchive(s db.Scanner) (*Archive, error) {
	a := &Archive{}
	var extra, group, artifact, version, path, platforms, flags *string
	err := s.Scan(&a.ID, &a.Type.ID, &a.Type.Name, &a.Type.Description, &a.Type.Extensions, &a.Type.Compression, &a.BTypeID, &a.BType, &a.BuildID, &a.BuildrootID,
		&a.Filename, &a.Subdir, &a.Size, &a.Checksum, &a.ChecksumType, &a.MetadataOnly, &extra, &group, &artifact, &version,
		&path, &platforms, &flags, &a.Arch)
	if extra != nil {
		a.Extra = json.RawMessage(*extra)
	}
	if group != nil {
		a.Maven = &Maven{*group, *artifact, *version}
	}
	if path != nil {
		a.Win = &WinArchive{*path, *platforms, flags}
	}
	return a, err
}

// Archives gives archives, oldest first.
func Archives(ctx context.Context, tx *db.Tx, f ArchiveFilter) ([]*Archive, error) {
	const op = "build.Archives"
	var q db.Builder
	q.Add(archiveColumns)
	scan := scanArchive
	switch {
	case f.In != nil:
		q.Add(", held.project_dep" + archiveTables + " JOIN buildroot_archives held ON held.archive_id = a.id")
		scan = func(s db.Scanner) (*Archive, error) {
			var project bool
			a, err := scanArchive(s.And(&project))
			a.Project = &project
			return a, err
		}
	default:
		q.Add(archiveTables)
	}
	if f.HostID != nil {
		q.Add(" JOIN buildroot made ON made.id = a.buildroot_id")
	}
	if f.Of != nil {
		q.Add(" JOIN archive_components c ON c.component_id = a.id")
	}
	q.Add(" WHERE 1 = 1")
	switch f.Type {
	case "":
	case "maven":
		q.Add(" AND m.archive_id IS NOT NULL")
	case "win":
		q.Add(" AND w.archive_id IS NOT NULL")
	case "image":
		q.Add(" AND i.archive_id IS NOT NULL")
	default:
		q.Add(" AND btype.name = ?", f.Type)
	}
	if f.ID != nil {
		q.Add(" AND a.id = ?", *f.ID)
	}
	if f.BuildID != nil {
		q.Add(" AND a.build_id = ?", *f.BuildID)
	}
	if f.BuildrootID != nil {
		q.Add(" AND a.buildroot_id = ?", *f.BuildrootID)
	}
	if f.HostID != nil {
		q.Add(" AND made.host_id = ?", *f.HostID)
	}
	if f.In != nil {
		q.Add(" AND held.buildroot_id = ?", *f.In)
	}
	if f.Of != nil {
		q.Add(" AND c.archive_id = ?", *f.Of)
	}
	if f.Size != nil {
		q.Add(" AND a.size = ?", *f.Size)
	}
	if f.Filename != nil {
		q.Add(" AND a.filename = ?", *f.Filename)
	}
	if f.Checksum != nil {
		q.Add(" AND a.checksum = ?", *f.Checksum)
	}
	if f.ChecksumType != nil {
		q.Add(" AND a.checksum_type = ?", *f.ChecksumType)
	}
	if f.Group != nil {
		q.Add(" AND m.group_id = ?", *f.Group)
	}
	if f.Artifact != nil {
		q.Add(" AND m.artifact_id = ?", *f.Artifact)
	}
	if f.Version != nil {
		q.Add(" AND m.version = ?", *f.Version)
	}
	if f.Path != nil {
		q.Add(" AND w.relpath = ?", *f.Path)
	}
	if f.Arch != nil {
		q.Add(" AND i.arch = ?", *f.Arch)
	}
	got, err := db.Find(ctx, tx, scan, q.Add(" ORDER BY a.id"))
	if err != nil {
		return nil, kura.E(op, err)
	}
	if f.HostID != nil {
		for _, a := range got {
			a.HostID = f.HostID
		}
	}
	return slices.DeleteFunc(got, func(a *Archive) bool { return !a.isFor(f) }), nil
}

// isFor looks for each of the words among those of a file for Windows.
func (a *Archive) isFor(f ArchiveFilter) bool {
	if len(f.Platforms) == 0 && len(f.Flags) == 0 {
		return true
	}
	if a.Win == nil {
		return false
	}
	has := func(words string, wanted []string) bool {
		list := strings.Fields(words)
		return !slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(list, w) })
	}
	flags := ""
	if a.Win.Flags != nil {
		flags = *a.Win.Flags
	}
	return has(a.Win.Platforms, f.Platforms) && has(flags, f.Flags)
}

// GetArchive gives an archive by its number.
func GetArchive(ctx context.Context, tx *db.Tx, id int64) (*Archive, error) {
	got, err := Archives(ctx, tx, ArchiveFilter{ID: &id})
	if err == nil && len(got) == 0 {
		err = kura.Errorf("build.GetArchive", kura.NotFound, "No such archive: %d", id)
	}
	if err != nil {
		return nil, err
	}
	return got[0], nil
}

// HoldsRPMs reports whether it is known which rpms an archive holds.
func HoldsRPMs(ctx context.Context, tx *db.Tx, id int64) (bool, error) {
	var one int64
	found, err := tx.Get(ctx, []any{&one}, "SELECT rpm_id FROM archive_rpm_components WHERE archive_id = $1 LIMIT 1", id)
	return found, kura.E("build.HoldsRPMs", err)
}

// ArchivesOf gives the archives of builds, of a type or all, in the order of
// the builds.
func ArchivesOf(ctx context.Context, tx *db.Tx, builds []*Tagged, btype string) ([]*Archive, error) {
	ids := make([]int64, len(builds))
	for i, b := range builds {
		ids[i] = b.ID
	}
	got, err := inParts(ids, func(part []int64) ([]*Archive, error) {
		var q db.Builder
		q.Add(archiveColumns + archiveTables + " WHERE")
		db.In(&q, "a.build_id", part)
		switch btype {
		case "maven":
			q.Add(" AND m.archive_id IS NOT NULL")
		case "win":
			q.Add(" AND w.archive_id IS NOT NULL")
		}
		return db.Find(ctx, tx, scanArchive, q.Add(" ORDER BY a.id"))
	})
	byBuild := map[int64][]*Archive{}
	for _, a := range got {
		byBuild[a.BuildID] = append(byBuild[a.BuildID], a)
	}
	out := make([]*Archive, 0, len(got))
	for _, id := range ids {
		out = append(out, byBuild[id]...)
	}
	return out, kura.E("build.ArchivesOf", err)
}
