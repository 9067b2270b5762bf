package build

import (
	"context"
	"crypto/md5"  //nolint:gosec // people ask for it
	"crypto/sha1" //nolint:gosec // people ask for it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"io"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/file"
)

var sumKinds = map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

// Sums gives the checksums of an rpm's file as it is signed with each of its
// keys, by key and kind; a kind that is not known is missing. What is not known
// without reading the file is computed, unless only what is known is wanted.
func Sums(ctx context.Context, tx *db.Tx, blobs blob.Store, r *RPM, kinds []string, known bool) (map[string]map[string]string, error) {
	for _, k := range kinds {
		if sumKinds[k] == nil {
			return nil, kura.Errorf("build.Sums", kura.Invalid, "Checksum_type %s isn't supported", k)
		}
	}
	out := map[string]map[string]string{}
	if r.BuildID == nil {
		return out, nil
	}
	b, err := Get(ctx, tx, *r.BuildID)
	if err != nil {
		return nil, err
	}
	sigs, err := Sigs(ctx, tx, r.ID)
	if err != nil {
		return nil, err
	}
	for _, s := range sigs {
		if out[s.Key], err = sums(ctx, tx, blobs, b, r, s.Key, kinds, known); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func sums(ctx context.Context, tx *db.Tx, blobs blob.Store, b *Build, r *RPM, key string, kinds []string, known bool) (map[string]string, error) {
	const op = "build.Sums"
	out := map[string]string{}
	path := file.Join(b.Path(), r.Path())
	if key != "" {
		path = file.Join(b.Path(), r.SignedPath(key))
	}
	content, err := file.Read(ctx, tx, path)
	var src io.Reader
	switch {
	case err == nil:
		for _, k := range kinds {
			if k == "sha256" { // what the file is stored under
				out[k] = content.Node.Sum.String()
			}
		}
		f := content.Open(ctx, blobs)
		defer f.Close()
		src = f
	case !kura.Is(err, kura.NotFound):
		return nil, err
	case key == "" || known:
		return out, nil
	default:
		f, err := spliced(ctx, tx, blobs, b, r, key)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		src = f
	}
	var writers []io.Writer
	open := map[string]hash.Hash{}
	for _, k := range kinds {
		if out[k] == "" && open[k] == nil {
			open[k] = sumKinds[k]()
			writers = append(writers, open[k])
		}
	}
	if known || len(writers) == 0 {
		return out, nil
	}
	if _, err := io.Copy(io.MultiWriter(writers...), src); err != nil {
		return nil, kura.E(op, err)
	}
	for k, h := range open {
		out[k] = hex.EncodeToString(h.Sum(nil))
	}
	return out, nil
}

// spliced reads an rpm as it will be when its signed copy is written.
func spliced(ctx context.Context, tx *db.Tx, blobs blob.Store, b *Build, r *RPM, key string) (io.ReadCloser, error) {
	const op = "build.Sums"
	plain, err := file.Read(ctx, tx, file.Join(b.Path(), r.Path()))
	if err != nil {
		return nil, err
	}
	sig, err := file.Read(ctx, tx, file.Join(b.Path(), r.SigPath(key)))
	if err != nil {
		return nil, err
	}
	s := sig.Open(ctx, blobs)
	defer s.Close()
	raw, err := io.ReadAll(s)
	if err != nil {
		return nil, kura.E(op, err)
	}
	f, err := blobs.Open(ctx, plain.Node.Sum)
	if err != nil {
		return nil, kura.E(op, err)
	}
	copied, err := rpm.Splice(f, f.Size(), raw)
	if err != nil {
		f.Close()
		return nil, kura.E(op, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{copied, f}, nil
}
