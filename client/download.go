package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/kura-build/kura"
)

// CheckName refuses what is not the name of one file: hubs send names, and
// files are made by them.
func CheckName(name string) error {
	if name == "" || strings.HasPrefix(name, ".") || strings.ContainsAny(name, "/\\\x00\n") || len(name) > 255 {
		return fmt.Errorf("%q is no name of a file", name)
	}
	return nil
}

// CheckPath refuses what is not a clean relative path.
func CheckPath(rel string) error {
	if rel == "" || path.IsAbs(rel) || path.Clean(rel) != rel {
		return fmt.Errorf("%q is no path of a file", rel)
	}
	for part := range strings.SplitSeq(rel, "/") {
		if err := CheckName(part); err != nil {
			return fmt.Errorf("%q is no path of a file", rel)
		}
	}
	return nil
}

// FileURL gives the address of a file below topurl.
func (h *Hub) FileURL(rel string) (*url.URL, error) {
	const op = "client.Download"
	if h.profile.TopURL == "" {
		return nil, kura.Errorf(op, kura.Invalid, "profile %q does not say where the hub's files are: add \"topurl = https://…\"", h.profile.Name)
	}
	if err := CheckPath(rel); err != nil {
		return nil, &kura.Error{Op: op, Kind: kura.Invalid, Err: err}
	}
	top, err := url.Parse(h.profile.TopURL)
	if err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "profile %q: topurl: %w", h.profile.Name, err)
	}
	return top.JoinPath(strings.Split(rel, "/")...), nil
}

// Download fetches a file below topurl to dest, which appears when it is
// whole. What an earlier try has left in dest.part is gone on from, if the
// server's file is still the same.
func (h *Hub) Download(ctx context.Context, rel, dest string, progress Progress) error {
	const op = "client.Download"
	u, err := h.FileURL(rel)
	if err != nil {
		return err
	}
	part := dest + ".part"
	f, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return kura.Errorf(op, kura.Other, "download %s: %w", path.Base(rel), err)
	}
	defer f.Close()
	pause := time.Duration(0)
	for try := 0; ; try++ {
		err = h.fetch(ctx, u, f, progress)
		var b *broken
		if err == nil || !errors.As(err, &b) || !b.passing() || try >= min(h.profile.MaxRetries, 5) {
			break
		}
		if h.OnRetry != nil {
			h.OnRetry("download", err, pause)
		}
		if err = h.sleep(ctx, pause); err != nil {
			break
		}
		pause = min(pause*2+firstPause, h.profile.RetryInterval)
	}
	if err != nil {
		return downloadError(rel, u, err)
	}
	if err := f.Close(); err != nil {
		return kura.Errorf(op, kura.Other, "download %s: %w", path.Base(rel), err)
	}
	if err := os.Rename(part, dest); err != nil {
		return kura.Errorf(op, kura.Other, "download %s: %w", path.Base(rel), err)
	}
	return nil
}

func downloadError(rel string, u *url.URL, err error) error {
	kind, advice := kura.Other, ""
	var b *broken
	switch {
	case errors.Is(err, context.Canceled):
		kind = kura.Canceled
	case errors.As(err, &b) && (b.status == http.StatusNotFound || b.status == http.StatusGone):
		kind, advice = kura.NotFound, "; the hub may have removed it, or topurl is wrong"
	case errors.As(err, &b) && (b.status == http.StatusForbidden || b.status == http.StatusUnauthorized):
		kind = kura.Denied
	case errors.As(err, &b):
		kind, advice = kura.Unavailable, "; run the command again to go on from where it stopped"
	}
	return kura.Errorf("client.Download", kind, "download %s from %s: %w%s", path.Base(rel), u.Redacted(), err, advice)
}

// fetch makes one request. The part's time of change is that of the server's
// file: it proves at the next try that the two belong together.
func (h *Hub) fetch(ctx context.Context, u *url.URL, f *os.File, progress Progress) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	have := info.Size()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "kura/"+kura.Version)
	if have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		req.Header.Set("If-Range", info.ModTime().UTC().Format(http.TimeFormat))
	}
	c := *h.http
	c.CheckRedirect = nil // files may lie elsewhere
	res, err := c.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return &broken{err: err}
	}
	defer res.Body.Close()
	var total int64 // -1: unknown
	switch {
	case res.StatusCode == http.StatusPartialContent:
		from, whole, ok := contentRange(res.Header.Get("Content-Range"))
		if !ok || from != have {
			return fmt.Errorf("the server sent another part than the one asked for")
		}
		total = whole
	case res.StatusCode == http.StatusRequestedRangeNotSatisfiable && have > 0:
		if err := f.Truncate(0); err != nil { // complete already, or longer than the file now is: once more
			return err
		}
		return &broken{err: errors.New("the file has changed")}
	case res.StatusCode == http.StatusOK:
		have, total = 0, res.ContentLength
		if err := f.Truncate(0); err != nil {
			return err
		}
	default:
		return &broken{err: httpError(res.StatusCode, ""), status: res.StatusCode}
	}
	if _, err := f.Seek(have, io.SeekStart); err != nil {
		return err
	}
	body := &watched{r: res.Body}
	n, err := io.Copy(f, &counted{r: body, done: have, total: total, to: progress})
	if t, e := http.ParseTime(res.Header.Get("Last-Modified")); e == nil {
		_ = os.Chtimes(f.Name(), t, t) // without it the next try only starts over
	}
	if err != nil && body.err != nil {
		return &broken{err: body.err}
	}
	if err == nil && total >= 0 && have+n != total {
		return &broken{err: fmt.Errorf("it broke off after %d of %d bytes", have+n, total)}
	}
	return err
}

func contentRange(s string) (from, whole int64, ok bool) {
	rest, ok := strings.CutPrefix(s, "bytes ")
	span, total, ok2 := strings.Cut(rest, "/")
	first, _, ok3 := strings.Cut(span, "-")
	from, err := strconv.ParseInt(first, 10, 64)
	if !ok || !ok2 || !ok3 || err != nil {
		return 0, 0, false
	}
	whole, err = strconv.ParseInt(total, 10, 64)
	if err != nil {
		whole = -1
	}
	return from, whole, true
}

type counted struct {
	r           io.Reader
	done, total int64
	to          Progress
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.done += int64(n)
	if c.to != nil && n > 0 {
		c.to(c.done, c.total)
	}
	return n, err
}
