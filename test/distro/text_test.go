package distro

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStanzas(t *testing.T) {
	got := parseStanzas("Package: a\nDescription: first\n more\n .\n end\nDepends: b,\n c\n\n\nPackage: d\nnonsense\nSource: dsrc (1.2-3)\nVersion: 4\n")
	want := []stanza{
		{"Package": "a", "Description": "first\nmore\n.\nend", "Depends": "b,\nc"},
		{"Package": "d", "Source": "dsrc (1.2-3)", "Version": "4"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	if n, v := got[1].source(); n != "dsrc" || v != "1.2-3" {
		t.Errorf("source package %s %s", n, v)
	}
	if n, v := (stanza{"Package": "a", "Version": "1", "Source": "b"}).source(); n != "b" || v != "1" {
		t.Errorf("source package without a version of its own: %s %s", n, v)
	}
}

func TestRelations(t *testing.T) {
	got := parseRelations("libc6 (>= 2.34), perl:any | mawk (<< 1:2-.) ,, python3 (>= 3.11~)\n")
	want := [][]debRel{
		{{"libc6", ">=", "2.34"}},
		{{"perl", "", ""}, {"mawk", "<<", "1:2-."}},
		{{"python3", ">=", "3.11~"}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(debRel{})); diff != "" {
		t.Fatal(diff)
	}
}

func TestVersions(t *testing.T) {
	for _, c := range []struct{ deb, version, bound string }{
		{"5.2.15-2+b13", "5.2.15-2+b13", "5.2.15-2+b13"},
		{"1:1.2.13.dfsg-1", "1:1.2.13.dfsg-1", "1:1.2.13.dfsg-1"},
		{"0:7", "7-0", "7"},
		{"2.34", "2.34-0", "2.34"},
		{"1.2-3-4", "1.2_3-4", "1.2_3-4"},
		{"1.2-.", "1.2-.", "1.2-99999"},
		{"3.0.22-1~deb12u2", "3.0.22-1~deb12u2", "3.0.22-1~deb12u2"},
	} {
		if got := convertVersion(c.deb).String(); got != c.version {
			t.Errorf("version %s became %s, not %s", c.deb, got, c.version)
		}
		if got := convertBound(c.deb).String(); got != c.bound {
			t.Errorf("bound %s became %s, not %s", c.deb, got, c.bound)
		}
	}
}

func TestDependencies(t *testing.T) {
	w := newWorld([]stanza{
		{"Package": "libc6"}, {"Package": "perl", "Provides": "perl5, libfoo-perl (= 1.2)"},
		{"Package": "zlib1g-dev"}, {"Package": "gawk"}, {"Package": "mawk"},
	}, "x86-64")
	for in, want := range map[string]string{
		"libc6 (>= 2.34)":            "glibc >= 2.34",
		"libc6 (>> 2.34)":            "glibc >= 2.34",
		"libc6 (>> 2.34-1)":          "glibc > 2.34-1",
		"perl5":                      "perl5",
		"nowhere":                    "",
		"nowhere | mawk":             "mawk",
		"mawk | gawk (>= 1:2)":       "(mawk or gawk >= 1:2)",
		"zlib1g-dev (= 1:1-2), gawk": "zlib-devel = 1:1-2; gawk",
	} {
		var words []string
		for _, d := range w.field(in) {
			words = append(words, d.String())
		}
		if got := strings.Join(words, "; "); got != want {
			t.Errorf("%q became %q, not %q", in, got, want)
		}
	}
	var provides []string
	for _, d := range tidy(w.relations(stanza{"Package": "zlib1g-dev", "Version": "1:1-2", "Architecture": "amd64"}).Provides) {
		provides = append(provides, d.String())
	}
	want := []string{"deb(zlib1g-dev) = 1:1-2", "zlib-devel = 1:1-2", "zlib-devel(x86-64) = 1:1-2", "zlib1g-dev = 1:1-2", "zlib1g-devel = 1:1-2"}
	if diff := cmp.Diff(want, provides); diff != "" {
		t.Error(diff)
	}
}

func TestWalk(t *testing.T) {
	archive := map[string]stanza{
		"a":    {"Package": "a", "Depends": "b | gone, awk, dash, only-old | new"},
		"b":    {"Package": "b", "Pre-Depends": "virtual"},
		"gawk": {"Package": "gawk", "Provides": "awk, virtual"},
		"new":  {"Package": "new"},
	}
	show := func(names []string) (found []stanza, err error) {
		for _, n := range names {
			if s := archive[n]; s != nil {
				found = append(found, s)
			}
		}
		return found, nil
	}
	all, err := walk([]string{"a"}, show)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range all {
		names = append(names, s["Package"])
	}
	if got := strings.Join(names, " "); got != "a b gawk new" {
		t.Errorf("the closure is %s", got)
	}
	if _, err := walk([]string{"a", "c"}, show); err == nil {
		t.Error("a seed that is nowhere went unnoticed")
	}
	archive["b"]["Depends"] = "lost"
	if _, err := walk([]string{"a"}, show); err == nil || !strings.Contains(err.Error(), "b depends on lost") {
		t.Errorf("a dependency that is nowhere: %v", err)
	}
}

func TestAptSettings(t *testing.T) {
	targets := "http://one.example/debian/ bookworm main\nhttp://two.example/x bookworm contrib\n" +
		"http://one.example/debian/ bookworm main\nhttp://one.example/sec bookworm-security main\nhttp://three.example trixie main\n\n"
	got := sourcesList(parseArchives(targets, "bookworm"), "/k.gpg")
	want := `deb [signed-by=/k.gpg] http://one.example/debian/ bookworm main
deb-src [signed-by=/k.gpg] http://one.example/debian/ bookworm main
deb [signed-by=/k.gpg] http://one.example/sec bookworm-security main
deb-src [signed-by=/k.gpg] http://one.example/sec bookworm-security main
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	conf := aptConf("/d", "amd64", "Acquire::http::Proxy \"http://p.example:1\";\nDir::State \"/elsewhere\";\n")
	if !strings.Contains(conf, "http://p.example:1") || strings.Contains(conf, "/elsewhere") {
		t.Errorf("of the host's settings only the network's are to be kept:\n%s", conf)
	}
}

func TestPkgConfigVersion(t *testing.T) {
	for text, want := range map[string]string{
		"Name: z\nVersion: 1.2.13\n":                 "1.2.13",
		"major=1\nv=${major}.2\nVersion: ${v}-rc1\n": "1.2_rc1",
		"a=${a}x\nVersion: ${a}\n":                   "x",
		"nothing":                                    "",
	} {
		if got := pcVersion([]byte(text)); got != want {
			t.Errorf("%q has version %q, not %q", text, got, want)
		}
	}
}
