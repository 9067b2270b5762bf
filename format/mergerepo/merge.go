package mergerepo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kura-build/kura/format/repodir"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/repomd/merge"
)

// Options say what is merged, and how. Fields are named after the options of
// mergerepo_c, whose meaning they have.
type Options struct {
	Repos     []string // addresses or directories, the first one first
	OutputDir string
	merge.Options
	OmitBaseURL  bool   // do not tell where packages lie that do not say so
	GroupFile    string // comps.xml in place of the repositories' own
	NoGroups     bool
	NoUpdateinfo bool
	PkgOrigins   bool // tell Koji's builders where each package comes from

	Compression repomd.Compression
	SimpleNames bool
	Private     bool // no checksums of open content

	// Progress is told how many packages of the merged repository are done.
	Progress func(done, total int)
}

// Result says what a run has done.
type Result struct {
	Packages int
	Read     []string // repositories that were read anew
	Repomd   *repomd.Repomd
}

// Run merges repositories.
func Run(ctx context.Context, o Options) (*Result, error) {
	if len(o.Repos) == 0 {
		return nil, errors.New("give the repositories to merge")
	}
	if err := o.Mode.Check(); err != nil {
		return nil, err
	}
	if o.Compression == "" {
		o.Compression = repomd.Zstd
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	if err := os.MkdirAll(o.OutputDir, 0o755); err != nil {
		return nil, err
	}
	out, err := repodir.Lock(ctx, o.OutputDir)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	koji := o.Mode == merge.Koji || o.Mode == merge.Simple
	sources := make([]*source, len(o.Repos))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, address := range o.Repos {
		s := &source{url: addressOf(address), dir: filepath.Join(o.OutputDir, cacheName), compression: o.Compression, told: !o.OmitBaseURL && !(koji && i == 0)}
		if at := slices.IndexFunc(sources[:i], func(before *source) bool { return before.key() == s.key() }); at >= 0 {
			sources[i] = sources[at] // given twice
			continue
		}
		sources[i] = s
		g.Go(func() error { return s.fetch(gctx) })
	}
	defer func() {
		for _, s := range sources {
			s.close()
		}
	}()
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if err := forgetOthers(filepath.Join(o.OutputDir, cacheName), sources); err != nil {
		return nil, err
	}
	return write(ctx, out, &o, sources)
}

// addressOf makes an address of a directory.
func addressOf(s string) string {
	if !strings.Contains(s, "://") {
		if abs, err := filepath.Abs(s); err == nil {
			s = "file://" + abs
		}
	}
	return strings.TrimRight(s, "/") + "/"
}

func write(ctx context.Context, out *repodir.Dir, o *Options, sources []*source) (*Result, error) {
	r := &Result{}
	all := make([][]repomd.Entry, len(sources))
	addresses := make([]string, len(sources))
	var bases []*repomd.Indexed
	if before := out.Base(out.Old()); before != nil {
		bases = append(bases, before)
	}
	for i, s := range sources {
		all[i], addresses[i] = s.indexed.Entries, s.url
		bases = append(bases, s.indexed)
		if s.read {
			r.Read = append(r.Read, s.url)
		}
	}
	if o.Mode == merge.Koji || o.Mode == merge.Simple {
		o.Expand = true
		if len(o.Arches) == 0 {
			o.Arches = []string{"noarch"}
		}
	}
	taken := merge.Select(all, o.Options)
	list := &repomd.List{Entries: make([]repomd.Entry, len(taken))}
	for i, c := range taken {
		list.Entries[i] = all[c.Repository][c.Entry]
	}
	r.Packages = len(taken)
	comps, extras, err := furtherFiles(ctx, o, sources)
	if err != nil {
		return nil, err
	}
	if o.PkgOrigins || o.Mode == merge.Koji || o.Mode == merge.Simple {
		extras = append(extras, merge.Origins(all, addresses, taken))
	}
	done := 0
	report := make(chan int, 64)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for n := range report {
			done += n
			o.Progress(done, len(taken))
		}
	}()
	defer func() { close(report); <-finished }()
	tmp, md, index, err := out.Write(ctx, list, repomd.Options{
		Compression: o.Compression, GroupSize: merge.GroupSize, Quick: true, OpenChecksums: !o.Private, SimpleNames: o.SimpleNames, Timestamp: time.Now().Unix(),
		Comps: comps, Extra: extras, Bases: bases, Progress: func(n int) { report <- n },
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(tmp))
	}
	r.Repomd = md
	return r, out.Publish(tmp, md, index, repodir.Keep{})
}

// maxExtra is what a file beside the lists may have in bytes.
const maxExtra = 256 << 20

// furtherFiles are the groups of the first repository that has some, and the
// updates of all.
func furtherFiles(ctx context.Context, o *Options, sources []*source) (comps []byte, extras []repomd.Extra, err error) {
	switch {
	case o.NoGroups:
	case o.GroupFile != "":
		if comps, err = os.ReadFile(o.GroupFile); err != nil {
			return nil, nil, fmt.Errorf("read the group file: %w", err)
		}
	default:
		for _, s := range sources {
			if comps, err = s.extra(ctx, "group"); err != nil {
				return nil, nil, err
			}
			if comps != nil {
				break
			}
		}
	}
	if o.NoUpdateinfo {
		return comps, nil, nil
	}
	var lists [][]byte
	for _, s := range sources {
		b, err := s.extra(ctx, "updateinfo")
		if err != nil {
			return nil, nil, err
		}
		if b != nil {
			lists = append(lists, b)
		}
	}
	if len(lists) == 0 {
		return comps, nil, nil
	}
	updates, err := mergeUpdates(lists)
	return comps, []repomd.Extra{{Type: "updateinfo", Name: "updateinfo.xml", Content: updates}}, err
}

// extra reads a file beside a repository's lists; nil if it has none.
func (s *source) extra(ctx context.Context, kind string) ([]byte, error) {
	d, ok := s.state.Repomd.Find(kind)
	if !ok {
		return nil, nil
	}
	f, err := reader.Open(ctx, s.url, d)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxExtra+1))
	if err == nil && len(b) > maxExtra {
		err = fmt.Errorf("%s%s has more than %d bytes", s.url, d.Href, maxExtra)
	}
	return b, err
}
