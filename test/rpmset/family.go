package rpmset

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"

	"github.com/kura-build/kura/format/rpm"
)

var (
	arches   = strings.Fields("x86_64 x86_64 x86_64 x86_64 noarch noarch")
	suffixes = strings.Fields("-devel -libs -doc -common -tools -data -static -plugins -langpack")
	licenses = []string{"MIT", "GPL-2.0-or-later", "GPL-3.0-only", "Apache-2.0", "BSD-3-Clause", "LGPL-2.1-or-later", "MIT OR Apache-2.0"}
)

// family makes the packages of one source package.
func (s *set) family(id int) []*rpm.Build {
	r := rand.New(rand.NewPCG(s.seed, uint64(id)<<8|3))
	base := s.name(id)
	common := rpm.Build{
		Version: fmt.Sprintf("%d.%d.%d", r.IntN(20), r.IntN(30), r.IntN(20)), Release: fmt.Sprintf("%d.k%d", 1+r.IntN(30), 41+r.IntN(4)),
		License: licenses[r.IntN(len(licenses))], URL: "https://" + s.word(r) + ".example/" + base, Vendor: "Example Project",
		Packager: "Example Project", BuildHost: fmt.Sprintf("builder-%02d.example", r.IntN(40)), Group: "Unspecified",
		BuildTime: 1700000000 + int64(r.IntN(60000000)), Level: 1,
	}
	if r.IntN(12) == 0 {
		e := uint32(r.IntN(3))
		common.Epoch = &e
	}
	common.SourceRPM = base + "-" + common.Version + "-" + common.Release + ".src.rpm"
	at := common.BuildTime
	for i := range 3 + r.IntN(12) {
		common.Changelog = append(common.Changelog, rpm.Change{
			Time: at, Author: fmt.Sprintf("%s %s <%s@example.org> - %s-%d", s.word(r), s.word(r), s.word(r), common.Version, i), Text: "- " + s.text(r, 3+r.IntN(7)),
		})
		at -= int64(86400 * (1 + r.IntN(120)))
	}
	var out []*rpm.Build
	for i, suffix := range append([]string{""}, suffixes[r.IntN(4):][:perSource-1]...) {
		b := common
		b.Name, b.Arch = base+suffix, arches[r.IntN(len(arches))]
		b.Summary, b.Description = s.text(r, 4+r.IntN(6)), s.text(r, 10+r.IntN(70))
		b.Provides = s.provides(r, &b)
		b.Requires = s.requires(r, id)
		if i > 0 {
			b.Requires = append(b.Requires, rpm.Dep{Name: base, Flags: rpm.SenseEqual, Version: common.EVR()})
		}
		b.Files = s.files(r, b.Name)
		out = append(out, &b)
	}
	return out
}

func (s *set) provides(r *rand.Rand, b *rpm.Build) (out []rpm.Dep) {
	if b.Arch != "noarch" {
		for range r.IntN(4) {
			out = append(out, rpm.Dep{Name: fmt.Sprintf("lib%s-%s.so.%d()(64bit)", b.Name, s.word(r), r.IntN(9))})
		}
	}
	if r.IntN(6) == 0 {
		for range r.IntN(30) {
			out = append(out, rpm.Dep{Name: fmt.Sprintf("perl(%s::%s)", b.Name, s.word(r)), Flags: rpm.SenseEqual, Version: b.Version})
		}
	}
	return out
}

// requires are of families with lower numbers, and the first requires none: what
// is asked for is always there.
func (s *set) requires(r *rand.Rand, id int) (out []rpm.Dep) {
	if id == 0 {
		return nil
	}
	for range lognormal(r, 6, 0.9, 60) {
		d := rpm.Dep{Name: s.name(r.IntN(min(id, 1+r.IntN(200))))}
		if r.IntN(3) == 0 {
			d.Flags, d.Version = rpm.SenseGreater|rpm.SenseEqual, "0"
		}
		out = append(out, d)
	}
	return out
}

func (s *set) files(r *rand.Rand, name string) []rpm.File {
	seen := map[string]bool{}
	var paths []string
	add := func(p string) {
		if !seen[p] {
			seen[p] = true
			paths = append(paths, p)
		}
	}
	start := r.IntN(len(s.paths))
	for i := range lognormal(r, 22, 1.75, 6000) {
		add(strings.ReplaceAll(s.paths[(start+i)%len(s.paths)], "%", name))
	}
	if r.IntN(4) == 0 {
		add("/usr/bin/" + name)
	}
	if r.IntN(8) == 0 {
		add("/etc/" + name + ".conf")
	}
	sort.Strings(paths)
	out := make([]rpm.File, len(paths))
	for i, p := range paths {
		out[i] = rpm.File{Path: p, Mode: 0o100644, MTime: Time.Unix()}
		if strings.HasSuffix(p, ".conf") {
			out[i].Flags = rpm.FileConfig
		}
	}
	return out
}
