package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/test/exchange"
)

// caller asks a hub in a session, or in none.
type caller struct {
	server string
	id     int64
	key    string
	number int // of the next call

	certificate string // the name in what it shows, if anything
}

// certificateHeader names to the recorded hub who shows a certificate, as whoever
// stands before a hub of Koji's tells it.
const certificateHeader = "X-Certificate"

// begun is a session that a hub has begun, if that is what it answered.
func begun(method string, answer any) (id int64, key string, ok bool) {
	m, isMap := answer.(map[string]any)
	if !isMap || method != "login" && method != "sslLogin" && method != "subsession" {
		return 0, "", false
	}
	id, okID := m["session-id"].(int64)
	key, okKey := m["session-key"].(string)
	return id, key, okID && okKey
}

// call makes a call. A fault is an answer like another: its error is a
// *xmlrpc.Fault.
func (c *caller) call(method string, params ...any) (any, error) {
	var body bytes.Buffer
	if err := xmlrpc.EncodeCall(&body, method, params...); err != nil {
		return nil, err
	}
	return c.post("", "text/xml", &body)
}

// upload sends a piece of a file.
func (c *caller) upload(query url.Values, content []byte) (any, error) {
	return c.post("?"+query.Encode(), "application/octet-stream", bytes.NewReader(content))
}

func (c *caller) post(query, kind string, body io.Reader) (any, error) {
	req, err := http.NewRequest(http.MethodPost, c.server+"/kojihub"+query, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", kind)
	if c.certificate != "" {
		req.Header.Set(certificateHeader, c.certificate)
	}
	if c.id != 0 {
		req.Header.Set("Koji-Session-Id", fmt.Sprint(c.id))
		req.Header.Set("Koji-Session-Key", c.key)
		req.Header.Set("Koji-Session-Callnum", fmt.Sprint(c.number))
		c.number++
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, err := io.ReadAll(resp.Body)
		return nil, errors.Join(fmt.Errorf("%s: %s", resp.Status, text), err)
	}
	return xmlrpc.DecodeResponse(resp.Body, wide)
}

// again asks a hub what was asked when the files before one were recorded: it
// comes to be as the recorded one was then, and its numbers are the same.
func again(server, before string) error {
	commands, err := exchange.Before(before)
	if err != nil {
		return err
	}
	know, sessions := exchange.NewHub(), map[int64]*caller{}
	for _, command := range commands {
		own := &caller{server: server}
		for i := range command.Calls {
			c := &command.Calls[i]
			speaks := own
			if c.Session != 0 {
				speaks = sessions[c.Session]
			}
			speaks.certificate = c.Certificate
			got, err := speaks.repeat(c, know)
			var f *xmlrpc.Fault
			if errors.As(err, &f) != (c.Fault != nil) || err != nil && f == nil {
				return fmt.Errorf("%s: %s: %w, not as it was recorded", command.Line, c.Method, err)
			}
			if diff := know.Same(c, got); f == nil && diff != nil {
				fmt.Printf("%s: %s: %v\n", command.Line, c.Method, diff)
			}
			if id, key, ok := begun(c.Method, got); ok {
				session := &caller{server: server, id: id, key: key}
				was, _, _ := begun(c.Method, c.Answer.V)
				if sessions[was] = session; c.Method != "subsession" {
					own = session
				}
			}
		}
	}
	return nil
}

func (c *caller) repeat(call *exchange.Call, know *exchange.Hub) (any, error) {
	if call.Upload == nil {
		var params []any
		for _, p := range call.Params {
			if text, ok := p.V.(string); ok {
				p.V = know.Secret(text)
			}
			params = append(params, p.V)
		}
		return c.call(call.Method, params...)
	}
	content, err := exchange.Content(call.Upload.Body)
	if err != nil {
		return nil, err
	}
	query := url.Values{}
	for k, v := range call.Upload.Query {
		query.Set(k, v)
	}
	return c.upload(query, content)
}
