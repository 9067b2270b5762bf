package koji

import (
	"context"
	"errors"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/tag"
)

// Archives carries out what concerns files of builds that are no rpms: jars,
// images, installers.
type Archives struct {
	DB    *db.DB
	Blobs blob.Store
	Flow  *flow.Flow
}

// Handlers are the methods.
func (h Archives) Handlers() Handlers {
	return Handlers{
		"listArchives":           h.list,
		"getArchive":             h.get,
		"listArchiveFiles":       h.files,
		"getArchiveFile":         h.file,
		"getMavenArchive":        h.maven,
		"getWinArchive":          h.win,
		"getImageArchive":        h.image,
		"listTaggedArchives":     h.tagged,
		"getLatestMavenArchives": h.latestMaven,

		"getArchiveTypes": h.types,
		"getArchiveType":  h.typeOf,
		"addArchiveType":  h.addType,
		"addBType":        h.addBType,

		"getMavenBuild": h.mavenBuild,
		"getWinBuild":   h.winBuild,
		"getImageBuild": h.imageBuild,

		"createMavenBuild":   h.createMaven,
		"createWinBuild":     h.createWin,
		"createImageBuild":   h.createImage,
		"importArchive":      h.importArchive,
		"host.importArchive": h.hostImport,
	}
}

// archiveRow is an archive as lists show it.
func archiveRow(a *build.Archive) (xmlrpc.Struct, error) {
	extra, err := stored(a.Extra)
	return record("id", a.ID, "type_id", a.Type.ID, "btype_id", a.BTypeID, "btype", a.BType, "build_id", a.BuildID,
		"buildroot_id", deref(a.BuildrootID), "filename", a.Filename, "size", a.Size, "checksum", a.Checksum,
		"checksum_type", int(a.ChecksumType), "metadata_only", a.MetadataOnly, "extra", extra,
		"type_name", a.Type.Name, "type_description", a.Type.Description, "type_extensions", a.Type.Extensions,
		"compression_type", deref(a.Type.Compression)), err
}

func mavenFields(m build.Maven, prefix string) xmlrpc.Struct {
	return record(prefix+"group_id", m.Group, prefix+"artifact_id", m.Artifact, prefix+"version", m.Version)
}

func winFields(w *build.WinArchive) xmlrpc.Struct {
	return record("relpath", w.Path, "platforms", w.Platforms, "flags", deref(w.Flags))
}

// list gives the archives that meet all conditions.
func (Archives) list(ctx context.Context, c *Call) (any, error) {
	a, o := c.Args, c.Args.QueryOpts()
	f := build.ArchiveFilter{
		ID: a.OptInt("archiveID"), BuildID: a.OptInt("buildID"), BuildrootID: a.OptInt("buildrootID"), HostID: a.OptInt("hostID"),
		Size: a.OptInt("size"), In: a.OptInt("componentBuildrootID"), Of: a.OptInt("imageID"),
		Filename: a.OptString("filename"), Checksum: a.OptString("checksum"), ChecksumType: a.OptInt("checksum_type"), Type: optText(a, "type"),
	}
	info, strict := a.Map("typeInfo"), a.Bool("strict")
	if err := a.Err(); err != nil {
		return nil, err
	}
	if err := narrow(ctx, c, &f, info); err != nil {
		return nil, err
	}
	all, err := build.Archives(ctx, c.Tx, f)
	if err != nil {
		return nil, err
	}
	if strict && len(all) == 0 {
		return nil, kura.Errorf("koji.listArchives", kura.NotFound, "No archives found.")
	}
	return rowsOf(o, each(all), func(a *build.Archive) (xmlrpc.Struct, error) {
		s, err := archiveRow(a)
		if f.In != nil {
			s = append(s, record("component_buildroot_id", *f.In, "project", deref(a.Project))...)
		}
		if f.HostID != nil {
			s = append(s, record("host_id", *f.HostID)...)
		}
		switch f.Type {
		case "maven":
			s = append(s, mavenFields(*a.Maven, "")...)
		case "win":
			s = append(s, winFields(a.Win)...)
		case "image":
			s = append(s, record("arch", *a.Arch)...)
		}
		return s, err
	})
}

