package hubtest

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/adler32"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kura-build/kura/format/xmlrpc"
)

// modified is when all files of the fake were written.
var modified = time.Date(2023, 1, 2, 15, 4, 5, 0, time.UTC)

// Call is a call as it came in.
type Call struct {
	Method  string
	Args    []any
	Keys    map[string]any
	Session string // number of the session, empty without
	Callnum string
	Token   string // from the Authorization header
}

// Hub is the fake. Answers may be added while it runs, with Answer.
type Hub struct {
	Server *httptest.Server
	// Before sees each request first; it may answer by itself, and then
	// returns true.
	Before func(w http.ResponseWriter, r *http.Request) bool
	// After runs when a call was carried out; if it returns true, the answer
	// is lost on its way.
	After func(c Call) bool
	// OldQuery makes it a hub that takes sessions from the address.
	OldQuery bool

	mu       sync.Mutex
	answers  map[string]func(Call) (any, error)
	calls    []Call
	hooks    sync.Mutex // held while Before or After runs
	uploads  map[string][]byte
	files    map[string]string
	sessions int
	key      int
	logouts  int
	expired  bool
	last     int64 // the highest call number that was committed
	any      bool
}

// New starts a hub over plain HTTP that ends with the test.
func New(t testing.TB) *Hub {
	h := Unstarted()
	h.Server.Start()
	t.Cleanup(h.Server.Close)
	return h
}

// Unstarted makes a hub whose server is still to be started.
func Unstarted() *Hub {
	h := &Hub{answers: map[string]func(Call) (any, error){}, uploads: map[string][]byte{}, files: map[string]string{}}
	h.Server = httptest.NewUnstartedServer(h)
	return h
}

// Answer says what a method answers: a value, an error (a *xmlrpc.Fault goes
// out as it is), or a func(Call) (any, error).
func (h *Hub) Answer(method string, v any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answers[method] = func(c Call) (any, error) {
		switch v := v.(type) {
		case func(Call) (any, error):
			return v(c)
		case error:
			return nil, v
		}
		return v, nil
	}
}

// File puts a file below /kojifiles/.
func (h *Hub) File(path, content string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.files[path] = content
}

// Expire ends the session: the next call is told to log in again.
func (h *Hub) Expire() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.expired = true
}

// Calls gives what was called up to now, without logins; the parts of a
// multicall stand for it.
func (h *Hub) Calls() []Call {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Call(nil), h.calls...)
}

// Called gives the calls of one method.
func (h *Hub) Called(method string) []Call {
	var out []Call
	for _, c := range h.Calls() {
		if c.Method == method {
			out = append(out, c)
		}
	}
	return out
}

// Uploaded gives an uploaded file by the end of its name.
func (h *Hub) Uploaded(suffix string) (string, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, b := range h.uploads {
		if strings.HasSuffix(name, suffix) {
			return string(b), true
		}
	}
	return "", false
}

// Logins counts the sessions that were opened or renewed.
func (h *Hub) Logins() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.key
}

// Logouts counts the sessions that were ended.
func (h *Hub) Logouts() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.logouts
}

func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.before(w, r) {
		return
	}
	if rel, ok := strings.CutPrefix(r.URL.Path, "/kojifiles/"); ok {
		h.mu.Lock()
		content, ok := h.files[rel]
		h.mu.Unlock()
		if !ok {
			http.NotFound(w, r)
			return
		}
		http.ServeContent(w, r, "", modified, strings.NewReader(content))
		return
	}
	c := Call{Session: r.Header.Get("Koji-Session-Id"), Callnum: r.Header.Get("Koji-Session-Callnum")}
	c.Token = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	key := r.Header.Get("Koji-Session-Key")
	if h.OldQuery {
		q := r.URL.Query()
		c.Session, c.Callnum, key = q.Get("session-id"), q.Get("callnum"), q.Get("session-key")
	}
	var v any
	var err error
	if r.Header.Get("Content-Type") == "application/octet-stream" {
		c.Method = "upload"
		body, _ := io.ReadAll(r.Body)
		if err = h.check(c, key); err == nil {
			v, err = h.upload(c, r, body)
		}
	} else {
		var params []any
		if c.Method, params, err = xmlrpc.DecodeCall(r.Body, xmlrpc.Limits{}); err != nil {
			http.Error(w, "Invalid request: "+err.Error(), http.StatusBadRequest)
			return
		}
		c.Args, c.Keys = split(params)
		v, err = h.call(r, c, key)
	}
	if h.after(c) {
		panic(http.ErrAbortHandler)
	}
	reply(w, v, err)
}

// before and after run a test's hooks one at a time, so that they may count.
func (h *Hub) before(w http.ResponseWriter, r *http.Request) bool {
	h.hooks.Lock()
	defer h.hooks.Unlock()
	return h.Before != nil && h.Before(w, r)
}

func (h *Hub) after(c Call) bool {
	h.hooks.Lock()
	defer h.hooks.Unlock()
	return h.After != nil && h.After(c)
}

