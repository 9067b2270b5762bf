package main

import (
	"bytes"
	"context"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/account/authority"
	"github.com/kura-build/kura/hub/tag"
)

// caller is somebody at the doors of a hub.
type caller struct {
	certs []tls.Certificate
	token string
}

// doors is a hub with its listeners, and all kinds of callers. ann owns the
// package mine.
type doors struct {
	t       *testing.T
	house   *house
	servers map[string]*httptest.Server // web, certificate, plain
	roots   *x509.CertPool
	callers map[string]caller
}

func newDoors(t *testing.T) *doors {
	t.Helper()
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	c := Default(t.TempDir())
	c.Signer.Enabled, c.Builder.Name = false, "builder1"
	c, err := c.finish()
	must(t, err)
	must(t, initialise(ctx, c))
	h, err := newHouse(ctx, c, log)
	must(t, err)
	t.Cleanup(h.close)
	w, err := h.ways()
	must(t, err)
	web, certificate, err := h.tls()
	must(t, err)
	d := &doors{t: t, house: h, servers: map[string]*httptest.Server{}, roots: x509.NewCertPool(), callers: map[string]caller{"nobody": {}}}
	for name, l := range map[string]struct {
		handler http.Handler
		tls     *tls.Config
	}{"web": {w.all, web}, "certificate": {w.all, certificate}, "plain": {w.plain, nil}} {
		s := httptest.NewUnstartedServer(l.handler)
		if l.tls != nil {
			s.TLS = l.tls
			s.StartTLS()
		} else {
			s.Start()
		}
		t.Cleanup(s.Close)
		d.servers[name] = s
	}
	d.people(ctx)
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (d *doors) people(ctx context.Context) {
	d.t.Helper()
	dir := d.house.conf.Data
	ca, err := authority.Open(filepath.Join(dir, "pki"))
	must(d.t, err)
	d.roots.AppendCertsFromPEM(ca.PEM())
	i := &issuer{ca: ca, db: d.house.db}
	files := map[string]string{
		"user": filepath.Join(dir, "client", "user.pem"), "admin": filepath.Join(dir, "client", "admin.pem"),
		"host": filepath.Join(dir, "pki", "builder.pem"),
	}
	for _, name := range []string{"ann", "blocked", "revoked", "blocked-host", "newcomer"} {
		files[name] = filepath.Join(dir, name+".pem")
		purpose := authority.User
		if name == "blocked-host" {
			purpose = authority.Builder
		}
		must(d.t, i.issue(ctx, purpose, name, nil, files[name], ""))
	}
	for name, file := range files {
		pair, err := tls.LoadX509KeyPair(file, file)
		must(d.t, err)
		d.callers[name] = caller{certs: []tls.Certificate{pair}}
	}
	must(d.t, d.house.db.Update(ctx, func(tx *db.Tx) error {
		serial := fmt.Sprintf("%x", d.callers["revoked"].certs[0].Leaf.SerialNumber)
		err := account.RevokeCertificate(ctx, tx, serial)
		for _, name := range []string{"ann", "blocked", "revoked"} {
			if err == nil {
				_, err = account.Create(ctx, tx, name, account.Person)
			}
		}
		if err != nil {
			return err
		}
		if _, err := d.house.tasks.AddHost(ctx, tx, account.System, "blocked-host", []string{"x86_64"}); err != nil {
			return err
		}
		for _, name := range []string{"blocked", "blocked-host"} {
			u, err := account.Get(ctx, tx, account.ByName(name))
			if err == nil {
				err = account.SetStatus(ctx, tx, u.ID, account.Blocked)
			}
			if err != nil {
				return err
			}
		}
		if err := d.own(ctx, tx); err != nil {
			return err
		}
		for name, user := range map[string]string{"ann's token": "ann", "admin's bare token": "kojiadmin", "admin's token": "kojiadmin", "host's token": "builder1"} {
			u, err := account.Get(ctx, tx, account.ByName(user))
			if err != nil {
				return err
			}
			var scopes []string
			if name == "admin's token" {
				scopes = []string{"*"}
			}
			_, secret, err := d.house.sessions.CreateToken(ctx, tx, u.ID, name, scopes, 0)
			if err != nil {
				return err
			}
			d.callers[name] = caller{token: secret}
		}
		d.callers["a wrong token"] = caller{token: "kura_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
		return nil
	}))
}

// own makes ann the owner of mine.
func (d *doors) own(ctx context.Context, tx *db.Tx) error {
	ann, err := account.Get(ctx, tx, account.ByName("ann"))
	if err != nil {
		return err
	}
	if _, err := tag.Create(ctx, tx, account.System, tag.Config{Name: "f43"}); err != nil {
		return err
	}
	owner := tag.ByID(ann.ID)
	return d.house.lists.Add(ctx, tx, account.System, tag.ByName("f43"), tag.ByName("mine"), tag.Entry{Owner: &owner})
}

// ask is a request.
type ask struct {
	method, path, kind string
	body               string
}

// send makes a request of somebody at a listener. 0 means that they did not
// get as far as an answer.
func (d *doors) send(listener, who string, a ask) (status int, body string) {
	d.t.Helper()
	c := d.callers[who]
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: d.roots, ServerName: "localhost", Certificates: c.certs}}
	defer tr.CloseIdleConnections()
	req, err := http.NewRequest(a.method, d.servers[listener].URL+a.path, strings.NewReader(a.body))
	must(d.t, err)
	if a.kind != "" {
		req.Header.Set("Content-Type", a.kind)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := (&http.Client{Transport: tr}).Do(req)
	if err != nil {
		d.t.Errorf("%s %s as %s: %v", a.method, a.path, who, err)
		return 0, ""
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	must(d.t, err)
	return resp.StatusCode, string(b)
}

func xmlCall(t *testing.T, method string, params ...any) string {
	t.Helper()
	var b bytes.Buffer
	must(t, xmlrpc.EncodeCall(&b, method, params...))
	return b.String()
}

// form is an upload of a source, or without content the question for it.
func form(t *testing.T, pkg, content string) (kind, body string) {
	t.Helper()
	sum := fmt.Sprintf("%x", sha512.Sum512([]byte("x\n")))
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	must(t, w.WriteField("name", pkg))
	must(t, w.WriteField("sha512sum", sum))
	if content == "" {
		must(t, w.WriteField("filename", "x.tar"))
	} else {
		part, err := w.CreateFormFile("file", "x.tar")
		must(t, err)
		_, err = io.WriteString(part, content)
		must(t, err)
	}
	must(t, w.Close())
	return w.FormDataContentType(), b.String()
}