// narrow reads what is asked of a type's own data.
func narrow(ctx context.Context, c *Call, f *build.ArchiveFilter, info map[string]any) error {
	r := optReader{opts: info}
	text := func(name string) *string {
		if _, ok := info[name]; !ok {
			return nil
		}
		s := r.string(name)
		return &s
	}
	words := func(name string) []string {
		if s, ok := info[name].(string); ok {
			return []string{s}
		}
		if info[name] == nil {
			return nil
		}
		return r.strings(name)
	}
	switch f.Type {
	case "":
	case "maven":
		f.Group, f.Artifact, f.Version = text("group_id"), text("artifact_id"), text("version")
	case "win":
		f.Path, f.Platforms, f.Flags = text("relpath"), words("platforms"), words("flags")
	case "image":
		if truthy(info["arch"]) {
			f.Arch = text("arch")
		}
	default:
		if build.CheckType(ctx, c.Tx, f.Type) != nil {
			return kura.Errorf("koji.listArchives", kura.Invalid, "unsupported archive type: %s", f.Type)
		}
		if len(info) > 0 {
			return kura.Errorf("koji.listArchives", kura.Invalid, "typeInfo queries not supported for type %s", f.Type)
		}
	}
	return r.err
}

// archiveArg finds the archive that a call is about.
func archiveArg(ctx context.Context, c *Call) (*build.Archive, error) {
	id := c.Args.Int("archive_id")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return build.GetArchive(ctx, c.Tx, id)
}

func (Archives) get(ctx context.Context, c *Call) (any, error) {
	a, err := archiveArg(ctx, c)
	if err != nil {
		return lookedUp(c.Args.Bool("strict"), nil, err)
	}
	s, err := archiveRow(a)
	if err != nil {
		return nil, err
	}
	switch {
	case a.Maven != nil:
		s = append(s, mavenFields(*a.Maven, "")...)
	case a.Win != nil:
		s = append(s, winFields(a.Win)...)
	case a.Arch != nil:
		root, err := build.HoldsRPMs(ctx, c.Tx, a.ID)
		if err != nil {
			return nil, err
		}
		s = append(s, record("arch", *a.Arch, "rootid", root)...)
	}
	return s, nil
}

// of answers with a type's own data of an archive; without any, nothing.
func of(ctx context.Context, c *Call, data func(*build.Archive) xmlrpc.Struct) (any, error) {
	a, err := archiveArg(ctx, c)
	if err == nil {
		if s := data(a); s != nil {
			return append(record("archive_id", a.ID), s...), nil
		}
	}
	if err == nil || kura.Is(err, kura.NotFound) {
		err = kura.Errorf("koji.archive", kura.NotFound, "query returned no rows")
	}
	return lookedUp(c.Args.Bool("strict"), nil, err)
}

func (Archives) maven(ctx context.Context, c *Call) (any, error) {
	return of(ctx, c, func(a *build.Archive) xmlrpc.Struct {
		if a.Maven == nil {
			return nil
		}
		return mavenFields(*a.Maven, "")
	})
}

func (Archives) win(ctx context.Context, c *Call) (any, error) {
	return of(ctx, c, func(a *build.Archive) xmlrpc.Struct {
		if a.Win == nil {
			return nil
		}
		return winFields(a.Win)
	})
}

func (Archives) image(ctx context.Context, c *Call) (any, error) {
	var failed error
	v, err := of(ctx, c, func(a *build.Archive) (s xmlrpc.Struct) {
		if a.Arch != nil {
			var root bool
			root, failed = build.HoldsRPMs(ctx, c.Tx, a.ID)
			s = record("arch", *a.Arch, "rootid", root)
		}
		return s
	})
	return v, errors.Join(failed, err)
}

// contents lists what is in an archive. Archives of types that have no
// contents are refused to who is strict.
func (h Archives) contents(ctx context.Context, c *Call, strict bool) ([]xmlrpc.Struct, error) {
	a, err := archiveArg(ctx, c)
	if err != nil || a.Type.Compression == nil && !strict {
		return nil, err
	}
	list, tar, err := build.Contents(ctx, c.Tx, h.Blobs, a)
	if err != nil {
		return nil, err
	}
	rows := make([]xmlrpc.Struct, len(list))
	for i, e := range list {
		rows[i] = record("archive_id", a.ID, "name", e.Name, "size", e.Size, "mtime", e.Time)
		if tar {
			rows[i] = append(rows[i], record("mode", e.Mode, "user", e.User, "group", e.Group)...)
		}
	}
	return rows, nil
}