func reply(w http.ResponseWriter, v any, err error) {
	var b bytes.Buffer
	if err != nil {
		var f *xmlrpc.Fault
		if !errors.As(err, &f) {
			f = &xmlrpc.Fault{Code: 1000, String: err.Error()}
		}
		_ = xmlrpc.EncodeFault(&b, f)
	} else if err := xmlrpc.EncodeResponse(&b, v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	_, _ = w.Write(b.Bytes())
}

func split(params []any) ([]any, map[string]any) {
	if n := len(params); n > 0 {
		if m, ok := params[n-1].(map[string]any); ok && m["__starstar"] == true {
			delete(m, "__starstar")
			return params[:n-1], m
		}
	}
	return params, nil
}

// check does what a hub does with session and call number.
func (h *Hub) check(c Call, key string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.Session == "" {
		return nil
	}
	if c.Session != strconv.Itoa(h.sessions) || key != fmt.Sprintf("7-key%d", h.key) {
		return &xmlrpc.Fault{Code: 1002, String: "Invalid session or bad credentials"}
	}
	if h.expired {
		return &xmlrpc.Fault{Code: 1007, String: "session has expired"}
	}
	n, err := strconv.ParseInt(c.Callnum, 10, 64)
	if err != nil {
		return &xmlrpc.Fault{Code: 1002, String: "Invalid callnum"}
	}
	if h.any && n < h.last {
		return &xmlrpc.Fault{Code: 1008, String: fmt.Sprintf("%d > %d (session %s)", h.last, n, c.Session)}
	}
	if h.any && n == h.last {
		return &xmlrpc.Fault{Code: 1009, String: "unable to retry call"}
	}
	if c.Method != "upload" {
		h.any, h.last = true, n
	}
	return nil
}

func (h *Hub) call(r *http.Request, c Call, key string) (any, error) {
	switch c.Method {
	case "login", "sslLogin":
		return h.login(r, c)
	}
	if err := h.check(c, key); err != nil {
		return nil, err
	}
	switch c.Method {
	case "logout":
		h.mu.Lock()
		defer h.mu.Unlock()
		h.logouts++
		return nil, nil
	case "checkUpload":
		h.mu.Lock()
		defer h.mu.Unlock()
		b, ok := h.uploads[fmt.Sprint(c.Args[0], "/", c.Args[1])]
		if !ok {
			return nil, nil
		}
		return map[string]any{"size": int64(len(b)), "mtime": 1.5}, nil
	case "multiCall":
		return h.multi(c)
	}
	return h.answer(c)
}

func (h *Hub) multi(c Call) (any, error) {
	list, _ := c.Args[0].([]any)
	out := make([]any, 0, len(list))
	for _, e := range list {
		m, _ := e.(map[string]any)
		one := Call{Session: c.Session, Callnum: c.Callnum, Token: c.Token}
		one.Method, _ = m["methodName"].(string)
		params, _ := m["params"].([]any)
		one.Args, one.Keys = split(params)
		v, err := h.answer(one)
		var f *xmlrpc.Fault
		if errors.As(err, &f) {
			out = append(out, map[string]any{"faultCode": f.Code, "faultString": f.String})
		} else if err != nil {
			out = append(out, map[string]any{"faultCode": 1000, "faultString": err.Error(), "traceback": []any{"line"}})
		} else {
			out = append(out, []any{v})
		}
	}
	return out, nil
}

func (h *Hub) answer(c Call) (any, error) {
	h.mu.Lock()
	h.calls = append(h.calls, c)
	f := h.answers[c.Method]
	h.mu.Unlock()
	if f == nil {
		return nil, &xmlrpc.Fault{Code: 1000, String: "Invalid method: " + c.Method}
	}
	return f(c)
}

func (h *Hub) login(r *http.Request, c Call) (any, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.Method == "sslLogin" && (r.TLS == nil || len(r.TLS.PeerCertificates) == 0) {
		return nil, &xmlrpc.Fault{Code: 1002, String: "could not verify client: None"}
	}
	if c.Method == "login" && (len(c.Args) < 2 || c.Args[1] != "sesame") {
		return nil, &xmlrpc.Fault{Code: 1002, String: "invalid username or password"}
	}
	if c.Keys["renew"] != true {
		h.sessions++
		h.last, h.any = 0, false
	}
	h.expired = false
	h.key++
	answer := map[string]any{"session-id": h.sessions, "session-key": fmt.Sprintf("7-key%d", h.key)}
	if !h.OldQuery {
		answer["header-auth"] = true
	}
	return answer, nil
}

func (h *Hub) upload(c Call, r *http.Request, body []byte) (any, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	q := r.URL.Query()
	name := q.Get("filepath") + "/" + q.Get("filename")
	offset, _ := strconv.Atoi(q.Get("offset"))
	have := h.uploads[name]
	if offset == 0 && q.Get("overwrite") == "" && have != nil {
		return nil, &xmlrpc.Fault{Code: 1000, String: "upload path exists: " + name}
	}
	if offset == 0 {
		have = nil
	}
	if offset > len(have) {
		return nil, &xmlrpc.Fault{Code: 1000, String: "a hole"}
	}
	h.uploads[name] = append(append([]byte{}, have[:offset]...), body...)
	h.calls = append(h.calls, c)
	return map[string]any{"size": len(body), "offset": offset, "fileverify": "adler32",
		"hexdigest": fmt.Sprintf("%08x", adler32.Checksum(body))}, nil
}

// Base64 gives text in the form of downloadTaskOutput.
func Base64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
