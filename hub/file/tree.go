package file

import (
	"context"
	"io/fs"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
)

// Kind says what a node is.
type Kind int

// The kinds of nodes.
const (
	Dir Kind = iota
	File
	Link
	Growing
	Joined
)

// Node is one name in the tree.
type Node struct {
	Dir, Name string
	Kind      Kind
	Sum       blob.Sum // of a File; of a Joined one, that of what it is joined from
	Size      int64
	MTime     int64  // microseconds
	Target    string // of a Link
	Owner     int64  // of an upload directory: the user it is bound to
}

// Path is the node's place in the tree.
func (n Node) Path() string { return Join(n.Dir, n.Name) }

// Fixed reports whether the node is a file whose bytes do not change: Sum tells
// them from others.
func (n Node) Fixed() bool { return n.Kind == File || n.Kind == Joined }

const columns = "dir, name, kind, sum, size, mtime, target, owner"

func scanNode(s db.Scanner) (n Node, err error) {
	var sum, target *string
	var owner *int64
	if err := s.Scan(&n.Dir, &n.Name, &n.Kind, &sum, &n.Size, &n.MTime, &target, &owner); err != nil {
		return n, err
	}
	if sum != nil {
		if n.Sum, err = blob.ParseSum(*sum); err != nil {
			return n, err
		}
	}
	if target != nil {
		n.Target = *target
	}
	if owner != nil {
		n.Owner = *owner
	}
	return n, nil
}

// Put gives a name to the bytes of a blob. A name that stands for other bytes
// already is refused with Exists: published files do not change.
func Put(ctx context.Context, tx *db.Tx, path string, b blob.Info) error {
	const op = "file.Put"
	old, err := lookup(ctx, tx, path)
	switch {
	case kura.Is(err, kura.NotFound):
		return Replace(ctx, tx, path, b)
	case err != nil:
		return kura.E(op, err)
	case old.Kind == File && old.Sum == b.Sum:
		return nil
	}
	return kura.E(op, otherContents(path))
}

func otherContents(path string) error {
	return kura.Errorf("file.Put", kura.Exists, "%s exists already with other contents", path)
}

// Replace gives a name to the bytes of a blob, whatever it stood for.
func Replace(ctx context.Context, tx *db.Tx, path string, b blob.Info) error {
	const op = "file.Replace"
	dir, name, err := parent(ctx, tx, path)
	if err != nil {
		return kura.E(op, err)
	}
	if err := dropParts(ctx, tx, dir, name); err != nil {
		return kura.E(op, err)
	}
	n, err := tx.Exec(ctx, `INSERT INTO node (dir, name, kind, sum, size, mtime) VALUES ($1, $2, 1, $3, $4, $5)
		ON CONFLICT (dir, name) DO UPDATE SET kind = 1, sum = excluded.sum, size = excluded.size, mtime = excluded.mtime, target = NULL
		WHERE node.kind <> 0`, dir, name, b.Sum.String(), b.Size, db.Now())
	if err == nil && n == 0 {
		err = kura.Errorf(op, kura.Exists, "%s is a directory", path)
	}
	return kura.E(op, err)
}

// Symlink makes a relative link, or turns an existing link round.
func Symlink(ctx context.Context, tx *db.Tx, path, target string) error {
	const op = "file.Symlink"
	dir, name, err := parent(ctx, tx, path)
	if err != nil {
		return kura.E(op, err)
	}
	if _, ok := relative(dir, target); !ok || target == "" {
		return kura.Errorf(op, kura.Invalid, "link %s → %s leaves the tree", path, target)
	}
	n, err := tx.Exec(ctx, `INSERT INTO node (dir, name, kind, mtime, target) VALUES ($1, $2, 2, $3, $4)
		ON CONFLICT (dir, name) DO UPDATE SET mtime = excluded.mtime, target = excluded.target WHERE node.kind = 2`,
		dir, name, db.Now(), target)
	if err == nil && n == 0 {
		err = kura.Errorf(op, kura.Exists, "%s exists and is no link", path)
	}
	return kura.E(op, err)
}

// Mkdir makes a directory with its parents; one that exists is left alone.
func Mkdir(ctx context.Context, tx *db.Tx, path string) error {
	if path == "" {
		return nil
	}
	dir, name, err := parent(ctx, tx, path)
	if err != nil {
		return kura.E("file.Mkdir", err)
	}
	return kura.E("file.Mkdir", mkdir(ctx, tx, dir, name))
}

func mkdir(ctx context.Context, tx *db.Tx, dir, name string) error {
	n, err := tx.Exec(ctx, "INSERT INTO node (dir, name, kind, mtime) VALUES ($1, $2, 0, $3) ON CONFLICT (dir, name) DO NOTHING",
		dir, name, db.Now())
	if err != nil || n == 1 {
		return err
	}
	var kind Kind
	if err := tx.Row(ctx, "SELECT kind FROM node WHERE dir = $1 AND name = $2", dir, name).Scan(&kind); err != nil {
		return err
	}
	if kind != Dir {
		return kura.Errorf("file.Mkdir", kura.Exists, "%s exists and is no directory", Join(dir, name))
	}
	return nil
}

