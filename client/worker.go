package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/protocol"
)

// Worker speaks the protocol of build hosts to one hub. It repeats nothing:
// what to do about a hub that is away is its caller's to decide. Errors are of
// the kind that the hub said; of kura.Unavailable when it did not answer.
type Worker struct {
	base  *url.URL
	http  *http.Client // knows who we are
	plain *http.Client // for files that others keep
}

// WorkerConfig says where the hub is and who asks. The certificate is read
// anew for each connection, so that it may be replaced while the worker runs.
type WorkerConfig struct {
	Hub      string // https://hub.example.org
	CertFile string
	KeyFile  string
	CAFile   string // authority of the hub's certificate; "" are the system's
}

// NewWorker gives a client for c. It does not connect yet.
func NewWorker(c WorkerConfig) (*Worker, error) {
	base, err := url.Parse(strings.TrimSuffix(c.Hub, "/"))
	if err != nil || base.Host == "" {
		return nil, kura.Errorf("client.NewWorker", kura.Invalid, "the hub's address %q is none: write https://host", c.Hub)
	}
	conf, err := workerTLS(c)
	if err != nil {
		return nil, kura.E("client.NewWorker", err)
	}
	tr := http.DefaultTransport.(*http.Transport).Clone()
	tr.TLSClientConfig = conf
	tr.ForceAttemptHTTP2 = false // a connection that died is then noticed by its one call
	tr.MaxIdleConnsPerHost = 16
	return &Worker{base: base, http: &http.Client{Transport: tr, CheckRedirect: keepRedirect}, plain: &http.Client{}}, nil
}

func workerTLS(c WorkerConfig) (*tls.Config, error) {
	conf := &tls.Config{}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", c.CAFile)
		}
	}
	if c.CertFile == "" {
		return conf, nil
	}
	load := func() (*tls.Certificate, error) {
		cert, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		return &cert, err
	}
	if _, err := load(); err != nil {
		return nil, fmt.Errorf("this worker's certificate: %w", err)
	}
	conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return load() }
	return conf, nil
}

// HTTP is the client that proves to the hub who asks.
func (w *Worker) HTTP() *http.Client { return w.http }

// Lease asks for work; nil means that none came free.
func (w *Worker) Lease(ctx context.Context, r protocol.LeaseRequest) (*protocol.Lease, error) {
	var l protocol.Lease
	found, err := w.post(ctx, protocol.PathLease, r, &l, r.Wait+20*time.Second)
	if err != nil || !found {
		return nil, err
	}
	return &l, nil
}

// Heartbeat renews a lease.
func (w *Worker) Heartbeat(ctx context.Context, task int64, h protocol.Heartbeat) (protocol.HeartbeatAnswer, error) {
	var a protocol.HeartbeatAnswer
	_, err := w.post(ctx, taskPath(task, "heartbeat"), h, &a, h.Wait+20*time.Second)
	return a, err
}

// Log appends to a log at an offset.
func (w *Worker) Log(ctx context.Context, task, epoch int64, name string, offset int64, data []byte) (protocol.LogAnswer, error) {
	q := url.Values{"offset": {strconv.FormatInt(offset, 10)}, "epoch": {strconv.FormatInt(epoch, 10)}}
	var a protocol.LogAnswer
	_, err := w.send(ctx, http.MethodPost, taskPath(task, "log/"+url.PathEscape(name)), q, bytes.NewReader(data), int64(len(data)), &a, 2*time.Minute)
	return a, err
}

// File sends a file that the task made.
func (w *Worker) File(ctx context.Context, task, epoch int64, name, sha256 string, size int64, body io.Reader) (protocol.FileAnswer, error) {
	q := url.Values{"sha256": {sha256}, "epoch": {strconv.FormatInt(epoch, 10)}}
	var a protocol.FileAnswer
	limit := 10*time.Minute + time.Duration(size>>16)*time.Second // a line of 64 KiB/s is slow, not dead
	_, err := w.send(ctx, http.MethodPut, taskPath(task, "file/"+url.PathEscape(name)), q, body, size, &a, limit)
	return a, err
}

// Buildroot records what a root holds.
func (w *Worker) Buildroot(ctx context.Context, task int64, b protocol.Buildroot) (protocol.BuildrootAnswer, error) {
	var a protocol.BuildrootAnswer
	_, err := w.post(ctx, taskPath(task, "buildroot"), b, &a, time.Minute)
	return a, err
}

