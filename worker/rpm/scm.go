package rpm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/worker/sandbox"
)

// protocols by which sources may be fetched. git's own list is longer: ext::
// runs programs, file:// reads the disk.
const protocols = "https:http:git:ssh"

// checkoutDir is where the repository is, inside.
const checkoutDir = "/builddir/scm"

var (
	commit  = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)
	subdirs = regexp.MustCompile(`^[A-Za-z0-9_.+~@=/-]*$`)
	refName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+~@=/#-]*$`)

	gitConfig = []string{
		"core.hooksPath=/dev/null", "protocol.allow=never", "protocol.https.allow=always", "protocol.http.allow=always",
		"protocol.git.allow=always", "protocol.ssh.allow=always", "transfer.fsckObjects=true", "submodule.recurse=false",
		"fetch.recurseSubmodules=false", "core.fsmonitor=false", "gc.auto=0", "core.autocrlf=false", "advice.detachedHead=false",
		"credential.helper=", "http.followRedirects=initial", "filter.lfs.smudge=", "filter.lfs.process=", "filter.lfs.required=false",
	}
)

// checkSCM refuses an address that a tool could read as something else. The
// hub has parsed and allowed it; this is the second lock.
func checkSCM(s *protocol.SCM) error {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil:
		return fmt.Errorf("%q is no address: %w", s.URL, err)
	case !strings.Contains(":"+protocols+":", ":"+u.Scheme+":"):
		return fmt.Errorf("sources are fetched by https, http, git or ssh, not by %q", u.Scheme)
	case u.Host == "" || strings.HasPrefix(u.Host, "-") || strings.HasPrefix(u.User.Username(), "-") || strings.ContainsAny(s.URL, " \t\r\n\x00"):
		return fmt.Errorf("%q is no address of a repository", s.URL)
	case !refName.MatchString(s.Ref) || strings.Contains(s.Ref, "..") || strings.Contains(s.Ref, "@{"):
		return fmt.Errorf("%q is no name of a branch, tag or commit", s.Ref)
	case !subdirs.MatchString(s.Subdir) || s.Subdir != "" && path.Clean("/"+s.Subdir) != "/"+strings.TrimSuffix(s.Subdir, "/"):
		return fmt.Errorf("%q is no plain directory inside the repository", s.Subdir)
	}
	for part := range strings.SplitSeq(s.Subdir, "/") {
		if part == ".git" {
			return fmt.Errorf("%q is git's own", s.Subdir)
		}
	}
	return nil
}

// git runs the host's git as the builder, with network, on the checkout.
func (t *task) git(ctx context.Context, s *protocol.SCM, args ...string) (string, error) {
	argv := []string{"git"}
	for _, c := range gitConfig {
		argv = append(argv, "-c", c)
	}
	spec := t.b.tool(append(argv, args...)...)
	spec.User, spec.Network, spec.Dir = sandbox.Builder, true, checkoutDir
	spec.Env = []string{
		"PATH=/usr/bin:/bin", "HOME=/tmp", "LANG=C.UTF-8", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0",
		"GIT_ASKPASS=/bin/false", "SSH_ASKPASS=/bin/false", "GIT_ALLOW_PROTOCOL=" + protocols, "GIT_LFS_SKIP_SMUDGE=1",
		"GIT_SSH_COMMAND=ssh -oBatchMode=yes -oStrictHostKeyChecking=accept-new", "GIT_ATTR_NOSYSTEM=1",
	}
	spec.Binds = append(spec.Binds, sandbox.Bind{Source: t.home, Target: "/builddir", Write: true})
	if s.CA != "" {
		spec.Env = append(spec.Env, "GIT_SSL_CAINFO=/run/kura-ca/ca.pem")
		spec.Binds = append(spec.Binds, sandbox.Bind{Source: filepath.Join(t.scratch.Dir, "ca"), Target: "/run/kura-ca"})
	}
	spec.Limits = limits(t.limits, t.deadline, true)
	log := &lineLog{out: t.checkoutLog}
	log.printf("$ git %s\n", strings.Join(args, " "))
	var out bytes.Buffer
	spec.Output = &tee{&out, log, 1 << 20}
	res, err := t.scratch.Run(ctx, spec)
	switch {
	case err != nil:
		return "", hostFault("source", err)
	case res.Reason != sandbox.Ended:
		return "", &Failure{Phase: "source", Message: stopped(res.Reason, spec.Limits, "fetching the sources from "+s.URL)}
	case res.Exit != 0:
		return out.String(), &gitError{firstLine(out.String(), "fatal:", "error:")}
	}
	return out.String(), nil
}

