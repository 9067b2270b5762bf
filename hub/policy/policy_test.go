package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/policy"
)

var (
	ann   = account.Actor{ID: 5, Name: "ann", Perms: map[string]bool{"tag": true}, Groups: map[int64]string{9: "kde-sig"}}
	admin = account.Actor{ID: 1, Name: "root", Perms: map[string]bool{"admin": true}}
)

func TestRules(t *testing.T) {
	facts := map[string]any{"method": "build", "tag": "f36-build", "target": nil, "n": 5, "zero": 0, "list": []string{"a1", "a2"},
		"build_tags": []string{"f36-build", "x"}, "build_owner": int64(9), "parent": int64(77), "empty": "", "scratch": true}
	for _, c := range []struct{ text, want string }{
		{"all :: one\nall :: two", "one"},
		{"none :: one\nall :: two words of it", "two words of it"},
		{"none !! not none", "not none"},
		{"all && none !! not both", "not both"},
		{"method buildArch :: a\nmethod maven build :: b", "b"},
		{"method build # && none\n :: x", "!error"},
		{"tag f3?-* && method build :: both", "both"},
		{"tag f3[0-5]* :: no\ntag f3[!0-5]* :: yes", "yes"},
		{"target * :: null matches nothing\nhas target :: but is there", "but is there"},
		{"has nothing :: no\nbool zero :: no\nbool empty :: no\nbool missing :: no\nbool scratch :: yes", "yes"},
		{"compare n > 4.5 && compare n <= 5 && compare n != 6 :: yes", "yes"},
		{"compare missing = 1 !! no such", "no such"},
		{"match list a1 :: no\nmatch_any list ?2 :: any", "any"},
		{"match_all list a1 :: no\nmatch_all list a* :: all", "all"},
		{"match_all missing * :: no\nall :: none", "none"},
		{"user a* && user_in_group kde* && has_perm tag && is_build_owner && is_child_task :: yes", "yes"},
		{"has_perm admin :: no\nuser root :: no\nall :: neither", "neither"},
		{"buildtag *-build :: yes", "yes"},
		{"all :: {\n  none :: a\n  all :: {\n none :: b\n }\n}\nall :: behind", "behind"},
		{"all :: {\n none :: a\n none !! {\n all :: deep\n }\n}\nall :: behind", "deep"},
		{"none :: {\n all :: a\n}", ""},
		{"", ""},
		{"# nothing\n\n", ""},
		{"all", "!error"},
		{"all :: ", "!error"},
		{":: a", "!error"},
		{"all && :: a", "!error"},
		{"unheard :: a", "!error"},
		{"has :: a", "!error"},
		{"compare n ~ 4 :: a", "!error"},
		{"compare n > four :: a", "!error"},
		{"all :: {\nall :: a", "!error"},
		{"all :: a\n}", "!error"},
		{strings.Repeat("all :: {\n", 100), "!error"},
	} {
		r, err := policy.Parse("p", c.text, policy.Standard())
		if err != nil {
			if c.want != "!error" {
				t.Errorf("%q: %v", c.text, err)
			}
			continue
		}
		got, err := r.Eval(&policy.Data{User: ann, Facts: facts})
		if err != nil || got.Action != c.want || got.Matched != (c.want != "") {
			t.Errorf("%q: %+v, %v, want %q", c.text, got, err, c.want)
		}
	}
}

