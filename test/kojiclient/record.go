package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/test/exchange"
)

// record runs commands at one hub and keeps what is said, in a file of dir for
// each file of commands.
func (k *koji) record(hubFile, server, dir string, files []string) error {
	h, err := readHub(hubFile)
	if err != nil {
		return err
	}
	texts, err := open(files)
	if err != nil {
		return err
	}
	if len(files) > 0 {
		err = again(server, texts[0].recorded())
	} else {
		err = k.everyCommand(h, texts)
	}
	if err != nil {
		return err
	}
	l, err := listen(server, filepath.Join(dir, "uploads"))
	if err != nil {
		return err
	}
	defer l.front.Close()
	for user := range h {
		if user[0] != '$' {
			h[user] = append(h[user], "--server="+l.front.URL+"/kojihub")
		}
	}
	for _, t := range texts {
		var out bytes.Buffer
		do := func(line string) error { _, err := k.ask(h, line); return err }
		if filepath.Ext(t.name) == callsExt {
			do = k.calling(l.front.URL).line
		}
		for _, line := range lines(t.text) {
			if err := do(line); err != nil {
				return fmt.Errorf("%s: %w", line, err)
			}
			calls, err := l.heard()
			if err != nil {
				return fmt.Errorf("%s: %w", line, err)
			}
			row, err := json.Marshal(exchange.Command{Line: line, Calls: calls})
			if err != nil {
				return err
			}
			out.Write(append(row, '\n'))
		}
		if err := os.WriteFile(filepath.Join(dir, t.recorded()), out.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// everyCommand fails if the client has a command that is not tried.
func (k *koji) everyCommand(h hub, texts []script) error {
	tried := map[string]bool{}
	for _, t := range commands(texts) {
		for _, line := range lines(t.text) {
			tried[strings.Fields(line)[1]] = true
		}
	}
	said, err := k.ask(h, "A help all")
	var errs []error
	for line := range strings.Lines(said) {
		if name, ok := strings.CutPrefix(line, " "); ok { // a command, and what it does
			name, _, _ = strings.Cut(name, " ")
			if name != "" && !tried[name] {
				errs = append(errs, fmt.Errorf("no file has the command %s", name))
			}
		}
	}
	return errors.Join(append(errs, err)...)
}

// listener hands on what a client and a hub say to each other.
type listener struct {
	front   *httptest.Server
	uploads string

	mu    sync.Mutex
	calls []exchange.Call
	begun map[int64]bool // sessions, since it was last asked
	err   error
}

func listen(server, uploads string) (*listener, error) {
	to, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(uploads, 0o755); err != nil {
		return nil, err
	}
	l := &listener{uploads: uploads, begun: map[int64]bool{}}
	l.front = httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: to.Scheme, Host: to.Host}) },
		ModifyResponse: func(resp *http.Response) error {
			said, _ := resp.Request.Context().Value(saidKey{}).([]byte)
			answer, err := io.ReadAll(resp.Body)
			if err != nil {
				return err
			}
			resp.Body = io.NopCloser(bytes.NewReader(answer))
			l.keep(resp.Request, said, answer)
			return nil
		},
	})
	front := l.front.Config.Handler
	l.front.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(said))
		front.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), saidKey{}, said)))
	})
	return l, nil
}

type saidKey struct{}

func (l *listener) keep(r *http.Request, said, answer []byte) {
	c, err := l.call(r.URL.Query(), said)
	if err == nil {
		var f *xmlrpc.Fault
		if c.Answer.V, err = xmlrpc.DecodeResponse(bytes.NewReader(answer), wide); errors.As(err, &f) {
			c.Fault, err = &exchange.Problem{Code: f.Code, Text: strings.ReplaceAll(f.String, uploadsTop, "")}, nil
		}
	}
	c.Certificate = r.Header.Get(certificateHeader)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = errors.Join(l.err, err)
	if id, _ := strconv.ParseInt(r.Header.Get("Koji-Session-Id"), 10, 64); !l.begun[id] {
		c.Session = id
	}
	if id, _, ok := begun(c.Method, c.Answer.V); ok {
		l.begun[id] = true
	}
	silence(c.Answer.V)
	l.calls = append(l.calls, c)
}

// uploadsTop is where the hub keeps uploads. What they are called below that is
// what a client knows.
const uploadsTop = "/mnt/koji/work/"

// silence takes out texts that are not ours to keep, and places of the hub's
// machine.
func silence(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			silence(e)
		}
	case map[string]any:
		for k, e := range v {
			if k == "doc" || k == "traceback" {
				v[k] = nil
			}
			silence(e)
		}
	}
}

// wide lets pass what a hub that is ours to ask says.
var wide = xmlrpc.Limits{Bytes: 1 << 28, Values: 1 << 24, Depth: 100}

func (l *listener) call(query url.Values, said []byte) (c exchange.Call, err error) {
	if !query.Has("filepath") {
		var params []any
		c.Method, params, err = xmlrpc.DecodeCall(bytes.NewReader(said), wide)
		for _, p := range params {
			c.Params = append(c.Params, exchange.Value{V: p})
		}
		return c, err
	}
	sum := sha256.Sum256(said)
	c.Upload = &exchange.Upload{Query: map[string]string{}, Body: hex.EncodeToString(sum[:])}
	for k := range query {
		if !strings.HasPrefix(k, "session-") && k != "callnum" {
			c.Upload.Query[k] = query.Get(k)
		}
	}
	return c, os.WriteFile(filepath.Join(l.uploads, c.Upload.Body), said, 0o644)
}

// heard gives what was said since it was last asked.
func (l *listener) heard() ([]exchange.Call, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls, err := l.calls, l.err
	l.calls, l.err, l.begun = nil, nil, map[int64]bool{}
	return calls, err
}
