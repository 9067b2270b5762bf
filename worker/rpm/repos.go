package rpm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kura-build/kura/protocol"
)

// repository is one of a root's, at the state it has now. Its name for dnf is
// made of its address and of what its repomd.xml says: dnf's cache of it is
// never stale and never has to be asked for.
type repository struct {
	protocol.Repo
	url      string
	name     string
	revision string // hash of repomd.xml
}

var arches = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

// look asks all repositories for their state.
func (b *Builder) look(ctx context.Context, root protocol.Root) ([]repository, error) {
	if !arches.MatchString(root.Arch) {
		return nil, fmt.Errorf("the order's arch %q is none", root.Arch)
	}
	rs := make([]repository, len(root.Repos))
	g, ctx := errgroup.WithContext(ctx)
	for i, r := range root.Repos {
		g.Go(func() error {
			if strings.ContainsAny(r.URL+r.Exclude, "\r\n") {
				return fmt.Errorf("repository %q has a line break in its settings", r.ID)
			}
			u := strings.TrimSuffix(strings.ReplaceAll(r.URL, "$arch", root.Arch), "/")
			rev, err := b.revision(ctx, strings.ReplaceAll(u, "$basearch", root.Arch))
			if err != nil {
				return fmt.Errorf("repository %s does not answer: %w", r.ID, err)
			}
			sum := sha256.Sum256([]byte(u + "\n" + rev))
			rs[i] = repository{Repo: r, url: u, revision: rev, name: "r" + hex.EncodeToString(sum[:12])}
			return nil
		})
	}
	return rs, g.Wait()
}

// revision is the hash of a repository's repomd.xml.
func (b *Builder) revision(ctx context.Context, base string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	in, err := b.open(ctx, base+"/repodata/repomd.xml")
	if err != nil {
		return "", err
	}
	defer in.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(in, 16<<20))
	if err != nil {
		return "", err
	}
	if n == 0 {
		return "", fmt.Errorf("%s/repodata/repomd.xml is empty", base)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// open reads an address: http, https or file.
func (b *Builder) open(ctx context.Context, address string) (io.ReadCloser, error) {
	if p, ok := strings.CutPrefix(address, "file://"); ok {
		return os.Open(p)
	}
	c := http.DefaultClient
	if sameHost(address, b.opt.Hub) {
		c = b.opt.HTTP // which shows who asks, and may trust the hub's authority alone
	}
	res, err := get(ctx, c, address)
	if err == nil && res.StatusCode >= 300 && res.StatusCode < 400 {
		// The hub keeps its bytes elsewhere, where nobody has to know who asks.
		res.Body.Close()
		var to *url.URL
		if to, err = res.Location(); err == nil {
			res, err = get(ctx, http.DefaultClient, to.String())
		}
	}
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		res.Body.Close()
		return nil, fmt.Errorf("%s: %s", address, res.Status)
	}
	return res.Body, nil
}

// writeRepos writes what dnf reads about the repositories into dir.
func (b *Builder) writeRepos(dir string, rs []repository) error {
	var s strings.Builder
	for _, r := range rs {
		fmt.Fprintf(&s, "[%s]\nname=%s\nbaseurl=%s\nenabled=1\nskip_if_unavailable=0\nmodule_hotfixes=1\nmetadata_expire=-1\n", r.name, r.name, r.url)
		if r.Priority > 0 {
			s.WriteString("priority=" + strconv.Itoa(r.Priority) + "\n")
		}
		if r.Exclude != "" {
			s.WriteString("excludepkgs=" + r.Exclude + "\n")
		}
		if err := b.writeTrust(&s, dir, r); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "kura.repo"), []byte(s.String()), 0o600)
}

// writeTrust adds whose signatures are asked for, and how the hub's own
// repositories know this worker.
func (b *Builder) writeTrust(s *strings.Builder, dir string, r repository) error {
	switch {
	case r.GPGKey == "":
		s.WriteString("gpgcheck=0\n")
	case strings.HasPrefix(r.GPGKey, "http://"), strings.HasPrefix(r.GPGKey, "https://"):
		s.WriteString("gpgcheck=1\ngpgkey=" + strings.Join(strings.Fields(r.GPGKey), " ") + "\n")
	default:
		key := filepath.Join(dir, r.name+".key")
		if err := os.WriteFile(key, []byte(r.GPGKey), 0o600); err != nil {
			return err
		}
		s.WriteString("gpgcheck=1\ngpgkey=file://" + reposDir + "/" + r.name + ".key\n")
	}
	if !sameHost(r.url, b.opt.Hub) || !strings.HasPrefix(r.url, "https:") {
		return nil
	}
	for _, f := range []struct{ option, name, source string }{
		{"sslcacert", "ca.pem", b.opt.CAFile}, {"sslclientcert", "cert.pem", b.opt.CertFile}, {"sslclientkey", "key.pem", b.opt.KeyFile},
	} {
		if f.source == "" {
			continue
		}
		data, err := os.ReadFile(f.source)
		if err != nil {
			return err
		}
		if f.option == "sslcacert" {
			data = append(append(data, '\n'), systemRoots()...)
		}
		if err := os.WriteFile(filepath.Join(dir, f.name), data, 0o600); err != nil {
			return err
		}
		fmt.Fprintf(s, "%s=%s/%s\n", f.option, reposDir, f.name)
	}
	return nil
}

// systemRoots are the authorities that this machine trusts: the packages of
// external repositories lie where the hub's own authority has no say.
func systemRoots() []byte {
	for _, name := range []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"} {
		if b, err := os.ReadFile(name); err == nil {
			return b
		}
	}
	return nil
}

func sameHost(a, b string) bool {
	x, err1 := url.Parse(a)
	y, err2 := url.Parse(b)
	return err1 == nil && err2 == nil && x.Host != "" && x.Host == y.Host
}
