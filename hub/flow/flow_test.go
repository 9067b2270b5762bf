package flow

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/source"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// srpm is an inspected source package that says of itself for what it is.
func srpm(t *testing.T, only, not, self []string) *build.Incoming {
	t.Helper()
	var h rpm.HeaderBuilder
	h.SetStrings(rpm.TagExclusiveArch, only...)
	h.SetStrings(rpm.TagExcludeArch, not...)
	h.SetStrings(rpm.TagBuildArchs, self...)
	h.SetString(rpm.TagName, "hello")
	p, err := rpm.ParseHeader(h.Encode(63))
	if err != nil {
		t.Fatal(err)
	}
	return &build.Incoming{Package: &rpm.Package{Header: p}}
}

func TestArchList(t *testing.T) {
	arches := "x86_64 aarch64 i686"
	conf := tag.BuildConfig{Tag: tag.Tag{Name: "f36-build", Arches: &arches}}
	for _, c := range []struct {
		what            string
		only, not, self []string
		extra           string
		opts            BuildOpts
		want            []string
	}{
		{what: "all of the tag's", want: []string{"x86_64", "aarch64", "i686"}},
		{what: "noarch", self: []string{"noarch"}, want: []string{"noarch"}},
		{what: "only one", only: []string{"x86_64"}, want: []string{"x86_64"}},
		{what: "not one", not: []string{"i686"}, want: []string{"x86_64", "aarch64"}},
		{what: "noarch, on some", self: []string{"noarch"}, only: []string{"x86_64", "noarch"}, want: []string{"noarch"}},
		{what: "an extra one of the same family", extra: "i386", want: []string{"x86_64", "aarch64", "i686", "i386"}},
		{what: "an extra one that the tag cannot", extra: "s390x", want: []string{"x86_64", "aarch64", "i686"}},
		{what: "an override", opts: BuildOpts{Scratch: true, ArchOverride: "aarch64,s390x"}, want: []string{"aarch64"}},
		{what: "none is left", only: []string{"s390x"}},
	} {
		got, err := archList(conf, srpm(t, c.only, c.not, c.self), c.extra, c.opts)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.what, diff)
		}
		if (err != nil) != (c.want == nil) || err != nil && !kura.Is(err, kura.Build) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if _, err := archList(tag.BuildConfig{Tag: tag.Tag{Name: "empty"}}, srpm(t, nil, nil, nil), "", BuildOpts{}); !kura.Is(err, kura.Build) {
		t.Errorf("a tag without arches: %v", err)
	}
}

func TestParametersByPlaceAndName(t *testing.T) {
	names := []string{"src", "target", "opts"}
	for _, c := range []struct {
		request, src, target string
		scratch, bad         bool
	}{
		{request: `["a", "f36", {"scratch": true}]`, src: "a", target: "f36", scratch: true},
		{request: `["a", null]`, src: "a"},
		{request: `["a", {"__starstar": true, "target": "f36"}]`, src: "a", target: "f36"},
		{request: `[]`},
		{request: `["a", "b", {}, 4]`, bad: true},
		{request: `[1]`, bad: true},
		{request: `{"src": "a"}`, bad: true},
	} {
		var src, target string
		var o BuildOpts
		err := params(&task.Task{Method: "build", Request: json.RawMessage(c.request)}, names, &src, &target, &o)
		if c.bad {
			if !kura.Is(err, kura.Invalid) {
				t.Errorf("%s: %v", c.request, err)
			}
			continue
		}
		if err != nil || src != c.src || target != c.target || o.Scratch != c.scratch {
			t.Errorf("%s: %q %q %+v, %v", c.request, src, target, o, err)
		}
	}
}

func TestSourcesThatMayBeBuilt(t *testing.T) {
	rules, err := source.ParseRules("src.example.org:/rpms/*:no:make,sources")
	if err != nil {
		t.Fatal(err)
	}
	f := New(nil, nil, nil, nil, nil, Config{Rules: rules, OwnHosts: []string{"hub.example.org:8444"}, CA: "our authority"})
	own, err := f.scm("git+https://hub.example.org:8444/rpms/hello.git?#main")
	if err != nil || own.CA != "our authority" || own.Lookaside == "" || own.Package != "hello" {
		t.Errorf("our own: %+v, %v", own, err)
	}
	other, err := f.scm("git+https://src.example.org/rpms/hello#v1")
	if err != nil || len(other.Command) != 2 || other.Ref != "v1" {
		t.Errorf("allowed: %+v, %v", other, err)
	}
	for _, text := range []string{"git+https://hub.example.org/rpms/hello#main", "git+https://evil.example.org/rpms/hello#main"} {
		if _, err := f.scm(text); !kura.Is(err, kura.Denied) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestAChildsFaultNamesTheChild(t *testing.T) {
	fault := &task.Fault{Message: "build: hello.c:3: error: expected ';'", Phase: "build", Log: "build.log", Line: 7}
	kids := []*task.Listed{{Task: task.Task{ID: 7, Method: "buildArch", Arch: "x86_64"}, Fault: fault}}
	var got *task.Fault
	if !errors.As(named(kids, fault), &got) || got.Message != "buildArch (task 7, x86_64) failed: build: hello.c:3: error: expected ';'" || got.Phase != "build" || got.Line != 7 {
		t.Errorf("%+v", got)
	}
	if other := errors.New("x"); named(kids, other) != other { //nolint:errorlint // the very error, not one around it
		t.Error("an error that is no fault was changed")
	}
}
