package koji

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/kura-build/kura/format/spliced"
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

// packer compresses an answer on its way: to a client that takes it so, to the file
// in which it is kept, or to both.
type packer struct {
	z      *spliced.Writer
	client io.Writer // nil if it takes the answer as it is
	file   *os.File  // nil if the answer is not kept
	buf    *bufio.Writer
	size   int64 // of what was not compressed
	done   bool
	err    error // of the end
}

// packers are at rest: each has half a megabyte of tables.
var packers = sync.Pool{New: func() any { return spliced.NewWriter(nil) }}

// newPacker makes a packer, without a file if there can be none.
func newPacker(client io.Writer, keep bool) *packer {
	p := &packer{client: client, z: packers.Get().(*spliced.Writer)}
	p.z.Reset(packed{p})
	if keep {
		if f, err := nameless("kura-kept-"); err == nil {
			p.file, p.buf = f, bufio.NewWriterSize(f, 64<<10)
		}
	}
	return p
}

func (p *packer) write(b []byte) error {
	if !p.more(int64(len(b))) {
		return nil
	}
	_, err := p.z.Write(b)
	return err
}

// splice writes what is compressed already.
func (p *packer) splice(piece spliced.Piece) error {
	if !p.more(piece.Size) {
		return nil
	}
	return p.z.Splice(piece)
}

// more counts what comes, and reports whether anybody wants it.
func (p *packer) more(n int64) bool {
	if p.size += n; p.size > keepMost {
		p.drop()
	}
	return p.client != nil || p.file != nil
}

// packed is where a packer puts what it has compressed.
type packed struct{ *packer }

func (p packed) Write(b []byte) (int, error) {
	if p.file != nil {
		if _, err := p.buf.Write(b); err != nil {
			p.drop()
		}
	}
	if p.client != nil {
		return p.client.Write(b)
	}
	return len(b), nil
}

// drop keeps nothing.
func (p *packer) drop() {
	if p.file != nil {
		p.file.Close()
		p.file = nil
	}
}

// finish writes the end.
func (p *packer) finish() error {
	if !p.done {
		p.done, p.err = true, p.z.Close()
	}
	return p.err
}

// take gives the whole answer to be kept, or nil. Nothing is written after it.
func (p *packer) take() *answer {
	if p.finish() != nil || p.file == nil || p.buf.Flush() != nil {
		return nil
	}
	size, err := p.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil
	}
	a := &answer{file: p.file, size: size, whole: p.size}
	p.file = nil
	return a
}

// letGo ends it, in any case.
func (p *packer) letGo() {
	p.drop()
	p.z.Reset(io.Discard)
	packers.Put(p.z)
}

// pack makes an answer that can be kept of a whole one, which stays as it is.
func (k *keep) pack(doc []byte) *answer {
	if int64(len(doc)) < k.from {
		return &answer{data: doc}
	}
	p := newPacker(nil, true)
	defer p.letGo()
	if p.write(doc) != nil {
		return nil
	}
	return p.take()
}
