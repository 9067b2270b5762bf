package sign

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
)

// Build signs all packages of a complete build with a key, and writes their
// signed copies. Packages that carry that key's signature already are left
// alone, so that it can be run again after it was interrupted.
func (r *Room) Build(ctx context.Context, by account.Actor, id int64, key string) ([]*build.RPM, error) {
	const op = "sign.Build"
	if r.signer == nil {
		return nil, noSigner(op)
	}
	var b *build.Build
	var rpms []*build.RPM
	var k Key
	err := r.db.View(ctx, func(tx *db.Tx) (err error) {
		if k, err = Find(ctx, tx, key); err != nil {
			return err
		}
		if b, err = build.Get(ctx, tx, id); err != nil {
			return err
		}
		rpms, err = build.ListRPMs(ctx, tx, build.RPMFilter{BuildID: id})
		return err
	})
	if err != nil {
		return nil, kura.E(op, err)
	}
	if b.State != build.Complete {
		return nil, kura.Errorf(op, kura.Build, "Cannot sign build %s: it is %s, not COMPLETE", b.NVR(), b.State)
	}
	for _, p := range rpms {
		if err := r.one(ctx, by, b, p, k); err != nil {
			return nil, kura.E(op, err)
		}
		if err := r.Write(ctx, p.ID, k.ShortID()); err != nil {
			return nil, kura.E(op, err)
		}
	}
	return rpms, nil
}

func (r *Room) one(ctx context.Context, by account.Actor, b *build.Build, p *build.RPM, k Key) error {
	var have []build.Signature
	var c *file.Content
	err := r.db.View(ctx, func(tx *db.Tx) (err error) {
		if have, err = build.Sigs(ctx, tx, p.ID); err != nil {
			return err
		}
		c, err = file.Read(ctx, tx, file.Join(b.Path(), p.Path()))
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range have {
		if s.Key == k.ShortID() {
			return nil
		}
	}
	f := c.Open(ctx, r.blobs)
	defer f.Close()
	pkg, err := rpm.Read(f)
	if err != nil {
		return fmt.Errorf("read %s: %w", p.File(), err)
	}
	answer, err := r.signer.SignPackage(ctx, k.Name, b.ID, p.NVRA(),
		fmt.Sprintf("complete build %s, asked for by %s", b.NVR(), by.Name), pkg.Header.Raw())
	if err != nil {
		return fmt.Errorf("sign %s with %s: %w", p.File(), k.Name, err)
	}
	raw, err := rpm.Replace(pkg.Sig, answer.Signature)
	if err != nil {
		return fmt.Errorf("sign %s: %w", p.File(), err)
	}
	return r.Add(ctx, p.ID, raw)
}

// Add keeps a signature header, made here or elsewhere (import-sig).
func (r *Room) Add(ctx context.Context, rpmID int64, raw []byte) error {
	const op = "sign.Add"
	stored, err := r.blobs.Put(ctx, bytes.NewReader(raw), nil)
	if err != nil {
		return kura.E(op, err)
	}
	err = r.db.Update(ctx, func(tx *db.Tx) error {
		_, err := build.AddSignature(ctx, tx, rpmID, raw, stored)
		return err
	})
	return kura.E(op, err)
}

// Write makes the signed copy of an rpm from the signature that is kept of a
// key, if there is none yet. The copy is made of stored bytes and verified
// before it gets its name.
func (r *Room) Write(ctx context.Context, rpmID int64, key string) error {
	const op = "sign.Write"
	var p *build.RPM
	var plain, sig *file.Content
	done := false
	err := r.db.View(ctx, func(tx *db.Tx) (err error) {
		if p, err = build.GetRPM(ctx, tx, rpmID); err != nil {
			return err
		}
		if p.BuildID == nil {
			return kura.Errorf(op, kura.Invalid, "%s belongs to an external repository", p.NVRA())
		}
		b, err := build.Get(ctx, tx, *p.BuildID)
		if err != nil {
			return err
		}
		if _, err = file.Stat(ctx, tx, file.Join(b.Path(), p.SignedPath(key))); err == nil {
			done = true
			return nil
		}
		if plain, err = file.Read(ctx, tx, file.Join(b.Path(), p.Path())); err != nil {
			return err
		}
		sig, err = file.Read(ctx, tx, file.Join(b.Path(), p.SigPath(key)))
		if kura.Is(err, kura.NotFound) {
			return kura.Errorf(op, kura.NotFound, "No cached signature for package %s, key %s", p.NVRA(), key)
		}
		return err
	})
	if err != nil || done {
		return kura.E(op, err)
	}
	h := sig.Open(ctx, r.blobs)
	raw, err := io.ReadAll(h)
	h.Close()
	if err != nil {
		return kura.E(op, err)
	}
	f, err := r.blobs.Open(ctx, plain.Node.Sum)
	if err != nil {
		return kura.E(op, err)
	}
	defer f.Close()
	copied, err := rpm.Splice(f, f.Size(), raw)
	if err != nil {
		return kura.Errorf(op, kura.Invalid, "put the signature of key %s into %s: %w", key, p.File(), err)
	}
	stored, err := r.blobs.Put(ctx, copied, nil)
	if err != nil {
		return kura.E(op, err)
	}
	err = r.db.Update(ctx, func(tx *db.Tx) error { return build.SetSigned(ctx, tx, rpmID, key, stored) })
	return kura.E(op, err)
}

// Metadata has a repository's repomd.xml signed, and gives repomd.xml.asc.
func (r *Room) Metadata(ctx context.Context, key, repository, decision string, repomd []byte) ([]byte, error) {
	const op = "sign.Metadata"
	if r.signer == nil {
		return nil, noSigner(op)
	}
	a, err := r.signer.SignMetadata(ctx, key, repository, decision, repomd)
	return a.Signature, kura.E(op, err)
}
