package distro

import (
	"context"
	"path/filepath"
	"strings"
)

// HelloSource downloads the pristine archive of GNU hello, as Debian has it,
// and gives its path and version. The spec to go with it is HelloSpec.
func HelloSource(ctx context.Context, cacheDir string) (path, version string, err error) {
	return Source(ctx, cacheDir, "hello")
}

// Source downloads the upstream archive of a Debian source package; "" as
// cacheDir is DefaultCache().
func Source(ctx context.Context, cacheDir, name string) (path, version string, err error) {
	m, err := newMaker(Options{Out: "none", Cache: cacheDir})
	if err != nil {
		return "", "", err
	}
	unlock, err := lockDir(ctx, m.Cache)
	if err != nil {
		return "", "", err
	}
	defer unlock()
	a, err := newApt(ctx, m.Cache, m.Arch, false, m.log)
	if err != nil {
		return "", "", err
	}
	return a.source(ctx, filepath.Join(m.Cache, "sources"), name)
}

// HelloSpec is a spec file for that version of GNU hello; it names its source
// hello_<version>.orig.tar.gz, as the archive does.
func HelloSpec(version string) string { return spec("hello", version) }

// FigletSpec is a spec file for figlet, which builds in a second.
func FigletSpec(version string) string { return spec("figlet", version) }

func spec(name, version string) string {
	b, err := data.ReadFile("data/specs/" + name + ".spec")
	if err != nil {
		panic("distro: its own spec is not embedded: " + err.Error())
	}
	return strings.ReplaceAll(string(b), "@VERSION@", version)
}
