package db

import (
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mark is the head of the index that SQLite has of its log: it is another one after
// each commit, and where SQLite itself looks whether there was one. All processes
// that have the database open share the memory it lies in. Its form is part of
// SQLite's file format: https://sqlite.org/walformat.html, "The WAL-Index Header".
type mark [12]uint32

const (
	walVersion  = 3007000 // the first number
	walInit     = 12      // the byte that is not 0 once the rest is valid
	walHeadSize = 2 * 4 * len(mark{})
)

// walIndex is that memory. It is mapped for as long as a connection holds its file,
// which SQLite deletes after the last one.
type walIndex struct {
	users int // of the map of indexes

	mu   sync.RWMutex
	file *os.File
	mem  []byte // nil if it is not mapped
}

// indexes are those of this process. Who closes a file gives up all locks that the
// process has on it, so each is opened once, and is closed after all connections.
var indexes = struct {
	sync.Mutex
	by map[string]*walIndex
}{by: map[string]*walIndex{}}

// indexOf gives the index of the database at a path. It is called before the first
// connection is opened, and closeIndex after the last one was closed.
func indexOf(path string) (*walIndex, string) {
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(dir, filepath.Base(path))
	}
	if real, err := filepath.EvalSymlinks(path); err == nil { // there is no file before the first connection
		path = real
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	indexes.Lock()
	defer indexes.Unlock()
	w := indexes.by[path]
	if w == nil {
		w = &walIndex{}
		indexes.by[path] = w
	}
	w.users++
	return w, path
}

func closeIndex(w *walIndex, path string) {
	indexes.Lock()
	defer indexes.Unlock()
	if w.users--; w.users > 0 {
		return
	}
	delete(indexes.by, path)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mem != nil {
		_ = unix.Munmap(w.mem) // it was mapped
		w.mem = nil
	}
	if w.file != nil {
		_ = w.file.Close() // it was only read
		w.file = nil
	}
}

// open maps the memory. Where that does not go there are no marks; the file stays
// open all the same.
func (w *walIndex) open(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file != nil {
		return
	}
	f, err := os.Open(path + "-shm")
	if err != nil {
		return
	}
	w.file = f
	if w.mem, err = unix.Mmap(int(f.Fd()), 0, walHeadSize, unix.PROT_READ, unix.MAP_SHARED); err != nil {
		w.mem = nil
	}
}

// mark gives the present one; ok is false while there is none to go by.
func (w *walIndex) mark() (m mark, ok bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.mem == nil {
		return m, false
	}
	// It is there twice. Who writes begins with the second, and who reads with the
	// first, so both are the same only if neither is being written.
	words := unsafe.Slice((*uint32)(unsafe.Pointer(&w.mem[0])), 2*len(m))
	for i := range m {
		m[i] = atomic.LoadUint32(&words[i])
	}
	for i := range m {
		if atomic.LoadUint32(&words[len(m)+i]) != m[i] {
			return m, false
		}
	}
	valid := *(*byte)(unsafe.Add(unsafe.Pointer(&m[0]), walInit))
	return m, m[0] == walVersion && valid != 0
}
