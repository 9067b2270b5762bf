package web

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	// maxShown is how many lines of a log a page shows at once.
	maxShown = 2000
	// maxLine is how much of one line; the raw file has all of it.
	maxLine = 4000
)

// lines reads a log line by line, however long its lines are.
type lines struct {
	r      *bufio.Reader
	offset int64 // behind the last line that next gave
}

func newLines(r io.Reader, offset int64) *lines {
	return &lines{bufio.NewReaderSize(r, 256<<10), offset}
}

// next gives a line, cleaned; whole is false for a last one that has no end
// yet. At the end of the log it gives io.EOF.
func (l *lines) next() (text string, whole bool, err error) {
	var head []byte
	var n int64
	for {
		part, err := l.r.ReadSlice('\n')
		n += int64(len(part))
		if room := maxLine - len(head); room > 0 {
			head = append(head, part[:min(room, len(part))]...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == io.EOF && n == 0:
			return "", false, io.EOF
		case err != nil && err != io.EOF:
			return "", false, err
		}
		whole = err == nil
		break
	}
	l.offset += n
	text = clean(bytes.TrimSuffix(head, []byte("\n")))
	if n > maxLine+1 {
		text += fmt.Sprintf(" … (%s more in the raw file)", size(n-maxLine))
	}
	return text, whole, nil
}

// lastLines finds where the last n lines of a log begin: their offset, and how
// many lines are before them. It reads the log once and keeps n numbers.
func lastLines(r io.Reader, n int64) (offset, before int64, err error) {
	slots := n + 1 // the beginning of a line that may come, too
	starts := make([]int64, slots)
	var count, at int64 // line ends so far; bytes so far
	buf := make([]byte, 256<<10)
	for {
		k, err := r.Read(buf)
		for rest := buf[:k]; ; {
			i := bytes.IndexByte(rest, '\n')
			if i < 0 {
				at += int64(len(rest))
				break
			}
			at += int64(i) + 1
			count++
			starts[count%slots] = at // line number count, from 0, begins here
			rest = rest[i+1:]
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, 0, err
		}
	}
	total := count // lines that begin somewhere, the unfinished one too
	if at > starts[count%slots] || count == 0 {
		total++
	}
	if total <= n {
		return 0, 0, nil
	}
	return starts[(total-n)%slots], total - n, nil
}

// skipLines gives the offset of line number from (the first is 1), or where
// the log ends.
func skipLines(r io.Reader, from int64) (offset, before int64, err error) {
	buf := make([]byte, 256<<10)
	for before < from-1 {
		k, err := r.Read(buf)
		rest := buf[:k]
		for before < from-1 {
			i := bytes.IndexByte(rest, '\n')
			if i < 0 {
				offset += int64(len(rest))
				break
			}
			offset += int64(i) + 1
			rest = rest[i+1:]
			before++
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return offset, before, nil
}
