package koji

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// takesGzip reports whether a client takes a compressed answer. Koji's does, as do
// most: a list of builds is a thirtieth of its length then.
func takesGzip(h http.Header) bool {
	for _, line := range h.Values("Accept-Encoding") {
		for part := range strings.SplitSeq(line, ",") {
			name, opts, _ := strings.Cut(part, ";")
			if strings.EqualFold(strings.TrimSpace(name), "gzip") {
				weight, found := strings.CutPrefix(strings.ReplaceAll(opts, " ", ""), "q=")
				return !found || strings.Trim(weight, "0.") != ""
			}
		}
	}
	return false
}

// compressed gives a large answer compressed, which is made when an answer that is kept is
// asked for by somebody who takes it so; nil if that cannot be done.
func (a *answer) compressed() (*os.File, int64) {
	if a.file == nil {
		return nil, 0
	}
	a.pack.Do(func() {
		f, size, err := compress(io.NewSectionReader(a.file, 0, a.size))
		if err != nil {
			return
		}
		a.shelf.mu.Lock()
		defer a.shelf.mu.Unlock()
		a.packed, a.short = f, size
		a.shelf.size += size
	})
	return a.packed, a.short
}

// compress writes a file without a name, as fast as it goes.
func compress(r io.Reader) (f *os.File, size int64, err error) {
	if f, err = nameless("kura-kept-"); err != nil {
		return nil, 0, err
	}
	buf := bufio.NewWriterSize(f, 64<<10)
	z, err := gzip.NewWriterLevel(buf, gzip.BestSpeed)
	if err == nil {
		_, err = io.Copy(z, r)
	}
	if err == nil {
		err = z.Close()
	}
	if err == nil {
		err = buf.Flush()
	}
	if err == nil {
		size, err = f.Seek(0, io.SeekEnd)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, size, nil
}
