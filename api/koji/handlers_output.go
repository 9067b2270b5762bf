package koji

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/task"
)

// taskDir is where the logs and files of a task lie in the tree.
func taskDir(id int64) string { return fmt.Sprintf("work/tasks/%d/%d", id%10000, id) }

// oneVolume accepts the only volume there is.
func oneVolume(name *string) error {
	if name == nil || volume(*name) == "" {
		return nil
	}
	return kura.Errorf("koji.volume", kura.NotFound, "No such volume: %s", *name)
}

// listOutput names a task's files; with stat it also gives times and sizes,
// which are texts, since XML-RPC's first integers were too small for them.
func (Tasks) listOutput(ctx context.Context, c *Call) (any, error) {
	id, stat, all, strict := c.Args.Int("taskID"), c.Args.Bool("stat"), c.Args.Bool("all_volumes"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if strict {
		if _, err := task.Get(ctx, c.Tx, id); err != nil {
			return nil, err
		}
	}
	dir := taskDir(id)
	nodes, err := file.Walk(ctx, c.Tx, dir)
	if err != nil {
		return nil, err
	}
	names, byName := []string{}, map[string]any{}
	for _, n := range nodes {
		name := strings.TrimPrefix(n.Path(), dir+"/")
		names = append(names, name)
		at := TimeTS(n.MTime)
		info := any(record("st_atime", at, "st_ctime", at, "st_mtime", at, "st_size", fmt.Sprint(n.Size)))
		switch {
		case stat && all:
			info = record("DEFAULT", info)
		case all:
			info = []string{"DEFAULT"}
		}
		byName[name] = info
	}
	if stat || all {
		return byName, nil
	}
	return names, nil
}

// maxDownload is the most that one call gives out: it is held in memory.
// Larger files are there to be fetched by HTTP.
const maxDownload = 64 << 20

// download gives a part of a task's file as base64 in a string.
func (h Tasks) download(ctx context.Context, c *Call) (any, error) {
	const op = "koji.downloadTaskOutput"
	id, name, size := c.Args.Int("taskID"), c.Args.String("fileName"), c.Args.Int("size")
	offset, vol := c.Args.OptInt("offset"), c.Args.OptString("volume")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if err := oneVolume(vol); err != nil {
		return nil, err
	}
	if h.Blobs == nil {
		return nil, kura.Errorf(op, kura.Unavailable, "this hub has no store for files")
	}
	if file.Check(name) != nil {
		return nil, kura.Errorf(op, kura.Invalid, "Invalid file name: %s", name)
	}
	content, err := file.Read(ctx, c.Tx, taskDir(id)+"/"+name)
	if kura.Is(err, kura.NotFound) {
		return nil, kura.Errorf(op, kura.NotFound, "no file \"%s\" output by task %d", name, id)
	}
	if err != nil {
		return nil, err
	}
	r := content.Open(ctx, h.Blobs)
	defer r.Close()
	start, rest := span(content.Node.Size, offset, size)
	if rest > maxDownload {
		return nil, kura.Errorf(op, kura.TooLarge, "%s of task %d: %d bytes are more than one call gives out (%d): ask for less, or fetch the file by HTTP", name, id, rest, maxDownload)
	}
	if _, err := r.Seek(start, io.SeekStart); err != nil {
		return nil, kura.E(op, err)
	}
	data, err := io.ReadAll(io.LimitReader(r, rest))
	if err != nil {
		return nil, kura.E(op, err)
	}
	return base64.StdEncoding.EncodeToString(data), nil
}

// span cuts a part out of total bytes: an offset below 0 counts from the end, a
// size below 0 is all that follows.
func span(total int64, offset *int64, size int64) (start, length int64) {
	if offset != nil {
		start = *offset
	}
	if start < 0 {
		start = max(0, total+start)
	}
	start = min(start, total)
	length = total - start
	if size >= 0 {
		length = min(length, size)
	}
	return start, length
}
