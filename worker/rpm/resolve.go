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

	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/worker/sandbox"
)

// Where dnf finds things inside its sandbox.
const (
	reposDir    = "/run/kura-repos"
	packagesDir = "/run/kura-packages"
	requiresDir = "/run/kura-requires"
)

// ask is a question for dnf.
type ask struct {
	scratch  *sandbox.Scratch
	root     protocol.Root
	repos    []repository
	limits   sandbox.Limits
	lower    []string // the root so far
	packages []string // by name, or
	requires string   // a package on the host whose requirements are asked for
	log      *lineLog
}

// answer is what a transaction consists of.
type answer struct {
	packages []chosen
	remove   []string // name-version-release.arch
	dir      string   // where the files are
}

// chosen is one package of a transaction.
type chosen struct {
	nevra string // as dnf writes it: name-[epoch:]version-release.arch
	repo  string // the order's id of its repository
	file  string
	hash  string
}

// resolve asks dnf for a transaction and fetches its packages. The error is
// dnf's own sentence when there is no solution.
func (b *Builder) resolve(ctx context.Context, q ask) (*answer, error) {
	local := slices.ContainsFunc(q.repos, func(r repository) bool { return strings.HasPrefix(r.url, "file://") })
	if !local {
		b.dnf.Lock()
		defer b.dnf.Unlock()
		a, err := b.resolveInto(ctx, q, filepath.Join(b.opt.Dir, "pool"))
		if err == nil || !isNotAllowed(err) {
			return a, err
		}
		// A package of the same name but other content is in the pool, where
		// nobody may change it: fetch into a place of its own.
	}
	dir := filepath.Join(q.scratch.Dir, "packages-"+unique())
	if err := sandbox.MakeUpper(dir); err != nil {
		return nil, err
	}
	return b.resolveInto(ctx, q, dir)
}

func (b *Builder) resolveInto(ctx context.Context, q ask, dir string) (*answer, error) {
	spec, err := b.dnfSpec(q, dir)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	spec.Output = &tee{&out, q.log, 4 << 20}
	began := time.Now()
	res, err := q.scratch.Run(ctx, spec)
	if err != nil {
		return nil, hostFault("buildroot", err)
	}
	b.touchMetadata(q.repos)
	q.log.printf("dnf took %d ms\n", time.Since(began).Milliseconds())
	if res.Reason != sandbox.Ended {
		return nil, &Failure{Phase: "buildroot", Message: stopped(res.Reason, spec.Limits, "resolving the root's packages")}
	}
	text := plainNames(q.repos).Replace(out.String())
	if res.Exit != 0 {
		return nil, &dnfError{text: text}
	}
	t := parseTransaction(text)
	a := &answer{remove: t.remove, dir: dir}
	for _, p := range t.install {
		if p.repo == "@commandline" {
			continue
		}
		c := chosen{nevra: p.nevra, repo: p.repo}
		if c.file, c.hash, err = b.pool.find(dir, p); err != nil {
			return nil, hostFault("buildroot", err)
		}
		a.packages = append(a.packages, c)
	}
	return a, nil
}

// dnfSpec says how dnf is run: in a throw-away view of the root, with the
// repositories of the order and no others.
func (b *Builder) dnfSpec(q ask, dir string) (sandbox.Spec, error) {
	work := filepath.Join(q.scratch.Dir, "resolve-"+unique())
	repos := work + "-repos"
	if err := os.Mkdir(repos, 0o700); err != nil {
		return sandbox.Spec{}, err
	}
	if err := b.writeRepos(repos, q.repos); err != nil {
		return sandbox.Spec{}, err
	}
	if err := giveTo(repos, sandbox.ID(0)); err != nil {
		return sandbox.Spec{}, err
	}
	if err := sandbox.MakeUpper(work + "-upper"); err != nil {
		return sandbox.Spec{}, err
	}
	if err := os.Mkdir(work+"-work", 0o700); err != nil {
		return sandbox.Spec{}, err
	}
	argv := []string{
		"dnf", "-y", "-c", toolsHome + "/dnf.conf", "--installroot=" + sandbox.TargetDir, "--releasever=1",
		"--setopt=reposdir=" + reposDir, "--setopt=cachedir=/var/cache/kura-dnf", "--setopt=logdir=/tmp",
		"--setopt=persistdir=/var/lib/dnf", "--setopt=install_weak_deps=0", "--setopt=plugins=0", "--setopt=best=1",
		"--setopt=allow_vendor_change=1", "--setopt=varsdir=" + reposDir, "--setopt=zchunk=0", "--setopt=deltarpm=0",
		"--setopt=max_parallel_downloads=10", "--allowerasing", "--downloadonly", "--downloaddir=" + packagesDir,
	}
	if foreign(q.root.Arch) {
		argv = append(argv, "--forcearch="+q.root.Arch)
	}
	argv = append(argv, "install")
	spec := b.tool()
	if q.requires != "" {
		argv = append(argv, requiresDir+"/"+filepath.Base(q.requires))
		spec.Binds = append(spec.Binds, sandbox.Bind{Source: filepath.Dir(q.requires), Target: requiresDir})
	} else {
		argv = append(append(argv, "--"), q.packages...)
	}
	spec.Argv, spec.Limits = argv, q.limits
	spec.Target = &sandbox.Target{Lower: q.lower, Upper: work + "-upper", Work: work + "-work"}
	spec.Binds = append(spec.Binds,
		sandbox.Bind{Source: repos, Target: reposDir},
		sandbox.Bind{Source: dir, Target: packagesDir, Write: true},
		sandbox.Bind{Source: filepath.Join(b.opt.Dir, "dnf"), Target: sandbox.TargetDir + "/var/cache/kura-dnf", Write: true})
	for _, r := range q.repos {
		p, ok := strings.CutPrefix(r.url, "file://")
		if !ok {
			spec.Network = true
			continue
		}
		p = strings.ReplaceAll(p, "$basearch", q.root.Arch)
		bind := sandbox.Bind{Source: p, Target: p}
		if !slices.Contains(spec.Binds, bind) {
			spec.Binds = append(spec.Binds, bind)
		}
	}
	return spec, nil
}