func TestErrorsSayWhere(t *testing.T) {
	_, err := policy.NewSet(map[string]string{"a": "all :: x\nwhat :: y", "b": "all"}, policy.Standard())
	want := "policy a, line 2: no test is called \"what\"\npolicy b, line 1: \"all\" has neither :: nor !!"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestExplanation(t *testing.T) {
	r, err := policy.Parse("p", "none :: a\nmethod b* :: {\n  user ann !! x\n  has_perm tag :: allow it\n}", policy.Standard())
	if err != nil {
		t.Fatal(err)
	}
	got, _ := r.Eval(&policy.Data{User: ann, Facts: map[string]any{"method": "build"}})
	if got.Rule != "method b* :: … has_perm tag :: allow it" {
		t.Errorf("%q", got.Rule)
	}
	if diff := cmp.Diff([]string{"a", "x", "allow"}, r.Actions()); diff != "" {
		t.Error(diff)
	}
}

func TestCheckAndForce(t *testing.T) {
	s, err := policy.NewSet(map[string]string{
		"deny": "all :: DENY for a reason", "odd": "all :: maybe", "empty": "", "plain": "all :: deny",
		"outer": "policy inner :: allow\nall :: deny", "inner": "has_perm tag :: yes",
		"loop": "policy pool :: allow", "pool": "policy loop :: allow",
	}, policy.Standard())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		who   account.Actor
		force bool
		want  string
		kind  kura.Kind
	}{
		{"deny", ann, true, "policy violation (deny): for a reason", kura.Denied},
		{"deny", admin, false, "policy violation (deny): for a reason", kura.Denied},
		{"deny", admin, true, "", 0},
		{"plain", ann, false, "policy violation (plain)", kura.Denied},
		{"odd", ann, false, "policy violation (odd): error in policy", kura.Denied},
		{"empty", ann, false, "policy violation (empty): not covered by policy", kura.Denied},
		{"missing", ann, false, "", 0}, // as Koji's MissingPolicyOk, which is on
		{"outer", ann, false, "", 0},
		{"outer", admin, false, "policy violation (outer)", kura.Denied},
		{"package_list", ann, false, "", 0},
		{"build_from_srpm", admin, false, "", 0},
		{"build_from_srpm", ann, false, "policy violation (build_from_srpm): who neither owns the package nor is an administrator builds from its dist-git", kura.Denied},
		{"build_rpm", account.Anonymous, false, "", 0},
	} {
		err := s.Assert(c.name, &policy.Data{User: c.who}, c.force)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want || err != nil && kura.KindOf(err) != c.kind {
			t.Errorf("%s for %s: %q (%v), want %q", c.name, c.who.Name, got, kura.KindOf(err), c.want)
		}
	}
	if err := s.Assert("loop", &policy.Data{User: ann}, false); err == nil || !strings.Contains(err.Error(), "encountered policy loop") {
		t.Errorf("a loop: %v", err)
	}
	channel := func(facts map[string]any) string {
		r, err := s.Eval("channel", &policy.Data{Facts: facts})
		if err != nil {
			t.Error(err)
		}
		return r.Action
	}
	got := []string{channel(nil), channel(map[string]any{"parent": int64(4)}), channel(map[string]any{"req_channel": "x", "parent": int64(4)})}
	if diff := cmp.Diff([]string{"use default", "parent", "req"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestLazyFacts(t *testing.T) {
	asked := 0
	d := &policy.Data{Facts: map[string]any{
		"tag":    policy.Lazy(func() (any, error) { asked++; return "f36", nil }),
		"source": policy.Lazy(func() (any, error) { return nil, errors.New("the database is away") }),
	}}
	r, _ := policy.Parse("p", "tag x :: a\ntag f36 :: b", policy.Standard())
	if got, err := r.Eval(d); err != nil || got.Action != "b" || asked != 1 {
		t.Errorf("%+v %v, asked %d times", got, err, asked)
	}
	r, _ = policy.Parse("p", "source x :: a\nall :: b", policy.Standard())
	if _, err := r.Eval(d); err == nil {
		t.Error("a fact that cannot be found out counts as false")
	}
}

func TestOwnTests(t *testing.T) {
	own := policy.Tests{"full_moon": {Run: func(*policy.Data, []string) (bool, error) { return true, nil }}}
	r, err := policy.Parse("p", "full_moon && all :: howl", policy.Standard().With(own))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := r.Eval(&policy.Data{}); got.Action != "howl" {
		t.Errorf("%+v", got)
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		glob, s string
		want    bool
	}{
		{"", "", true}, {"*", "", true}, {"", "a", false}, {"a*c", "abbc", true}, {"a*c", "abbd", false},
		{"*a*b*", "xxaxxbxx", true}, {"*/x", "a/b/x", true}, {"?", "", false}, {"[abc]", "b", true},
		{"[!abc]", "b", false}, {"[]]", "]", true}, {"[!]]", "]", false}, {"[", "[", true}, {"[a", "[a", true},
		{"[a-c]x", "bx", true}, {"[a-]", "-", true}, {"a[", "a[", true}, {"[!", "[!", true},
	} {
		if got := policy.Match(c.glob, c.s); got != c.want {
			t.Errorf("%q on %q: %v", c.glob, c.s, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("has_perm admin && tag f[!3]* :: {\n all :: allow\n}\nnone !! deny why # not")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := policy.Parse("p", text, policy.Standard())
		if err == nil {
			r.Actions()
			r.Eval(&policy.Data{User: ann, Facts: map[string]any{"tag": "f36", "n": 3}})
		}
	})
}
