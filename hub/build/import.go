package build

import (
	"bytes"
	"context"
	"encoding/hex"

	"github.com/klauspost/compress/zstd"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/file"
)

// Incoming is a package file that was read and verified, and whose bytes are
// stored, but which belongs to nothing yet. It is made outside of
// transactions: reading a large package takes time.
type Incoming struct {
	Name    rpm.NEVRA
	Source  string // file name of the SRPM it says it comes from
	Blob    blob.Info
	MD5     string
	Built   int64
	Keys    []Signature
	RawSig  []byte
	SigBlob blob.Info // RawSig, stored, of a signed package
	Package *rpm.Package
}

// Signature is one signature that a file carries.
type Signature struct {
	Key  string // last 8 digits of the key's id
	Hash string // md5 of the signature header
}

// File is the name the file must have.
func (p *Incoming) File() string { return p.Name.FileName() }

// Inspect reads a stored file as an RPM and verifies it from end to end: its
// digests, its sizes, its names. fileName is what it was called by whoever
// brought it; a package that is called otherwise than it is, is refused.
func Inspect(ctx context.Context, s blob.Store, b blob.Info, fileName string) (*Incoming, error) {
	const op = "build.Inspect"
	r, err := s.Open(ctx, b.Sum)
	if err != nil {
		return nil, kura.E(op, err)
	}
	defer r.Close()
	bad := func(err error) error {
		return kura.Errorf(op, kura.Invalid, "%s is no sound RPM: %w", fileName, err)
	}
	checked, err := rpm.Verify(r, b.Size)
	if err != nil {
		return nil, bad(err)
	}
	p := checked.Package
	n := p.NEVRA()
	if err := n.Check(); err != nil {
		return nil, bad(err)
	}
	if fileName != n.FileName() {
		return nil, kura.Errorf(op, kura.Invalid, "bad filename: %s (expected %s)", fileName, n.FileName())
	}
	in := &Incoming{Name: n, Blob: b, Package: p, RawSig: p.RawSig, Source: p.Header.String(rpm.TagSourceRPM)}
	built, _ := p.Header.Int(rpm.TagBuildTime)
	in.Built = int64(built)
	in.MD5 = hex.EncodeToString(p.PayloadMD5())
	if in.MD5 == "" {
		return nil, bad(errNoMD5)
	}
	if in.Keys, err = signatures(p); err != nil {
		return nil, bad(err)
	}
	if in.Keys[0].Key != "" {
		if in.SigBlob, err = s.Put(ctx, bytes.NewReader(in.RawSig), nil); err != nil {
			return nil, kura.E(op, err)
		}
	}
	return in, nil
}

// Attach adds a package to a build: its row, its header, its signatures and
// its names in the tree. The build must be in state building; the package must
// belong to it.
func Attach(ctx context.Context, tx *db.Tx, b *Build, in *Incoming, buildroot *int64) (*RPM, error) {
	const op = "build.Attach"
	if b.State != Building {
		return nil, kura.Errorf(op, kura.Build, "Cannot import %s into build %s: it is %s", in.File(), b.NVR(), b.State)
	}
	if err := belongs(b, in); err != nil {
		return nil, kura.E(op, err)
	}
	return attach(ctx, tx, b, in, buildroot)
}

// Join is Attach for a package of another arch, which comes when the build is
// complete.
func Join(ctx context.Context, tx *db.Tx, b *Build, in *Incoming, buildroot *int64) (*RPM, error) {
	const op = "build.Join"
	if b.State != Complete {
		return nil, kura.Errorf(op, kura.Build, "Cannot import %s into build %s: it is %s", in.File(), b.NVR(), b.State)
	}
	if err := belongs(b, in); err != nil {
		return nil, kura.E(op, err)
	}
	return attach(ctx, tx, b, in, buildroot)
}

// Wrap is Attach for a package of other files of the build, like those that
// Maven made: it is called as it likes, and may come when the build is complete.
func Wrap(ctx context.Context, tx *db.Tx, b *Build, in *Incoming, buildroot *int64) (*RPM, error) {
	const op = "build.Wrap"
	if b.State != Building && b.State != Complete || b.Draft {
		return nil, kura.Errorf(op, kura.Build, "Cannot import %s into build %s: it is %s", in.File(), b.NVR(), b.State)
	}
	return attach(ctx, tx, b, in, buildroot)
}

