package e2e

import "strings"

// spec is a small package: a script, or a program that nothing compiles.
type spec struct {
	name, version string
	arch          bool // of the machine's; else noarch
	head          string
	generate      string // a whole section
	prep, build   string
	check         string
	files         string
}

const specText = `Name: @name@
Version: @version@
Release: 1%{?dist}
Summary: A package of the tests
License: MIT
Source0: script
@head@
%description
It says hello.

@generate@
%prep
@prep@

%build
@build@

%install
install -D -m 0755 %{SOURCE0} %{buildroot}%{_bindir}/@name@

%check
@check@

%files
%{_bindir}/@name@
@files@
`

func (s spec) text() string {
	if s.version == "" {
		s.version = "1"
	}
	head := s.head
	if !s.arch {
		head += "\nBuildArch: noarch"
	}
	return strings.NewReplacer("@name@", s.name, "@version@", s.version, "@head@", head, "@generate@", s.generate,
		"@prep@", s.prep, "@build@", s.build, "@check@", s.check, "@files@", s.files).Replace(specText)
}

// repository is what dist-git holds of it.
func (s spec) repository() map[string]string {
	return map[string]string{s.name + ".spec": s.text(), "script": "#!/bin/sh\necho hello\n"}
}

// slow is a package whose %build takes so long, and says how far it is.
func slow(name, seconds string) spec {
	return spec{name: name, build: "for i in $(seq " + seconds + "0); do echo step $i; sleep 0.1; done"}
}
