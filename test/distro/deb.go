package distro

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// deb is one opened binary package: an ar archive of two tar archives.
type deb struct {
	path    string
	raw     []byte
	members map[string][]byte
}

// openDeb reads a .deb whole, and compares its checksum unless want is "".
func openDeb(path, want string) (*deb, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(raw); want != "" && hex.EncodeToString(sum[:]) != want {
		return nil, fmt.Errorf("%s: its SHA-256 is %x, the archive's index says %s: delete the file and try again", path, sum, want)
	}
	d := &deb{path: path, raw: raw}
	if d.members, err = parseAr(raw); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// parseAr reads the common form of Unix archives, names of up to 16 bytes.
func parseAr(b []byte) (map[string][]byte, error) {
	const magic, headerSize = "!<arch>\n", 60
	rest, ok := bytes.CutPrefix(b, []byte(magic))
	if !ok {
		return nil, errors.New("no Debian package: it does not begin as an ar archive")
	}
	members := map[string][]byte{}
	for len(rest) > 0 {
		if len(rest) < headerSize {
			return nil, errors.New("ar archive: cut off in a header")
		}
		name := strings.TrimRight(string(rest[:16]), " /")
		size, err := strconv.ParseUint(strings.TrimSpace(string(rest[48:58])), 10, 40)
		rest = rest[headerSize:]
		if err != nil || size > uint64(len(rest)) {
			return nil, fmt.Errorf("ar archive: member %q has a bad size", name)
		}
		members[name] = rest[:size]
		rest = rest[size:]
		if size%2 == 1 && len(rest) > 0 {
			rest = rest[1:]
		}
	}
	return members, nil
}

// conffiles are the paths that the package declares as configuration.
func (d *deb) conffiles() (map[string]bool, error) {
	r, err := d.member("control.tar", nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	found := map[string]bool{}
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: control.tar: %w", d.path, err)
		}
		if h.Name != "./conffiles" && h.Name != "conffiles" {
			continue
		}
		text, err := io.ReadAll(io.LimitReader(t, 1<<20))
		if err != nil {
			return nil, err
		}
		for _, path := range strings.Fields(string(text)) {
			found[path] = true
		}
	}
}

// data is the tar archive of the package's files. xz is left to dpkg-deb: it is
// three times quicker at it than what there is in Go.
func (d *deb) data(ctx context.Context) (io.ReadCloser, error) {
	return d.member("data.tar", func() (io.ReadCloser, error) {
		cmd := exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", d.path)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		return &piped{ReadCloser: out, cmd: cmd, stderr: &stderr}, cmd.Start()
	})
}

// member opens a compressed tar; byXZ, if given, opens one compressed by xz.
func (d *deb) member(name string, byXZ func() (io.ReadCloser, error)) (io.ReadCloser, error) {
	for ext, open := range map[string]func(io.Reader) (io.ReadCloser, error){
		"":    func(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(r), nil },
		".gz": func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) },
		".zst": func(r io.Reader) (io.ReadCloser, error) {
			z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
			if err != nil {
				return nil, err
			}
			return z.IOReadCloser(), nil
		},
		".xz": func(r io.Reader) (io.ReadCloser, error) {
			if byXZ != nil {
				return byXZ()
			}
			z, err := xz.NewReader(r)
			return io.NopCloser(z), err
		},
	} {
		if b, ok := d.members[name+ext]; ok {
			r, err := open(bytes.NewReader(b))
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", d.path, name+ext, err)
			}
			return r, nil
		}
	}
	return nil, fmt.Errorf("%s: it has no %s in a compression known here", d.path, name)
}

// piped is a program's output; Close says whether the program was content.
type piped struct {
	io.ReadCloser
	cmd    *exec.Cmd
	stderr *bytes.Buffer
}

func (p *piped) Close() error {
	_, _ = io.Copy(io.Discard, p.ReadCloser) // or it dies of a broken pipe
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("dpkg-deb: %w: %s", err, strings.TrimSpace(p.stderr.String()))
	}
	return nil
}
