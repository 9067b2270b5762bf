package build

import (
	"context"

	"github.com/klauspost/compress/zstd"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
)

// maxHeader bounds a stored header when it is unpacked: rpm itself refuses
// larger ones.
const maxHeader = 256 << 20

var decoder, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxHeader))

// Header gives the main header of a package of the hub's own, without its file.
func Header(ctx context.Context, tx *db.Tx, rpmID int64) (*rpm.Header, error) {
	const op = "build.Header"
	var packed []byte
	found, err := tx.Get(ctx, []any{&packed}, "SELECT header FROM rpm_header WHERE rpm_id = $1", rpmID)
	if err == nil && !found {
		err = kura.Errorf(op, kura.NotFound, "the header of rpm %d is not stored: it is external, or its build was deleted", rpmID)
	}
	if err != nil {
		return nil, kura.E(op, err)
	}
	h, err := unpack(packed)
	return h, kura.E(op, err)
}

func unpack(packed []byte) (*rpm.Header, error) {
	raw, err := decoder.DecodeAll(packed, nil)
	if err != nil {
		return nil, err
	}
	return rpm.ParseHeader(raw)
}

// Headers gives the main headers of some packages by their ids, as far as they
// are stored. Headers are large: ask for some hundred at once.
func Headers(ctx context.Context, tx *db.Tx, ids []int64) (map[int64]*rpm.Header, error) {
	const op = "build.Headers"
	var q db.Builder
	q.Add("SELECT rpm_id, header FROM rpm_header WHERE")
	db.In(&q, "rpm_id", ids)
	out := make(map[int64]*rpm.Header, len(ids))
	for r, err := range db.Stream(ctx, tx, func(s db.Scanner) (r storedHeader, err error) { return r, s.Scan(&r.id, &r.packed) }, &q) {
		if err != nil {
			return nil, kura.E(op, err)
		}
		if out[r.id], err = unpack(r.packed); err != nil {
			return nil, kura.E(op, err)
		}
	}
	return out, nil
}

type storedHeader struct {
	id     int64
	packed []byte
}
