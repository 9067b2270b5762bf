package main

import (
	"context"
	"io"

	"github.com/kura-build/kura/blob"
)

// reserve is a store on a disk of which some bytes stay free: for the database,
// which often lies on the same one, and for whoever comes to clean up.
type reserve struct {
	blob.Store
	dir string
	min int64
}

// Put refuses what would go into the reserve.
func (s reserve) Put(ctx context.Context, r io.Reader, expect *blob.Sum) (blob.Info, error) {
	if err := blob.DiskFree("blob.Put", s.dir, s.min); err != nil {
		return blob.Info{}, err
	}
	return s.Store.Put(ctx, r, expect)
}
