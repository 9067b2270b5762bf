package flow

import (
	"bytes"
	"context"
	"crypto/md5"  //nolint:gosec // content generators sum up with it
	"crypto/sha1" //nolint:gosec // content generators sum up with it
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/cgmeta"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
)

// Generated is a build that a content generator brings: its metadata, as parsed
// and as it came, the directory below work/ with its files, and the token of
// its reservation.
type Generated struct {
	Meta      *cgmeta.Metadata
	Raw       []byte
	Directory string
	Token     string
}

// brought is a file of such a build, verified.
type brought struct {
	*cgmeta.Output
	info    blob.Info
	rpm     *build.Incoming
	archive *build.Archive
	stored  *build.Stored
}

// cgImport is one import.
type cgImport struct {
	*Flow
	Generated
	by    account.Actor
	who   build.Named
	types map[string]json.RawMessage
	files []brought
	log   strings.Builder // of components that nobody knows
}

// ImportGenerated makes a build of what a content generator has made: all of
// it, or nothing.
func (f *Flow) ImportGenerated(ctx context.Context, by account.Actor, g Generated) (*build.Build, error) {
	const op = "flow.ImportGenerated"
	i := &cgImport{Flow: f, Generated: g, by: by}
	var err error
	if i.types, err = g.Meta.Build.Types(); err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "%w", err)
	}
	if err := f.db.View(ctx, func(tx *db.Tx) error { return i.allowed(ctx, tx) }); err != nil {
		return nil, err
	}
	for n := range g.Meta.Output {
		b, err := i.look(ctx, &g.Meta.Output[n])
		if err != nil {
			return nil, err
		}
		i.files = append(i.files, *b)
	}
	raw, err := f.blobs.Put(ctx, bytes.NewReader(g.Raw), nil)
	if err != nil {
		return nil, kura.E(op, err)
	}
	var b *build.Build
	err = f.db.Update(ctx, func(tx *db.Tx) error {
		i.log.Reset()
		if err := i.allowed(ctx, tx); err != nil {
			return err
		}
		b, err = i.record(ctx, tx, raw)
		return err
	})
	return b, err
}

// allowed refuses who may not speak for the content generator, and what the
// policy cg_import does not allow.
func (i *cgImport) allowed(ctx context.Context, tx *db.Tx) error {
	const op = "flow.ImportGenerated"
	for n, r := range i.Meta.Buildroots {
		g, err := build.GetGenerator(ctx, tx, account.ByName(r.ContentGenerator.Name))
		if err != nil {
			return err
		}
		if n > 0 && g != i.who {
			return kura.Errorf(op, kura.Invalid, "Koji now support only one content-generator per import")
		}
		i.who = g
	}
	if _, err := build.SpeaksFor(ctx, tx, i.by, account.ByID(i.who.ID)); err != nil {
		return err
	}
	var types []any
	for _, t := range slices.Sorted(maps.Keys(i.types)) {
		if err := build.CheckType(ctx, tx, t); err != nil {
			return err
		}
		types = append(types, t)
	}
	m := &i.Meta.Build
	about := map[string]any{"package": m.Name, "version": m.Version, "release": m.Release, "btypes": types, "source": nil,
		"metadata_only": slices.ContainsFunc(i.Meta.Output, func(o cgmeta.Output) bool { return o.MetadataOnly }), "cg_list": []any{i.who.ID}}
	if m.Source != nil {
		about["source"] = *m.Source
	}
	return i.Policies().Assert(ctx, tx, i.by, "cg_import", about, false)
}

