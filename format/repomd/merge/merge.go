package merge

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/rpm"
)

// Mode is how packages of one name are chosen from.
type Mode string

// The modes.
const (
	// Koji lets one repository alone give the packages of a source package: the
	// first that has any, and of it those of the newest version.
	Koji Mode = "koji"
	// Simple takes all packages, even two of the same name and version.
	Simple Mode = "simple"
	// Bare takes all packages, of the same name and version the first.
	Bare Mode = "bare"
	// Repo, Newest and Highest take one package of a name and architecture: that
	// of the first repository, the youngest file, the highest version.
	Repo    Mode = "repo"
	Newest  Mode = "ts"
	Highest Mode = "nvr"
)

// Check refuses what is no mode.
func (m Mode) Check() error {
	switch m {
	case Koji, Simple, Bare, Repo, Newest, Highest:
		return nil
	}
	return fmt.Errorf("there is no way %q to merge repositories", string(m))
}

// Options say what is taken.
type Options struct {
	Mode Mode
	// Blocked are source packages whose packages are left out; modes Koji and
	// Simple know them.
	Blocked map[string]bool
	// Arches limit the packages to architectures, and noarch. None limit nothing.
	Arches []string
	// Expand adds to each architecture what it runs as well, see Runs.
	Expand bool
}

func (o *Options) wants(arch string) bool {
	return len(o.Arches) == 0 || arch == "noarch" || slices.ContainsFunc(o.Arches, func(a string) bool {
		return a == arch || o.Expand && Runs(a, arch)
	})
}

// Choice is a package that is taken.
type Choice struct{ Repository, Entry int }

// second are the architectures that another runs beside its own.
var second = map[string]string{"x86_64": "i386", "ppc64": "ppc", "s390x": "s390"}

// Runs says whether a repository for an architecture holds packages of another.
func Runs(arch, packageArch string) bool {
	if packageArch == "noarch" {
		return true
	}
	a, p := rpm.CanonArch(arch), rpm.CanonArch(packageArch)
	return a == p || second[a] == p && p != ""
}

// Select gives the packages of the merged repository: those of the first
// repository in its order, then those of the next.
func Select(repositories [][]repomd.Entry, o Options) []Choice {
	s := &selection{Options: o, repositories: repositories}
	if o.Mode == Koji {
		s.sources()
	}
	for r := range repositories {
		for i := range repositories[r] {
			s.offer(r, i)
		}
	}
	out := s.taken[:0]
	for _, c := range s.taken {
		if c.Entry >= 0 {
			out = append(out, c)
		}
	}
	return out
}

type selection struct {
	Options
	repositories [][]repomd.Entry
	from         map[string]source // by name of the source package
	seen         map[nevra]bool
	byNA         map[[2]string]int // in taken
	taken        []Choice
}

// source is the version of a source package that is let in, and where from.
type source struct {
	repository int
	file       string
}

type nevra struct{ name, epoch, version, release, arch string }

// sources decides from which repository each source package's packages come.
func (s *selection) sources() {
	s.from = map[string]source{}
	for r, entries := range s.repositories {
		for i := range entries {
			e := &entries[i]
			if e.Source == "" {
				continue
			}
			name := e.SourceName()
			have, ok := s.from[name]
			if ok && (have.repository != r || have.file == e.Source || !newer(e.Source, have.file)) {
				continue
			}
			s.from[name] = source{r, e.Source}
		}
	}
}

// newer compares the versions of two source packages' file names.
func newer(a, b string) bool {
	x, err1 := rpm.ParseNVRA(a)
	y, err2 := rpm.ParseNVRA(b)
	if err1 != nil || err2 != nil {
		return err2 != nil && err1 == nil
	}
	if n := rpm.CompareVersions(x.Version, y.Version); n != 0 {
		return n > 0
	}
	return rpm.CompareVersions(x.Release, y.Release) > 0
}

// offer takes a package or leaves it.
func (s *selection) offer(r, i int) {
	e := &s.repositories[r][i]
	if !s.wants(e.Arch) {
		return
	}
	switch s.Mode {
	case Koji, Simple:
		if e.Source != "" {
			name := e.SourceName()
			if s.Blocked[name] || s.Mode == Koji && s.from[name].file != e.Source {
				return
			}
		}
		if s.Mode == Simple {
			break
		}
		fallthrough
	case Bare:
		if s.seen == nil {
			s.seen = map[nevra]bool{}
		}
		n := nevra{e.Name, cmpEpoch(e.Epoch), e.Version, e.Release, e.Arch}
		if s.seen[n] {
			return
		}
		s.seen[n] = true
	default:
		if s.byNA == nil {
			s.byNA = map[[2]string]int{}
		}
		na := [2]string{e.Name, e.Arch}
		at, ok := s.byNA[na]
		if ok {
			old := s.taken[at]
			if s.Mode == Repo || !s.better(Choice{r, i}, old) {
				return
			}
			s.taken[at].Entry = -1
		}
		s.byNA[na] = len(s.taken)
	}
	s.taken = append(s.taken, Choice{r, i})
}

// better says whether a package is to take the place of another.
func (s *selection) better(a, b Choice) bool {
	x, y := &s.repositories[a.Repository][a.Entry], &s.repositories[b.Repository][b.Entry]
	if s.Mode == Newest {
		return x.FileTime > y.FileTime
	}
	return evr(x).Compare(evr(y)) > 0
}

func cmpEpoch(e string) string {
	if e == "" {
		return "0"
	}
	return e
}

func evr(e *repomd.Entry) rpm.EVR {
	n, _ := strconv.ParseUint(e.Epoch, 10, 32)
	return rpm.EVR{Epoch: uint32(n), Version: e.Version, Release: e.Release}
}
