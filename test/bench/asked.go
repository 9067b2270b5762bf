package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kura-build/kura/format/xmlrpc"
)

// asked is a hub that takes questions, of this program or beside it. Its answers
// are taken compressed, as Koji's client takes them, and without reading what they
// say: the numbers are the hub's, not the client's.
type asked struct {
	b        *bench
	url      string
	cpu      func() time.Duration // its own so far
	lines    [sides]line
	sessions []session // one for each side
}

// sides is how many ask at once.
const sides = 8

// session is one of Koji's.
type session struct {
	id, key string
	calls   int
}

func sessionOf(v any) (session, error) {
	m, _ := v.(map[string]any)
	s := session{id: fmt.Sprint(m["session-id"])}
	s.key, _ = m["session-key"].(string)
	if s.key == "" {
		return s, fmt.Errorf("a login was answered with %v", v)
	}
	return s, nil
}

func ask(b *bench, address string, cpu func() time.Duration, trusted *x509.CertPool) (*asked, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	a := &asked{b: b, url: address, cpu: cpu}
	for i := range a.lines {
		a.lines[i] = line{host: u.Host, name: u.Hostname(), trusted: trusted, secret: u.Scheme == "https"}
	}
	return a, nil
}

// other is the hub of -beside.
func (b *bench) other() (*asked, error) {
	var trusted *x509.CertPool
	if b.besideCA != "" {
		text, err := os.ReadFile(b.besideCA)
		if err != nil {
			return nil, err
		}
		if trusted = x509.NewCertPool(); !trusted.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s holds no certificate", b.besideCA)
		}
	}
	a, err := ask(b, b.beside, func() time.Duration { return familyTime(b.besidePID) }, trusted)
	if err != nil {
		return nil, err
	}
	logins := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}}
	defer logins.CloseIdleConnections()
	name, password, known := strings.Cut(b.besideUser, ":")
	if !known {
		return a, nil
	}
	for range sides {
		var body bytes.Buffer
		if err := xmlrpc.EncodeCall(&body, "login", name, password); err != nil {
			return nil, err
		}
		resp, err := logins.Post(a.url+"/kojihub", "text/xml", &body)
		if err != nil {
			return nil, err
		}
		v, err := xmlrpc.DecodeResponse(resp.Body, xmlrpc.Limits{})
		resp.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("login beside: %w", err)
		}
		s, err := sessionOf(v)
		if err != nil {
			return nil, err
		}
		a.sessions = append(a.sessions, s)
	}
	return a, nil
}

// familyTime is what a process and its children have used.
func familyTime(pid int) time.Duration {
	all := processTime(pid)
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, child := range strings.Fields(string(data)) {
		if n, err := strconv.Atoi(child); err == nil {
			all += familyTime(n)
		}
	}
	return all
}

// allTime is familyTime with what children that have ended used.
func allTime(pid int) time.Duration { return familyTime(pid) + ticks(pid, 13) }

// asked is this hub, over HTTPS.
func (h *hub) asked() (*asked, error) {
	pem, err := os.ReadFile(filepath.Join(h.dir, "client", "ca.crt"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in client/ca.crt")
	}
	a, err := ask(h.b, h.url, h.cpu, pool)
	if err != nil {
		return nil, err
	}
	for range sides {
		v, err := h.Call(h.b.ctx, "subsession")
		if err != nil {
			return nil, err
		}
		s, err := sessionOf(v)
		if err != nil {
			return nil, err
		}
		a.sessions = append(a.sessions, s)
	}
	return a, nil
}

// answers asks from eight sides for a while, or from one with something done
// before each call. It gives the calls a second and the hub's time for each.
func (a *asked) answers(q question, before func() error) (rate float64, work time.Duration, err error) {
	length, sides := 6*time.Second, sides // as hubload's
	if a.b.quick {
		length = 300 * time.Millisecond
	}
	if before != nil {
		sides = 1
	}
	for range 2 { // what is kept is made when it is asked for again
		if err := a.post(q, 0, 0); err != nil {
			return 0, 0, err
		}
	}
	var asked atomic.Int64
	var spent, lost atomic.Int64 // on what was done before
	used, began := a.cpu(), time.Now()
	err = a.b.many(sides, sides, func(side, _ int) error {
		for time.Since(began) < length {
			if before != nil {
				at, cpu := time.Now(), a.cpu()
				if err := before(); err != nil {
					return err
				}
				spent.Add(int64(time.Since(at)))
				lost.Add(int64(a.cpu() - cpu))
			}
			if err := a.post(q, side, int(asked.Add(1))); err != nil {
				return err
			}
		}
		return nil
	})
	took := time.Since(began) - time.Duration(spent.Load())
	n := time.Duration(max(1, asked.Load()))
	return float64(asked.Load()) / took.Seconds(), max((a.cpu()-used-time.Duration(lost.Load()))/n, time.Microsecond), err
}

func (a *asked) post(q question, side, i int) error {
	var body bytes.Buffer
	if err := xmlrpc.EncodeCall(&body, q.method, q.params(i)...); err != nil {
		return err
	}
	var who *session
	if q.session {
		who = &a.sessions[side]
	}
	resp, err := a.lines[side].post(who, body.Bytes())
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	head := make([]byte, 300)
	n, err := io.ReadFull(resp.Body, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if resp.StatusCode != http.StatusOK || strings.Contains(string(head[:n]), "<fault>") {
		return fmt.Errorf("%s: %s: %s", q.name, resp.Status, head[:n])
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func (a *asked) close() {
	for i := range a.lines {
		a.lines[i].hangUp()
	}
}
