package rpm

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "record the goldens again from the rpm at hand")

var versions = []string{
	"0", "00", "1", "01", "1.0", "1.00", "1.1", "1.10", "1.9", "2", "10", "1a", "1.a", "a", "b", "A", "aa", "a1", "a.1",
	"1.0a", "1.0.1", "1_0", "1-0", "1..0", "1.", ".1", "1.0~rc1", "1.0~rc2", "1.0~", "1.0~~", "1.0~rc1^git1", "1.0^", "1.0^git1",
	"1.0^git2", "1.0^git1~pre", "1.0^^", "1.0.git1", "~1", "^1", "~", "^", "1~1", "1^1", "5.5p1", "5.5p10", "10xyz", "10.1xyz",
	"20101121", "20101122", "2.0.1a", "2.0.1", "5.16.1.3-1", "alpha", "alpha1", "1.alpha", "6.0.rc1", "6.0", "99999999999999999999", "100000000000000000000",
	"é", "1é", "1.0+git", "1.0+", "+", "1:2", "xyz.4", "8", "4_0", "4.0.0", "FC5", "fc4", "1b.fc17", "1.fc17",
}

const vercmpGolden = "testdata/vercmp.tsv"

// TestVercmpGolden compares all pairs with what rpm said.
func TestVercmpGolden(t *testing.T) {
	if *update {
		record(t)
	}
	b, err := os.ReadFile(vercmpGolden)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	if len(lines) != len(versions)*len(versions) {
		t.Fatalf("%d pairs are recorded, %d wanted", len(lines), len(versions)*len(versions))
	}
	for _, l := range lines {
		f := strings.Split(l, "\t")
		if got := fmt.Sprint(ParseEVR(f[0]).Compare(ParseEVR(f[1]))); got != f[2] {
			t.Errorf("%q against %q is %s, rpm says %s", f[0], f[1], got, f[2])
		}
	}
}

// record asks rpm's comparison of two strings, through its Lua.
func record(t *testing.T) {
	t.Helper()
	var script strings.Builder
	script.WriteString("%{lua: local v = {")
	for _, v := range versions {
		fmt.Fprintf(&script, "%q,", v)
	}
	script.WriteString("}; for _, a in ipairs(v) do for _, b in ipairs(v) do print(a..'\\t'..b..'\\t'..rpm.vercmp(a, b)..'\\n') end end}")
	out, err := exec.Command("rpm", "--eval", script.String()).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(vercmpGolden, []byte(strings.TrimRight(string(out), "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func version() *rapid.Generator[string] { return rapid.StringMatching(`[0-9ab.~^]{0,8}`) }

func TestCompareVersionsIsAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := version().Draw(t, "a"), version().Draw(t, "b"), version().Draw(t, "c")
		if CompareVersions(a, b) != -CompareVersions(b, a) {
			t.Errorf("%q against %q is not the reverse of the reverse", a, b)
		}
		if CompareVersions(a, b) == 0 && CompareVersions(a, c) != CompareVersions(b, c) {
			t.Errorf("%q equals %q, but they differ against %q", a, b, c)
		}
	})
}

// Numbers and letters alone: rpm's order is transitive there. With mixed parts
// it is not ("1" < "1.a", but "1" == "1." and "1.a" < "1.0").
func TestCompareVersionsIsTransitiveOnReleases(t *testing.T) {
	g := rapid.StringMatching(`[0-9]{1,3}(\.[0-9]{1,3}){0,3}([~^][0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := g.Draw(t, "a"), g.Draw(t, "b"), g.Draw(t, "c")
		if CompareVersions(a, b) <= 0 && CompareVersions(b, c) <= 0 && CompareVersions(a, c) > 0 {
			t.Errorf("%q <= %q <= %q, but not the first of the last", a, b, c)
		}
		if CompareVersions(a+"~1", a) != -1 || CompareVersions(a+"^1", a) != 1 || CompareVersions(a+"^1", a+".1") != -1 {
			t.Errorf("tilde or caret after %q", a)
		}
	})
}

func TestEVR(t *testing.T) {
	for in, want := range map[string]EVR{
		"1.0": {0, "1.0", ""}, "1.0-2": {0, "1.0", "2"}, "3:1.0-2": {3, "1.0", "2"}, ":1-2": {0, "1", "2"},
		"x:1-2": {0, "x:1", "2"}, "1-2-3": {0, "1-2", "3"}, "99999999999:1": {4294967295, "1", ""}, "": {},
	} {
		if got := ParseEVR(in); got != want {
			t.Errorf("ParseEVR(%q) = %v, want %v", in, got, want)
		}
	}
	if ParseEVR("1:1-1").Compare(ParseEVR("2-2")) != 1 || ParseEVR("1-1").Compare(ParseEVR("1-2")) != -1 {
		t.Error("the epoch counts first, the release last")
	}
}
