package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// hostEtc is what the host's tools need of /etc; not passwords, not keys.
var hostEtc = []string{
	"alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "nsswitch.conf", "host.conf", "gai.conf", "hosts",
	"resolv.conf", "protocols", "services", "mime.types", "magic", "localtime", "ssl/certs", "ssl/openssl.cnf",
	"pki/tls/certs", "pki/tls/cert.pem", "pki/ca-trust/extracted", "crypto-policies", "rpm", "dnf/dnf.conf", "os-release",
}

// hostRoot builds a root out of the host's /usr, read-only, and little else:
// for the resolver, the package installer and git.
func hostRoot(p *plan) error {
	base := strconv.FormatUint(uint64(p.UIDBase), 10)
	opts := "mode=0755,size=512m,uid=" + base + ",gid=" + base
	if err := unix.Mount("root", p.Root, "tmpfs", noDevSuid, opts); err != nil {
		return fmt.Errorf("mount the root: %w", err)
	}
	for _, d := range []string{"etc", "tmp", "var", "var/tmp", "run"} {
		dir := filepath.Join(p.Root, d)
		if err := errors.Join(os.Mkdir(dir, 0o755), os.Chown(dir, int(p.UIDBase), int(p.UIDBase))); err != nil {
			return err
		}
	}
	for _, d := range []string{"/tmp", "/var/tmp"} {
		if err := os.Chmod(p.Root+d, 0o1777); err != nil {
			return err
		}
	}
	for _, d := range []string{"usr", "bin", "sbin", "lib", "lib32", "lib64"} {
		if err := mirror(p.Root, d); err != nil {
			return fmt.Errorf("show the host's /%s: %w", d, err)
		}
	}
	for _, f := range hostEtc {
		src, err := filepath.EvalSymlinks("/etc/" + f)
		if err != nil {
			continue // not on this distribution
		}
		if err := bind(p.Root, Bind{Source: src, Target: "/etc/" + f}); err != nil {
			return fmt.Errorf("show the host's /etc/%s: %w", f, err)
		}
	}
	id := strconv.Itoa(BuilderID)
	passwd := "root:x:0:0:root:/root:/usr/sbin/nologin\nmockbuild:x:" + id + ":" + id + "::/builddir:/usr/sbin/nologin\nnobody:x:65534:65534::/:/usr/sbin/nologin\n"
	group := "root:x:0:\ntty:x:5:\nmock:x:" + id + ":\nnogroup:x:65534:\n"
	return errors.Join(os.WriteFile(p.Root+"/etc/passwd", []byte(passwd), 0o644),
		os.WriteFile(p.Root+"/etc/group", []byte(group), 0o644))
}

// mirror shows a top directory of the host: as the link that it is, or bound.
func mirror(root, name string) error {
	st, err := os.Lstat("/" + name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if st.Mode()&os.ModeSymlink != 0 {
		to, err := os.Readlink("/" + name)
		if err != nil {
			return err
		}
		return os.Symlink(to, filepath.Join(root, name))
	}
	return bind(root, Bind{Source: "/" + name, Target: "/" + name, Exec: true})
}
