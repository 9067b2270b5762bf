package rpm

import (
	"context"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/worker/sandbox"
)

// SRPM carries out a buildSRPMFromSCM or rebuildSRPM order: a source package,
// made in a clean root of its own.
func (b *Builder) SRPM(ctx context.Context, name string, o protocol.SRPMOrder, hub Hub, out string) (*Result, error) {
	if o.Root.Arch == "" || o.Root.Arch == "noarch" {
		o.Root.Arch = hostArch
	}
	if (o.SCM == nil) == (o.SRPM == nil) {
		return nil, failf("source", "The order must name either a source repository or a source package")
	}
	t, err := b.begin(name, o.Root, o.Limits, hub)
	if err != nil {
		return nil, err
	}
	defer t.close()
	t.time = o.BuildTime
	t.checkoutLog = io.Discard
	hub.Phase("source")
	var given, id string
	work, cancel := t.bound(ctx)
	defer cancel()
	g, gctx := errgroup.WithContext(work)
	g.Go(func() (err error) {
		if o.SRPM != nil {
			given, err = t.fetch(gctx, *o.SRPM)
			return err
		}
		t.checkoutLog = hub.Log("checkout.log")
		id, err = t.checkout(gctx, o.SCM)
		if err == nil && len(o.SCM.Command) == 0 {
			err = t.lookaside(gctx, o.SCM)
		}
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
	if err := t.report(work, "init"); err != nil {
		return nil, t.ended(ctx, err)
	}
	r, err := t.makeSRPM(work, o, given, out)
	if err != nil {
		return nil, t.ended(ctx, err)
	}
	if o.SCM != nil {
		r.Source = map[string]string{"url": o.SCM.URL, "ref": o.SCM.Ref, "commit": id}
	}
	return r, nil
}

func (t *task) makeSRPM(ctx context.Context, o protocol.SRPMOrder, given, out string) (*Result, error) {
	var res sandbox.Result
	var r *reader
	var err error
	var what string
	if given != "" {
		what = strings.TrimSuffix(filepath.Base(given), ".src.rpm")
		res, r, err = t.unpack(ctx, given, nil)
	} else {
		what, res, r, err = t.rpmbuildSCM(ctx, o.SCM)
	}
	if err != nil {
		return nil, err
	}
	if res.Exit != 0 || res.Reason != sandbox.Ended {
		return nil, t.failed(res, r, what)
	}
	names, err := t.collect("SRPMS", out)
	if err != nil {
		return nil, hostFault("source", err)
	}
	if len(names) != 1 {
		f := failf("source", "%s left %d source packages, not one", what, len(names))
		f.Buildroot = t.record
		return nil, f
	}
	t.mark("done")
	if err := t.report(ctx, "done"); err != nil {
		return nil, err
	}
	return &Result{SRPM: names[0], Buildroot: t.record, Timings: t.timings}, nil
}

// rpmbuildSCM makes a source package of the checkout.
func (t *task) rpmbuildSCM(ctx context.Context, s *protocol.SCM) (string, sandbox.Result, *reader, error) {
	dir := path.Join("scm", s.Subdir)
	inside := "/builddir/" + dir
	if len(s.Command) > 0 {
		if err := t.sourceCommand(ctx, s, inside); err != nil {
			return "", sandbox.Result{}, nil, err
		}
	}
	spec, err := t.specFile(dir)
	if err != nil {
		return "", sandbox.Result{}, nil, failf("source", "%s (%s): %s", s.URL, strings.TrimPrefix(dir, "scm/"), err)
	}
	run := t.program(login("rpmbuild", "-bs", "--nodeps", "--define", "_sourcedir "+inside, "--define", "_specdir "+inside, inside+"/"+spec)...)
	res, r, err := t.logged(ctx, run, func() { t.mark("rpmbuild") })
	return strings.TrimSuffix(spec, ".spec"), res, r, err
}

// sourceCommand runs what the site has set for fetching sources, in the root
// and with network: the one thing that has both.
func (t *task) sourceCommand(ctx context.Context, s *protocol.SCM, dir string) error {
	spec := t.program(s.Command...)
	spec.Dir, spec.Network = dir, true
	for _, f := range []string{"/etc/resolv.conf", "/etc/hosts"} {
		if real, err := filepath.EvalSymlinks(f); err == nil {
			spec.Binds = append(spec.Binds, sandbox.Bind{Source: real, Target: f})
		}
	}
	if s.CA != "" {
		spec.Binds = append(spec.Binds, sandbox.Bind{Source: filepath.Join(t.scratch.Dir, "ca"), Target: "/run/kura-ca"})
		spec.Env = append(spec.Env, "SSL_CERT_FILE=/run/kura-ca/ca.pem", "CURL_CA_BUNDLE=/run/kura-ca/ca.pem")
	}
	fmt.Fprintf(t.checkoutLog, "$ %s\n", strings.Join(s.Command, " "))
	log := &lineLog{out: t.checkoutLog}
	r := newReader(nil)
	spec.Output = &tee{r, log, 1 << 30}
	res, err := t.scratch.Run(ctx, spec)
	what := strings.Join(s.Command, " ")
	switch {
	case err != nil:
		return failf("source", "The source command %q cannot run: %s", what, err)
	case res.Reason != sandbox.Ended:
		return &Failure{Phase: "source", Log: "checkout.log", Message: stopped(res.Reason, spec.Limits, "fetching sources with "+what)}
	case res.Exit != 0:
		f := r.failure("checkout.log", s.URL)
		cause := f.Cause
		if cause == "" {
			cause = fmt.Sprintf("exit status %d", res.Exit)
		}
		f.Phase, f.Message = "source", fmt.Sprintf("The source command %q failed: %s", what, cause)
		return f
	}
	return nil
}
