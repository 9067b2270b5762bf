package file

import (
	"context"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
)

// atOnce is how many names one query asks for: a few parameters each, well
// below what the databases take.
const atOnce = 500

// StatAll is Stat of many paths in few queries. What is not there is not in the
// answer.
func StatAll(ctx context.Context, tx *db.Tx, paths []string) (map[string]Node, error) {
	const op = "file.StatAll"
	out := make(map[string]Node, len(paths))
	for part := range slices.Chunk(paths, atOnce) {
		for _, p := range part {
			if err := Check(p); err != nil {
				return nil, kura.E(op, err)
			}
		}
		found, err := exact(ctx, tx, part)
		if err != nil {
			return nil, kura.E(op, err)
		}
		over, err := linked(ctx, tx, part, found)
		if err != nil {
			return nil, kura.E(op, err)
		}
		for _, p := range over {
			n, err := Stat(ctx, tx, p)
			switch {
			case err == nil:
				found[p] = n
			case kura.Is(err, kura.NotFound):
				delete(found, p)
			default:
				return nil, kura.E(op, err)
			}
		}
		for p, n := range found {
			out[p] = n
		}
	}
	return out, nil
}

// linked gives the paths that lead over a link: those that are one, and those
// that are not found and have one above them.
func linked(ctx context.Context, tx *db.Tx, paths []string, found map[string]Node) ([]string, error) {
	var above []string
	for _, p := range paths {
		if _, ok := found[p]; ok {
			continue
		}
		for dir, _ := Split(p); dir != ""; dir, _ = Split(dir) {
			above = append(above, dir)
		}
	}
	slices.Sort(above)
	links := map[string]bool{}
	for part := range slices.Chunk(slices.Compact(above), atOnce) {
		dirs, err := exact(ctx, tx, part)
		if err != nil {
			return nil, err
		}
		for p, n := range dirs {
			links[p] = n.Kind == Link
		}
	}
	var out []string
	for _, p := range paths {
		n, ok := found[p]
		over := ok && n.Kind == Link
		for dir, _ := Split(p); !ok && dir != "" && !over; dir, _ = Split(dir) {
			over = links[dir]
		}
		if over {
			out = append(out, p)
		}
	}
	return out, nil
}

// exact gives the nodes of exactly these paths, following nothing.
func exact(ctx context.Context, tx *db.Tx, paths []string) (map[string]Node, error) {
	out := make(map[string]Node, len(paths))
	if len(paths) == 0 {
		return out, nil
	}
	var q db.Builder
	q.Add("SELECT " + columns + " FROM (VALUES ")
	for i, p := range paths {
		if i > 0 {
			q.Add(",")
		}
		dir, name := Split(p)
		q.Add("(?,?)", dir, name)
	}
	// Both databases call the columns of VALUES so.
	q.Add(") wanted JOIN node ON dir = column1 AND name = column2")
	got, err := db.Find(ctx, tx, scanNode, &q)
	for _, n := range got {
		out[n.Path()] = n
	}
	return out, err
}

// Entry is a file and what is to stand for it.
type Entry struct {
	Path string
	Blob blob.Info
}

// PutAll is Put of many files in few statements.
func PutAll(ctx context.Context, tx *db.Tx, files []Entry) error {
	const op = "file.PutAll"
	made := map[string]bool{}
	for _, f := range files {
		if err := Check(f.Path); err != nil {
			return kura.E(op, err)
		}
		if dir, _ := Split(f.Path); !made[dir] {
			made[dir] = true
			if err := Mkdir(ctx, tx, dir); err != nil {
				return kura.E(op, err)
			}
		}
	}
	now := db.Now()
	for part := range slices.Chunk(files, atOnce) {
		var q db.Builder
		q.Add("INSERT INTO node (dir, name, kind, sum, size, mtime) VALUES ")
		for i, f := range part {
			if i > 0 {
				q.Add(",")
			}
			dir, name := Split(f.Path)
			q.Add("(?,?,1,?,?,?)", dir, name, f.Blob.Sum.String(), f.Blob.Size, now)
		}
		n, err := db.Change(ctx, tx, q.Add(" ON CONFLICT (dir, name) DO NOTHING"))
		if err != nil {
			return kura.E(op, err)
		}
		if n == int64(len(part)) {
			continue
		}
		for _, f := range part { // some are there: Put says whether as they should be
			if err := Put(ctx, tx, f.Path, f.Blob); err != nil {
				return kura.E(op, err)
			}
		}
	}
	return nil
}
