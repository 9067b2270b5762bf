package mergerepo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/repomd/merge"
	"github.com/kura-build/kura/format/repomd/mirror"
)

const (
	cacheName = ".kura-mergerepo" // below the output directory
	stateName = "state.json"
	indexName = "index"
)

var reader = &mirror.Reader{Local: true}

// source is a repository that is merged.
type source struct {
	url         string
	dir         string // of the cache
	compression repomd.Compression
	told        bool // its packages say where they lie

	state   *mirror.State
	indexed *repomd.Indexed
	read    bool // anew

	mu   sync.Mutex
	open []io.Closer
}

// key names what is kept of a repository.
func (s *source) key() string {
	kind := string(s.compression)
	if s.told {
		kind += " told"
	}
	sum := sha256.Sum256([]byte(kind + " " + s.url))
	return hex.EncodeToString(sum[:12])
}

// fetch finds out what the repository shows, and keeps it.
func (s *source) fetch(ctx context.Context) error {
	dir := filepath.Join(s.dir, s.key())
	last := s.load(dir)
	var bases []*repomd.Indexed
	if last != nil {
		bases = []*repomd.Indexed{s.indexed}
	}
	var tmp string
	now, changed, err := reader.Read(ctx, s.url, last, func(ctx context.Context, _ *mirror.State, lists repomd.Lists) (err error) {
		if tmp != "" {
			err = os.RemoveAll(tmp)
		}
		if err == nil {
			err = os.MkdirAll(s.dir, 0o755)
		}
		if err == nil {
			tmp, err = os.MkdirTemp(s.dir, "new-*")
		}
		if err != nil {
			return err
		}
		base := ""
		if s.told {
			base = strings.TrimSuffix(s.url, "/")
		}
		index, err := repomd.Import(ctx, repomd.Dir(tmp), lists, repomd.ImportOptions{Compression: s.compression, GroupSize: merge.GroupSize, Quick: true, Base: base, Bases: bases})
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(tmp, indexName), index.Marshal(), 0o644)
	})
	if err == nil && changed {
		var raw []byte
		if raw, err = json.Marshal(now); err == nil {
			err = os.WriteFile(filepath.Join(tmp, stateName), raw, 0o644)
		}
		if err == nil {
			err = repomd.Replace(tmp, dir)
		}
		s.read = true
	}
	if tmp != "" {
		err = errors.Join(err, os.RemoveAll(tmp))
	}
	if err != nil {
		return err
	}
	if s.state = now; s.read && s.load(dir) == nil {
		return errors.New("what was kept of " + s.url + " cannot be read again")
	}
	return nil
}

// load gives what is kept, or nothing.
func (s *source) load(dir string) *mirror.State {
	raw, err1 := os.ReadFile(filepath.Join(dir, stateName))
	b, err2 := os.ReadFile(filepath.Join(dir, indexName))
	if err1 != nil || err2 != nil {
		return nil
	}
	state := new(mirror.State)
	index, err := repomd.UnmarshalIndex(b)
	if err != nil || json.Unmarshal(raw, state) != nil || state.Repomd == nil {
		return nil
	}
	s.indexed = &repomd.Indexed{Index: index, File: func(k repomd.Kind) (io.ReaderAt, error) {
		f, err := os.Open(filepath.Join(dir, string(k)+".xml"+s.compression.Ext()))
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open = append(s.open, f)
		return f, nil
	}}
	return state
}

func (s *source) close() {
	if s == nil {
		return
	}
	for _, f := range s.open {
		f.Close()
	}
}

// forgetOthers removes what is kept of repositories that are not merged any more.
func forgetOthers(dir string, sources []*source) error {
	kept, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, k := range kept {
		if !slices.ContainsFunc(sources, func(s *source) bool { return s.key() == k.Name() }) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, k.Name())))
		}
	}
	return err
}