type gitError struct{ line string }

func (e *gitError) Error() string { return e.line }

// checkout fetches the repository and checks out what the ref means now. It
// gives the commit. There are no submodules, hooks or filters.
func (t *task) checkout(ctx context.Context, s *protocol.SCM) (string, error) {
	if err := checkSCM(s); err != nil {
		return "", failf("source", "The source address is refused: %s", err)
	}
	dir := filepath.Join(t.home, "scm")
	if err := errors.Join(os.Mkdir(dir, 0o755), t.scratch.Give(dir)); err != nil {
		return "", hostFault("source", err)
	}
	if s.CA != "" {
		ca := filepath.Join(t.scratch.Dir, "ca")
		if err := errors.Join(os.Mkdir(ca, 0o755), os.Chmod(ca, 0o755), os.WriteFile(filepath.Join(ca, "ca.pem"), []byte(s.CA), 0o644)); err != nil {
			return "", hostFault("source", err)
		}
	}
	if _, err := t.git(ctx, s, "init", "-q"); err != nil {
		return "", t.scmFailed(s, err)
	}
	_, err := t.git(ctx, s, "fetch", "-q", "--no-recurse-submodules", "--no-tags", "--no-write-fetch-head", "--end-of-options", s.URL,
		"+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
	if err != nil {
		return "", t.scmFailed(s, err)
	}
	id, err := t.resolveRef(ctx, s)
	if err != nil {
		return "", err
	}
	if _, err := t.git(ctx, s, "checkout", "-q", "--detach", "--no-recurse-submodules", id); err != nil {
		return "", t.scmFailed(s, err)
	}
	return id, nil
}

// resolveRef finds the commit that a ref means: a branch, a tag, a commit.
// A commit that no branch holds is asked for by itself.
func (t *task) resolveRef(ctx context.Context, s *protocol.SCM) (string, error) {
	ref := strings.TrimPrefix(s.Ref, "origin/")
	tries := []string{"refs/remotes/origin/" + ref, "refs/tags/" + ref}
	if commit.MatchString(s.Ref) {
		tries = []string{s.Ref}
	} else if hexish.MatchString(s.Ref) {
		tries = append(tries, s.Ref)
	}
	for _, fetched := range []bool{false, true} {
		for _, name := range tries {
			out, err := t.git(ctx, s, "rev-parse", "--verify", "-q", "--end-of-options", name+"^{commit}")
			if id := strings.TrimSpace(out); err == nil && commit.MatchString(id) {
				return id, nil
			}
			var f *Failure
			if errors.As(err, &f) {
				return "", f
			}
		}
		if fetched || !commit.MatchString(s.Ref) {
			break
		}
		if _, err := t.git(ctx, s, "fetch", "-q", "--no-recurse-submodules", "--no-tags", "--end-of-options", s.URL, s.Ref); err != nil {
			break
		}
	}
	return "", failf("source", "%s has no branch, tag or commit %q", s.URL, s.Ref)
}

var hexish = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

func (t *task) scmFailed(s *protocol.SCM, err error) error {
	var g *gitError
	if !errors.As(err, &g) {
		return err
	}
	return &Failure{
		Phase: "source", Message: "Cannot fetch the sources from " + s.URL + ": " + g.line, Cause: g.line, Log: "checkout.log",
		Retryable: strings.Contains(g.line, "Could not resolve host") || strings.Contains(g.line, "Connection timed out"),
	}
}
