package build

import (
	"context"
	"iter"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/file"
)

// Signed is a signature together with the rpm that it is of.
type Signed struct {
	RPM int64
	Signature
}

func scanSigned(s db.Scanner) (v Signed, err error) { return v, s.Scan(&v.RPM, &v.Key, &v.Hash) }

// StreamSigs gives the signatures of an rpm (0: of all) with a key (nil: any)
// while they are read: the transaction can do nothing else then.
func StreamSigs(ctx context.Context, tx *db.Tx, rpmID int64, key *string) iter.Seq2[Signed, error] {
	var q db.Builder
	q.Add("SELECT rpm_id, sigkey, sighash FROM rpmsigs WHERE 1 = 1")
	if rpmID != 0 {
		q.Add(" AND rpm_id = ?", rpmID)
	}
	if key != nil {
		q.Add(" AND sigkey = ?", *key)
	}
	return db.Stream(ctx, tx, scanSigned, q.Add(" ORDER BY rpm_id, sigkey"))
}

// SigsWith gives the signatures with a key, of rpms behind one, by their ids.
func SigsWith(ctx context.Context, tx *db.Tx, key string, after, limit int64) ([]Signed, error) {
	got, err := db.All(ctx, tx, scanSigned, "SELECT rpm_id, sigkey, sighash FROM rpmsigs WHERE sigkey = $1 AND rpm_id > $2 ORDER BY rpm_id LIMIT $3", key, after, limit)
	return got, kura.E("build.SigsWith", err)
}

// SigsOf gives the signatures of many rpms, by their ids.
func SigsOf(ctx context.Context, tx *db.Tx, rpms []int64) (map[int64][]Signature, error) {
	out := make(map[int64][]Signature, len(rpms))
	for part := range slices.Chunk(rpms, 5000) {
		var q db.Builder
		q.Add("SELECT rpm_id, sigkey, sighash FROM rpmsigs WHERE")
		db.In(&q, "rpm_id", part)
		got, err := db.Find(ctx, tx, scanSigned, q.Add(" ORDER BY rpm_id, sigkey"))
		if err != nil {
			return nil, kura.E("build.SigsOf", err)
		}
		for _, s := range got {
			out[s.RPM] = append(out[s.RPM], s.Signature)
		}
	}
	return out, nil
}

// RemoveSignatures forgets the signatures of an rpm with a key (nil: all), and
// takes its signed copies away. The signature headers are kept under another
// name.
func RemoveSignatures(ctx context.Context, tx *db.Tx, r *RPM, key *string) error {
	const op = "build.RemoveSignatures"
	if r.BuildID == nil {
		return kura.Errorf(op, kura.Invalid, "Not an internal rpm: %s (from %s)", r.NVRA(), r.ExternalRepoName)
	}
	b, err := Get(ctx, tx, *r.BuildID)
	if err != nil {
		return kura.E(op, err)
	}
	all, err := Sigs(ctx, tx, r.ID)
	if err != nil {
		return kura.E(op, err)
	}
	found := false
	for _, s := range all {
		if key != nil && s.Key != *key {
			continue
		}
		found = true
		if err := removeSignature(ctx, tx, b, r, s); err != nil {
			return kura.E(op, err)
		}
	}
	if !found {
		return kura.Errorf(op, kura.NotFound, "%s has no matching signatures to delete", r.NVRA())
	}
	return nil
}

func removeSignature(ctx context.Context, tx *db.Tx, b *Build, r *RPM, s Signature) error {
	if _, err := tx.Exec(ctx, "DELETE FROM rpmsigs WHERE rpm_id = $1 AND sigkey = $2", r.ID, s.Key); err != nil {
		return err
	}
	if s.Key != "" {
		path := file.Join(b.Path(), r.SigPath(s.Key))
		c, err := file.Read(ctx, tx, path)
		switch {
		case err == nil:
			info := blob.Info{Sum: c.Node.Sum, Size: c.Node.Size}
			if err := file.Replace(ctx, tx, path+"."+s.Hash+".save", info); err != nil {
				return err
			}
		case !kura.Is(err, kura.NotFound):
			return err
		}
		for _, p := range []string{path, file.Join(b.Path(), r.SignedPath(s.Key))} {
			if err := file.Remove(ctx, tx, p); err != nil {
				return err
			}
		}
	}
	return event.Emit(ctx, tx, "rpm.unsign", map[string]any{"id": r.ID, "nvra": r.NVRA(), "key": s.Key})
}
