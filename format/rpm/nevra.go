package rpm

import (
	"fmt"
	"strings"
)

// NEVRA is a package's full name.
type NEVRA struct {
	Name    string
	Epoch   *uint32
	Version string
	Release string
	Arch    string // of a source package "src" or "nosrc"
}

// NVR is name-version-release.
func (n NEVRA) NVR() string { return n.Name + "-" + n.Version + "-" + n.Release }

// NVRA is name-version-release.arch.
func (n NEVRA) NVRA() string { return n.NVR() + "." + n.Arch }

// FileName is the customary name of the package's file.
func (n NEVRA) FileName() string { return n.NVRA() + ".rpm" }

// EVR is the version for comparisons.
func (n NEVRA) EVR() EVR {
	e := EVR{Version: n.Version, Release: n.Release}
	if n.Epoch != nil {
		e.Epoch = *n.Epoch
	}
	return e
}

// String is name-[epoch:]version-release.arch.
func (n NEVRA) String() string {
	if n.Epoch == nil {
		return n.NVRA()
	}
	return fmt.Sprintf("%s-%d:%s-%s.%s", n.Name, *n.Epoch, n.Version, n.Release, n.Arch)
}

// Check says whether all parts may be used in paths, see CheckName.
func (n NEVRA) Check() error {
	if err := CheckName(n.Name); err != nil {
		return err
	}
	if err := CheckVersion(n.Version); err != nil {
		return err
	}
	if err := CheckRelease(n.Release); err != nil {
		return err
	}
	if err := CheckArch(n.Arch); err != nil {
		return err
	}
	if len(n.FileName()) > 255 {
		return fmt.Errorf("the file name of package %q is longer than 255 bytes", n.NVRA())
	}
	return nil
}

// NVR is a name-version-release as Koji splits it. The epoch, if any, stands
// in front of the name there.
type NVR struct{ Name, Version, Release, Epoch string }

// String is name-version-release, without the epoch.
func (n NVR) String() string { return n.Name + "-" + n.Version + "-" + n.Release }

// NVRA is an NVR with an architecture, and with the external repository that
// Koji writes after an "@".
type NVRA struct {
	NVR
	Arch     string
	Source   bool
	Location string
}

// FileName is the customary name of the package's file.
func (n NVRA) FileName() string { return n.NVR.String() + "." + n.Arch + ".rpm" }

// ParseNVR splits at the last two dashes. As Koji's, it does not judge the
// parts: see CheckName.
func ParseNVR(s string) (NVR, error) {
	bad := fmt.Errorf("invalid format: %s", s)
	p2 := strings.LastIndexByte(s, '-')
	if p2 < 0 || p2 == len(s)-1 {
		return NVR{}, bad
	}
	p1 := strings.LastIndexByte(s[:p2], '-')
	if p1 < 0 || p1 == p2-1 {
		return NVR{}, bad
	}
	n := NVR{Name: s[:p1], Version: s[p1+1 : p2], Release: s[p2+1:]}
	if epoch, name, ok := strings.Cut(n.Name, ":"); ok {
		n.Epoch, n.Name = epoch, name
	}
	return n, nil
}

// ParseNVRA splits name-version-release.arch[.rpm][@location].
func ParseNVRA(s string) (NVRA, error) {
	nvra, location, _ := strings.Cut(s, "@")
	nvra = strings.TrimSuffix(nvra, ".rpm")
	dot := strings.LastIndexByte(nvra, '.')
	if dot < 0 || dot == len(nvra)-1 {
		return NVRA{}, fmt.Errorf("invalid format: %s", nvra)
	}
	nvr, err := ParseNVR(nvra[:dot])
	if err != nil {
		return NVRA{}, err
	}
	arch := nvra[dot+1:]
	return NVRA{NVR: nvr, Arch: arch, Source: arch == "src", Location: location}, nil
}
