package rpm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/worker/sandbox"
)

// cleanRoot is the root of one build: the base, and its BuildRequires on top.
type cleanRoot struct {
	b       *Builder
	order   protocol.Root
	repos   []repository
	scratch *sandbox.Scratch
	limits  sandbox.Limits
	log     *lineLog

	base, extra *layer
	cached      bool // neither had to be made
}

// layerDirs gives the layers for the sandbox, the topmost first.
func (r *cleanRoot) layerDirs() []string {
	if r.extra != nil && r.extra != r.base {
		return []string{r.extra.fs(), r.base.fs()}
	}
	return []string{r.base.fs()}
}

func (r *cleanRoot) packages() []protocol.RootPackage {
	if r.extra != nil {
		return r.extra.Packages
	}
	return r.base.Packages
}

func (r *cleanRoot) close() {
	for _, l := range []*layer{r.base, r.extra} {
		if l != nil {
			r.b.layers.release(l)
		}
	}
}

// newRoot makes or finds the base of an order's root.
func (b *Builder) newRoot(ctx context.Context, s *sandbox.Scratch, order protocol.Root, l sandbox.Limits, log *lineLog) (*cleanRoot, error) {
	if err := requested(order.Packages); err != nil {
		return nil, failf("buildroot", "%s", err)
	}
	if len(order.Packages) == 0 {
		return nil, failf("buildroot", "Tag %s names no packages for its build group: a root cannot be made of nothing", order.Tag)
	}
	repos, err := b.look(ctx, order)
	if err != nil {
		return nil, &Failure{Phase: "buildroot", Message: "The root cannot be made: " + err.Error(), Retryable: true}
	}
	r := &cleanRoot{b: b, order: order, repos: repos, scratch: s, limits: l, log: log, cached: true}
	log.rename(plainNames(repos))
	names := slices.Sorted(slices.Values(order.Packages))
	q := question("base", order.Arch, r.states(), names)
	if r.base = b.layers.byQuestion(q); r.base != nil {
		log.printf("root: base %.12s was there already (%d packages)\n", r.base.Key, len(r.base.Packages))
		return r, nil
	}
	log.printf("root: resolving %d packages for %s\n", len(names), order.Arch)
	a, err := b.resolve(ctx, ask{scratch: s, root: order, repos: repos, limits: l, packages: names, log: log})
	if err != nil {
		return nil, r.explain(err, "the build group of tag "+order.Tag)
	}
	r.base, err = r.layer(ctx, nil, a)
	if err != nil {
		return nil, err
	}
	b.layers.remember(q, r.base.Key)
	return r, nil
}

// states says which repositories are asked, and at which state.
func (r *cleanRoot) states() [][]string {
	var s [][]string
	for _, x := range r.repos {
		s = append(s, []string{x.name, fmt.Sprint(x.Priority), x.Exclude, x.GPGKey, x.ID})
	}
	return s
}

// require puts what a source package requires on top of the base, in place of
// what stood there before. It reports whether that changed the root.
func (r *cleanRoot) require(ctx context.Context, pkg string, requires, conflicts []rpm.Dep) (bool, error) {
	l, err := r.required(ctx, pkg, requires, conflicts)
	if err != nil {
		return false, err
	}
	changed := r.extra == nil || r.extra.Key != l.Key
	if r.extra != nil {
		r.b.layers.release(r.extra)
	}
	r.extra = l
	return changed, nil
}

// required finds or makes the layer that require puts on the base, and holds it.
func (r *cleanRoot) required(ctx context.Context, pkg string, requires, conflicts []rpm.Dep) (*layer, error) {
	if len(requires)+len(conflicts) == 0 {
		return r.b.layers.byKey(r.base.Key), nil // nothing to ask
	}
	q := question("extra", r.base.Key, r.states(), depStrings(requires), depStrings(conflicts))
	if l := r.b.layers.byQuestion(q); l != nil {
		r.log.printf("root: BuildRequires %.12s were there already (%d packages in all)\n", l.Key, len(l.Packages))
		return l, nil
	}
	l, err := r.resolveRequires(ctx, pkg, requires, conflicts)
	if err == nil {
		r.b.layers.remember(q, l.Key)
	}
	return l, err
}

func (r *cleanRoot) resolveRequires(ctx context.Context, pkg string, requires, conflicts []rpm.Dep) (*layer, error) {
	file, err := writeRequires(r.scratch.Dir, pkg, requires, conflicts)
	if err != nil {
		return nil, hostFault("buildroot", err)
	}
	r.log.printf("root: resolving %d BuildRequires of %s\n", len(requires), pkg)
	a, err := r.b.resolve(ctx, ask{
		scratch: r.scratch, root: r.order, repos: r.repos, limits: r.limits,
		lower: []string{r.base.fs()}, requires: file, log: r.log,
	})
	if err != nil {
		return nil, r.explain(err, "the BuildRequires of "+pkg)
	}
	return r.layer(ctx, r.base, a)
}

// explain turns a resolver's refusal into a failure.
func (r *cleanRoot) explain(err error, what string) error {
	var no *dnfError
	if !errors.As(err, &no) {
		var f *Failure
		if errors.As(err, &f) {
			return f
		}
		return hostFault("buildroot", err)
	}
	s := forPeople(no.sentence())
	line := r.log.lineOf(strings.SplitN(no.sentence(), ";", 2)[0])
	return &Failure{
		Phase: "buildroot", Message: "Cannot resolve " + what + ": " + s, Cause: s, Log: "root.log", Line: line,
		Retryable: strings.Contains(no.text, "Errors during downloading") || strings.Contains(no.text, "Failed to download"),
	}
}