// giveTo makes the resolver the owner of a directory that nobody else may read:
// it can hold this worker's key.
func giveTo(dir string, id int) error {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return err
	}
	for _, f := range append(files, dir) {
		if err := os.Chown(f, id, id); err != nil {
			return err
		}
	}
	return nil
}

// foreign says whether an arch's programs are not this host's own.
func foreign(arch string) bool { return arch != hostArch }

// plainNames puts the order's ids back in place of the names made for dnf, and
// the source package's in place of the one made of its BuildRequires.
func plainNames(repos []repository) *strings.Replacer {
	var pairs []string
	for _, r := range repos {
		pairs = append(pairs, r.name, r.ID)
	}
	return strings.NewReplacer(pairs...)
}

// dnfError is dnf's refusal.
type dnfError struct{ text string }

func (e *dnfError) Error() string { return e.sentence() }

// mostProblems is how many of dnf's reasons one sentence holds.
const mostProblems = 4

// sentence takes what people need out of dnf's words: the problems, without
// the table of hints that follows.
func (e *dnfError) sentence() string {
	var keep []string
	problem, downloading := false, false
	for line := range strings.SplitSeq(e.text, "\n") {
		t := strings.TrimSpace(line)
		switch {
		case strings.HasSuffix(t, "Error downloading packages:"): // which, stands below
			downloading = true
		case downloading && t != "" && strings.HasPrefix(line, " "):
			keep = append(keep, t)
		case t == "" || t == "Error:" || strings.HasPrefix(t, "(try to add") || strings.HasPrefix(t, "Last metadata"):
			problem = problem && t != ""
		case strings.HasPrefix(t, "Error: "), strings.HasPrefix(t, "Errors during downloading"):
			keep = append(keep, strings.TrimPrefix(t, "Error: "))
		case strings.HasPrefix(t, "Problem"):
			problem = true
			if _, rest, ok := strings.Cut(t, ": "); ok && rest != "conflicting requests" {
				keep = append(keep, rest)
			}
		case problem && strings.HasPrefix(t, "- "):
			if t != "- conflicting requests" {
				keep = append(keep, strings.TrimPrefix(t, "- "))
			}
		}
	}
	if len(keep) == 0 {
		lines := strings.Split(strings.TrimSpace(e.text), "\n")
		keep = lines[max(0, len(lines)-2):]
	}
	keep = slices.Compact(keep)
	if more := len(keep) - mostProblems; more > 0 {
		keep = append(keep[:mostProblems], fmt.Sprintf("and %d more reasons in the log", more))
	}
	return strings.Join(keep, "; ")
}

func isNotAllowed(err error) bool {
	var e *dnfError
	return errors.As(err, &e) && (strings.Contains(e.text, "Permission denied") || strings.Contains(e.text, "Operation not permitted"))
}

// requested gives the names of an ask that no resolver should read as options.
func requested(names []string) error {
	for _, n := range names {
		if n == "" || strings.HasPrefix(n, "-") || strings.ContainsAny(n, "\n\x00") {
			return fmt.Errorf("the root's package list has %q, which is no package name", n)
		}
	}
	return nil
}
