package flow

import (
	"context"
	"errors"
	"strings"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/task"
)

// tellMissing keeps among the files of a task what was missing for its
// repository: there may be thousands, and the error names some.
func (f *Flow) tellMissing(ctx context.Context, r *task.Run, err error) {
	var m *repo.Missing
	if !errors.As(err, &m) {
		return
	}
	info, err := f.blobs.Put(ctx, strings.NewReader(m.Text()), nil)
	if err == nil {
		err = r.Update(ctx, func(tx *db.Tx) error {
			return file.Replace(ctx, tx, file.Join("work", TaskDir(r.Task.ID), m.Log), info)
		})
	}
	if err != nil {
		r.Log.Warn("keep what is missing", "task", r.Task.ID, "err", err)
	}
}