// look verifies one of the files. Reading takes time, so it is done outside of
// any transaction.
func (i *cgImport) look(ctx context.Context, o *cgmeta.Output) (*brought, error) {
	const op = "flow.ImportGenerated"
	bad := func(format string, args ...any) error { return kura.Errorf(op, kura.Invalid, format, args...) }
	b := &brought{Output: o}
	if file.CheckName(o.Filename) != nil || o.Subdir != "" && file.Check(o.Subdir) != nil {
		return nil, bad("output %.100q: its filename or its subdir is no part of a path", o.Filename)
	}
	if o.IsArchive() {
		if err := i.describe(b); err != nil {
			return nil, err
		}
	}
	if o.MetadataOnly {
		if o.Type == "rpm" {
			return nil, bad("Metadata-only imports are not supported for rpms")
		}
		return b, nil
	}
	var err error
	if b.info, err = i.sealed(ctx, file.Join(i.Directory, o.Relpath, o.Filename)); err != nil {
		return nil, err
	}
	if b.info.Size != o.Size {
		return nil, bad("File size %d for %s (expected %d) doesn't match. Corrupted upload?", b.info.Size, o.Filename, o.Size)
	}
	sum, err := i.sum(ctx, b.info, o.ChecksumType)
	if err != nil {
		return nil, err
	}
	if sum != o.Checksum {
		return nil, bad("File checksum mismatch for %s: %s != %s", o.Filename, o.Checksum, sum)
	}
	switch {
	case o.Type == "rpm" && o.Subdir != "":
		return nil, bad("subdir field not allowed for rpm outputs")
	case o.Type == "rpm":
		b.rpm, err = build.Inspect(ctx, i.blobs, b.info, o.Filename)
	case b.archive != nil:
		b.stored = &build.Stored{Blob: b.info}
		if b.archive.BType == "maven" {
			err = b.stored.ForMaven(ctx, i.blobs, b.archive)
		}
	}
	return b, err
}

// sum is the checksum of a file as its maker wants it.
func (i *cgImport) sum(ctx context.Context, b blob.Info, kind string) (string, error) {
	const op = "flow.ImportGenerated"
	var h hash.Hash
	switch kind {
	case "sha256": // what files are kept under
		return b.Sum.String(), nil
	case "md5":
		h = md5.New() //nolint:gosec // as above
	case "sha1":
		h = sha1.New() //nolint:gosec // as above
	default:
		return "", kura.Errorf(op, kura.Invalid, "Unsupported checksum type: %s", kind)
	}
	r, err := i.blobs.Open(ctx, b.Sum)
	if err != nil {
		return "", kura.E(op, err)
	}
	defer r.Close()
	_, err = io.Copy(h, io.NewSectionReader(r, 0, b.Size))
	return hex.EncodeToString(h.Sum(nil)), kura.E(op, err)
}

var checksums = map[string]build.Checksum{"md5": build.MD5, "sha1": build.SHA1, "sha256": build.SHA256}

// describe makes an archive of what the metadata says of a file.
func (i *cgImport) describe(b *brought) error {
	const op = "flow.ImportGenerated"
	btype, info, err := b.BType()
	if err != nil {
		return kura.Errorf(op, kura.Invalid, "%w", err)
	}
	if _, ok := i.types[btype]; !ok {
		return kura.Errorf(op, kura.Invalid, "Output type %s not listed in build types", btype)
	}
	if len(b.Components) > 0 && (btype == "maven" || btype == "win") {
		return kura.Errorf(op, kura.Invalid, "Component list not allowed for archives of type %s", btype)
	}
	kind, ok := checksums[b.ChecksumType]
	if !ok {
		return kura.Errorf(op, kura.Invalid, "Unsupported checksum type: %s", b.ChecksumType)
	}
	a := &build.Archive{Filename: b.Filename, BType: btype, Subdir: b.Subdir, Size: b.Size, Checksum: b.Checksum, ChecksumType: kind}
	if b.Extra != nil {
		if a.Extra, err = json.Marshal(b.Extra); err != nil {
			return kura.E(op, err)
		}
	}
	var said struct {
		Group     string `json:"group_id"`
		Artifact  string `json:"artifact_id"`
		Version   string
		Relpath   string
		Platforms []string
		Flags     []string
		Arch      string
	}
	if btype == "maven" || btype == "win" || btype == "image" {
		if err := json.Unmarshal(info, &said); err != nil {
			return kura.Errorf(op, kura.Invalid, "what is said of %s as a file of type %s is not as it should be: %w", b.Filename, btype, err)
		}
	}
	switch btype {
	case "maven":
		a.Maven = &build.Maven{Group: said.Group, Artifact: said.Artifact, Version: said.Version}
	case "win":
		a.Win = &build.WinArchive{Path: strings.Trim(said.Relpath, "/"), Platforms: strings.Join(said.Platforms, " ")}
		if len(said.Flags) > 0 {
			flags := strings.Join(said.Flags, " ")
			a.Win.Flags = &flags
		}
	case "image":
		a.Arch = &said.Arch
	}
	b.archive = a
	return nil
}
