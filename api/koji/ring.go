package koji

import (
	linked "container/list"
	"os"
	"sync"

	"github.com/kura-build/kura/db"
)

// ring holds small answers in one file without a name, each behind the one that came
// before, over the oldest. In the program's own memory they would cost it twice their
// size, and be looked at whenever garbage is collected.
type ring struct {
	most int64

	mu    sync.Mutex
	file  *os.File // nil before the first answer
	next  int64    // where the next one goes
	by    map[question]*linked.Element
	order linked.List // of places, the oldest first: as they lie in the file from next on, and round
}

// place says where an answer lies.
type place struct {
	question question
	reads    db.Reads
	state    db.State
	at, size int64
}

// keptCosts is what it takes to know of an answer. As much of the file is left empty
// behind each, so that there are not too many of them.
const keptCosts = 512

// find gives a copy of an answer, or nil.
func (r *ring) find(q question, state db.State) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.by[q]
	if e == nil {
		return nil
	}
	k := e.Value.(*place)
	if !k.reads.Same(k.state, state) {
		return nil
	}
	data := make([]byte, k.size)
	if _, err := r.file.ReadAt(data, k.at); err != nil {
		r.remove(e)
		return nil
	}
	return data
}

// put keeps an answer in the place of an older one.
func (r *ring) put(a *answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.by[a.question]; e != nil {
		if !e.Value.(*place).state.Before(a.state) {
			return
		}
		r.remove(e)
	}
	if r.file == nil {
		f, err := nameless("kura-kept-")
		if err != nil {
			return
		}
		r.file, r.by = f, map[question]*linked.Element{}
	}
	room := int64(len(a.data)) + keptCosts
	if r.next+room > r.most {
		r.clear(r.most)
		r.next = 0
	}
	r.clear(r.next + room)
	k := &place{a.question, a.reads, a.state, r.next, int64(len(a.data))}
	if _, err := r.file.WriteAt(a.data, k.at); err != nil {
		return // no room on disk
	}
	r.next += room
	r.by[k.question] = r.order.PushBack(k)
}

// clear forgets what lies from next up to there.
func (r *ring) clear(end int64) {
	for e := r.order.Front(); e != nil; e = r.order.Front() {
		if at := e.Value.(*place).at; at < r.next || at >= end {
			return
		}
		r.remove(e)
	}
}

// forget drops the answer to a question that has been answered anew elsewhere.
func (r *ring) forget(q question, state db.State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.by[q]; e != nil && e.Value.(*place).state.Before(state) {
		r.remove(e)
	}
}

func (r *ring) remove(e *linked.Element) {
	delete(r.by, r.order.Remove(e).(*place).question)
}
