package rpm

import (
	"context"
	"errors"
	"io"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/worker/sandbox"
)

const (
	builderPasswd = "mockbuild:x:1000:1000::/builddir:/bin/bash\n"
	builderGroup  = "mock:x:1000:\n"
	loopbackHosts = "127.0.0.1 localhost localhost.localdomain\n::1 localhost localhost.localdomain\n"
)

// finishBase adds to an installed root what builds expect of one: the builder
// as a user, names of the loopback addresses. Packages own this tree, so no
// link in it may lead out.
func finishBase(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll("etc", 0o755); err != nil {
		return err
	}
	return errors.Join(
		appendMissing(root, "etc/passwd", "mockbuild:", builderPasswd),
		appendMissing(root, "etc/group", "mock:", builderGroup),
		appendMissing(root, "etc/hosts", "localhost", loopbackHosts),
		mkdir(root, "builddir"))
}

func mkdir(root *os.Root, name string) error {
	if err := root.Mkdir(name, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return root.Lchown(name, sandbox.ID(0), sandbox.ID(0))
}

func appendMissing(root *os.Root, name, sign, text string) error {
	f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	have, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return err
	}
	if strings.Contains(string(have), sign) {
		return nil
	}
	if len(have) == 0 {
		if err := f.Chown(sandbox.ID(0), sandbox.ID(0)); err != nil {
			return err
		}
	} else if !strings.HasSuffix(string(have), "\n") {
		text = "\n" + text
	}
	_, err = f.WriteString(text)
	return err
}

// moveDatabase puts the package database where the root's own rpm looks for
// it, which may not be where the host's wrote it.
func (r *cleanRoot) moveDatabase(ctx context.Context, dir string) error {
	spec := r.b.inside([]string{dir}, r.order.Arch, "rpm", "-E", "%{_dbpath}")
	spec.Limits = r.limits
	res, out, err := r.scratch.RunOutput(ctx, spec)
	if err != nil || res.Exit != 0 {
		return nil // no rpm in this root: nobody looks
	}
	to := path.Clean(strings.TrimSpace(string(out)))
	if to == "/var/lib/rpm" || !path.IsAbs(to) || strings.ContainsAny(to, "\n%") {
		return nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return hostFault("buildroot", err)
	}
	defer root.Close()
	if st, err := root.Lstat("var/lib/rpm"); err != nil || !st.IsDir() {
		return nil
	}
	rel := to[1:]
	up := strings.Repeat("../", strings.Count("var/lib/rpm", "/"))
	_ = root.RemoveAll(rel) // an empty one that a package brought
	err = errors.Join(root.MkdirAll(path.Dir(rel), 0o755), root.Rename("var/lib/rpm", rel), root.Symlink(up+rel, "var/lib/rpm"))
	if err != nil {
		return hostFault("buildroot", err)
	}
	return nil
}

// inventory lists what is installed, with the repository that each package
// came from.
func (r *cleanRoot) inventory(ctx context.Context, upper string, parent *layer, a *answer) ([]protocol.RootPackage, error) {
	work := r.scratch.Dir + "/inventory-" + unique()
	lower := []string{upper}
	if parent != nil {
		lower = append(lower, parent.fs())
	}
	if err := errors.Join(sandbox.MakeUpper(work+"-upper"), os.Mkdir(work, 0o700)); err != nil {
		return nil, hostFault("buildroot", err)
	}
	spec := r.b.tool("rpm", "--root", sandbox.TargetDir, "-qa", "--qf",
		`%{NAME}\t%{EPOCH}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%{SIGMD5}\t%{SIZE}\t%{BUILDTIME}\n`)
	spec.Target = &sandbox.Target{Lower: lower, Upper: work + "-upper", Work: work}
	spec.Limits = r.limits
	res, out, err := r.scratch.RunOutput(ctx, spec)
	if err != nil {
		return nil, hostFault("buildroot", err)
	}
	if res.Exit != 0 {
		return nil, failf("buildroot", "The root's package database cannot be read: %s", firstLine(string(out), "error:"))
	}
	from := map[string]string{}
	if parent != nil {
		for _, p := range parent.Packages {
			from[nevra(p)] = p.Repo
		}
	}
	for _, p := range a.packages {
		from[p.nevra] = p.repo
	}
	return parseInventory(string(out), from), nil
}

func parseInventory(text string, from map[string]string) []protocol.RootPackage {
	var list []protocol.RootPackage
	for line := range strings.SplitSeq(text, "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 8 || f[0] == "gpg-pubkey" {
			continue
		}
		p := protocol.RootPackage{Name: f[0], Version: f[2], Release: f[3], Arch: f[4], SigMD5: f[5]}
		if e, err := strconv.ParseInt(f[1], 10, 64); err == nil {
			p.Epoch = &e
		}
		p.Size, _ = strconv.ParseInt(f[6], 10, 64)
		p.BuildTime, _ = strconv.ParseInt(f[7], 10, 64)
		p.Repo = from[nevra(p)]
		list = append(list, p)
	}
	return list
}

// nevra is a package's name as dnf writes it: an epoch of 0 is left out.
func nevra(p protocol.RootPackage) string {
	v := p.Version + "-" + p.Release
	if p.Epoch != nil && *p.Epoch != 0 {
		v = strconv.FormatInt(*p.Epoch, 10) + ":" + v
	}
	return p.Name + "-" + v + "." + p.Arch
}

// inside is a program of the root's own, run by the builder.
func (b *Builder) inside(layers []string, arch string, argv ...string) sandbox.Spec {
	return sandbox.Spec{
		Argv: argv, Layers: layers, User: sandbox.Builder, Hostname: b.opt.BuildHost, Arch32: arch32(arch),
		Env: []string{
			"HOME=/builddir", "PATH=/usr/bin:/bin:/usr/sbin:/sbin", "SHELL=/bin/bash", "TERM=vt100",
			"LANG=C.UTF-8", "USER=mockbuild", "LOGNAME=mockbuild", "PROMPT_COMMAND=printf \"\"", "PS1=<mock-chroot> ",
		},
	}
}

func arch32(arch string) bool {
	switch arch {
	case "i386", "i486", "i586", "i686", "armv7hl":
		return true
	}
	return false
}
