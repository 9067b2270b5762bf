package koji

import (
	"context"
	"crypto/md5"
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

// maxPiece bounds one piece of an upload; clients send some MiB at a time.
const maxPiece = 256 << 20

// Work keeps uploads below work/ of the tree of files: it is Uploads over the
// rooms of files and tasks.
type Work struct {
	db    Database
	blobs blob.Store

	mu   sync.Mutex
	busy map[string]bool
}

// NewWork makes it.
func NewWork(d Database, b blob.Store) *Work {
	return &Work{db: d, blobs: b, busy: map[string]bool{}}
}

// lock keeps a path for one piece; false: it is taken.
func (w *Work) lock(path string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy[path] {
		return false
	}
	w.busy[path] = true
	return true
}

func (w *Work) unlock(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.busy, path)
}

// place gives the directory and the path of an upload in the tree.
func place(n UploadName) (dir, full string, err error) {
	const op = "koji.upload"
	if err := oneVolume(&n.Volume); err != nil {
		return "", "", err
	}
	if strings.HasPrefix(n.Name, ".") || file.CheckName(n.Name) != nil {
		return "", "", kura.Errorf(op, kura.Invalid, "Invalid upload filename: %s", n.Name)
	}
	clean := path.Clean(n.Dir)
	if n.Dir == "" || file.Check(clean) != nil {
		return "", "", kura.Errorf(op, kura.Invalid, "Invalid upload directory: %s", n.Dir)
	}
	dir = "work/" + clean
	return dir, dir + "/" + n.Name, nil
}

// enter says whether the actor may write into a directory: that of a task is
// for the host which has the task, any other belongs to the first who comes.
func enter(ctx context.Context, tx *db.Tx, a account.Actor, dir string) error {
	const op = "koji.upload"
	parts := strings.Split(dir, "/")
	if parts[1] != "tasks" {
		return file.Own(ctx, tx, dir, a.ID)
	}
	bad := kura.Errorf(op, kura.Invalid, "Invalid task upload directory: %s", strings.TrimPrefix(dir, "work/"))
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

// Put stores a piece. The right to write is looked at before the bytes are
// read, and again when they get their name.
func (w *Work) Put(ctx context.Context, a account.Actor, p Piece, body io.Reader) (Stored, error) {
	const op = "koji.upload"
	dir, full, err := place(p.UploadName)
	if err != nil {
		return Stored{}, err
	}
	if !w.lock(full) {
		return Stored{}, kura.Errorf(op, kura.Locked, "%s is being uploaded already: try again later", full)
	}
	defer w.unlock(full)
	if err := w.db.Update(ctx, func(tx *db.Tx) error { return enter(ctx, tx, a, dir) }); err != nil {
		return Stored{}, err
	}
	sum := digest(p.Verify)
	bounded := &bounded{r: io.TeeReader(body, sum), left: maxPiece}
	info, err := w.blobs.Put(ctx, bounded, nil)
	if err != nil {
		return Stored{}, kura.E(op, err)
	}
	done := Stored{Size: info.Size, Offset: p.Offset, Digest: hex.EncodeToString(sum.Sum(nil))}
	err = w.db.Update(ctx, func(tx *db.Tx) error {
		if err := enter(ctx, tx, a, dir); err != nil {
			return err
		}
		_, err := file.Append(ctx, tx, full, p.Offset, p.Overwrite, info)
		return err
	})
	if kura.Is(err, kura.Exists) && !p.Overwrite && p.Offset >= 0 && w.same(ctx, full, p.Offset, info) {
		err = nil
	}
	return done, err
}

// same reports whether the file ends with just this piece: its answer was lost,
// and the client has sent it again.
func (w *Work) same(ctx context.Context, full string, offset int64, info blob.Info) bool {
	var content *file.Content
	err := w.db.View(ctx, func(tx *db.Tx) (err error) {
		content, err = file.Read(ctx, tx, full)
		return err
	})
	if err != nil || content.Node.Size != offset+info.Size {
		return false
	}
	r := content.Open(ctx, w.blobs)
	defer r.Close()
	sum := sha256.New()
	if _, err := r.Seek(offset, io.SeekStart); err != nil {
		return false
	}
	if _, err := io.Copy(sum, r); err != nil {
		return false
	}
	return blob.Sum(sum.Sum(nil)) == info.Sum
}

// Stat reads the file again for a digest.
func (w *Work) Stat(ctx context.Context, _ account.Actor, q UploadQuery) (*UploadInfo, error) {
	_, full, err := place(q.UploadName)
	if err != nil {
		return nil, err
	}
	var content *file.Content
	err = w.db.View(ctx, func(tx *db.Tx) (err error) {
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
	info := &UploadInfo{Size: n.Size, MTime: float64(n.MTime) / 1e6}
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
	r := content.Open(ctx, w.blobs)
	defer r.Close()
	sum := digest(q.Verify)
	if _, err := r.Seek(start, io.SeekStart); err != nil {
		return nil, kura.E("koji.checkUpload", err)
	}
	if _, err := io.Copy(sum, r); err != nil {
		return nil, kura.E("koji.checkUpload", err)
	}
	info.Digest = hex.EncodeToString(sum.Sum(nil))
	return info, nil
}

// digest makes the hash of a name that was checked.
func digest(name string) hash.Hash {
	switch name {
	case "md5":
		return md5.New()
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
		return 0, kura.Errorf("koji.upload", kura.TooLarge, "one piece of an upload has at most %d MiB: send more pieces", maxPiece>>20)
	}
	return n, err
}
