package upload

import (
	"context"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/file"
)

// Query asks for an uploaded file.
type Query struct {
	Name
	Verify string // digest to give: adler32, md5, sha256 or none
	Tail   *int64 // digest only of the last bytes
}

// Info is what is known of an uploaded file.
type Info struct {
	Size      int64
	MTime     int64 // microseconds
	SumLength int64
	Digest    string
}

// Stat gives what is known of an uploaded file, nil if there is none. For a
// digest it reads the file again.
func (r *Room) Stat(ctx context.Context, q Query) (*Info, error) {
	const op = "upload.Stat"
	_, full, err := place(q.Name)
	if err != nil {
		return nil, err
	}
	var content *file.Content
	err = r.db.View(ctx, func(tx *db.Tx) (err error) {
		content, err = file.Read(ctx, tx, full)
		return err
	})
	if kura.Is(err, kura.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	n := content.Node
	info := &Info{Size: n.Size, MTime: n.MTime}
	if q.Verify == "" {
		return info, nil
	}
	start := int64(0)
	if q.Tail != nil {
		start = max(0, n.Size-*q.Tail)
	}
	info.SumLength = n.Size - start
	if n.Kind == file.File && q.Verify == "sha256" && start == 0 {
		info.Digest = n.Sum.String()
		return info, nil
	}
	in := content.Open(ctx, r.blobs)
	defer in.Close()
	sum := Digest(q.Verify)
	if _, err := in.Seek(start, io.SeekStart); err != nil {
		return nil, kura.E(op, err)
	}
	if _, err := io.Copy(sum, in); err != nil {
		return nil, kura.E(op, err)
	}
	info.Digest = hex.EncodeToString(sum.Sum(nil))
	return info, nil
}

// Directories gives the directories that a user has uploaded into, by name and
// without work/.
func Directories(ctx context.Context, tx *db.Tx, user int64) ([]string, error) {
	nodes, err := file.Owned(ctx, tx, user)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, n := range nodes {
		if name, ok := strings.CutPrefix(n.Path(), top+"/"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Files gives the files of a directory, by name, and not those of directories
// below it: they may be somebody else's.
func Files(ctx context.Context, tx *db.Tx, name string) ([]file.Node, error) {
	dir, err := directory(name)
	if err != nil {
		return nil, err
	}
	if n, err := file.Stat(ctx, tx, dir); kura.Is(err, kura.NotFound) || err == nil && n.Kind != file.Dir {
		return nil, kura.Errorf("upload.Files", kura.NotFound, "No such upload directory: %s", name)
	} else if err != nil {
		return nil, err
	}
	nodes, err := file.List(ctx, tx, dir)
	if err != nil {
		return nil, err
	}
	files := []file.Node{}
	for _, n := range nodes {
		if n.Kind == file.File || n.Kind == file.Growing {
			files = append(files, n)
		}
	}
	return files, nil
}

// Seal makes an uploaded file, named by its path below work/, one that does not
// grow any more, and gives its bytes.
func Seal(ctx context.Context, d *db.DB, s blob.Store, name string) (blob.Info, error) {
	const op = "upload.Seal"
	path := file.Join(top, name)
	if name == "" || file.Check(path) != nil {
		return blob.Info{}, kura.Errorf(op, kura.Invalid, "Invalid path of an upload: %.200s", name)
	}
	n, err := file.Seal(ctx, d, s, path)
	switch {
	case kura.Is(err, kura.NotFound):
		return blob.Info{}, kura.Errorf(op, kura.NotFound, "No such file: %s: upload it first", name)
	case err != nil:
		return blob.Info{}, err
	}
	return blob.Info{Sum: n.Sum, Size: n.Size}, nil
}
