package koji

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"io"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
)

var checksums = map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

// rpmChecksums gives the checksums of an rpm's file as it is signed with each
// of its keys. What is not known already is computed, unless the client minds.
func (h Builds) rpmChecksums(ctx context.Context, c *Call) (any, error) {
	const op = "koji.getRPMChecksums"
	id, ok := c.Args.Any("rpm_id").(int64)
	if !ok {
		return nil, kura.Errorf(op, kura.Invalid, "rpm_id must be an integer")
	}
	types, cached := c.Args.Strings("checksum_types"), c.Args.Bool("cacheonly")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if len(types) == 0 {
		types = []string{"md5", "sha256"}
	}
	for _, t := range types {
		if checksums[t] == nil {
			return nil, kura.Errorf(op, kura.Invalid, "Checksum_type %s isn't supported", t)
		}
	}
	r, err := findRPM(ctx, c.Tx, id)
	if err != nil || r.BuildID == nil {
		return map[string]any{}, err
	}
	b, err := build.Get(ctx, c.Tx, *r.BuildID)
	if err != nil {
		return nil, err
	}
	sigs, err := build.Sigs(ctx, c.Tx, r.ID)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, s := range sigs {
		sums, err := h.sums(ctx, c, b, r, s.Key, types, cached)
		if err != nil {
			return nil, err
		}
		out[s.Key] = sums
	}
	return out, nil
}

func (h Builds) sums(ctx context.Context, c *Call, b *build.Build, r *build.RPM, key string, types []string, cached bool) (map[string]any, error) {
	out := map[string]any{}
	for _, t := range types {
		out[t] = nil
	}
	path := file.Join(b.Path(), r.Path())
	if key != "" {
		path = file.Join(b.Path(), r.SignedPath(key))
	}
	content, err := file.Read(ctx, c.Tx, path)
	var src io.Reader
	switch {
	case err == nil:
		if _, ok := out["sha256"]; ok { // what the file is stored under
			out["sha256"] = content.Node.Sum.String()
		}
		f := content.Open(ctx, h.Blobs)
		defer f.Close()
		src = f
	case !kura.Is(err, kura.NotFound):
		return nil, err
	case key == "" || cached:
		return out, nil
	default:
		f, err := h.spliced(ctx, c, b, r, key)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		src = f
	}
	var writers []io.Writer
	sums := map[string]hash.Hash{}
	for name, v := range out {
		if v == nil {
			sums[name] = checksums[name]()
			writers = append(writers, sums[name])
		}
	}
	if cached || len(writers) == 0 {
		return out, nil
	}
	if _, err := io.Copy(io.MultiWriter(writers...), src); err != nil {
		return nil, kura.E("koji.getRPMChecksums", err)
	}
	for name, s := range sums {
		out[name] = hex.EncodeToString(s.Sum(nil))
	}
	return out, nil
}

// spliced reads an rpm as it will be when its signed copy is written.
func (h Builds) spliced(ctx context.Context, c *Call, b *build.Build, r *build.RPM, key string) (io.ReadCloser, error) {
	plain, err := file.Read(ctx, c.Tx, file.Join(b.Path(), r.Path()))
	if err != nil {
		return nil, err
	}
	sig, err := file.Read(ctx, c.Tx, file.Join(b.Path(), r.SigPath(key)))
	if err != nil {
		return nil, err
	}
	s := sig.Open(ctx, h.Blobs)
	defer s.Close()
	raw, err := io.ReadAll(s)
	if err != nil {
		return nil, kura.E("koji.getRPMChecksums", err)
	}
	f, err := h.Blobs.Open(ctx, plain.Node.Sum)
	if err != nil {
		return nil, kura.E("koji.getRPMChecksums", err)
	}
	copied, err := rpm.Splice(f, f.Size(), raw)
	if err != nil {
		f.Close()
		return nil, kura.E("koji.getRPMChecksums", err)
	}
	return struct {
		io.Reader
		io.Closer
	}{copied, f}, nil
}
