package distro

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kura-build/kura/format/rpm"
)

// target is an architecture in the words of both worlds.
type target struct{ arch, rpmArch, triplet, isa string }

var targets = map[string]target{
	"amd64": {"amd64", "x86_64", "x86_64-linux-gnu", "x86-64"},
}

// sourcePackage becomes one source RPM and the binary RPMs made of it.
type sourcePackage struct {
	name     string
	evr      evr
	arch     string // what it was "built" on; noarch is fine
	binaries []binaryPackage
}

// binaryPackage becomes one binary RPM. If it has a deb, its files and what
// follows from them are read when it is built.
type binaryPackage struct {
	name, arch, summary, description, license, url string
	evr                                            evr
	relations                                      relations
	files                                          []file
	deb                                            stanza
}

// sources groups the Debian packages by the source package they come from.
func (w *world) sources(t target, debs []stanza) []sourcePackage {
	var all []sourcePackage
	at := map[string]int{}
	for _, s := range debs {
		name, version := s.source()
		i, ok := at[name]
		if !ok {
			i = len(all)
			at[name] = i
			all = append(all, sourcePackage{name: name, evr: convertVersion(version), arch: "noarch"})
		}
		b := binaryPackage{
			name: rpmName(s["Package"]), evr: convertVersion(s["Version"]), arch: t.rpmArch,
			summary: s.summary(), description: strings.ReplaceAll(s["Description"], "\n.\n", "\n\n"),
			license: "LicenseRef-Debian-copyright-file", url: s["Homepage"],
			relations: w.relations(s), deb: s,
		}
		if s["Architecture"] == "all" {
			b.arch = "noarch"
		} else {
			all[i].arch = t.rpmArch
		}
		all[i].binaries = append(all[i].binaries, b)
	}
	return all
}

// load reads the files of a package that has a .deb in dir.
func (b *binaryPackage) load(ctx context.Context, dir string) error {
	if b.deb == nil {
		addContents(&b.relations, b.files)
		return nil
	}
	d, err := openDeb(filepath.Join(dir, debFile(b.deb)), b.deb["SHA256"])
	if err != nil {
		return err
	}
	if b.files, err = stage(ctx, d, b.deb["Package"]); err != nil {
		return err
	}
	addContents(&b.relations, b.files)
	return nil
}

// write makes the RPMs of a source package in the directory to: the source RPM
// in to/src, the others in directories named by their architecture.
func (s sourcePackage) write(ctx context.Context, t target, debs, to string) error {
	src := s.build(t)
	if err := writeRPM(src, to, "src"); err != nil {
		return err
	}
	for _, b := range s.binaries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := b.load(ctx, debs); err != nil {
			return err
		}
		rb := b.build()
		rb.SourceRPM, rb.TempDir = src.FileName(), to
		if err := writeRPM(rb, to, b.arch); err != nil {
			return err
		}
	}
	return nil
}

func common(name string, v evr) rpm.Build {
	b := rpm.Build{
		Name: name, Version: v.version, Release: v.release, Vendor: distName, Packager: distName,
		Distribution: distName, BuildHost: "localhost", BuildTime: epoch, Compression: "zstd", Level: 1,
	}
	if n, err := strconv.ParseUint(v.epoch, 10, 32); err == nil && n > 0 {
		e := uint32(n)
		b.Epoch = &e
	}
	return b
}