// parent checks a path and makes the directories above it.
func parent(ctx context.Context, tx *db.Tx, path string) (dir, name string, err error) {
	if err := Check(path); err != nil {
		return "", "", err
	}
	dir, name = Split(path)
	if dir == "" {
		return dir, name, nil
	}
	var kind Kind
	up, last := Split(dir)
	found, err := tx.Get(ctx, []any{&kind}, "SELECT kind FROM node WHERE dir = $1 AND name = $2", up, last)
	if err != nil {
		return "", "", err
	}
	if found && kind == Dir {
		return dir, name, nil
	}
	if _, _, err := parent(ctx, tx, dir); err != nil {
		return "", "", err
	}
	return dir, name, mkdir(ctx, tx, up, last)
}

// lookup gives the node of exactly this path, following nothing.
func lookup(ctx context.Context, tx *db.Tx, path string) (Node, error) {
	if path == "" {
		return Node{Kind: Dir}, nil
	}
	if err := Check(path); err != nil {
		return Node{}, err
	}
	dir, name := Split(path)
	got, err := db.All(ctx, tx, scanNode, "SELECT "+columns+" FROM node WHERE dir = $1 AND name = $2", dir, name)
	if err != nil {
		return Node{}, err
	}
	if len(got) == 0 {
		return Node{}, &kura.Error{Op: "file.Stat", Kind: kura.NotFound, Err: &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}}
	}
	return got[0], nil
}

// Lstat gives the node of exactly this path, following no link.
func Lstat(ctx context.Context, tx *db.Tx, path string) (Node, error) {
	n, err := lookup(ctx, tx, path)
	return n, kura.E("file.Lstat", err)
}

// Stat gives the node that a path leads to, following links anywhere in it.
func Stat(ctx context.Context, tx *db.Tx, path string) (Node, error) {
	const op = "file.Stat"
	for range 16 {
		n, err := lookup(ctx, tx, path)
		if err == nil && n.Kind != Link {
			return n, nil
		}
		if err != nil && !kura.Is(err, kura.NotFound) {
			return n, kura.E(op, err)
		}
		next, ok, e := follow(ctx, tx, path)
		if e != nil {
			return n, kura.E(op, e)
		}
		if !ok {
			return n, kura.E(op, err)
		}
		path = next
	}
	return Node{}, kura.Errorf(op, kura.Invalid, "%s: too many links", path)
}

// follow replaces the first link within a path by its target.
func follow(ctx context.Context, tx *db.Tx, path string) (string, bool, error) {
	var q db.Builder
	q.Add("SELECT " + columns + " FROM node WHERE kind = 2 AND (1 = 0")
	for i := 0; i <= len(path); i++ {
		if i == len(path) || path[i] == '/' {
			dir, name := Split(path[:i])
			q.Add(" OR (dir = ? AND name = ?)", dir, name)
		}
	}
	q.Add(") ORDER BY length(dir)").Page(1, 0)
	got, err := db.Find(ctx, tx, scanNode, &q)
	if err != nil || len(got) == 0 {
		return "", false, err
	}
	target, ok := relative(got[0].Dir, got[0].Target)
	if !ok {
		return "", false, nil
	}
	rest := path[len(got[0].Path()):]
	if target == "" && rest != "" {
		rest = rest[1:]
	}
	return target + rest, true, nil
}

// List gives the nodes of a directory, by name.
func List(ctx context.Context, tx *db.Tx, dir string) ([]Node, error) {
	n, err := Stat(ctx, tx, dir)
	if err != nil {
		return nil, kura.E("file.List", err)
	}
	if n.Kind != Dir {
		return nil, kura.Errorf("file.List", kura.Invalid, "%s is no directory", dir)
	}
	got, err := db.All(ctx, tx, scanNode, "SELECT "+columns+" FROM node WHERE dir = $1 ORDER BY name", n.Path())
	return got, kura.E("file.List", err)
}

// Walk gives all nodes below a directory that are no directories, by path.
func Walk(ctx context.Context, tx *db.Tx, dir string) ([]Node, error) {
	got, err := db.All(ctx, tx, scanNode, "SELECT "+columns+` FROM node
		WHERE kind <> 0 AND (dir = $1 OR (dir >= $2 AND dir < $3)) ORDER BY dir, name`, dir, dir+"/", dir+"0")
	return got, kura.E("file.Walk", err)
}

// Remove takes a name away, and all below it. What is not there is no error.
func Remove(ctx context.Context, tx *db.Tx, path string) error {
	const op = "file.Remove"
	if err := Check(path); err != nil {
		return kura.E(op, err)
	}
	dir, name := Split(path)
	// the names between "path/" and "path0" are those below it: 0 follows /
	below := []any{path, path + "/", path + "0"}
	if _, err := tx.Exec(ctx, "DELETE FROM part WHERE dir = $1 OR (dir >= $2 AND dir < $3)", below...); err != nil {
		return kura.E(op, err)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM node WHERE dir = $1 OR (dir >= $2 AND dir < $3)", below...); err != nil {
		return kura.E(op, err)
	}
	if err := dropParts(ctx, tx, dir, name); err != nil {
		return kura.E(op, err)
	}
	_, err := tx.Exec(ctx, "DELETE FROM node WHERE dir = $1 AND name = $2", dir, name)
	return kura.E(op, err)
}
