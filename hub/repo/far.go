package repo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/repomd/merge"
	"github.com/kura-build/kura/format/repomd/mirror"
	"github.com/kura-build/kura/hub/file"
)

// far reads external repositories, each address once at a time.
type far struct {
	m      *Maker
	reader *mirror.Reader
	mu     sync.Mutex
	busy   map[string]*reading
}

// reading is a look that goes on; others who want the same wait for it.
type reading struct {
	done chan struct{}
	err  error
}

func newFar(m *Maker) *far {
	return &far{m: m, reader: &mirror.Reader{}, busy: map[string]*reading{}}
}

// look asks an address for its state, and reads the repository if it changed.
func (f *far) look(ctx context.Context, url string) error {
	var r *reading
	for r == nil {
		f.mu.Lock()
		other, busy := f.busy[url]
		if !busy {
			r = &reading{done: make(chan struct{})}
			f.busy[url] = r
		}
		f.mu.Unlock()
		if !busy {
			break
		}
		select {
		case <-other.done:
			if !kura.Is(other.err, kura.Canceled) && !errors.Is(other.err, context.Canceled) {
				return other.err
			}
			// Who read it gave up, for reasons of its own.
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.err = f.read(ctx, url)
	f.mu.Lock()
	delete(f.busy, url)
	f.mu.Unlock()
	close(r.done)
	return r.err
}

// unused is for how long a repository is remembered that no tag asks for.
const unused = 30 * 24 * time.Hour

func (f *far) read(ctx context.Context, url string) error {
	const op = "repo.far"
	var last *mirror.State
	var dir string
	err := f.m.db.View(ctx, func(tx *db.Tx) error {
		var raw string
		ok, err := tx.Get(ctx, []any{&raw, &dir}, "SELECT state, dir FROM external_metadata WHERE url = $1", url)
		if err != nil || !ok {
			return err
		}
		return json.Unmarshal([]byte(raw), &last)
	})
	if err != nil {
		return kura.E(op, err)
	}
	known := f.m.newBases(ctx)
	defer known.close()
	var from []*repomd.Indexed
	if last != nil {
		x, err := known.indexed(dir, indexName)
		if err != nil && !kura.Is(err, kura.NotFound) {
			return kura.E(op, err)
		}
		if x == nil {
			last = nil // an earlier version kept it: it is read again
		} else {
			from = []*repomd.Indexed{x}
		}
	}
	out := &tree{store: f.m.blobs}
	now, changed, err := f.reader.Read(ctx, url, last, func(ctx context.Context, s *mirror.State, lists repomd.Lists) error {
		out.files = nil
		return out.imported(ctx, lists, repomd.ImportOptions{Compression: repomd.Zstd, GroupSize: merge.GroupSize, Quick: true, Base: strings.TrimSuffix(url, "/"), Bases: from})
	})
	if err != nil {
		return &kura.Error{Op: op, Kind: kindOf(err), Err: err}
	}
	return kura.E(op, f.keep(ctx, url, now, changed, out))
}

// kindOf tells what may pass by itself from what somebody must mend.
func kindOf(err error) kura.Kind {
	var e *mirror.Error
	switch {
	case kura.KindOf(err) != kura.Other:
		return kura.KindOf(err)
	case errors.As(err, &e) && !e.Lasting:
		return kura.Unavailable
	}
	return kura.Build
}

// imported keeps a foreign repository's lists in groups.
func (t *tree) imported(ctx context.Context, lists repomd.Lists, o repomd.ImportOptions) error {
	to := &output{ctx: ctx, tree: t, made: map[string]named{}}
	index, err := repomd.Import(ctx, to, lists, o)
	if err != nil {
		return err
	}
	for _, h := range index.Hrefs {
		f := to.made[h]
		f.path = h
		t.add(f)
	}
	return t.put(ctx, indexName, bytes.NewReader(index.Marshal()))
}

// keep records what was read. The version before stays for whoever makes a
// repository of it just now; older ones go.
func (f *far) keep(ctx context.Context, url string, s *mirror.State, changed bool, out *tree) error {
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(url))
	top := file.Join("external", hex.EncodeToString(sum[:8]))
	dir := file.Join(top, s.Sum[:16])
	return f.m.db.Update(ctx, func(tx *db.Tx) error {
		if !changed {
			_, err := tx.Exec(ctx, "UPDATE external_metadata SET state = $2, look_time = $3, use_time = $3 WHERE url = $1", url, string(raw), db.Now())
			return err
		}
		var before string
		if _, err := tx.Get(ctx, []any{&before}, "SELECT dir FROM external_metadata WHERE url = $1", url); err != nil {
			return err
		}
		if err := removeOthers(ctx, tx, top, before, dir); err != nil {
			return err
		}
		if err := file.Remove(ctx, tx, dir); err != nil && !kura.Is(err, kura.NotFound) {
			return err
		}
		if err := out.commit(ctx, tx, dir); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO external_metadata (url, sum, state, dir, look_time, use_time) VALUES ($1, $2, $3, $4, $5, $5)
			ON CONFLICT (url) DO UPDATE SET sum = excluded.sum, state = excluded.state, dir = excluded.dir, look_time = excluded.look_time, use_time = excluded.use_time`,
			url, s.Sum, string(raw), dir, db.Now())
		if err != nil {
			return err
		}
		return forget(ctx, tx)
	})
}

// removeOthers removes all versions of an external repository but two.
func removeOthers(ctx context.Context, tx *db.Tx, top, before, now string) error {
	versions, err := file.List(ctx, tx, top)
	if kura.Is(err, kura.NotFound) {
		return nil
	}
	for _, v := range versions {
		if p := v.Path(); p != before && p != now {
			err = file.Remove(ctx, tx, p)
		}
		if err != nil {
			return err
		}
	}
	return err
}

// forget drops repositories that nobody has asked for in a long time.
func forget(ctx context.Context, tx *db.Tx) error {
	old, err := db.All(ctx, tx, func(s db.Scanner) (dir string, err error) { return dir, s.Scan(&dir) },
		"SELECT dir FROM external_metadata WHERE use_time < $1", db.Now()-unused.Microseconds())
	for _, dir := range old {
		top, _ := file.Split(dir)
		if err := file.Remove(ctx, tx, top); err != nil && !kura.Is(err, kura.NotFound) {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM external_metadata WHERE dir = $1", dir); err != nil {
			return err
		}
	}
	return err
}
