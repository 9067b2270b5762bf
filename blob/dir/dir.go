package dir

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
)

const (
	tmpName   = "tmp"
	tmpPrefix = "in-"
	tmpAge    = time.Hour // older leftovers belong to nobody
	// Modes are set explicitly: whatever umask an administrator's shell has,
	// two processes that share the store can read each other's files.
	dirMode  = 0o755
	fileMode = 0o444
)

// DefaultMinFree is the free space under which a store calls itself unhealthy.
const DefaultMinFree = 512 << 20

// Store is a directory of content. It implements blob.Store.
type Store struct {
	root    string
	tmp     string
	minFree int64
}

var _ blob.Store = (*Store)(nil)

// Option changes a Store before it is used.
type Option func(*Store)

// MinFree sets the free space under which Healthy fails.
func MinFree(bytes int64) Option { return func(s *Store) { s.minFree = bytes } }

// New opens the store in root, makes it when it is not there, and removes what
// a crash left behind.
func New(root string, opts ...Option) (*Store, error) {
	const op = "blob/dir.New"
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, kura.E(op, err)
	}
	s := &Store{root: abs, tmp: filepath.Join(abs, tmpName), minFree: DefaultMinFree}
	for _, o := range opts {
		o(s)
	}
	// The root itself stays closed to other users when we are the ones to make
	// it: what is in it may belong to a private project.
	if err := os.MkdirAll(filepath.Dir(abs), 0o755); err != nil {
		return nil, s.fail(op, err)
	}
	if err := makeDir(abs, 0o750); err != nil {
		return nil, s.fail(op, err)
	}
	if err := makeDir(s.tmp, 0o700); err != nil {
		return nil, s.fail(op, err)
	}
	if err := s.sweep(time.Now().Add(-tmpAge)); err != nil {
		return nil, s.fail(op, err)
	}
	return s, nil
}

// sweep removes what earlier processes left in tmp before the given time.
func (s *Store) sweep(before time.Time) error {
	entries, err := os.ReadDir(s.tmp)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !strings.HasPrefix(e.Name(), tmpPrefix) {
			continue // gone meanwhile, or not ours
		}
		if info.ModTime().Before(before) {
			if err := os.Remove(filepath.Join(s.tmp, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// path is where the content of a sum lies.
func (s *Store) path(sum blob.Sum) string {
	hex := sum.String()
	return filepath.Join(s.root, hex[:2], hex[2:4], hex)
}

// fail gives an error its kind and names the directory.
func (s *Store) fail(op string, err error) error { return blob.DiskError(op, s.root, err) }

// miss is fail for operations on one sum.
func (s *Store) miss(op string, sum blob.Sum, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return kura.Errorf(op, kura.NotFound, "content %s is not in %s", sum, s.root)
	}
	return s.fail(op, err)
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, sum blob.Sum) (blob.Info, error) {
	const op = "blob/dir.Stat"
	if err := ctx.Err(); err != nil {
		return blob.Info{}, s.fail(op, err)
	}
	fi, err := os.Stat(s.path(sum))
	if err != nil {
		return blob.Info{}, s.miss(op, sum, err)
	}
	return blob.Info{Sum: sum, Size: fi.Size(), Time: fi.ModTime()}, nil
}

// Delete implements blob.Store. The directories stay: removing an empty one
// would race with a Put into it, and there are at most 65,792.
func (s *Store) Delete(ctx context.Context, sum blob.Sum) error {
	const op = "blob/dir.Delete"
	if err := ctx.Err(); err != nil {
		return s.fail(op, err)
	}
	path := s.path(sum)
	if err := os.Remove(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return s.fail(op, err)
	}
	return s.fail(op, syncDir(filepath.Dir(path)))
}
