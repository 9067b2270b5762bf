package build

import (
	"context"
	"crypto/md5"
	"database/sql"
	"encoding/hex"
	"errors"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/file"
)

var errNoMD5 = errors.New("its signature header has no MD5 of the whole, by which Koji knows packages")

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// signatures lists what a package is signed with; an unsigned one has the
// empty key, as Koji keeps it.
func signatures(p *rpm.Package) ([]Signature, error) {
	key, err := rpm.SigKey(p.Sig)
	if err != nil {
		return nil, err
	}
	sum := md5.Sum(p.RawSig)
	return []Signature{{Key: key, Hash: hex.EncodeToString(sum[:])}}, nil
}

func addSig(ctx context.Context, tx *db.Tx, b *Build, r *RPM, s Signature) error {
	_, err := tx.Exec(ctx, `INSERT INTO rpmsigs (rpm_id, sigkey, sighash) VALUES ($1, $2, $3)
		ON CONFLICT (rpm_id, sigkey) DO NOTHING`, r.ID, s.Key, s.Hash)
	return err
}

// Sigs gives the signatures that are kept of an rpm, by key.
func Sigs(ctx context.Context, tx *db.Tx, rpmID int64) ([]Signature, error) {
	got, err := db.All(ctx, tx, func(s db.Scanner) (v Signature, err error) { return v, s.Scan(&v.Key, &v.Hash) },
		"SELECT sigkey, sighash FROM rpmsigs WHERE rpm_id = $1 ORDER BY sigkey", rpmID)
	return got, kura.E("build.Sigs", err)
}

// AddSignature keeps a signature header of an rpm, whose bytes are stored as
// header. The header must describe the very payload of the rpm.
func AddSignature(ctx context.Context, tx *db.Tx, rpmID int64, raw []byte, stored blob.Info) (Signature, error) {
	const op = "build.AddSignature"
	r, err := GetRPM(ctx, tx, rpmID)
	if err != nil {
		return Signature{}, kura.E(op, err)
	}
	if r.BuildID == nil {
		return Signature{}, kura.Errorf(op, kura.Invalid, "%s belongs to an external repository: it is not kura's to sign", r.NVRA())
	}
	b, err := Get(ctx, tx, *r.BuildID)
	if err != nil {
		return Signature{}, kura.E(op, err)
	}
	h, err := rpm.ParseSigHeader(raw)
	if err != nil {
		return Signature{}, kura.Errorf(op, kura.Invalid, "signature header of %s: %w", r.NVRA(), err)
	}
	p := &rpm.Package{Sig: h, RawSig: raw}
	if got := hex.EncodeToString(p.PayloadMD5()); got != r.PayloadHash {
		return Signature{}, kura.Errorf(op, kura.Invalid, "wrong md5 for %s: the signature is of another package (%s, kura has %s)", r.NVRA(), got, r.PayloadHash)
	}
	sigs, err := signatures(p)
	if err != nil {
		return Signature{}, kura.Errorf(op, kura.Invalid, "signature header of %s: %w", r.NVRA(), err)
	}
	s := sigs[0]
	var old string
	found, err := tx.Get(ctx, []any{&old}, "SELECT sighash FROM rpmsigs WHERE rpm_id = $1 AND sigkey = $2", rpmID, s.Key)
	switch {
	case err != nil:
		return s, kura.E(op, err)
	case found && old == s.Hash:
		return s, nil
	case found:
		return s, kura.Errorf(op, kura.Exists, "Signature already exists for package %s, key %s", r.NVRA(), s.Key)
	}
	if err := addSig(ctx, tx, b, r, s); err != nil {
		return s, kura.E(op, err)
	}
	if err := file.Replace(ctx, tx, file.Join(b.Path(), r.SigPath(s.Key)), stored); err != nil {
		return s, kura.E(op, err)
	}
	return s, kura.E(op, event.Emit(ctx, tx, "rpm.sign", map[string]any{"id": rpmID, "nvra": r.NVRA(), "key": s.Key}))
}

// SetSigned gives the signed copy of an rpm its name.
func SetSigned(ctx context.Context, tx *db.Tx, rpmID int64, key string, stored blob.Info) error {
	const op = "build.SetSigned"
	r, err := GetRPM(ctx, tx, rpmID)
	if err != nil {
		return kura.E(op, err)
	}
	b, err := Get(ctx, tx, *r.BuildID)
	if err != nil {
		return kura.E(op, err)
	}
	return kura.E(op, file.Replace(ctx, tx, file.Join(b.Path(), r.SignedPath(key)), stored))
}
