package rpm

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kura-build/kura/protocol"
)

// layer is an installed set of packages: a directory that is never written
// again, shared by all roots that resolve to it.
type layer struct {
	Key      string                 `json:"key"`
	Parent   string                 `json:"parent,omitempty"`
	Arch     string                 `json:"arch"`
	Size     int64                  `json:"size"`
	Packages []protocol.RootPackage `json:"packages"` // of the whole root, parent included
	Boot     string                 `json:"boot"`     // the boot in which it was written
	Synced   bool                   `json:"synced"`   // it survives a loss of power
	dir      string
}

func (l *layer) fs() string { return filepath.Join(l.dir, "fs") }

// layers keeps layers on disk, and which questions they answered.
type layers struct {
	dir          string
	max, minFree int64
	boot         string

	mu     sync.Mutex
	have   map[string]*layer
	memos  map[string]string // hash of a question → key of its layer
	inUse  map[string]int
	making map[string]*sync.Mutex

	background sync.WaitGroup
}

// layoutVersion is part of every key: raise it when roots are made differently.
const layoutVersion = "1"

// openLayers reads what is on disk and sweeps what is half made, or was not on
// the disk yet when the machine went down.
func openLayers(dir string, maxBytes, minFree int64) (*layers, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nil, err
	}
	ls := &layers{
		dir: dir, max: maxBytes, minFree: minFree, boot: strings.TrimSpace(string(boot)), have: map[string]*layer{},
		memos: map[string]string{}, inUse: map[string]int{}, making: map[string]*sync.Mutex{},
	}
	for _, d := range []string{"layers", "memo", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o711); err != nil {
			return nil, err
		}
	}
	if err := emptyDir(filepath.Join(dir, "tmp")); err != nil {
		return nil, err
	}
	spread(filepath.Join(dir, "tmp"))
	names, err := os.ReadDir(filepath.Join(dir, "layers"))
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		d := filepath.Join(dir, "layers", n.Name())
		l := &layer{}
		data, err := os.ReadFile(filepath.Join(d, "layer.json"))
		if err != nil || json.Unmarshal(data, l) != nil || l.Key != n.Name() || !l.Synced && l.Boot != ls.boot {
			if err := os.RemoveAll(d); err != nil {
				return nil, err
			}
			continue
		}
		l.dir = d
		ls.have[l.Key] = l
	}
	return ls, ls.readMemos()
}

func (ls *layers) readMemos() error {
	names, err := os.ReadDir(filepath.Join(ls.dir, "memo"))
	if err != nil {
		return err
	}
	for _, n := range names {
		p := filepath.Join(ls.dir, "memo", n.Name())
		key, err := os.ReadFile(p)
		if err == nil && ls.have[string(key)] != nil {
			ls.memos[n.Name()] = string(key)
		} else if err := os.Remove(p); err != nil {
			return err
		}
	}
	return nil
}

func emptyDir(dir string) error {
	names, err := os.ReadDir(dir)
	for _, n := range names {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, n.Name())))
	}
	return err
}

