package flow

import (
	"context"
	"io"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/file"
)

// maxMetadata is the most bytes of a content generator's metadata.
const maxMetadata = 64 << 20

// Uploaded reads a small file of an upload: a content generator's metadata in
// its directory below work/.
func (f *Flow) Uploaded(ctx context.Context, dir, name string) ([]byte, error) {
	const op = "flow.Uploaded"
	path := file.Join("work", dir, name)
	if file.Check(path) != nil {
		return nil, kura.Errorf(op, kura.Invalid, "Invalid path of an upload: %s", name)
	}
	n, err := file.Seal(ctx, f.db, f.blobs, path)
	if kura.Is(err, kura.NotFound) {
		return nil, kura.Errorf(op, kura.NotFound, "No such file: %s", name)
	}
	if err != nil {
		return nil, err
	}
	if n.Size > maxMetadata {
		return nil, kura.Errorf(op, kura.TooLarge, "metadata in %s has %d bytes, more than %d", name, n.Size, maxMetadata)
	}
	var content *file.Content
	if err := f.db.View(ctx, func(tx *db.Tx) (err error) {
		content, err = file.Read(ctx, tx, path)
		return err
	}); err != nil {
		return nil, err
	}
	r := content.Open(ctx, f.blobs)
	defer r.Close()
	data, err := io.ReadAll(r)
	return data, kura.E(op, err)
}
