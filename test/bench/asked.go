package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kura-build/kura/format/xmlrpc"
)

// asked is a hub that takes questions, of this program or beside it. Its answers
// are taken without reading what they say: the numbers are the hub's, not the
// client's.
type asked struct {
	b      *bench
	url    string
	cpu    func() time.Duration // its own so far
	client *http.Client
}

func caller(conf *tls.Config) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8, TLSClientConfig: conf}}
}

// other is the hub of -beside.
func (b *bench) other() *asked {
	return &asked{b, b.beside, func() time.Duration { return familyTime(b.besidePID) }, caller(nil)}
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
	return &asked{h.b, h.url, h.cpu, caller(&tls.Config{RootCAs: pool})}, nil
}

// answers asks from eight sides for a while, or from one with something done
// before each call. It gives the calls a second and the hub's time for each.
func (a *asked) answers(q question, before func() error) (rate float64, work time.Duration, err error) {
	length, sides := 3*time.Second, 8
	if a.b.quick {
		length = 300 * time.Millisecond
	}
	if before != nil {
		sides = 1
	}
	if err := a.post(q, 0); err != nil {
		return 0, 0, err
	}
	var asked atomic.Int64
	var spent, lost atomic.Int64 // on what was done before
	used, began := a.cpu(), time.Now()
	err = a.b.many(sides, sides, func(int, int) error {
		for time.Since(began) < length {
			if before != nil {
				at, cpu := time.Now(), a.cpu()
				if err := before(); err != nil {
					return err
				}
				spent.Add(int64(time.Since(at)))
				lost.Add(int64(a.cpu() - cpu))
			}
			if err := a.post(q, int(asked.Add(1))); err != nil {
				return err
			}
		}
		return nil
	})
	took := time.Since(began) - time.Duration(spent.Load())
	n := time.Duration(max(1, asked.Load()))
	return float64(asked.Load()) / took.Seconds(), max((a.cpu()-used-time.Duration(lost.Load()))/n, time.Microsecond), err
}

func (a *asked) post(q question, i int) error {
	var body bytes.Buffer
	if err := xmlrpc.EncodeCall(&body, q.method, q.params(i)...); err != nil {
		return err
	}
	resp, err := a.client.Post(a.url+"/kojihub", "text/xml", &body)
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
