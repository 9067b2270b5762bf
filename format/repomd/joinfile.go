package repomd

import (
	"bufio"
	"errors"
)

// file writes one of the three.
func (j *join) file(out Output, kind int, marks [][3][2][]byte) (d Data, err error) {
	k := kinds[kind]
	name := string(k) + ".xml" + j.o.Compression.Ext()
	w, err := out.Create(name)
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	buffered := bufio.NewWriterSize(w, 256<<10)
	s := newStream(buffered, j.o.hash, j.o.OpenChecksums)
	if p, ok := w.(Paster); ok {
		s.paste = func(from *Indexed, offset, size int64) error {
			if err := buffered.Flush(); err != nil {
				return err
			}
			return p.Paste(from, k, offset, size)
		}
	}
	c, err := j.pool.get()
	if err != nil {
		return d, err
	}
	defer j.pool.Put(c)
	write := func(content []byte) error {
		f, err := c.Frame(content, nil)
		if err != nil {
			return err
		}
		s.opened(content)
		return s.frame(f, int64(len(content)), false)
	}
	summed, state := j.resumable(kind)
	if summed > 0 && !s.resume(state) {
		summed = 0
	}
	head := k.Head(len(j.list.Entries))
	if summed == 0 {
		err = write(head)
	} else {
		var f []byte
		if f, err = c.Frame(head, nil); err == nil {
			err = s.frame(f, int64(len(head)), true)
		}
	}
	if err != nil {
		return d, err
	}
	from := new(window)
	var open []byte
	every := markEvery(j.o.GroupSize)
	for i := range j.index.Groups {
		if i%every == 0 && i >= summed && i > 0 {
			if marks[i/every][kind], err = s.state(); err != nil {
				return d, err
			}
		}
		if open, err = j.copy(s, i, kind, i < summed, from, open); err != nil {
			return d, err
		}
	}
	if summed > 0 {
		for _, m := range j.from[0].base.marks {
			if m.group <= summed {
				marks[m.group/every][kind] = m.sums[kind]
			}
		}
	}
	if err := write(k.Tail()); err != nil {
		return d, err
	}
	d = s.data()
	d.Type, d.Name = string(k), name
	return d, buffered.Flush()
}

// copy writes a group's frame, whoever made it.
func (j *join) copy(s *stream, i, kind int, summed bool, w *window, open []byte) ([]byte, error) {
	g := &j.index.Groups[i]
	if j.jobs[i] != nil {
		return open, j.made(s, i, kind)
	}
	g.Frames[kind].Offset = s.size
	from := j.from[i]
	old := from.base.Groups[from.group].Frames[kind]
	if summed { // nobody has to look at it
		if ok, err := s.pasted(from.base, old, nil, true); ok {
			return open, err
		}
	}
	b, err := from.base.frame(from.group, kind, w)
	if err == nil && s.openSum != nil && !summed {
		if open, err = from.base.unpack(from.group, kind, b, open); err == nil {
			s.opened(open)
		}
	}
	if err != nil {
		return open, &BaseError{from.base, err}
	}
	if !summed {
		if ok, err := s.pasted(from.base, old, b, false); ok {
			return open, err
		}
	}
	return open, s.frame(b, old.Open, summed)
}

// made writes a frame that a worker makes.
func (j *join) made(s *stream, i, kind int) error {
	job := j.jobs[i]
	select {
	case <-job.done:
	case <-j.ctx.Done():
		return j.ctx.Err()
	}
	if job.err != nil {
		return job.err
	}
	j.index.Groups[i].Frames[kind].Offset = s.size
	s.opened(job.open[kind])
	err := s.frame(job.frames[kind], int64(len(job.open[kind])), false)
	open := job.open[kind]
	job.frames[kind], job.open[kind] = nil, nil
	j.spare.Put(&open)
	j.mu.Lock()
	job.uses--
	last := job.uses == 0
	j.mu.Unlock()
	if last {
		<-j.slots
	}
	return err
}

// BaseError says that a base cannot be used: its files are gone or were changed.
// The repository can be made without it.
type BaseError struct {
	Base *Indexed
	Err  error
}

func (e *BaseError) Error() string { return "an earlier repository cannot be used: " + e.Err.Error() }
func (e *BaseError) Unwrap() error { return e.Err }

// resumable says with how many groups the base of the first one begins as this
// repository does, up to a mark, and gives the checksums' state there.
func (j *join) resumable(kind int) (groups int, state [2][]byte) {
	if len(j.from) == 0 || j.from[0].base == nil {
		return 0, state
	}
	b := j.from[0].base
	if len(b.Entries) != len(j.list.Entries) || b.Checksum != j.o.Checksum || b.GroupSize != j.o.GroupSize { // the head tells the number
		return 0, state
	}
	same := 0
	for same < len(j.from) && same < len(b.Groups) && b.Groups[same].Key == j.index.Groups[same].Key && j.from[same].base == b {
		same++
	}
	for _, m := range b.marks {
		if m.group <= same && m.group > groups && (!j.o.OpenChecksums || len(m.sums[kind][1]) > 0) {
			groups, state = m.group, m.sums[kind]
		}
	}
	return groups, state
}