// Finish ends a task with its result.
func (w *Worker) Finish(ctx context.Context, task int64, f protocol.Finish) error {
	_, err := w.post(ctx, taskPath(task, "finish"), f, nil, 10*time.Minute)
	return err
}

// Fail ends a task without one.
func (w *Worker) Fail(ctx context.Context, task int64, f protocol.Fail) error {
	_, err := w.post(ctx, taskPath(task, "fail"), f, nil, time.Minute)
	return err
}

// Refuse gives a lease back.
func (w *Worker) Refuse(ctx context.Context, task int64, r protocol.Refuse) error {
	_, err := w.post(ctx, taskPath(task, "refuse"), r, nil, time.Minute)
	return err
}

// Fetch opens a file that an order names. Only the hub itself is shown who asks.
func (w *Worker) Fetch(ctx context.Context, address string) (io.ReadCloser, error) {
	u, err := w.base.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, kura.Errorf("client.Fetch", kura.Invalid, "%q is no address of a file", address)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	c := w.plain
	if u.Host == w.base.Host && u.Scheme == w.base.Scheme {
		c = w.http
	}
	res, err := c.Do(req)
	if err == nil && res.StatusCode >= 300 && res.StatusCode < 400 {
		// The bytes lie elsewhere, where nobody has to know who asks.
		res.Body.Close()
		var to *url.URL
		if to, err = res.Location(); err == nil {
			if req, err = http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil); err == nil {
				res, err = w.plain.Do(req)
			}
		}
	}
	if err != nil {
		return nil, away(err)
	}
	if res.StatusCode != http.StatusOK {
		defer res.Body.Close()
		return nil, problem(res)
	}
	return res.Body, nil
}

// keepRedirect leaves redirects to the caller: a certificate must not be shown
// to whomever an answer names.
func keepRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func taskPath(task int64, rest string) string {
	return protocol.PathTasks + strconv.FormatInt(task, 10) + "/" + rest
}

func (w *Worker) post(ctx context.Context, path string, in, out any, limit time.Duration) (bool, error) {
	data, err := json.Marshal(in)
	if err != nil {
		return false, err
	}
	return w.send(ctx, http.MethodPost, path, nil, bytes.NewReader(data), int64(len(data)), out, limit)
}

// send makes one call. found is false if the hub answered that there is nothing.
func (w *Worker) send(ctx context.Context, method, path string, q url.Values, body io.Reader, size int64, out any, limit time.Duration) (found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	address := w.base.String() + path
	if q != nil {
		address += "?" + q.Encode()
	}
	if size == 0 {
		body = http.NoBody
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return false, err
	}
	req.ContentLength = size
	req.Header.Set("User-Agent", "kura-worker/"+kura.Version)
	res, err := w.http.Do(req)
	if err != nil {
		return false, away(err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNoContent:
		return false, nil
	case res.StatusCode != http.StatusOK:
		return false, problem(res)
	case out == nil:
		return true, nil
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 64<<20)).Decode(out); err != nil {
		return false, kura.Errorf("client.worker", kura.Unavailable, "the hub's answer to %s broke off: %w", path, err)
	}
	return true, nil
}

// away is the error of a hub that did not answer.
func away(err error) error {
	if errors.Is(err, context.Canceled) {
		return &kura.Error{Op: "client.worker", Kind: kura.Canceled, Err: err}
	}
	return &kura.Error{Op: "client.worker", Kind: kura.Unavailable, Err: err}
}

// problem reads what the hub says is wrong.
func problem(res *http.Response) error {
	var p protocol.Problem
	data, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if json.Unmarshal(data, &p) != nil || p.Message == "" {
		kind := kura.Unavailable // a proxy's words, or none
		switch {
		case res.StatusCode == http.StatusNotFound:
			kind = kura.NotFound
		case res.StatusCode < http.StatusBadRequest:
			return kura.Errorf("client.worker", kura.Invalid, "the hub redirects to %s: set that address for this worker", res.Header.Get("Location"))
		case res.StatusCode < http.StatusInternalServerError:
			kind = kura.Invalid
		}
		return kura.Errorf("client.worker", kind, "the hub answered %s", res.Status)
	}
	return kura.Errorf("client.worker", kindNamed(p.Kind), "%s", p.Message)
}

// kindNamed gives the kind of a name; of one that this version does not know,
// the one that nobody acts upon.
func kindNamed(name string) kura.Kind {
	for k := kura.Other; k <= kura.Canceled; k++ {
		if k.String() == name {
			return k
		}
	}
	return kura.Other
}
