package source_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/source"
)

func TestAddressesHaveOneSpelling(t *testing.T) {
	good := map[string]string{
		"git+https://src.example.org/rpms/hello.git?#main":         "https://src.example.org/rpms/hello.git",
		"git://git:9418/rpms/mkrpm.git#4f7587c3aa133bc834959065d3": "git://git:9418/rpms/mkrpm.git",
		"git+ssh://kojibuild@host/rpms/a?sub/dir#v1.0":             "ssh://kojibuild@host/rpms/a",
		"git+https://127.0.0.1:8444/rpms/hello#refs/heads/f36":     "https://127.0.0.1:8444/rpms/hello",
	}
	for in, want := range good {
		s, err := source.ParseSCM(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
		} else if got := s.CloneURL(); got != want {
			t.Errorf("%s clones %s, want %s", in, got, want)
		}
	}
	for _, in := range []string{
		"git+https://h/a", "git+https://h/a#", "https://h/a#x", "file:///etc#x", "ext::sh -c x#y", "git+file:///a#b",
		"git+https://h/../a#x", "git+https://h/a//b#x", "git+https://h/./a#x", "git+https://h/a%2e%2e/b#x",
		"git+https://h/a/..#x", "git+https://H/a#x", "git+https://h@evil@h/a#x", "git+https://-oProxy/a#x",
		"git+https://h/-a#x", "git+https://h/a#--upload-pack=x", "git+https://h/a#x..y", "git+https://h/a#x y",
		"git+https://h/a?../b#x", "git+https://h/a?-b#x", "git+https://h\\@e/a#x", "git+https://h:99999999/a#x",
		"git+https://h\n/a#x", "git+https://é/a#x", "git+https://user:pw@h/a#x", "git+https:///a#x", "git+https://h#x",
		"git+https://h/a#x@{1}", "git+rsync://h/a#x", "GIT+HTTPS://h/a#x", " git+https://h/a#x",
	} {
		if s, err := source.ParseSCM(in); !kura.Is(err, kura.Invalid) {
			t.Errorf("%q was taken as %+v", in, s)
		}
	}
}

func TestAllowList(t *testing.T) {
	rules, err := source.ParseRules("!src.example.org:/forks/* src.example.org:/rpms/* *.build.org:/*:no:fedpkg,sources")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]bool{
		"git+https://src.example.org/rpms/a#x":       true,
		"git+https://src.example.org/rpms/a/b#x":     true,
		"git+https://src.example.org/forks/rpms/a#x": false,
		"git+https://src.example.org/other/a#x":      false,
		"git+https://src.example.org:8443/rpms/a#x":  false,
		"git+https://u@src.example.org/rpms/a#x":     true,
		"git+https://src.example.org.evil/rpms/a#x":  false,
		"git+https://x.build.org/a#x":                true,
		"git+https://build.org/a#x":                  false,
	} {
		s, err := source.ParseSCM(in)
		if err != nil {
			t.Fatal(err)
		}
		r, err := source.Allow(rules, s)
		if (err == nil) != want {
			t.Errorf("%s: %v, allowed should be %v", in, err, want)
		}
		if err == nil && s.Host == "x.build.org" && len(r.Command) != 2 {
			t.Errorf("command %q", r.Command)
		}
	}
	if _, err := source.ParseRules("nonsense"); err == nil {
		t.Error("a rule without a path was taken")
	}
}

// Whatever is allowed has come through unchanged: nothing is decoded,
// normalised or dropped between the rule and git.
func TestAllowedIsWhatGitSees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := "git+https://" + rapid.StringMatching(`[a-zA-Z0-9.:@%/\\?#~_ -]{1,40}`).Draw(t, "rest")
		s, err := source.ParseSCM(text)
		if err != nil {
			return
		}
		again, err := source.ParseSCM("git+" + s.CloneURL() + "#" + s.Ref)
		if err != nil || again.Host != s.Host || again.Path != s.Path {
			t.Fatalf("%q became %+v, then %+v (%v)", text, s, again, err)
		}
	})
}

func FuzzParseSCM(f *testing.F) {
	f.Add("git+https://src.example.org/rpms/hello.git?#main")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := source.ParseSCM(text); err == nil && (s.Ref == "" || s.Ref[0] == '-' || s.Path[0] != '/') {
			t.Errorf("%q became %+v", text, s)
		}
	})
}