// layer installs a transaction on top of parent, or finds it installed.
func (r *cleanRoot) layer(ctx context.Context, parent *layer, a *answer) (*layer, error) {
	if parent != nil && len(a.packages)+len(a.remove) == 0 {
		return r.b.layers.byKey(parent.Key), nil // all is there
	}
	hashes := make([]string, 0, len(a.packages))
	for _, p := range a.packages {
		hashes = append(hashes, p.hash)
	}
	slices.Sort(hashes)
	slices.Sort(a.remove)
	under := ""
	if parent != nil {
		under = parent.Key
	}
	key := question("layer", r.order.Arch, under, hashes, a.remove)
	defer r.b.layers.alone(key)()
	if l := r.b.layers.byKey(key); l != nil {
		r.log.printf("root: resolved to %.12s, which was there already\n", key)
		return l, nil
	}
	r.cached = false
	r.b.layers.evict()
	if free := freeBytes(r.b.opt.Dir); free < r.b.opt.MinFree {
		return nil, hostFault("buildroot", fmt.Errorf("its disk has only %s free", size(free)))
	}
	r.b.layers.background.Go(r.b.tidy)
	dir, err := r.b.layers.newDir()
	if err != nil {
		return nil, hostFault("buildroot", err)
	}
	l := &layer{Key: key, Parent: under, Arch: r.order.Arch}
	if err := r.install(ctx, l, parent, a, dir); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	if l, err = r.b.layers.keep(l, dir); err != nil {
		return nil, hostFault("buildroot", err)
	}
	return l, nil
}

// install runs rpm on a new layer in dir.
func (r *cleanRoot) install(ctx context.Context, l, parent *layer, a *answer, dir string) error {
	began := time.Now()
	t := &sandbox.Target{Upper: filepath.Join(dir, "fs"), Work: filepath.Join(dir, "work")}
	if parent != nil {
		t.Lower = []string{parent.fs()}
	}
	if err := errors.Join(os.Chmod(dir, 0o711), sandbox.MakeUpper(t.Upper), os.Mkdir(t.Work, 0o700)); err != nil {
		return hostFault("buildroot", err)
	}
	if len(a.remove) > 0 {
		if err := r.rpm(ctx, t, a.dir, append([]string{"-e", "--nodeps", "--"}, a.remove...)); err != nil {
			return err
		}
		// A volatile overlay can be mounted for writing once only.
		if err := errors.Join(os.RemoveAll(t.Work), os.Mkdir(t.Work, 0o700)); err != nil {
			return hostFault("buildroot", err)
		}
	}
	if len(a.packages) > 0 {
		argv := []string{"-U", "--nosignature", "--nodigest", "--oldpackage", "--replacefiles"}
		if foreign(r.order.Arch) {
			argv = append(argv, "--ignorearch")
		}
		for _, p := range a.packages {
			argv = append(argv, packagesDir+"/"+p.file)
		}
		if err := r.rpm(ctx, t, a.dir, argv); err != nil {
			return err
		}
	}
	_ = os.RemoveAll(t.Work)
	_ = os.RemoveAll(t.Work + "-empty")
	if parent == nil {
		if err := finishBase(t.Upper); err != nil {
			return hostFault("buildroot", err)
		}
		if err := r.moveDatabase(ctx, t.Upper); err != nil {
			return err
		}
	}
	var err error
	if l.Packages, err = r.inventory(ctx, t.Upper, parent, a); err != nil {
		return err
	}
	r.log.printf("root: installed %d packages in %d ms as %.12s\n", len(a.packages), time.Since(began).Milliseconds(), l.Key)
	return nil
}

// rpm runs the host's rpm on the target, and says what it said if it failed.
func (r *cleanRoot) rpm(ctx context.Context, t *sandbox.Target, packages string, argv []string) error {
	spec := r.b.tool(append([]string{"rpm", "--root", sandbox.TargetDir}, argv...)...)
	spec.Target, spec.Limits = t, r.limits
	spec.Binds = append(spec.Binds, sandbox.Bind{Source: packages, Target: packagesDir})
	var out bytes.Buffer
	spec.Output = &tee{&out, r.log, 1 << 20}
	res, err := r.scratch.Run(ctx, spec)
	switch {
	case err != nil:
		return hostFault("buildroot", err)
	case res.Reason != sandbox.Ended:
		return &Failure{Phase: "buildroot", Message: stopped(res.Reason, spec.Limits, "installing the root's packages")}
	case res.Exit != 0:
		cause := firstLine(out.String(), "error:", "failed")
		return &Failure{
			Phase: "buildroot", Message: "The root's packages cannot be installed: " + cause, Cause: cause,
			Log: "root.log", Line: r.log.lineOf(cause),
		}
	}
	return nil
}

// firstLine finds the first line that has one of the words, else the last line.
func firstLine(text string, words ...string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for _, l := range lines {
		for _, w := range words {
			if strings.Contains(l, w) {
				return strings.TrimSpace(l)
			}
		}
	}
	return strings.TrimSpace(lines[len(lines)-1])
}
