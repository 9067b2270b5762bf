package mirror

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/kura-build/kura/format/repomd"
)

// State is what was found at an address when it was looked at last. It makes
// the next look cheap.
type State struct {
	ETag         string         `json:"etag,omitempty"`
	LastModified string         `json:"last_modified,omitempty"`
	Sum          string         `json:"sum"` // sha256 of repomd.xml
	Repomd       *repomd.Repomd `json:"repomd"`
}

// Reader reads repositories. The zero value is ready for use.
type Reader struct {
	Client *http.Client
	// Local allows file addresses.
	Local bool
	// Silence is for how long a mirror may send nothing; 0 is 30 seconds.
	Silence time.Duration
	// Pause is how long to wait before the next try; 0 is half a second, then
	// twice as long each time.
	Pause time.Duration
}

// tries is how often a mirror is asked that does not answer properly.
const tries = 3

// maxRepomd is what repomd.xml may have in bytes.
const maxRepomd = 4 << 20

// Error says what is wrong with a repository.
type Error struct {
	URL  string // of the repository
	File string // relative to it
	Err  error
	// Inconsistent: the file is there but not what repomd.xml promises, as while
	// a mirror is being updated.
	Inconsistent bool
	// Lasting: another try will not do.
	Lasting bool
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s%s: %v", e.URL, e.File, e.Err)
	if e.Inconsistent {
		s += "; the mirror is being updated or is broken: try again later"
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

const repomdFile = "repodata/repomd.xml"

// Look asks for the state of a repository. last, if any, is what was found
// before; changed says that it is another now.
func (r *Reader) Look(ctx context.Context, url string, last *State) (now *State, changed bool, err error) {
	return r.look(ctx, slash(url), last, false)
}

func slash(url string) string { return strings.TrimSuffix(url, "/") + "/" }

func (r *Reader) look(ctx context.Context, url string, last *State, fresh bool) (*State, bool, error) {
	h := http.Header{}
	if fresh {
		h.Set("Cache-Control", "no-cache")
	} else if last != nil {
		if last.ETag != "" {
			h.Set("If-None-Match", last.ETag)
		}
		if last.LastModified != "" {
			h.Set("If-Modified-Since", last.LastModified)
		}
	}
	res, err := r.get(ctx, url, repomdFile, h)
	if err != nil {
		return nil, false, err
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNotModified && last != nil {
		return last, false, nil
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, maxRepomd+1))
	if err == nil && len(b) > maxRepomd {
		err = fmt.Errorf("it has more than %d bytes", maxRepomd)
	}
	if err == nil && looksLikeHTML(b) {
		err = errors.New("a page for people came in its place: is the address right, and is there a login before it?")
	}
	if err != nil {
		return nil, false, &Error{URL: url, File: repomdFile, Err: err, Lasting: len(b) > 0}
	}
	sum := sha256.Sum256(b)
	now := &State{ETag: res.Header.Get("ETag"), LastModified: settled(res.Header), Sum: hex.EncodeToString(sum[:])}
	if now.Repomd, err = repomd.ReadRepomd(bytes.NewReader(b)); err != nil {
		return nil, false, &Error{URL: url, File: repomdFile, Err: err, Lasting: true}
	}
	if _, ok := now.Repomd.Find(string(repomd.Primary)); !ok {
		return nil, false, &Error{URL: url, File: repomdFile, Err: errors.New("it names no primary, so there is no list of packages"), Lasting: true}
	}
	return now, last == nil || last.Sum != now.Sum, nil
}

// settled gives the time of a file's last change, if another change would show:
// these times are in seconds.
func settled(h http.Header) string {
	changed, err1 := http.ParseTime(h.Get("Last-Modified"))
	answered, err2 := http.ParseTime(h.Get("Date"))
	if err1 != nil || err2 != nil || answered.Sub(changed) < 2*time.Second {
		return ""
	}
	return h.Get("Last-Modified")
}

func looksLikeHTML(b []byte) bool {
	head := bytes.ToLower(bytes.TrimSpace(b[:min(len(b), 512)]))
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html"))
}

// Read looks at a repository and, if it changed, gives its lists to use. When
// use fails because the files are not those that repomd.xml speaks of, both are
// read once more: mirrors change. use must read the lists to their ends and
// keep nothing of them when it fails.
func (r *Reader) Read(ctx context.Context, url string, last *State, use func(context.Context, *State, repomd.Lists) error) (now *State, changed bool, err error) {
	url = slash(url)
	for fresh := false; ; fresh = true {
		now, changed, err = r.look(ctx, url, last, fresh)
		if err != nil || !changed {
			return now, changed, err
		}
		err = r.lists(ctx, url, now, use)
		var e *Error
		if err == nil || fresh || !errors.As(err, &e) || !e.Inconsistent {
			return now, changed, err
		}
	}
}

func (r *Reader) lists(ctx context.Context, url string, s *State, use func(context.Context, *State, repomd.Lists) error) error {
	var lists repomd.Lists
	var open []*file
	for i, k := range []repomd.Kind{repomd.Primary, repomd.Filelists, repomd.Other} {
		d, ok := s.Repomd.Find(string(k))
		if !ok {
			continue
		}
		f, err := r.open(ctx, url, d)
		if err != nil {
			return err
		}
		defer f.Close()
		lists[i], open = f, append(open, f)
	}
	err := use(ctx, s, lists)
	var mine *Error
	if err == nil || errors.As(err, &mine) || ctx.Err() != nil {
		return err
	}
	// The contents made no sense. Where they are not even those that repomd.xml
	// speaks of, that is the reason.
	for _, f := range open {
		if e := f.explain(err); errors.As(e, &mine) && mine.Inconsistent {
			return e
		}
	}
	return &Error{URL: url, File: "repodata", Err: err, Lasting: true}
}
