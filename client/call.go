package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
)

// Keywords are named arguments: the last argument of a call.
type Keywords map[string]any

// positional puts keywords into the form that hubs understand.
func positional(args []any) []any {
	if len(args) == 0 {
		return nil
	}
	kw, ok := args[len(args)-1].(Keywords)
	if !ok {
		return args
	}
	rest := args[: len(args)-1 : len(args)-1]
	if len(kw) == 0 {
		return rest
	}
	m := map[string]any{"__starstar": true}
	maps.Copy(m, kw)
	return append(rest, m)
}

// message is one request, in the form in which it may be sent again.
type message struct {
	method string // for people
	path   string // added to the server's
	secure bool   // by TLS only: a login by certificate knows no other way
	kind   string // Content-Type
	query  url.Values
	body   []byte
	safe   bool // to be carried out twice
}

func newMessage(method string, args []any) (*message, error) {
	var b bytes.Buffer
	if err := xmlrpc.EncodeCall(&b, method, positional(args)...); err != nil {
		return nil, kura.Errorf("hub."+method, kura.Invalid, "%s: %w", method, err)
	}
	return &message{method: method, kind: "text/xml", body: b.Bytes(), safe: reads(method, args)}, nil
}

// Call calls a method. Lost answers are asked for again, safely: the hub knows
// the number of a call that it has carried out. Calls with a token have no
// number; of those only what reads is asked for again.
func (h *Hub) Call(ctx context.Context, method string, args ...any) (any, error) {
	m, err := newMessage(method, args)
	if err != nil {
		return nil, err
	}
	return h.send(ctx, m)
}

// send gives a message its number and takes it to the hub. In a session calls
// go one by one.
func (h *Hub) send(ctx context.Context, m *message) (any, error) {
	h.mu.Lock()
	if h.session == nil {
		reached := h.reached
		h.mu.Unlock()
		v, err := h.repeat(ctx, h.http, m, nil, reached)
		if err == nil || Code(err) != 0 {
			h.mu.Lock()
			h.reached = true
			h.mu.Unlock()
		}
		return v, err
	}
	defer h.mu.Unlock()
	v, err := h.repeat(ctx, h.http, m, h.session.next(), h.reached)
	if Code(err) != codeExpired {
		return v, err
	}
	if err := h.login(ctx, true); err != nil {
		return nil, kura.E("client.Renew", err)
	}
	return h.repeat(ctx, h.http, m, h.session.next(), true)
}

// once takes a message to the hub and reads the answer. A failure of the way
// is *broken; everything else is final.
func (h *Hub) once(ctx context.Context, c *http.Client, m *message, s *ticket) (any, error) {
	u := *h.base
	u.Path += m.path
	if m.secure {
		u.Scheme = "https"
	}
	query := maps.Clone(m.query)
	if s != nil && !s.headers {
		if query == nil {
			query = url.Values{}
		}
		query.Set("session-id", strconv.FormatInt(s.id, 10))
		query.Set("session-key", s.key)
		query.Set("callnum", strconv.FormatInt(s.number, 10))
	}
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(m.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "kura/"+kura.Version+" koji/1")
	req.Header.Set("Content-Type", m.kind)
	if h.token != "" {
		req.Header.Set("Authorization", "Bearer "+h.token)
	}
	if s != nil && s.headers {
		req.Header.Set("Koji-Session-Id", strconv.FormatInt(s.id, 10))
		req.Header.Set("Koji-Session-Key", s.key)
		req.Header.Set("Koji-Session-Callnum", strconv.FormatInt(s.number, 10))
	}
	res, err := c.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // the address is said elsewhere, and could hold the session's key
		}
		return nil, &broken{err: err}
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
		if to := res.Header.Get("Location"); res.StatusCode/100 == 3 && to != "" {
			return nil, &broken{err: fmt.Errorf("HTTP status %d: the hub has moved to %s: change the profile's server", res.StatusCode, to), status: res.StatusCode}
		}
		return nil, &broken{err: httpError(res.StatusCode, string(text)), status: res.StatusCode}
	}
	body := &watched{r: res.Body}
	v, err := xmlrpc.DecodeResponse(body, h.Limits)
	var f *xmlrpc.Fault
	switch {
	case errors.As(err, &f):
		return nil, fromFault(m.method, f)
	case err != nil && body.err != nil:
		return nil, &broken{err: fmt.Errorf("the answer broke off: %w", body.err)}
	case err != nil:
		return nil, badAnswer(m.method, h.base.Redacted(), err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 4096)) // so that the connection can be used again
	return v, nil
}

// watched remembers why a stream ended early, which a parser takes for bad
// form.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}
