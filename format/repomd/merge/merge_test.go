package merge

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/rpm"
)

// repository reads "name-version-release.arch source" lines; the source is that
// of a package of the same name and version unless it is told.
func repository(text string) (out []repomd.Entry) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		n, err := rpm.ParseNVRA(f[0])
		if err != nil {
			panic(err)
		}
		e := repomd.Entry{Name: n.Name, Epoch: "0", Version: n.Version, Release: n.Release, Arch: n.Arch, Source: n.NVR.String() + ".src.rpm", FileTime: int64(len(out))}
		if n.Arch == "src" {
			e.Source = ""
		}
		if len(f) > 1 && f[1] != "-" {
			e.Source = f[1] + ".src.rpm"
		} else if len(f) > 1 {
			e.Source = ""
		}
		out = append(out, e)
	}
	return out
}

func TestSelect(t *testing.T) {
	local := "bash-5.1-1.x86_64\nlibfoo-2-1.x86_64 foo-2-1\nblocked-1-1.noarch\n"
	far := "bash-5.2-1.x86_64\nbash-doc-5.2-1.noarch bash-5.2-1\nfoo-3-1.x86_64\nlibfoo-3-1.x86_64 foo-3-1\n" +
		"zsh-1-1.x86_64\nzsh-1-2.x86_64\nzsh-html-1-1.noarch zsh-1-1\nblocked-lib-1-1.i686 blocked-1-1\nglibc-2-1.i686\nglibc-2-1.aarch64\nlost-1-1.x86_64 -\nglibc-2-1.src"
	third := "zsh-1-2.x86_64\nzsh-9-1.x86_64\nbash-5.1-1.x86_64\nnew-1-1.x86_64\n"
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"koji: a source package comes from one repository, in its newest version", Options{Mode: Koji, Arches: []string{"x86_64"}, Expand: true}, `0 bash-5.1-1.x86_64
0 libfoo-2-1.x86_64
0 blocked-1-1.noarch
1 zsh-1-2.x86_64
1 blocked-lib-1-1.i686
1 glibc-2-1.i686
1 lost-1-1.x86_64
2 new-1-1.x86_64`},
		{"koji: blocked source packages", Options{Mode: Koji, Arches: []string{"x86_64"}, Expand: true, Blocked: map[string]bool{"blocked": true, "zsh": true}}, `0 bash-5.1-1.x86_64
0 libfoo-2-1.x86_64
1 glibc-2-1.i686
1 lost-1-1.x86_64
2 new-1-1.x86_64`},
		{"simple: all but what is blocked, twice too", Options{Mode: Simple, Arches: []string{"x86_64"}, Expand: true, Blocked: map[string]bool{"foo": true}}, `0 bash-5.1-1.x86_64
0 blocked-1-1.noarch
1 bash-5.2-1.x86_64
1 bash-doc-5.2-1.noarch
1 zsh-1-1.x86_64
1 zsh-1-2.x86_64
1 zsh-html-1-1.noarch
1 blocked-lib-1-1.i686
1 glibc-2-1.i686
1 lost-1-1.x86_64
2 zsh-1-2.x86_64
2 zsh-9-1.x86_64
2 bash-5.1-1.x86_64
2 new-1-1.x86_64`},
		{"bare: all versions, each once; blocks are not known", Options{Mode: Bare, Arches: []string{"aarch64"}, Expand: true, Blocked: map[string]bool{"glibc": true}}, `0 blocked-1-1.noarch
1 bash-doc-5.2-1.noarch
1 zsh-html-1-1.noarch
1 glibc-2-1.aarch64`},
		{"repo: the first of a name and architecture", Options{Mode: Repo, Arches: []string{"x86_64"}, Expand: true}, `0 bash-5.1-1.x86_64
0 libfoo-2-1.x86_64
0 blocked-1-1.noarch
1 bash-doc-5.2-1.noarch
1 foo-3-1.x86_64
1 zsh-1-1.x86_64
1 zsh-html-1-1.noarch
1 blocked-lib-1-1.i686
1 glibc-2-1.i686
1 lost-1-1.x86_64
2 new-1-1.x86_64`},
		{"nvr: the highest of a name and architecture", Options{Mode: Highest, Arches: []string{"x86_64"}, Expand: true}, `0 blocked-1-1.noarch
1 bash-5.2-1.x86_64
1 bash-doc-5.2-1.noarch
1 foo-3-1.x86_64
1 libfoo-3-1.x86_64
1 zsh-html-1-1.noarch
1 blocked-lib-1-1.i686
1 glibc-2-1.i686
1 lost-1-1.x86_64
2 zsh-9-1.x86_64
2 new-1-1.x86_64`},
		{"ts: the youngest file", Options{Mode: Newest}, `0 blocked-1-1.noarch
1 bash-doc-5.2-1.noarch
1 foo-3-1.x86_64
1 libfoo-3-1.x86_64
1 zsh-1-2.x86_64
1 zsh-html-1-1.noarch
1 blocked-lib-1-1.i686
1 glibc-2-1.i686
1 glibc-2-1.aarch64
1 lost-1-1.x86_64
1 glibc-2-1.src
2 bash-5.1-1.x86_64
2 new-1-1.x86_64`},
	} {
		repos := [][]repomd.Entry{repository(local), repository(far), repository(third)}
		var got []string
		for _, ch := range Select(repos, c.o) {
			e := repos[ch.Repository][ch.Entry]
			got = append(got, string(rune('0'+ch.Repository))+" "+e.Name+"-"+e.Version+"-"+e.Release+"."+e.Arch)
		}
		if diff := cmp.Diff(strings.Split(c.want, "\n"), got); diff != "" {
			t.Errorf("%s: want(-) got(+)\n%s", c.name, diff)
		}
	}
}

func TestOrigins(t *testing.T) {
	r := [][]repomd.Entry{repository("a-1-1.noarch"), repository("b-1-1.noarch\nc-1-2.x86_64")}
	got := Origins(r, []string{"file:///x/", "http://y/"}, []Choice{{0, 0}, {1, 1}})
	if string(got.Content) != "a-1-1.noarch\tfile:///x/\nc-1-2.x86_64\thttp://y/\n" {
		t.Errorf("%s", got.Content)
	}
}
