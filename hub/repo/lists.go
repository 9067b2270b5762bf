package repo

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
)

// listed is a line of rpmlist.jsonl.
type listed struct {
	Arch        string `json:"arch"`
	BuildID     int64  `json:"build_id"`
	BuildTime   int64  `json:"buildtime"`
	Epoch       *int64 `json:"epoch"`
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	PayloadHash string `json:"payloadhash"`
	Release     string `json:"release"`
	Size        int64  `json:"size"`
	Tag         string `json:"tag"`
	Version     string `json:"version"`
}

// listing is what the lists of an architecture's directory say, line by line, and
// where. The next repository takes over the lines that it has too.
type listing struct {
	rows  []listedRow
	files [2]*file.Content // pkglist, rpmlist.jsonl
	ends  [2]int64
}

// listedRow is a package with the places of its lines. An rpm's line never
// changes but for the tag that it is in.
type listedRow struct {
	rpm int64
	tag string
	at  [2]int64
}

// end is where the lines of a row end.
func (l *listing) end(row, list int) int64 {
	if row+1 < len(l.rows) {
		return l.rows[row+1].at[list]
	}
	return l.ends[list]
}

// lists writes which packages an architecture's directory shows, for people and
// programs that do not read metadata.
func (t *tree) lists(ctx context.Context, dir, arch string, c *content, rpms []*packaged, before *listing) (*listing, error) {
	w := &listWriter{now: &listing{rows: make([]listedRow, 0, len(rpms))}, before: before}
	if before == nil {
		w.before = &listing{}
	}
	names := [2]string{"pkglist", "rpmlist.jsonl"}
	var made [2]named
	for i := range w.sinks {
		w.sinks[i] = newSink(ctx, t)
		w.sinks[i].closed = func(f named) { made[i] = f }
		defer w.sinks[i].Close()
	}
	for _, p := range rpms {
		b := c.byID[*p.BuildID]
		if w.known(p.ID, b.TagName) {
			continue
		}
		if err := w.add(p, b); err != nil {
			return nil, err
		}
	}
	w.flush()
	for i, s := range w.sinks {
		if err := s.Close(); err != nil {
			return nil, err
		}
		made[i].path = file.Join(arch, names[i])
		t.add(made[i])
		e := made[i].entry(dir)
		w.now.files[i] = e.Content()
	}
	var blocked strings.Builder
	for _, b := range c.blocks {
		blocked.WriteString(b + "\n")
	}
	return w.now, t.put(ctx, file.Join(arch, "blocklist"), strings.NewReader(blocked.String()))
}

// listWriter writes both lists.
type listWriter struct {
	now, before *listing
	sinks       [2]*sink
	next        int // of the rows before
	run         int // rows before next that are to be taken over
	line        bytes.Buffer
}

// lookAhead is how many rows of the lists before may be gone in one place until
// it is not worth to look on.
const lookAhead = 100

// known takes over the lines of a package that the lists before had.
func (w *listWriter) known(rpm int64, tag string) bool {
	rows := w.before.rows[w.next:]
	for i, r := range rows[:min(len(rows), lookAhead)] {
		if r.rpm != rpm || r.tag != tag {
			continue
		}
		if i > 0 {
			w.flush()
		}
		w.next += i + 1
		w.run++
		r.at = w.now.ends
		w.now.rows = append(w.now.rows, r)
		for k := range w.now.ends {
			w.now.ends[k] += w.before.end(w.next-1, k) - w.before.rows[w.next-1].at[k]
		}
		return true
	}
	return false
}

// flush takes over the run.
func (w *listWriter) flush() {
	if w.run == 0 {
		return
	}
	for k, s := range w.sinks {
		from := w.before.rows[w.next-w.run].at[k]
		s.paste(w.before.files[k], from, w.before.end(w.next-1, k)-from)
	}
	w.run = 0
}

// add writes the lines of a package.
func (w *listWriter) add(p *packaged, b *build.Tagged) error {
	w.flush()
	w.now.rows = append(w.now.rows, listedRow{rpm: p.ID, tag: b.TagName, at: w.now.ends})
	w.line.Reset()
	w.line.WriteString(build.RepoHref(b.Build, p.Arch, p.File()) + "\n")
	first := w.line.Len()
	if err := json.NewEncoder(&w.line).Encode(&listed{
		ID: p.ID, Name: p.Name, Version: p.Version, Release: p.Release, Epoch: p.Epoch, Arch: p.Arch,
		BuildID: *p.BuildID, PayloadHash: p.PayloadHash, Size: p.Size, BuildTime: p.BuildTime, Tag: b.TagName,
	}); err != nil {
		return err
	}
	for k, text := range [2][]byte{w.line.Bytes()[:first], w.line.Bytes()[first:]} {
		if _, err := w.sinks[k].Write(text); err != nil {
			return err
		}
		w.now.ends[k] += int64(len(text))
	}
	return nil
}
