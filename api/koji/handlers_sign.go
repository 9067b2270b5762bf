package koji

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/sign"
)

// Signing carries out what concerns signatures. Methods that write packages,
// or ask the signer, open their own transactions.
type Signing struct {
	DB    Database
	Blobs blob.Store
	Sign  *sign.Room
}

// Handlers are the methods.
func (h Signing) Handlers() Handlers {
	return Handlers{
		"addRPMSig":      h.add,
		"queryRPMSigs":   h.query,
		"writeSignedRPM": h.write,
		"deleteRPMSig":   h.remove,

		"host.writeSignedRPM": h.write,

		"kura.createKey": h.createKey,
		"kura.listKeys":  h.keys,
		"kura.signBuild": h.build,
	}
}

// add keeps a signature header that was made elsewhere.
func (h Signing) add(ctx context.Context, c *Call) (any, error) {
	const op = "koji.addRPMSig"
	var raw []byte
	switch v := c.Args.Any("data").(type) {
	case []byte:
		raw = v
	case string:
		raw = []byte(v)
	default:
		return nil, kura.Errorf(op, kura.Invalid, "Invalid type for argument data of addRPMSig: want base64 in a string, got %s", typeName(v))
	}
	header := make([]byte, base64.StdEncoding.DecodedLen(len(raw)))
	n, err := base64.StdEncoding.Decode(header, raw)
	if err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "the signature header is not base64: %w", err)
	}
	r, err := findRPM(ctx, c.Tx, c.Args.Any("an_rpm"))
	if err != nil {
		return nil, err
	}
	if r.BuildID == nil {
		return nil, kura.Errorf(op, kura.Invalid, "Not an internal rpm: %s (from %s)", r.NVRA(), r.ExternalRepoName)
	}
	stored, err := h.Blobs.Put(ctx, bytes.NewReader(header[:n]), nil)
	if err != nil {
		return nil, kura.E(op, err)
	}
	_, err = build.AddSignature(ctx, c.Tx, r.ID, header[:n], stored)
	return nothing(err)
}

// query lists the signatures of an rpm, of a key, or all.
func (Signing) query(ctx context.Context, c *Call) (any, error) {
	o, key := c.Args.QueryOpts(), c.Args.OptString("sigkey")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if key != nil {
		*key = strings.ToLower(*key)
	}
	var id int64
	switch v := c.Args.Any("rpm_id").(type) {
	case nil:
	case int64:
		if id = v; id <= 0 {
			return o.Apply(nil)
		}
	default:
		r, err := findRPM(ctx, c.Tx, v)
		if err != nil {
			return emptyOr(o, missing(err))
		}
		id = r.ID
	}
	return rowsOf(o, build.StreamSigs(ctx, c.Tx, id, key), func(s build.Signed) (xmlrpc.Struct, error) {
		return record("rpm_id", s.RPM, "sigkey", s.Key, "sighash", s.Hash), nil
	})
}

// write makes the signed copy of an rpm, if there is none: it is the same
// bytes each time.
func (h Signing) write(ctx context.Context, c *Call) (any, error) {
	key := strings.ToLower(c.Args.String("sigkey"))
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	var r *build.RPM
	err := h.DB.View(ctx, func(tx *db.Tx) (err error) {
		r, err = findRPM(ctx, tx, c.Args.Any("an_rpm"))
		return err
	})
	if err != nil {
		return nil, err
	}
	if r.BuildID == nil {
		return nil, kura.Errorf("koji.writeSignedRPM", kura.Invalid, "Not an internal rpm: %s (from %s)", r.NVRA(), r.ExternalRepoName)
	}
	return nothing(h.Sign.Write(ctx, r.ID, key))
}

func (Signing) remove(ctx context.Context, c *Call) (any, error) {
	key, all := c.Args.OptString("sigkey"), c.Args.Bool("all_sigs")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	switch {
	case all:
		key = nil
	case key == nil || *key == "":
		return nil, kura.Errorf("koji.deleteRPMSig", kura.Invalid, "No signature specified")
	default:
		*key = strings.ToLower(*key)
	}
	r, err := findRPM(ctx, c.Tx, c.Args.Any("rpminfo"))
	if err != nil {
		return nil, err
	}
	return nothing(build.RemoveSignatures(ctx, c.Tx, r, key))
}
