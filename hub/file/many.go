package file

import (
	"context"
	"crypto/sha256"
	"fmt"
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

// Entry is a file and what is to stand for it: a blob, or pieces of several.
type Entry struct {
	Path   string
	Blob   blob.Info
	Pieces []Piece
}

// size is that of the file.
func (e *Entry) size() (n int64) {
	if e.Pieces == nil {
		return e.Blob.Size
	}
	for _, p := range e.Pieces {
		n += p.Size
	}
	return n
}

// Sum is that of the node: it tells the file's bytes from others.
func (e *Entry) Sum() blob.Sum {
	if e.Pieces == nil {
		return e.Blob.Sum
	}
	h := sha256.New()
	for _, p := range e.Pieces {
		fmt.Fprintln(h, p.Sum, p.At, p.Size)
	}
	return blob.Sum(h.Sum(nil))
}

func (e *Entry) kind() Kind {
	if e.Pieces == nil {
		return File
	}
	return Joined
}

// Content is the file as it will be read.
func (e *Entry) Content() *Content {
	dir, name := Split(e.Path)
	c := Pieces(e.Pieces)
	if e.Pieces == nil {
		c = Pieces([]Piece{{e.Blob.Sum, 0, e.Blob.Size, e.Blob.Size}})
	}
	c.Node = Node{Dir: dir, Name: name, Kind: e.kind(), Sum: e.Sum(), Size: e.size()}
	return c
}

// PutAll is Put of many files in few statements. Pieces are of blobs that have
// names, see Hold.
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
			q.Add("(?,?,?,?,?,?)", dir, name, int(f.kind()), f.Sum().String(), f.size(), now)
		}
		n, err := db.Change(ctx, tx, q.Add(" ON CONFLICT (dir, name) DO NOTHING"))
		if err != nil {
			return kura.E(op, err)
		}
		if n == int64(len(part)) {
			if err := putPieces(ctx, tx, part); err != nil {
				return kura.E(op, err)
			}
			continue
		}
		for _, f := range part { // some are there: Put says whether as they should be
			if f.Pieces == nil {
				err = Put(ctx, tx, f.Path, f.Blob)
			} else {
				err = putJoined(ctx, tx, f)
			}
			if err != nil {
				return kura.E(op, err)
			}
		}
	}
	return nil
}

// putJoined is Put of a joined file.
func putJoined(ctx context.Context, tx *db.Tx, f Entry) error {
	dir, name := Split(f.Path)
	old, err := lookup(ctx, tx, f.Path)
	if err != nil {
		return err // the insert before made it, if nobody else did
	}
	if old.Kind != Joined || old.Sum != f.Sum() {
		return otherContents(f.Path)
	}
	if err := dropParts(ctx, tx, dir, name); err != nil {
		return err
	}
	return putPieces(ctx, tx, []Entry{f})
}

// putPieces records what joined files consist of.
func putPieces(ctx context.Context, tx *db.Tx, files []Entry) error {
	type row struct {
		dir, name string
		placed
	}
	var rows []row
	for _, f := range files {
		dir, name := Split(f.Path)
		var start int64
		for _, p := range f.Pieces {
			rows = append(rows, row{dir, name, placed{start, p}})
			start += p.Size
		}
	}
	for part := range slices.Chunk(rows, atOnce) {
		var q db.Builder
		q.Add("INSERT INTO part (dir, name, start, size, sum, at, whole) VALUES ")
		for i, r := range part {
			if i > 0 {
				q.Add(",")
			}
			q.Add("(?,?,?,?,?,?,?)", r.dir, r.name, r.start, r.Size, r.Sum.String(), r.At, r.Whole)
		}
		if _, err := db.Change(ctx, tx, &q); err != nil {
			return err
		}
	}
	return nil
}

// Hold makes sure that files are still what they were when they were read, and
// stay so until the transaction ends: then what is put of their pieces keeps the
// pieces' blobs. It fails with Conflict if one is not.
func Hold(ctx context.Context, tx *db.Tx, nodes []Node) error {
	const op = "file.Hold"
	for part := range slices.Chunk(nodes, atOnce) {
		var q db.Builder
		q.Add("SELECT " + columns + " FROM node WHERE (dir, name) IN (VALUES ")
		for i, n := range part {
			if i > 0 {
				q.Add(",")
			}
			q.Add("(?,?)", n.Dir, n.Name)
		}
		found, err := db.Find(ctx, tx, scanNode, q.Add(") ORDER BY dir, name").Lock(tx.LockRows()))
		if err != nil {
			return kura.E(op, err)
		}
		now := make(map[string]Node, len(found))
		for _, n := range found {
			now[n.Path()] = n
		}
		for _, n := range part {
			if got, ok := now[n.Path()]; !ok || got.Kind != n.Kind || got.Sum != n.Sum {
				return kura.Errorf(op, kura.Conflict, "%s was removed meanwhile", n.Path())
			}
		}
	}
	return nil
}
