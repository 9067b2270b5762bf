package client

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/kura-build/kura"
)

// StoredSource says where an uploaded source is known by.
type StoredSource struct {
	File, SHA512 string
	There        bool // the cache had it already
}

// UploadSource puts a file into the lookaside cache of a package, unless it
// is there. The address is that of upload.cgi; empty: the hub's own.
func (h *Hub) UploadSource(ctx context.Context, address, pkg, path string, progress Progress) (*StoredSource, error) {
	const op = "client.UploadSource"
	name := filepath.Base(path)
	fail := func(kind kura.Kind, err error) error {
		return kura.Errorf(op, kind, "upload %s for package %s: %w", name, pkg, err)
	}
	if err := CheckName(name); err != nil {
		return nil, fail(kura.Invalid, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fail(kura.NotFound, err)
	}
	defer f.Close()
	hash := sha512.New()
	size, err := io.Copy(hash, f)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, fail(kura.Other, err)
	}
	s := &StoredSource{File: name, SHA512: hex.EncodeToString(hash.Sum(nil))}
	if address == "" {
		u := url.URL{Scheme: "https", Host: h.base.Host, Path: "/repo/pkgs/upload.cgi"}
		address = u.String()
	}
	config, token := h.tls, ""
	if u, err := url.Parse(address); err == nil && u.Host == h.base.Host && u.Scheme == h.base.Scheme {
		token = h.token // it is for the hub alone
	}
	if token == "" && strings.HasPrefix(address, "https:") {
		if config, err = withCertificate(h.tls, &h.profile); err != nil {
			return nil, err
		}
	}
	c := connect(config, h.profile.Timeout)
	defer c.CloseIdleConnections()
	answer, err := postForm(ctx, c, address, token, pkg, s, nil, nil)
	if err != nil {
		return nil, fail(kindOfHTTP(err), err)
	}
	if s.There = strings.HasPrefix(answer, "Available"); s.There {
		return s, nil
	}
	if _, err := postForm(ctx, c, address, token, pkg, s, f, func(done, _ int64) {
		if progress != nil {
			progress(done, size)
		}
	}); err != nil {
		return nil, fail(kindOfHTTP(err), err)
	}
	return s, nil
}

// postForm asks whether a file is there, or sends it. The form streams: its
// file may be larger than memory.
func postForm(ctx context.Context, c *http.Client, address, token, pkg string, s *StoredSource, file io.Reader, progress Progress) (string, error) {
	r, w := io.Pipe()
	form := multipart.NewWriter(w)
	go func() {
		err := errors.Join(form.WriteField("name", pkg), form.WriteField("sha512sum", s.SHA512))
		if err == nil && file == nil {
			err = form.WriteField("filename", s.File)
		} else if err == nil {
			var part io.Writer
			if part, err = form.CreateFormFile("file", s.File); err == nil {
				_, err = io.Copy(part, &counted{r: file, to: progress})
			}
		}
		if err == nil {
			err = form.Close()
		}
		w.CloseWithError(err)
	}()
	defer r.Close() // ends the writer if the server does not read all
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, r)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.Do(req)
	if err != nil {
		return "", &broken{err: err}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 4096))
	if err != nil {
		return "", &broken{err: err}
	}
	if res.StatusCode != http.StatusOK {
		return "", &broken{err: httpError(res.StatusCode, string(text)), status: res.StatusCode}
	}
	return string(text), nil
}

func kindOfHTTP(err error) kura.Kind {
	var b *broken
	if !errors.As(err, &b) {
		return kura.Other
	}
	switch b.status {
	case http.StatusUnauthorized:
		return kura.Unauthenticated
	case http.StatusForbidden:
		return kura.Denied
	case http.StatusNotFound:
		return kura.NotFound
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return kura.Invalid
	}
	return kura.Unavailable
}

// SourcesLine is the line of a `sources` file.
func (s *StoredSource) SourcesLine() string { return fmt.Sprintf("SHA512 (%s) = %s", s.File, s.SHA512) }
