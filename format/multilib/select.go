package multilib

import (
	"strings"

	"github.com/kura-build/kura/format/rpm"
)

// Package is what a package's header says, as far as it counts here.
type Package struct {
	Name, Arch                                  string
	EVR                                         rpm.EVR
	Provides, Requires, Recommends, Supplements []rpm.Dep
}

// Read describes a package by its header.
func Read(h *rpm.Header) (*Package, error) {
	p := &Package{Name: h.String(rpm.TagName), Arch: h.String(rpm.TagArch)}
	p.EVR.Version, p.EVR.Release = h.String(rpm.TagVersion), h.String(rpm.TagRelease)
	if e, ok := h.Int(rpm.TagEpoch); ok {
		p.EVR.Epoch = uint32(e)
	}
	for _, d := range []struct {
		kind rpm.DepKind
		deps *[]rpm.Dep
	}{{rpm.Provides, &p.Provides}, {rpm.Requires, &p.Requires}, {rpm.Recommends, &p.Recommends}, {rpm.Supplements, &p.Supplements}} {
		var err error
		if *d.deps, err = h.Deps(d.kind); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Debuggers and tracers follow programs of both kinds.
var tools = map[string]bool{"gdb": true, "frysk": true, "systemtap": true, "systemtap-runtime": true, "ltrace": true, "strace": true}

// Selects says whether a package of the 64-bit architecture is wanted for the
// 32-bit one too. files are what it owns.
func (c *Config) Selects(p *Package, files *rpm.FileNames) bool {
	switch {
	case c.Devel.Black[p.Name]:
		return false
	case c.Devel.White[p.Name] || c.runtime(p, files):
		return true
	case strings.HasPrefix(p.Name, "ghc-"): // Haskell libraries are static and of one architecture
		return false
	}
	if strings.HasPrefix(p.Name, "kernel") {
		for _, d := range p.Provides {
			if d.Name == "kernel-devel" {
				return false
			}
			if forDevelopers(d.Name) {
				return true
			}
		}
	}
	return forDevelopers(p.Name)
}

func forDevelopers(name string) bool {
	return strings.HasSuffix(name, "-devel") || strings.HasSuffix(name, "-static")
}

// runtime says whether programs of the 32-bit architecture want a package when
// they run.
func (c *Config) runtime(p *Package, files *rpm.FileNames) bool {
	switch {
	case c.Runtime.Black[p.Name]:
		return false
	case c.Runtime.White[p.Name]:
		return true
	}
	if strings.Contains(p.Arch, "64") && tools[p.Name] {
		return true
	}
	if strings.HasPrefix(p.Name, "kernel") {
		for _, d := range p.Provides {
			if d.Name == "kernel" || d.Name == "kernel-devel" {
				// So python-multilib decides, and leaves it to the black list
				// where there is no such kernel any more.
				if strings.Contains(p.Arch, "64") {
					return true
				}
				if d.Name == "kernel" {
					return false
				}
			}
		}
	}
	for i, base := range files.Bases {
		if atRuntime(strings.TrimSuffix(files.Dirs[files.Dir(i)], "/"), base) {
			return true
		}
	}
	return false
}