func attach(ctx context.Context, tx *db.Tx, b *Build, in *Incoming, buildroot *int64) (*RPM, error) {
	const op = "build.Attach"
	var epoch *int64
	if in.Name.Epoch != nil {
		e := int64(*in.Name.Epoch)
		epoch = &e
	}
	var id int64
	err := untold(ctx, tx, b.ID, func() (err error) {
		id, err = tx.Insert(ctx, `INSERT INTO rpminfo (namespace, build_id, buildroot_id, name, version, release, epoch, arch, payloadhash,
			size, buildtime, sum, draft) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
			ON CONFLICT DO NOTHING RETURNING id`,
			b.Namespace, b.ID, buildroot, in.Name.Name, in.Name.Version, in.Name.Release, epoch, in.Name.Arch, in.MD5,
			in.Blob.Size, in.Built, in.Blob.Sum.String(), b.Draft)
		return err
	})
	if err == nil && id == 0 || isNoRows(err) {
		return nil, kura.Errorf(op, kura.Build, "rpm already exists: %s", in.Name.NVRA())
	}
	if err != nil {
		return nil, kura.E(op, err)
	}
	if err := keepHeader(ctx, tx, b, id, in); err != nil {
		return nil, kura.E(op, err)
	}
	if err := addType(ctx, tx, b.ID, "rpm"); err != nil {
		return nil, kura.E(op, err)
	}
	r, err := GetRPM(ctx, tx, id)
	if err != nil {
		return nil, kura.E(op, err)
	}
	if err := file.Put(ctx, tx, file.Join(b.Path(), r.Path()), in.Blob); err != nil {
		return nil, kura.E(op, err)
	}
	for _, k := range in.Keys {
		if err := addSig(ctx, tx, b, r, k); err != nil {
			return nil, kura.E(op, err)
		}
		if k.Key == "" {
			continue
		}
		if err := file.Replace(ctx, tx, file.Join(b.Path(), r.SigPath(k.Key)), in.SigBlob); err != nil {
			return nil, kura.E(op, err)
		}
	}
	return r, kura.E(op, event.Emit(ctx, tx, "rpm.import", map[string]any{"id": id, "nvra": r.NVRA(), "build": b.ID}))
}

// belongs checks that a package is part of a build: a source package by its
// own name, a binary one by the source package that it names.
func belongs(b *Build, in *Incoming) error {
	const op = "build.Attach"
	if in.Package.IsSource() {
		if in.Name.NVR() != b.Target().String() {
			return kura.Errorf(op, kura.Invalid, "srpm mismatch: %s does not belong to build %s", in.File(), b.NVR())
		}
		return nil
	}
	n, err := rpm.ParseNVRA(in.Source)
	if err != nil || n.NVR.String() != b.Target().String() {
		return kura.Errorf(op, kura.Invalid, "rpm %s says that it was built from %q, which is not the source package of build %s", in.File(), in.Source, b.NVR())
	}
	return nil
}

// RepoHref is the location of a build's package as the hub's repositories
// tell it: below "toplink", which leads from each to the top of the tree.
func RepoHref(b *Build, arch, name string) string {
	return file.Join("toplink", b.Path(), arch, name)
}

var encoder, _ = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault))

// keepHeader stores what is ever asked of a header, so that the file need not
// be opened again: not for its dependencies, not for a repository.
func keepHeader(ctx context.Context, tx *db.Tx, b *Build, id int64, in *Incoming) error {
	f, err := repomd.NewFragments(repomd.Source{
		Package:  in.Package,
		PkgID:    in.Blob.Sum.String(),
		Size:     in.Blob.Size,
		FileTime: in.Built,
		Href:     RepoHref(b, in.Name.Arch, in.File()),
	})
	if err != nil {
		return kura.Errorf("build.Attach", kura.Invalid, "%s cannot stand in a repository: %w", in.File(), err)
	}
	pack := func(b []byte) []byte { return encoder.EncodeAll(b, nil) }
	_, err = tx.Exec(ctx, "INSERT INTO rpm_header (rpm_id, header, primary_, filelists, other) VALUES ($1, $2, $3, $4, $5)",
		id, pack(in.Package.Header.Raw()), pack(f.Primary), pack(f.Filelists), pack(f.Other))
	return err
}
