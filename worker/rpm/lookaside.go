package rpm

import (
	"bufio"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kura-build/kura/protocol"
)

// sourceFile is a line of a `sources` file.
type sourceFile struct {
	name, kind, hash string
}

var (
	bsdLine    = regexp.MustCompile(`^([A-Za-z0-9]+) \((.+)\) = ([0-9A-Fa-f]+)$`)
	oldLine    = regexp.MustCompile(`^([0-9A-Fa-f]{32})  ?\*?(\S.*)$`)
	sourceName = regexp.MustCompile(`^[A-Za-z0-9_+][A-Za-z0-9_.+~^%:@=, -]*$`)
	hashes     = map[string]func() hash.Hash{"sha512": sha512.New, "sha384": sha512.New384, "sha256": sha256.New, "sha224": sha256.New224, "sha1": sha1.New, "md5": md5.New}
)

const (
	mostSources = 10000
	sourcesSize = 4 << 20
)

// parseSources reads a `sources` file, in the form of today,
// "SHA512 (name) = hash", or of old, "md5  name".
func parseSources(r io.Reader) ([]sourceFile, error) {
	var list []sourceFile
	s := bufio.NewScanner(io.LimitReader(r, sourcesSize))
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(s.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var f sourceFile
		if m := bsdLine.FindStringSubmatch(line); m != nil {
			f = sourceFile{m[2], strings.ToLower(m[1]), strings.ToLower(m[3])}
		} else if m := oldLine.FindStringSubmatch(line); m != nil {
			f = sourceFile{m[2], "md5", strings.ToLower(m[1])}
		} else {
			return nil, fmt.Errorf("line %d of the sources file is neither \"SHA512 (name) = hash\" nor \"md5  name\"", n)
		}
		make, ok := hashes[f.kind]
		switch {
		case !ok:
			return nil, fmt.Errorf("line %d of the sources file has a hash %q that is not known", n, f.kind)
		case len(f.hash) != 2*make().Size():
			return nil, fmt.Errorf("line %d of the sources file has a %s of the wrong length", n, f.kind)
		case !sourceName.MatchString(f.name) || len(f.name) > 255:
			return nil, fmt.Errorf("line %d of the sources file names %q, which is no plain file name", n, f.name)
		case len(list) == mostSources:
			return nil, fmt.Errorf("the sources file has more than %d lines", mostSources)
		}
		list = append(list, f)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read the sources file: %w", err)
	}
	return list, nil
}

// lookaside fetches what the checkout's `sources` file names, beside it.
func (t *task) lookaside(ctx context.Context, s *protocol.SCM) error {
	root, err := os.OpenRoot(t.home)
	if err != nil {
		return hostFault("source", err)
	}
	defer root.Close()
	dir := path.Join("scm", s.Subdir)
	st, err := root.Lstat(path.Join(dir, "sources"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil || !st.Mode().IsRegular() {
		return failf("source", "The sources file in %s is not a regular file", s.URL)
	}
	f, err := root.OpenFile(path.Join(dir, "sources"), os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return hostFault("source", err)
	}
	defer f.Close()
	list, err := parseSources(f)
	if err != nil {
		return failf("source", "Cannot fetch the sources: %s", err)
	}
	if len(list) > 0 && s.Lookaside == "" {
		return failf("source", "The sources file names %s, but no lookaside cache is set for %s", list[0].name, s.URL)
	}
	client, err := lookasideClient(s.CA)
	if err != nil {
		return failf("source", "%s", err)
	}
	for _, x := range list {
		fmt.Fprintf(t.checkoutLog, "fetching %s from %s\n", x.name, s.Lookaside)
		if err := t.download(ctx, client, root, dir, s, x); err != nil {
			return err
		}
	}
	return nil
}

// lookasideClient fetches from a lookaside, which may have an authority of its
// own. A redirect must not leave https.
func lookasideClient(ca string) (*http.Client, error) {
	tr := http.DefaultTransport.(*http.Transport).Clone()
	if ca != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM([]byte(ca)) {
			return nil, errors.New("the authority of the lookaside cache is no certificate")
		}
		tr.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	tr.ResponseHeaderTimeout = 2 * time.Minute
	return &http.Client{Transport: tr, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > 5 || via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
			return fmt.Errorf("redirected to %s", r.URL)
		}
		return nil
	}}, nil
}

// download fetches one file and checks its hash while it comes.
func (t *task) download(ctx context.Context, c *http.Client, root *os.Root, dir string, s *protocol.SCM, x sourceFile) error {
	base := strings.TrimSuffix(s.Lookaside, "/") + "/" + escapePath(s.Package) + "/" + url.PathEscape(x.name)
	file := "/" + x.hash + "/" + url.PathEscape(x.name)
	res, err := get(ctx, c, base+"/"+x.kind+file)
	if err == nil && res.StatusCode == http.StatusNotFound && x.kind == "md5" {
		res.Body.Close()
		res, err = get(ctx, c, base+file) // where they were in old days
	}
	if err != nil {
		return &Failure{Phase: "source", Message: "Cannot fetch " + x.name + " from the lookaside cache: " + err.Error(), Retryable: true}
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return failf("source", "The lookaside cache %s does not have %s with %s %s: %s", s.Lookaside, x.name, x.kind, x.hash, res.Status)
	}
	name := path.Join(dir, x.name)
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return failf("source", "%s is both in the repository and in its sources file", x.name)
	}
	if err != nil {
		return hostFault("source", err)
	}
	h := hashes[x.kind]()
	_, err = io.Copy(io.MultiWriter(out, h), res.Body)
	if err = errors.Join(err, out.Close()); err != nil {
		if errors.Is(err, unix.ENOSPC) {
			return failf("source", "%s does not fit on the build's disk of %s", x.name, size(t.limits.Disk))
		}
		return &Failure{Phase: "source", Message: "Fetching " + x.name + " from the lookaside cache broke off: " + err.Error(), Retryable: true}
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != x.hash {
		return failf("source", "%s from the lookaside cache has the %s %s, but the sources file says %s: it is damaged or was replaced", x.name, x.kind, got, x.hash)
	}
	return nil
}

func get(ctx context.Context, c *http.Client, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	return c.Do(req)
}

// escapePath keeps the slashes of a name like rpms/hello.
func escapePath(p string) string {
	parts := strings.Split(p, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}
