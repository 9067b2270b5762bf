package upload

import (
	"context"
	"crypto/md5" //nolint:gosec // clients sum up with it
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"hash/adler32"
	"io"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/task"
)

// MaxPiece is the most bytes of one piece; clients send some MiB at a time.
const MaxPiece = 256 << 20

// top is the directory of the tree in which uploads lie.
const top = "work"

// Room keeps uploads below work/ of the tree of files.
type Room struct {
	db    *db.DB
	blobs blob.Store

	mu   sync.Mutex
	busy map[string]bool
}

// New makes it. All ways in of a hub share one: of two pieces of one file that
// come at once it refuses the second.
func New(d *db.DB, b blob.Store) *Room {
	return &Room{db: d, blobs: b, busy: map[string]bool{}}
}

// Name says where a client wants a file, in its own terms.
type Name struct {
	Dir, Name string
	Volume    string // empty: the default one, and there is no other
}

// Piece is a part of a file on its way in.
type Piece struct {
	Name
	Offset    int64     // -1: at the end
	Overwrite bool      // cut the file at Offset first
	Verify    string    // digest to give back: adler32, md5, sha256 or none
	Expect    *blob.Sum // what the piece must be
}

// Stored is what became of a piece.
type Stored struct {
	Size, Offset int64
	Digest       string // hexadecimal, of this piece
	Whole        int64  // the size that the file has now
}

// CheckVerify refuses a digest that nobody knows here.
func CheckVerify(verify string) error {
	switch verify {
	case "", "adler32", "md5", "sha256":
		return nil
	}
	return kura.Errorf("upload.CheckVerify", kura.Invalid, "Unsupported verify type: %s", verify)
}

// lock keeps a path for one piece; false: it is taken.
func (r *Room) lock(path string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[path] {
		return false
	}
	r.busy[path] = true
	return true
}

func (r *Room) unlock(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, path)
}

// place gives the directory and the path of an upload in the tree.
func place(n Name) (dir, full string, err error) {
	const op = "upload.place"
	if n.Volume != "" {
		return "", "", kura.Errorf(op, kura.NotFound, "No such volume: %s", n.Volume)
	}
	if strings.HasPrefix(n.Name, ".") || file.CheckName(n.Name) != nil {
		return "", "", kura.Errorf(op, kura.Invalid, "Invalid upload filename: %s", n.Name)
	}
	if dir, err = directory(n.Dir); err != nil {
		return "", "", err
	}
	return dir, dir + "/" + n.Name, nil
}

func directory(name string) (string, error) {
	clean := path.Clean(name)
	if name == "" || file.Check(clean) != nil {
		return "", kura.Errorf("upload.place", kura.Invalid, "Invalid upload directory: %s", name)
	}
	return top + "/" + clean, nil
}

// enter says whether the actor may write into a directory: that of a task is
// for the host which has the task, any other belongs to the first who comes.
func enter(ctx context.Context, tx *db.Tx, a account.Actor, dir string) error {
	const op = "upload.Put"
	parts := strings.Split(dir, "/")
	if parts[1] != "tasks" {
		return file.Own(ctx, tx, dir, a.ID)
	}
	bad := kura.Errorf(op, kura.Invalid, "Invalid task upload directory: %s", strings.TrimPrefix(dir, top+"/"))
	if len(parts) < 4 {
		return bad
	}
	id, err := strconv.ParseInt(parts[3], 10, 64)
	if err != nil || id <= 0 || parts[3] != strconv.FormatInt(id, 10) || parts[2] != strconv.FormatInt(id%10000, 10) {
		return bad
	}
	h, err := task.HostOfUser(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	_, err = task.HoldOf(ctx, tx, id, h.ID)
	return err
}

// Put stores one piece, in transactions of its own: bytes come slowly. The right
// to write is looked at before they are read, and again when they get their
// name. A piece that would leave a hole is refused; the very same last piece,
// sent again because its answer was lost, is not. Put fails with Locked while
// another piece of the same file is being written.
func (r *Room) Put(ctx context.Context, a account.Actor, p Piece, body io.Reader) (Stored, error) {
	const op = "upload.Put"
	dir, full, err := place(p.Name)
	if err != nil {
		return Stored{}, err
	}
	if !r.lock(full) {
		return Stored{}, kura.Errorf(op, kura.Locked, "%s is being uploaded already: try again later", full)
	}
	defer r.unlock(full)
	if err := r.db.Update(ctx, func(tx *db.Tx) error { return enter(ctx, tx, a, dir) }); err != nil {
		return Stored{}, err
	}
	sum := Digest(p.Verify)
	info, err := r.blobs.Put(ctx, &bounded{r: io.TeeReader(body, sum), left: MaxPiece}, p.Expect)
	if err != nil {
		return Stored{}, kura.E(op, err)
	}
	done := Stored{Size: info.Size, Offset: p.Offset, Digest: hex.EncodeToString(sum.Sum(nil))}
	err = r.db.Update(ctx, func(tx *db.Tx) error {
		if err := enter(ctx, tx, a, dir); err != nil {
			return err
		}
		done.Whole, err = file.Append(ctx, tx, full, p.Offset, p.Overwrite, info)
		return err
	})
	if kura.Is(err, kura.Exists) && !p.Overwrite && p.Offset >= 0 && r.same(ctx, full, p.Offset, info) {
		done.Whole, err = p.Offset+info.Size, nil
	}
	return done, err
}

// same reports whether the file ends with just this piece: its answer was lost,
// and the client has sent it again.
func (r *Room) same(ctx context.Context, full string, offset int64, info blob.Info) bool {
	var content *file.Content
	err := r.db.View(ctx, func(tx *db.Tx) (err error) {
		content, err = file.Read(ctx, tx, full)
		return err
	})
	if err != nil || content.Node.Size != offset+info.Size {
		return false
	}
	in := content.Open(ctx, r.blobs)
	defer in.Close()
	sum := sha256.New()
	if _, err := in.Seek(offset, io.SeekStart); err != nil {
		return false
	}
	if _, err := io.Copy(sum, in); err != nil {
		return false
	}
	return blob.Sum(sum.Sum(nil)) == info.Sum
}

// Digest makes the hash of a name that was checked.
func Digest(verify string) hash.Hash {
	switch verify {
	case "md5":
		return md5.New() //nolint:gosec // as above
	case "sha256":
		return sha256.New()
	}
	return adler32.New()
}

// bounded fails where a longer piece would go on.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, kura.Errorf("upload.Put", kura.TooLarge, "one piece of an upload has at most %d MiB: send more pieces", MaxPiece>>20)
	}
	return n, err
}
