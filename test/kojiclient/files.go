package main

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"

	"github.com/kura-build/kura/format/rpm"
)

// files writes what commands name as $FILES into a directory: small packages
// and other things to import, the same each time.
func files(dir string) error {
	all := map[string]func() ([]byte, error){
		"comps.xml":     text(comps),
		"broken.xml":    text("<comps><group>"),
		"not.rpm":       text("no package"),
		"metadata.json": text(metadata),
		"broken.json":   text("{"),
		"docs.jar":      jar,
		"art-1.0.pom":   text(pom),
		"art-1.0.jar":   jar,
		"guest.xml":     text("<domain/>\n"),
		"guest.ks":      text("lang en_US\n"),
		"image.conf":    text(imageConf),
		"chain.ini":     text(chainIni),
	}
	for _, p := range []struct{ name, version, arch string }{
		{"foo", "1.0", "src"}, {"foo", "1.0", "noarch"},
		{"hello", "1.0", "src"}, {"hello", "1.0", "i386"}, {"hello", "1.0", "ppc64"},
		{"hello", "2.0", "i686"}, {"hello", "2.0", "x86_64"},
		{"release", "7", "noarch"}, {"test", "1", "src"},
		{"wrap", "1.0", "src"}, {"wrap", "1.0", "noarch"}, {"artwrap", "1.0", "src"}, {"artwrap", "1.0", "noarch"},
		{"drafted", "1.0", "src"}, {"drafted", "1.0", "noarch"},
		{"multi", "1.0", "src"}, {"multi", "1.0", "x86_64"}, {"multi", "1.0", "aarch64"},
	} {
		all[p.name+"-"+p.version+"-1."+p.arch+".rpm"] = func() ([]byte, error) { return pack(p.name, p.version, p.arch) }
	}
	for name, make := range all {
		content, err := make()
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), content, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func text(s string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(s), nil }
}

// When all of it was made.
const made = 1700000000

func pack(name, version, arch string) ([]byte, error) {
	b := rpm.Build{
		Name: name, Version: version, Release: "1", Arch: arch, Summary: "Package " + name, License: "MIT", BuildTime: made,
		Description: "To be imported.", BuildHost: "builder.example.org", SourceRPM: name + "-" + version + "-1.src.rpm",
		Requires:  []rpm.Dep{{Name: "glibc", Flags: rpm.SenseEqual | rpm.SenseGreater, Version: "2.36"}},
		Files:     []rpm.File{{Path: "/usr/bin/" + name, MTime: made, Mode: rpm.ModeRegular | 0o755}},
		Changelog: []rpm.Change{{Time: made, Author: "Ada <ada@example.org> - " + version + "-1", Text: "- first"}},
	}
	if arch == "src" {
		b.Source, b.SourceRPM, b.Arch = true, "", "noarch"
		b.Files = []rpm.File{{Path: name + ".spec", MTime: made}}
	}
	var out bytes.Buffer
	_, err := b.WriteTo(&out)
	return out.Bytes(), err
}

func jar() ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, err := z.Create("META-INF/MANIFEST.MF")
	if err == nil {
		_, err = w.Write([]byte("Manifest-Version: 1.0\r\n"))
	}
	if err == nil {
		err = z.Close()
	}
	return out.Bytes(), err
}

const (
	comps = `<?xml version="1.0"?>
<comps>
  <group>
    <id>tools</id>
    <name>Tools</name>
    <description>What is useful</description>
    <default>true</default>
    <uservisible>true</uservisible>
    <packagelist>
      <packagereq type="mandatory">hello</packagereq>
      <packagereq type="optional">foo</packagereq>
    </packagelist>
  </group>
</comps>
`
	pom = `<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId><artifactId>art</artifactId><version>1.0</version></project>
`
	metadata = `{"metadata_version": 0,
 "build": {"name": "made", "version": "1", "release": "1", "source": "git://example.org/made#1", "start_time": 1700000000, "end_time": 1700000060, "owner": null, "extra": {}},
 "buildroots": [{"id": 1, "host": {"os": "linux", "arch": "x86_64"}, "content_generator": {"name": "mycg", "version": "1"}, "container": {"type": "none", "arch": "x86_64"}, "tools": [], "components": [], "extra": {}}],
 "output": []}
`
	imageConf = `[image-build]
name = guest
version = 1
arches = x86_64
target = f41
install_tree = http://example.org/tree/$arch
format = qcow2
distro = Fedora-41
repo = http://example.org/repo/$arch
`
	chainIni = `[one]
scmurl = git://example.org/one#1

[two]
scmurl = git://example.org/two#1
buildrequires = one
`
)