func (h Archives) files(ctx context.Context, c *Call) (any, error) {
	o, strict := c.Args.QueryOpts(), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	rows, err := h.contents(ctx, c, strict)
	if err != nil {
		return nil, err
	}
	return o.Apply(rows)
}

func (h Archives) file(ctx context.Context, c *Call) (any, error) {
	name, strict := c.Args.String("filename"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	rows, err := h.contents(ctx, c, strict)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(rows, func(s xmlrpc.Struct) bool { return s[1].Value == name }); i >= 0 {
		return rows[i], nil
	}
	return lookedUp(strict, nil, kura.Errorf("koji.getArchiveFile", kura.NotFound, "No such file: %s in archive#%v", name, c.Args.Any("archive_id")))
}

// tagged gives the archives of a tag's builds, and the builds.
func (h Archives) tagged(ctx context.Context, c *Call) (any, error) {
	a := c.Args
	q := build.TaggedQuery{Tag: tagRef(a, "tag"), At: a.Event("event"), Package: optText(a, "package"), Type: optText(a, "type"),
		Inherit: a.Bool("inherit"), Latest: latestArg(a)}
	if err := a.Err(); err != nil {
		return nil, err
	}
	if _, err := tag.Get(ctx, c.Tx, q.Tag, q.At); err != nil {
		if !a.Bool("strict") {
			err = missing(err)
		}
		return []any{}, err
	}
	if q.Type != "" && q.Type != "maven" && q.Type != "win" {
		return nil, kura.Errorf("koji.listTaggedArchives", kura.Invalid, "unsupported archive type: %s", q.Type)
	}
	builds, err := build.ListTagged(ctx, c.Tx, q)
	if err != nil {
		return nil, err
	}
	all, err := build.ArchivesOf(ctx, c.Tx, builds, q.Type)
	if err != nil {
		return nil, err
	}
	rows := make([]xmlrpc.Struct, len(all))
	for i, a := range all {
		rows[i] = record("id", a.ID, "type_id", a.Type.ID, "btype_id", a.BTypeID, "btype", a.BType, "build_id", a.BuildID,
			"buildroot_id", deref(a.BuildrootID), "filename", a.Filename, "size", a.Size, "checksum", a.Checksum,
			"checksum_type", int(a.ChecksumType), "metadata_only", a.MetadataOnly)
		switch q.Type {
		case "maven":
			rows[i] = append(rows[i], mavenFields(*a.Maven, "maven_")...)
		case "win":
			rows[i] = append(rows[i], winFields(a.Win)...)
		}
		if c.Args.Bool("extra") {
			extra, err := stored(a.Extra)
			if err != nil {
				return nil, err
			}
			rows[i] = append(rows[i], xmlrpc.Member{Name: "extra", Value: extra})
		}
	}
	list, err := taggedRows(ctx, c.Tx, builds, q.Type, false)
	return []any{rows, list}, err
}

// latestMaven gives what Maven finds in a tag: of each artifact, the version
// that was tagged last, or all where the tag says so; of each version, the
// files of one build.
func (Archives) latestMaven(ctx context.Context, c *Call) (any, error) {
	q := build.TaggedQuery{Tag: tagRef(c.Args, "tag"), At: c.Args.Event("event"), Inherit: c.Args.Bool("inherit")}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	found, err := build.MavenIn(ctx, c.Tx, q)
	if err != nil {
		return nil, err
	}
	rows := make([]xmlrpc.Struct, len(found))
	for i, f := range found {
		a, b := f.Archive, f.Build
		extra, err := stored(a.Extra)
		if err != nil {
			return nil, err
		}
		rows[i] = append(record("tag_id", b.TagID, "tag_name", b.TagName, "pkg_id", b.PackageID, "build_id", b.ID, "build_name", b.Name,
			"build_version", b.Version, "build_release", b.Release, "build_epoch", deref(b.Epoch), "state", int(b.State), "task_id", deref(b.TaskID),
			"owner", b.OwnerID, "volume_id", b.VolumeID, "volume_name", b.VolumeName, "id", a.ID, "type_id", a.Type.ID,
			"buildroot_id", deref(a.BuildrootID), "filename", a.Filename, "size", a.Size, "checksum", a.Checksum, "checksum_type", int(a.ChecksumType),
			"metadata_only", a.MetadataOnly, "extra", extra, "tag_event", b.CreateEvent), mavenFields(*a.Maven, "")...)
	}
	return rows, nil
}