// build says what the source RPM holds: a description of where the binary
// packages come from. It cannot be built anew.
func (s sourcePackage) build(t target) *rpm.Build {
	b := common(s.name, s.evr)
	b.Source, b.Arch = true, t.rpmArch
	b.Summary, b.License = "Source package "+s.name, s.binaries[0].license
	b.Description = "Debian source package " + s.name + ", packaged anew."
	b.URL = s.binaries[0].url
	if s.arch == "noarch" {
		b.BuildArchs = []string{"noarch"}
	} else {
		b.ExclusiveArch = []string{t.rpmArch}
	}
	var spec, sums strings.Builder
	fmt.Fprintf(&spec, "Name: %s\nVersion: %s\nRelease: %s\n", s.name, s.evr.version, s.evr.release)
	if b.Epoch != nil {
		fmt.Fprintf(&spec, "Epoch: %d\n", *b.Epoch)
	}
	fmt.Fprintf(&spec, "Summary: %s\nLicense: %s\nSource0: debs.sha256\n%%description\n%s\n", b.Summary, b.License, b.Description)
	for _, p := range s.binaries {
		fmt.Fprintf(&spec, "%%package -n %s\nSummary: %s\n%%description -n %s\n%s\n%%files -n %s\n", p.name,
			strings.ReplaceAll(p.summary, "%", "%%"), p.name, p.name, p.name)
		if p.deb != nil {
			fmt.Fprintf(&sums, "%s  %s\n", p.deb["SHA256"], debFile(p.deb))
		}
	}
	b.Files = []rpm.File{
		textFile(s.name+".spec", spec.String(), rpm.FileSpec),
		textFile("debs.sha256", sums.String(), 0),
	}
	return &b
}

func textFile(path, text string, flags rpm.FileFlags) rpm.File {
	return rpm.File{Path: path, Mode: 0o644, MTime: epoch, Size: int64(len(text)), Flags: flags,
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
}

// build says what the binary RPM holds.
func (p binaryPackage) build() *rpm.Build {
	b := common(p.name, p.evr)
	b.Arch, b.Summary, b.Description = p.arch, p.summary, p.description
	b.License, b.URL = p.license, p.url
	r := p.relations
	b.Provides, b.Requires = senses(r.Provides), senses(r.Requires)
	b.Recommends, b.Suggests = senses(r.Recommends), senses(r.Suggests)
	if r.NeedsUsers || p.name == "bash" {
		b.Requires = append(b.Requires, rpm.Dep{Name: "setup", Flags: rpm.SensePre}, rpm.Dep{Name: "filesystem", Flags: rpm.SensePre})
	}
	if p.name == "glibc-common" {
		for _, on := range []rpm.Sense{rpm.SenseTriggerIn, rpm.SenseTriggerPost} {
			b.FileTriggers = append(b.FileTriggers, rpm.FileTrigger{Trans: true, On: on, Priority: 2000000,
				Prefixes: []string{"/usr/lib", "/usr/lib64"}, Script: rpm.Script{Body: "/sbin/ldconfig\n"}})
		}
	}
	for _, f := range p.files {
		rf := rpm.File{Path: f.path, Mode: f.mode, User: f.user, Group: f.group, MTime: f.mtime, LinkTo: f.link,
			Size: int64(len(f.content))}
		if f.config {
			rf.Flags = rpm.FileConfig | rpm.FileNoReplace
		}
		if path.Base(f.path) == "copyright" && documents.MatchString(f.path) {
			rf.Flags = rpm.FileLicense
		}
		if content := f.content; len(content) > 0 {
			rf.Open = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
		}
		b.Files = append(b.Files, rf)
	}
	return &b
}

var senseOf = map[string]rpm.Sense{
	"": 0, "=": rpm.SenseEqual, ">=": rpm.SenseGreater | rpm.SenseEqual, "<=": rpm.SenseLess | rpm.SenseEqual,
	">": rpm.SenseGreater, "<": rpm.SenseLess,
}

func senses(deps []dep) []rpm.Dep {
	var all []rpm.Dep
	for _, d := range tidy(deps) {
		all = append(all, rpm.Dep{Name: d.Name, Flags: senseOf[d.Op], Version: d.Version})
	}
	return all
}

func writeRPM(b *rpm.Build, to, arch string) error {
	dir := filepath.Join(to, arch)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	name := filepath.Join(dir, b.FileName())
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err := b.WriteTo(f); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// Repository metadata tells the time of the file.
	return os.Chtimes(name, time.Unix(epoch, 0), time.Unix(epoch, 0))
}
