package rpm

import (
	"errors"
	"fmt"
	"io"
)

// Dep is one dependency: a name, a comparison with flags, a version.
type Dep struct {
	Name    string
	Flags   Sense
	Version string // [epoch:]version[-release]
}

// Script is a scriptlet. Without a program it is run by /bin/sh; with a program
// and no body the program itself is run.
type Script struct {
	Prog []string
	Body string
}

// Change is one entry of a changelog.
type Change struct {
	Time   int64
	Author string // "A. U. Thor <author@example.org> - 1.0-1"
	Text   string
}

// FileTrigger runs a script when files below one of the prefixes come or go.
type FileTrigger struct {
	Trans    bool     // once a transaction, else once a package
	On       Sense    // SenseTriggerIn, SenseTriggerUn or SenseTriggerPost
	Prefixes []string //
	Priority uint32   // 0 is rpm's default, 1000000
	Script   Script   //
}

// File is one file of a package to be written.
type File struct {
	Path  string // absolute; in a source package the base name
	Mode  uint32 // as st_mode; without a type it is a regular file, or a link if LinkTo is set
	User  string // "" is root
	Group string // "" is root
	MTime int64
	Size  int64 // of a regular file
	Flags FileFlags
	// Digest is the SHA-256 in hex of a ghost's content, if it is to have one.
	// For files in the payload it is computed; a different one given is an error.
	Digest string
	LinkTo string
	Caps   string // "cap_net_raw=ep"
	Rdev   uint16
	Open   func() (io.ReadCloser, error) // content of a regular file that is no ghost; nil is empty
}

// Build says what a package is to contain; WriteTo writes it. The same Build
// gives the same bytes.
type Build struct {
	Name, Version, Release string
	Epoch                  *uint32
	Arch                   string // of a source package: the one it was made on
	OS                     string // "" is linux

	Summary, Description, Group, License, URL         string
	Vendor, Packager, Distribution, BuildHost, Bugs   string
	OptFlags, Platform, DistTag, VCS, ModularityLabel string
	BuildTime                                         int64

	// Source makes it a source package. A binary package names its source
	// package in SourceRPM ("" is name-version-release.src.rpm).
	Source                                      bool
	SourceRPM                                   string
	NoSource                                    []uint32 // indexes of sources left out: a nosrc package
	ExclusiveArch, ExcludeArch, BuildArchs      []string
	Provides, Requires, Conflicts, Obsoletes    []Dep
	Recommends, Suggests, Supplements, Enhances []Dep
	NoSelfProvide                               bool

	PreTrans, PreIn, PostIn, PreUn, PostUn, PostTrans, VerifyScript *Script
	FileTriggers                                                    []FileTrigger

	Changelog []Change // newest first
	Files     []File   // any order

	Compression string // gzip, zstd or none; "" is zstd
	Level       int    // 0 is the compression's default
	TempDir     string // for payloads over 8 MiB; "" is the system's
	RPMVersion  string // shown as the writer; "" is 4.18.0
	Reserved    int    // bytes of room for signatures; 0 is rpm's 4128, negative none

	// Extend may change the main header's tags before they are encoded.
	Extend func(*HeaderBuilder)
}

// WriteTo writes the package. The payload is spooled first, because the header
// that goes before it holds its digest.
func (b *Build) WriteTo(w io.Writer) (int64, error) {
	cw := &countWriter{w: w}
	err := b.write(cw)
	if err != nil {
		err = fmt.Errorf("writing package %s-%s-%s.%s: %w", b.Name, b.Version, b.Release, b.fileArch(), err)
	}
	return cw.n, err
}

func (b *Build) write(w io.Writer) error {
	if err := b.check(); err != nil {
		return err
	}
	files, err := sortFiles(b.Files, b.Source)
	if err != nil {
		return err
	}
	p, err := b.spoolPayload(files)
	if err != nil {
		return err
	}
	defer p.spool.Close()
	hb := b.header(files, p)
	if b.Extend != nil {
		b.Extend(hb)
	}
	header := hb.Encode(TagHeaderImmutable)
	sig, err := p.signatureHeader(header, b.Reserved)
	if err != nil {
		return err
	}
	for _, part := range [][]byte{b.lead(), sig, header} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return p.spool.copyTo(w)
}

func (b *Build) check() error {
	if err := CheckName(b.Name); err != nil {
		return err
	}
	if err := CheckVersion(b.Version); err != nil {
		return err
	}
	if err := CheckRelease(b.Release); err != nil {
		return err
	}
	if err := CheckArch(b.Arch); err != nil {
		return err
	}
	switch b.Compression {
	case "", "gzip", "zstd", "none":
	default:
		return fmt.Errorf("compression %q is not one of gzip, zstd, none", b.Compression)
	}
	if b.Source && b.SourceRPM != "" {
		return errors.New("a source package names no source package")
	}
	return nil
}

func (b *Build) fileArch() string {
	switch {
	case b.Source && len(b.NoSource) > 0:
		return "nosrc"
	case b.Source:
		return "src"
	}
	return b.Arch
}

// FileName is the name the package's file has by custom.
func (b *Build) FileName() string {
	return b.Name + "-" + b.Version + "-" + b.Release + "." + b.fileArch() + ".rpm"
}

// EVR is [epoch:]version-release.
func (b *Build) EVR() string {
	evr := b.Version + "-" + b.Release
	if b.Epoch != nil {
		evr = fmt.Sprintf("%d:%s", *b.Epoch, evr)
	}
	return evr
}

func (b *Build) lead() []byte {
	l := make([]byte, leadSize)
	copy(l, leadMagic[:])
	l[4] = 3
	if b.Source {
		l[7] = 1
	}
	l[9] = leadArch(b.Arch)
	nvr := b.Name + "-" + b.Version + "-" + b.Release
	copy(l[10:75], nvr)
	l[77] = 1 // Linux
	l[79] = 5 // a signature header follows
	return l
}

// leadArch is the number that rpm 3 looked at; nothing reads it now.
func leadArch(arch string) byte {
	switch CanonArch(arch) {
	case "ppc64", "ppc64le":
		return 16
	case "s390x":
		return 15
	case "aarch64":
		return 19
	case "riscv64":
		return 22
	}
	return 1
}

type countWriter struct {
	w io.Writer
	n int64
}

func (c *countWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
