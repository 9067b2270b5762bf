package createrepo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/rpm"
)

// reader reads packages.
type reader struct {
	dir   string
	o     *Options
	files []found

	mu   sync.Mutex
	read []string
}

// identity names the fragments of a file of this size and time at this place,
// under options that change what is told of it.
func (o *Options) identity(href string, size, seconds int64) (id repomd.ID) {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "createrepo 1\n%s\n%d\n%s\n", o.Checksum, o.ChangelogLimit, o.BaseURL)
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], uint64(size))
	binary.LittleEndian.PutUint64(b[8:], uint64(seconds))
	h.Write(b[:])
	_, _ = io.WriteString(h, href)
	h.Sum(id[:0])
	return id
}

// racy is how young a file may be that might still change without a change of
// its time and size.
const racy = 2 * time.Second

// entries gives the entries of what was found. Files that cannot be looked at
// are left out with a warning.
func (r *reader) entries(known map[string]*repomd.Entry, now time.Time) ([]repomd.Entry, error) {
	out := make([]repomd.Entry, 0, len(r.files))
	files := r.files[:0]
	for i, f := range r.files {
		if e := known[f.href]; e != nil && r.o.Update && r.o.SkipStat {
			out = append(out, *e)
			files = append(files, f)
			continue
		}
		info, err := os.Stat(filepath.Join(r.dir, f.path))
		if err == nil && !info.Mode().IsRegular() {
			err = errors.New("it is no file")
		}
		if err != nil {
			r.o.Warn(f.path, err)
			continue
		}
		id := r.o.identity(f.href, info.Size(), info.ModTime().Unix())
		changed := info.Sys().(*syscall.Stat_t).Ctim.Nano()
		e := known[f.href]
		if now.Sub(info.ModTime()) < racy || !r.o.Update && e != nil && e.ID == id && e.Changed != changed {
			// Tomorrow's file of this size and second may be another.
			binary.LittleEndian.PutUint64(id[:], uint64(now.UnixNano())+uint64(i))
		}
		name := f.path
		if n, err := rpm.ParseNVRA(filepath.Base(f.path)); err == nil {
			name = n.Name
		}
		out = append(out, repomd.Entry{ID: id, Name: name, Href: f.href, Base: r.o.BaseURL, Changed: changed})
		files = append(files, f)
	}
	r.files = files
	return out, nil
}

// whole is up to which size a package is read at once.
const whole = 1 << 20

var buffers = sync.Pool{New: func() any { b := make([]byte, whole); return &b }}

// load reads packages, for repomd.List.
func (r *reader) load(ctx context.Context, entries []repomd.Entry, want []int) ([]repomd.Loaded, error) {
	out := make([]repomd.Loaded, len(want))
	for i, n := range want {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f, err := r.one(r.files[n], &entries[n])
		if err != nil {
			out[i].Err = err
			continue
		}
		out[i].Fragments = *f
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range want {
		r.read = append(r.read, r.files[n].path)
	}
	return out, nil
}

func (r *reader) one(from found, e *repomd.Entry) (*repomd.Fragments, error) {
	f, err := os.Open(filepath.Join(r.dir, from.path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	newHash, err := repomd.NewHash(r.o.Checksum)
	if err != nil {
		return nil, err
	}
	sum := newHash()
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	n, err := io.ReadFull(f, (*buf)[:min(info.Size(), whole)])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	sum.Write((*buf)[:n])
	p, ok, err := rpm.Parse((*buf)[:n])
	if err == nil && !ok { // headers larger than the buffer, or cut off
		head := io.Reader(bytes.NewReader((*buf)[:n]))
		if n == len(*buf) {
			head = io.MultiReader(head, io.TeeReader(f, sum))
		}
		p, err = rpm.Read(head)
	}
	if err != nil {
		return nil, err
	}
	at := int64(n)
	if n == len(*buf) {
		// The headers lie in the buffer: what follows them goes through another.
		if _, err := io.Copy(sum, struct{ io.Reader }{f}); err != nil {
			return nil, err
		}
		if at, err = f.Seek(0, io.SeekCurrent); err != nil {
			return nil, err
		}
	}
	if at != info.Size() {
		return nil, errors.New("it changed while it was read")
	}
	src := repomd.Source{
		Package: p, PkgID: hex.EncodeToString(sum.Sum(nil)), Size: info.Size(), FileTime: info.ModTime().Unix(),
		Href: from.href, Changelogs: r.o.ChangelogLimit, ChecksumType: r.o.Checksum,
	}
	fr, err := repomd.NewFragments(src)
	if err != nil {
		return nil, err
	}
	if r.o.BaseURL != "" {
		if fr.Primary, err = repomd.Relocate(fr.Primary, r.o.BaseURL, from.href); err != nil {
			return nil, err
		}
	}
	v := p.NEVRA()
	e.Arch, e.Version, e.Release, e.Source = v.Arch, v.Version, v.Release, p.Header.String(rpm.TagSourceRPM)
	e.Epoch, e.FileTime = "0", src.FileTime
	if v.Epoch != nil {
		e.Epoch = strconv.FormatUint(uint64(*v.Epoch), 10)
	}
	return fr, nil
}
