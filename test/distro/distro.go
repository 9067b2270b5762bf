package distro

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

// Options say what to make, and where.
type Options struct {
	Out     string    // the repository's directory; replaced whole when something changed
	Cache   string    // what is kept between runs; "" is DefaultCache()
	Arch    string    // Debian's name; "" is amd64
	Full    bool      // also cmake, meson, Python, git and more libraries
	Refresh bool      // ask the archive for newer packages
	Jobs    int       // 0 is one for each processor
	Log     io.Writer // progress, line by line; nil is silence
}

// DefaultCache is a directory of the user's.
func DefaultCache() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no place for the cache: %w: name one", err)
	}
	return filepath.Join(base, "kura", "distro"), nil
}

// Make makes the distribution in o.Out: <arch>/, noarch/ and src/ with the
// packages, repodata/ over the binary ones, src/repodata/ over the sources.
// Packages are shared with the cache by hard links: replace, never rewrite.
//
// If o.Out already holds what would be made, nothing is done.
func Make(ctx context.Context, o Options) error {
	m, err := newMaker(o)
	if err != nil {
		return err
	}
	unlock, err := lockDir(ctx, m.Cache)
	if err != nil {
		return err
	}
	defer unlock()
	if err := m.make(ctx); err != nil {
		return fmt.Errorf("making the distribution %s: %w", m.Out, err)
	}
	return nil
}

type maker struct {
	Options
	target target
	log    *logger
}

func newMaker(o Options) (*maker, error) {
	if o.Arch == "" {
		o.Arch = "amd64"
	}
	t, ok := targets[o.Arch]
	if !ok {
		return nil, fmt.Errorf("architecture %q is not supported: use amd64", o.Arch)
	}
	if o.Out == "" {
		return nil, errors.New("the distribution needs a directory to be made in")
	}
	var err error
	if o.Cache == "" {
		if o.Cache, err = DefaultCache(); err != nil {
			return nil, err
		}
	}
	for _, p := range []*string{&o.Out, &o.Cache} {
		if *p, err = filepath.Abs(*p); err != nil {
			return nil, err
		}
	}
	if o.Jobs <= 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	return &maker{o, t, newLogger(o.Log)}, os.MkdirAll(o.Cache, 0o755)
}

func (m *maker) make(ctx context.Context) error {
	err := m.attempt(ctx, m.Refresh)
	var gone *downloadError
	if errors.As(err, &gone) && !m.Refresh {
		// The archive moves on, and drops what older lists name.
		m.log.printf("%v; asking for the lists anew", err)
		err = m.attempt(ctx, true)
	}
	return err
}

func (m *maker) attempt(ctx context.Context, refresh bool) error {
	a, err := newApt(ctx, m.Cache, m.Arch, refresh, m.log)
	if err != nil {
		return err
	}
	debs, err := a.closure(ctx, seeds(m.Full))
	if err != nil {
		return err
	}
	lock := lockFile(debs)
	if m.unchanged(lock) {
		m.log.printf("%s is as it would be made", m.Out)
		return nil
	}
	dir := filepath.Join(m.Cache, "debs-"+m.Arch)
	if err := a.download(ctx, dir, debs, m.log); err != nil {
		return &downloadError{err}
	}
	m.log.printf("%d Debian packages are here", len(debs))
	return m.convert(ctx, debs, dir, lock)
}

type downloadError struct{ error }

func (e *downloadError) Unwrap() error { return e.error }

// convert makes the packages and the repository out of .debs that are there.
func (m *maker) convert(ctx context.Context, debs []stanza, dir string, lock []byte) error {
	all := newWorld(debs, m.target.isa).sources(m.target, debs)
	mine, err := own(m.target)
	if err != nil {
		return err
	}
	all = append(all, mine...)
	slices.SortStableFunc(all, func(a, b sourcePackage) int { return int(b.weight() - a.weight()) })

	fresh := m.Out + ".new"
	if err := m.mayReplace(); err != nil {
		return err
	}
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(m.Jobs)
	kept := make([]string, len(all))
	for i, s := range all {
		g.Go(func() error {
			var err error
			if kept[i], err = m.keep(gctx, s, dir); err != nil {
				return fmt.Errorf("source package %s: %w", s.name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	n, size := 0, int64(0)
	for _, k := range kept {
		files, bytes, err := linkTree(k, fresh)
		if err != nil {
			return err
		}
		n, size = n+files, size+bytes
	}
	m.log.printf("%d RPMs, %.1f MB", n, float64(size)/1e6)
	if err := m.repositories(ctx, fresh); err != nil {
		return err
	}
	if err := m.finish(fresh, lock); err != nil {
		return err
	}
	m.log.printf("%s is ready", m.Out)
	return nil
}

// weight orders the packages: large ones first, so that none is left alone at
// the end.
func (s sourcePackage) weight() int64 {
	var sum int64
	for _, b := range s.binaries {
		n, _ := strconv.ParseInt(b.deb["Size"], 10, 64)
		sum += n
	}
	return sum
}

// logger writes progress with the time since the start.
type logger struct {
	w     io.Writer
	start time.Time
}

func newLogger(w io.Writer) *logger {
	if w == nil {
		w = io.Discard
	}
	return &logger{w, time.Now()}
}

func (l *logger) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(l.w, "[%6.2fs] "+format+"\n", append([]any{time.Since(l.start).Seconds()}, args...)...)
}