// question hashes what a layer was asked for by.
func question(parts ...any) string {
	h := sha256.New()
	for _, p := range append([]any{layoutVersion}, parts...) {
		data, _ := json.Marshal(p) // strings and lists of strings: cannot fail
		fmt.Fprintf(h, "%d\n%s\n", len(data), data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// byQuestion finds the layer that answered a question before, and holds it.
func (ls *layers) byQuestion(q string) *layer {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.hold(ls.memos[q])
}

// byKey finds a layer and holds it.
func (ls *layers) byKey(key string) *layer {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.hold(key)
}

func (ls *layers) hold(key string) *layer {
	l := ls.have[key]
	if l == nil || ls.have[l.Parent] == nil && l.Parent != "" {
		return nil
	}
	ls.inUse[key]++
	now := time.Now()
	_ = os.Chtimes(filepath.Join(l.dir, "layer.json"), now, now) // when it was last used
	return l
}

// release lets go of a held layer.
func (ls *layers) release(l *layer) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.inUse[l.Key]--; ls.inUse[l.Key] == 0 {
		delete(ls.inUse, l.Key)
	}
}

// remember notes that a question is answered by a layer.
func (ls *layers) remember(q, key string) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.memos[q] = key
	_ = os.WriteFile(filepath.Join(ls.dir, "memo", q), []byte(key), 0o644) // lost, it is asked again
}

// alone waits until nobody else makes the layer, and gives the end of it.
func (ls *layers) alone(key string) func() {
	ls.mu.Lock()
	m := ls.making[key]
	if m == nil {
		m = &sync.Mutex{}
		ls.making[key] = m
	}
	ls.mu.Unlock()
	m.Lock()
	return m.Unlock
}

// newDir gives an empty place to make a layer in.
func (ls *layers) newDir() (string, error) {
	return os.MkdirTemp(filepath.Join(ls.dir, "tmp"), "layer-")
}

// keep takes a finished layer out of dir and holds it.
func (ls *layers) keep(l *layer, dir string) (*layer, error) {
	l.Boot, l.Size = ls.boot, diskUse(filepath.Join(dir, "fs"))
	if err := writeLayer(dir, l); err != nil {
		return nil, err
	}
	to := filepath.Join(ls.dir, "layers", l.Key)
	if err := os.Rename(dir, to); err != nil {
		return nil, err
	}
	l.dir = to
	ls.mu.Lock()
	ls.have[l.Key] = l
	ls.inUse[l.Key]++
	ls.mu.Unlock()
	ls.background.Go(func() { ls.settle(l) })
	return l, nil
}

// settle writes a layer to the disk for good, away from the build that waits,
// and then makes room.
func (ls *layers) settle(l *layer) {
	f, err := os.Open(l.dir)
	if err != nil {
		return
	}
	defer f.Close()
	if unix.Syncfs(int(f.Fd())) == nil {
		synced := *l
		synced.Synced = true
		_ = writeLayer(l.dir, &synced)
	}
	ls.evict()
}

func writeLayer(dir string, l *layer) error {
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	tmp := filepath.Join(dir, "layer.json.new")
	if err := os.WriteFile(tmp, data, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(dir, "layer.json"))
}

// evict throws out the layers that nobody has used for longest until the rest
// fits. A layer stays while it is in use or has children.
func (ls *layers) evict() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for ls.tooBig() {
		victim := ls.oldest()
		if victim == nil {
			return
		}
		delete(ls.have, victim.Key)
		for q, k := range ls.memos {
			if k == victim.Key {
				delete(ls.memos, q)
				_ = os.Remove(filepath.Join(ls.dir, "memo", q))
			}
		}
		gone := filepath.Join(ls.dir, "tmp", "gone-"+victim.Key)
		if os.Rename(victim.dir, gone) == nil {
			_ = os.RemoveAll(gone)
		}
	}
}

func (ls *layers) tooBig() bool {
	var sum int64
	for _, l := range ls.have {
		sum += l.Size
	}
	return sum > ls.max || sum > 0 && freeBytes(ls.dir) < ls.minFree
}

func (ls *layers) oldest() *layer {
	needed := map[string]bool{}
	for _, l := range ls.have {
		needed[l.Parent] = true
	}
	type used struct {
		l  *layer
		at time.Time
	}
	var list []used
	for k, l := range ls.have {
		st, err := os.Stat(filepath.Join(l.dir, "layer.json"))
		if err == nil && ls.inUse[k] == 0 && !needed[k] {
			list = append(list, used{l, st.ModTime()})
		}
	}
	if len(list) == 0 {
		return nil
	}
	sort.Slice(list, func(i, j int) bool { return list[i].at.Before(list[j].at) })
	return list[0].l
}

// freeBytes gives the room on the disk that dir is on.
func freeBytes(dir string) int64 {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return 0
	}
	return int64(st.Bavail) * st.Bsize
}

// diskUse adds up what a tree takes on the disk.
func diskUse(dir string) int64 {
	var sum int64
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil {
			if st, ok := info.Sys().(*syscall.Stat_t); ok {
				sum += st.Blocks * 512
			} else {
				sum += info.Size()
			}
		}
		return nil
	})
	return sum
}

// tee writes to a buffer, up to max bytes, and to a log.
type tee struct {
	b   io.Writer
	log io.Writer
	max int
}

func (t *tee) Write(p []byte) (int, error) {
	if n := min(len(p), t.max); n > 0 {
		_, _ = t.b.Write(p[:n])
		t.max -= n
	}
	return t.log.Write(p)
}
