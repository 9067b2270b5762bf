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
	raw, err := decoder.DecodeAll(packed, nil)
	if err != nil {
		return nil, kura.E(op, err)
	}
	h, err := rpm.ParseHeader(raw)
	return h, kura.E(op, err)
}
