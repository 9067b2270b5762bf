package koji

import (
	linked "container/list"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"sync"

	"github.com/kura-build/kura/db"
)

const (
	// keepFile is the size from which an answer lies in a file.
	keepFile = 32 << 10
	// keepMost bounds one answer. keepAll bounds all that lie in files of their own,
	// and keepFiles how many they are; keepSmall bounds the smaller ones.
	keepMost  = 256 << 20
	keepAll   = 1 << 30
	keepFiles = 256
	keepSmall = 16 << 20
)

// question is what an answer depends on besides the records: the method and
// its arguments as they were bound.
type question [sha256.Size]byte

// keep holds encoded answers of methods that are marked so, for as long as
// nothing that they may tell has changed.
type keep struct {
	from  int64 // the size of the smallest large one
	small ring
	large shelf
}

func newKeep() *keep {
	return &keep{from: keepFile, small: ring{most: keepSmall}, large: shelf{most: keepAll, many: keepFiles}}
}

// find gives an answer that says what one made in this state would, or nil. It must
// be let go of.
func (k *keep) find(q question, state db.State) *answer {
	if data := k.small.find(q, state); data != nil {
		return &answer{data: data}
	}
	return k.large.find(q, state)
}

// put keeps an answer in the place of an older one.
func (k *keep) put(a *answer) {
	if a.file == nil {
		k.small.put(a)
		k.large.forget(a.question, a.state)
		return
	}
	k.large.put(a)
	k.small.forget(a.question, a.state)
}

// answer is a kept one. Its file is closed when nobody keeps or sends it any more.
type answer struct {
	shelf    *shelf // of a large one that is kept
	question question
	reads    db.Reads // what it was made of
	state    db.State // before it was read
	size     int64    // what it takes
	data     []byte   // of a small one
	file     *os.File // of a large one, compressed; without a name, so the kernel keeps in memory what is asked for often
	whole    int64    // what is in the file, if it were not compressed
	users    int
}

// shelf holds answers, and forgets those that were not asked for the longest.
type shelf struct {
	most int64
	many int

	mu    sync.Mutex
	by    map[question]*linked.Element // of *answer
	order linked.List                  // last asked for first
	size  int64
}

func (s *shelf) find(q question, state db.State) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.by[q]
	if e == nil {
		return nil
	}
	a := e.Value.(*answer)
	if !a.reads.Same(a.state, state) {
		return nil // a newer one may be there already: who reads an older state makes its own
	}
	s.order.MoveToFront(e)
	a.users++
	return a
}

// letGo says that an answer which was found is not needed any more.
func (a *answer) letGo() {
	if a.shelf == nil {
		return
	}
	a.shelf.mu.Lock()
	defer a.shelf.mu.Unlock()
	a.shelf.drop(a)
}

func (s *shelf) drop(a *answer) {
	if a.users--; a.users > 0 {
		return
	}
	s.size -= a.size
	a.file.Close()
}

func (s *shelf) put(a *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.by[a.question]; e != nil {
		if !e.Value.(*answer).state.Before(a.state) {
			a.file.Close()
			return
		}
		s.remove(e)
	}
	if s.by == nil {
		s.by = map[question]*linked.Element{}
	}
	a.shelf, a.users = s, 1
	s.size += a.size
	s.by[a.question] = s.order.PushFront(a)
	for s.order.Len() > 1 && (s.size > s.most || s.order.Len() > s.many) {
		s.remove(s.order.Back())
	}
}

// forget drops the answer to a question that has been answered anew elsewhere.
func (s *shelf) forget(q question, state db.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.by[q]; e != nil && e.Value.(*answer).state.Before(state) {
		s.remove(e)
	}
}

func (s *shelf) remove(e *linked.Element) {
	a := s.order.Remove(e).(*answer)
	delete(s.by, a.question)
	s.drop(a)
}

// ask tells questions apart.
func ask(m *Method, a *Args) question {
	b := mark(make([]byte, 0, 256), m.Name)
	for _, v := range a.values {
		b = mark(b, v)
	}
	b = mark(b, a.Rest)
	b = mark(b, a.Keywords)
	return sha256.Sum256(b)
}

// mark appends a value so that no other has the same text.
func mark(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "()"...)
	case bool:
		return strconv.AppendBool(append(b, '?'), v)
	case int64:
		return append(strconv.AppendInt(append(b, '#'), v, 10), ';')
	case string:
		return append(append(strconv.AppendInt(append(b, '"'), int64(len(v)), 10), ':'), v...)
	case []any:
		b = append(strconv.AppendInt(append(b, '['), int64(len(v)), 10), ':')
		for _, e := range v {
			b = mark(b, e)
		}
		return b
	case map[string]any:
		b = append(strconv.AppendInt(append(b, '{'), int64(len(v)), 10), ':')
		if len(v) == 0 {
			return b // most calls have no names, and to sort none takes time too
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			b = mark(mark(b, k), v[k])
		}
		return b
	}
	return fmt.Appendf(b, "(%T %q)", v, fmt.Sprint(v))
}
