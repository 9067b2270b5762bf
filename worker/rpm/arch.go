package rpm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/worker/sandbox"
)

// mostLoops is how often %generate_buildrequires may ask for more.
const mostLoops = 10

var withName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+-]*$`)

// Arch carries out a buildArch order: binary packages from a source package.
// name is the task's own among the running ones; results go to the directory out.
func (b *Builder) Arch(ctx context.Context, name string, o protocol.ArchOrder, hub Hub, out string) (*Result, error) {
	if o.Root.Arch == "" || o.Root.Arch == "noarch" {
		o.Root.Arch = hostArch
	}
	if !arches.MatchString(o.Arch) {
		return nil, failf("source", "The order's arch %q is none", o.Arch)
	}
	if emulated(o.Root.Arch) && !o.Emulate {
		return nil, &Failure{
			Phase: "buildroot", Retryable: true,
			Message: "This builder can only emulate " + o.Root.Arch + ", and the task must be built natively",
		}
	}
	t, err := b.begin(name, o.Root, o.Limits, hub)
	if err != nil {
		return nil, err
	}
	defer t.close()
	t.time = o.BuildTime
	hub.Phase("buildroot")
	var srpm string
	work, cancel := t.bound(ctx)
	defer cancel()
	g, gctx := errgroup.WithContext(work)
	g.Go(func() (err error) {
		srpm, err = t.fetch(gctx, o.SRPM)
		return err
	})
	g.Go(func() (err error) {
		t.root, err = b.newRoot(gctx, t.scratch, o.Root, limits(t.limits, t.deadline, false), t.rootLog)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, t.ended(ctx, err)
	}
	t.mark("base")
	if err := t.writeMacros(); err != nil {
		return nil, failf("buildroot", "%s", err)
	}
	r, err := t.archBuild(work, o, srpm, out)
	if err != nil {
		return nil, t.ended(ctx, err)
	}
	return r, nil
}

// ended gives what a task failed of: its context's end comes first.
func (t *task) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var f *Failure
	if errors.Is(err, context.DeadlineExceeded) {
		return failf("buildroot", "The task's time of %v was over", t.limits.Time)
	}
	if !errors.As(err, &f) {
		return hostFault("buildroot", err)
	}
	return f
}

func (t *task) archBuild(ctx context.Context, o protocol.ArchOrder, srpm, out string) (*Result, error) {
	target := []string{"--target", o.Arch}
	for _, w := range o.With {
		if !withName.MatchString(w) {
			return nil, failf("source", "The order switches on %q, which is no build condition's name", w)
		}
		target = append(target, "--with", w)
	}
	header, spec, err := t.source(ctx, srpm, target)
	if err != nil {
		return nil, err
	}
	what := header.NEVRA().NVR()
	t.mark("source")
	requires, conflicts, dynamic, err := buildRequires(header.Header)
	if err != nil {
		return nil, failf("source", "The BuildRequires of %s cannot be read: %s", what, err)
	}
	if _, err := t.root.require(ctx, what, requires, conflicts); err != nil {
		return nil, err
	}
	mode := []string{"-bb"}
	if dynamic {
		if err := t.generate(ctx, what, spec, target); err != nil {
			return nil, err
		}
		mode = append(mode, "--noprep")
	}
	if err := t.report(ctx, "init"); err != nil {
		return nil, err
	}
	args := append(append(mode, "--noclean", "--nodeps"), target...)
	res, r, err := t.rpmbuild(ctx, func() { t.mark("rpmbuild") }, append(args, spec)...)
	if err != nil {
		return nil, err
	}
	t.mark("built")
	if res.Exit != 0 || res.Reason != sandbox.Ended {
		return nil, t.failed(res, r, what)
	}
	return t.results(ctx, o, what, out)
}

func (t *task) results(ctx context.Context, o protocol.ArchOrder, what, out string) (*Result, error) {
	rpms, err := t.collect("RPMS", out)
	if err != nil {
		return nil, hostFault("package", err)
	}
	if len(rpms) == 0 {
		f := failf("package", "%s built no packages for %s: has its spec file a %%files section?", what, o.Arch)
		f.Buildroot = t.record
		return nil, f
	}
	res := &Result{RPMs: rpms, Buildroot: t.record, Timings: t.timings}
	if o.KeepSRPM {
		srpms, err := t.collect("SRPMS", out)
		if err != nil {
			return nil, hostFault("package", err)
		}
		if len(srpms) != 1 {
			return nil, failf("package", "%s left %d source packages, not one", what, len(srpms))
		}
		res.SRPM = srpms[0]
	}
	if err := t.report(ctx, "done"); err != nil {
		return nil, err
	}
	res.Buildroot = t.record
	t.mark("done")
	return res, nil
}

// source unpacks a source package in the root and makes it anew there: so its
// BuildRequires are those of this root and arch. It gives the new one's header
// and the spec file's path inside.
func (t *task) source(ctx context.Context, srpm string, target []string) (*rpm.Package, string, error) {
	what := strings.TrimSuffix(filepath.Base(srpm), ".src.rpm")
	res, r, err := t.unpack(ctx, srpm, target)
	if err != nil {
		return nil, "", err
	}
	if res.Exit != 0 || res.Reason != sandbox.Ended {
		return nil, "", t.failed(res, r, what)
	}
	h, err := t.readSRPM()
	if err != nil {
		return nil, "", failf("source", "The source package made of %s cannot be read: %s", what, err)
	}
	spec, err := t.specFile("build/SPECS")
	if err != nil {
		return nil, "", failf("source", "%s: %s", what, err)
	}
	return h, "/builddir/build/SPECS/" + spec, nil
}

// unpackScript is a shell's only because one program runs after the other; the
// words come from outside of it.
const unpackScript = `rpm -i --nodeps -- "$1" && shift && exec rpmbuild "$@" /builddir/build/SPECS/*.spec`

// unpack unpacks a source package and makes it anew.
func (t *task) unpack(ctx context.Context, srpm string, target []string) (sandbox.Result, *reader, error) {
	argv := []string{"/bin/bash", "--login", "-c", unpackScript, "kura", "/srpm/" + filepath.Base(srpm), "-bs", "--nodeps"}
	spec := t.program(append(argv, target...)...)
	spec.Binds = append(spec.Binds, sandbox.Bind{Source: filepath.Dir(srpm), Target: "/srpm"})
	r := newReader(nil)
	spec.Output = &tee{r, t.rootLog, 1 << 30}
	res, err := t.scratch.Run(ctx, spec)
	if err != nil {
		return res, r, hostFault("source", err)
	}
	return res, r, nil
}

// readSRPM reads the header of the one package in SRPMS.
func (t *task) readSRPM() (*rpm.Package, error) {
	root, err := os.OpenRoot(t.home)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	entries, err := readDir(root, "build/SRPMS")
	if err != nil {
		return nil, err
	}
	var p *rpm.Package
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasSuffix(e.Name(), "src.rpm") || strings.Contains(e.Name(), ".buildreqs.") {
			continue
		}
		if p != nil {
			return nil, errors.New("there are two of them")
		}
		if p, err = readPackage(root, "build/SRPMS/"+e.Name()); err != nil {
			return nil, err
		}
	}
	if p == nil {
		return nil, errors.New("there is none")
	}
	return p, nil
}

func readPackage(root *os.Root, name string) (*rpm.Package, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return rpm.Read(f)
}

// specFile finds the one spec file in a directory of the builder's home.
func (t *task) specFile(dir string) (string, error) {
	root, err := os.OpenRoot(t.home)
	if err != nil {
		return "", err
	}
	defer root.Close()
	entries, err := readDir(root, dir)
	if err != nil {
		return "", err
	}
	var found []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".spec") && e.Type().IsRegular() {
			found = append(found, e.Name())
		}
	}
	switch len(found) {
	case 0:
		return "", errors.New("there is no spec file")
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("there is more than one spec file: %s", strings.Join(found, ", "))
}

// generate lets the spec file compute BuildRequires until it asks for nothing
// new. rpmbuild ends with status 11 while it misses some, and writes what it
// wants into a package of its own kind.
func (t *task) generate(ctx context.Context, what, spec string, target []string) error {
	for loop := range mostLoops {
		args := append([]string{"-br", "--noclean"}, target...)
		if loop > 0 {
			args = append(args, "--noprep")
		}
		res, r, err := t.rpmbuild(ctx, nil, append(args, spec)...)
		if err != nil {
			return err
		}
		if res.Reason != sandbox.Ended || res.Exit != 0 && res.Exit != 11 {
			return t.failed(res, r, what)
		}
		h, err := t.generated(res.Exit)
		if err != nil {
			return failf("buildroot", "What %%generate_buildrequires of %s asks for cannot be read: %s", what, err)
		}
		requires, conflicts, _, err := buildRequires(h.Header)
		if err != nil {
			return failf("buildroot", "What %%generate_buildrequires of %s asks for cannot be read: %s", what, err)
		}
		changed, err := t.root.require(ctx, what, requires, conflicts)
		if err != nil {
			return err
		}
		if res.Exit == 0 || !changed {
			return nil
		}
	}
	return failf("buildroot", "%%generate_buildrequires of %s asked for more BuildRequires %d times over and never settled", what, mostLoops)
}

// generated reads, and takes away, what rpmbuild -br left: the missing ones'
// package (status 11), or the source package with all of them.
func (t *task) generated(exit int) (*rpm.Package, error) {
	if exit == 0 {
		return t.readSRPM()
	}
	root, err := os.OpenRoot(t.home)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	entries, err := readDir(root, "build/SRPMS")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasSuffix(e.Name(), ".buildreqs.nosrc.rpm") {
			p, err := readPackage(root, "build/SRPMS/"+e.Name())
			return p, errors.Join(err, root.Remove("build/SRPMS/"+e.Name()))
		}
	}
	return nil, errors.New("rpmbuild left no list of them")
}
