package mirror

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

var defaultClient = NewClient(nil)

// NewClient makes a client that follows a few redirects, and speaks nothing but
// HTTP. It trusts the authorities that roots gives when it is first used; nil are
// the system's.
func NewClient(roots func() *x509.CertPool) *http.Client {
	return &http.Client{Transport: late(sync.OnceValue(func() http.RoundTripper {
		trusted := &tls.Config{MinVersion: tls.VersionTLS12}
		if roots != nil {
			trusted.RootCAs = roots()
		}
		return &http.Transport{
			TLSClientConfig:       trusted,
			ForceAttemptHTTP2:     true,
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: 30 * time.Second,
			IdleConnTimeout:       time.Minute,
			MaxIdleConnsPerHost:   4,
			DisableCompression:    true, // the checksums are of what is sent
		}
	})), CheckRedirect: func(_ *http.Request, via []*http.Request) error {
		if len(via) > 5 {
			return errors.New("it redirects more than five times")
		}
		return nil
	}}
}

// late is a transport that is made when it is first used.
type late func() http.RoundTripper

func (l late) RoundTrip(r *http.Request) (*http.Response, error) { return l().RoundTrip(r) }

// localClient reads files of this machine.
var localClient = &http.Client{Transport: http.NewFileTransport(http.Dir("/"))}

// get asks for a file of a repository; trouble that may pass is tried again.
func (r *Reader) get(ctx context.Context, base, file string, h http.Header) (*http.Response, error) {
	pause := r.Pause
	if pause == 0 {
		pause = time.Second / 2
	}
	for try := 1; ; try++ {
		res, again, err := r.once(ctx, base, file, h)
		if err == nil {
			return res, nil
		}
		if !again || try == tries || ctx.Err() != nil {
			return nil, err
		}
		select {
		case <-time.After(pause):
			pause *= 2
		case <-ctx.Done():
			return nil, err
		}
	}
}

func (r *Reader) once(ctx context.Context, base, file string, h http.Header) (_ *http.Response, again bool, err error) {
	fail := func(inconsistent bool, format string, args ...any) error {
		return &Error{URL: base, File: file, Err: fmt.Errorf(format, args...), Inconsistent: inconsistent}
	}
	u, err := url.Parse(base)
	local := err == nil && r.Local && u.Scheme == "file" && u.Host == ""
	if err != nil || u.User != nil || !local && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return nil, false, &Error{URL: "the address of the repository", Err: errors.New("give an http or https address without a password"), Lasting: true}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+(&url.URL{Path: file}).EscapedPath(), nil)
	if err != nil {
		cancel(nil)
		return nil, false, fail(false, "%w", err)
	}
	for k, v := range h {
		req.Header[k] = v
	}
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", "kura")
	c := r.Client
	switch {
	case local:
		c = localClient
	case c == nil:
		c = defaultClient
	}
	res, err := c.Do(req)
	if err != nil {
		cancel(nil)
		var e *url.Error
		if errors.As(err, &e) {
			err = e.Err // it repeats the address
		}
		return nil, true, fail(false, "%w", err)
	}
	if res.StatusCode == http.StatusOK || res.StatusCode == http.StatusNotModified {
		res.Body = r.watch(res.Body, cancel)
		return res, false, nil
	}
	res.Body.Close()
	cancel(nil)
	switch {
	case local && res.StatusCode == http.StatusNotFound && file == repomdFile:
		return nil, false, &Error{URL: base, File: file, Err: errors.New("there is no repository in this directory"), Lasting: true}
	case local && res.StatusCode == http.StatusNotFound:
		return nil, false, fail(true, "repomd.xml names this file, and it is not there")
	case res.StatusCode == http.StatusNotFound && file == repomdFile:
		return nil, false, &Error{URL: base, File: file, Err: errors.New("there is no repository at this address (404)"), Lasting: true}
	case res.StatusCode == http.StatusNotFound:
		return nil, false, fail(true, "repomd.xml names this file, and it is not there (404)")
	}
	return nil, res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests, fail(false, "the server answers %s", res.Status)
}

// watch ends a body that falls silent.
func (r *Reader) watch(body io.ReadCloser, cancel context.CancelCauseFunc) io.ReadCloser {
	limit := r.Silence
	if limit == 0 {
		limit = 30 * time.Second
	}
	w := &watched{ReadCloser: body, limit: limit, cancel: cancel}
	w.timer = time.AfterFunc(limit, func() {
		w.silent.Store(true)
		cancel(os.ErrDeadlineExceeded)
	})
	return w
}

type watched struct {
	io.ReadCloser
	limit  time.Duration
	timer  *time.Timer
	silent atomic.Bool
	cancel context.CancelCauseFunc
}

func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(w.limit)
	n, err := w.ReadCloser.Read(p)
	w.timer.Stop() // the reader's own pauses do not count
	if err != nil && w.silent.Load() {
		err = fmt.Errorf("nothing came for %s", w.limit)
	}
	return n, err
}

func (w *watched) Close() error {
	w.timer.Stop()
	err := w.ReadCloser.Close()
	w.cancel(nil)
	return err
}
