package repositories

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dnf runs it with one repository and a state of its own.
func dnf(t *testing.T, repo string, args ...string) (out, root string) {
	t.Helper()
	state := t.TempDir()
	root = filepath.Join(state, "root")
	return run(t, "dnf", append([]string{
		"--installroot", root, "--setopt=reposdir=" + state, "--setopt=cachedir=" + filepath.Join(state, "cache"),
		"--setopt=logdir=" + state, "--setopt=persistdir=" + state, "--releasever=1", "--disableplugin=*", "--repofrompath=test,file://" + repo,
		"--repo=test", "--nogpgcheck", "-q", "-y",
	}, args...)...), root
}

func sorted(s string) []string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	slices.Sort(lines)
	return lines
}

// asked is all that dnf can tell of packages.
var asked = [][]string{
	{"repoquery", "--qf", "%{name}|%{epoch}|%{version}|%{release}|%{arch}|%{summary}|%{description}|%{url}|%{license}|%{vendor}|%{packager}|%{group}|" +
		"%{size}|%{installsize}|%{buildtime}|%{sourcerpm}|%{location}|%{source_name}|%{debug_name}", "*"},
	{"repoquery", "--qf", "%{name}-%{evr}.%{arch}|%{provides}|%{requires}|%{obsoletes}|%{conflicts}|%{recommends}|%{suggests}|%{supplements}|%{enhances}", "*"},
	{"repoquery", "--qf", "%{name}-%{evr}.%{arch}|%{files}", "*"},
	{"repoquery", "--changelog", "*"},
}

// TestDnfSeesTheSame asks dnf for everything.
func TestDnfSeesTheSame(t *testing.T) {
	for name, packages := range map[string]string{"real": real(t), "synthetic": synthetic(t)} {
		want := theirs(t, packages)
		for way, o := range ways {
			mine := ours(t, packages, o)
			for _, q := range asked {
				a, _ := dnf(t, want, q...)
				b, _ := dnf(t, mine, q...)
				if strings.TrimSpace(a) == "" {
					t.Fatalf("dnf %v says nothing", q)
				}
				if diff := cmp.Diff(sorted(a), sorted(b)); diff != "" {
					t.Errorf("%s, %s, %s: createrepo_c(-) kura(+)\n%.3000s", name, way, q[:2], diff)
				}
			}
		}
	}
}

// TestDnfInstalls installs packages with all that they require into an empty root.
func TestDnfInstalls(t *testing.T) {
	packages := synthetic(t)
	names, _ := dnf(t, theirs(t, packages), "repoquery", "--qf", "%{name}", "--arch", "x86_64,noarch", "*-libs")
	pick := strings.Fields(names)[:2]
	var want []string
	for i, repo := range []string{theirs(t, packages), ours(t, packages, ways["zstd"]), ours(t, packages, ways["gzip"])} {
		_, root := dnf(t, repo, append([]string{"install"}, pick...)...)
		got := sorted(run(t, "rpm", "--root", root, "-qa"))
		if i == 0 {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" || len(got) < 3 {
			t.Errorf("createrepo_c(-) kura(+)\n%s", diff)
		}
	}
}

// TestLibsolvSeesTheSame compares what repo2solv makes of repositories, but for
// what it repeats of repomd.xml.
func TestLibsolvSeesTheSame(t *testing.T) {
	for name, packages := range map[string]string{"real": real(t), "synthetic": synthetic(t)} {
		solv := func(repo string, flags ...string) []string {
			out := filepath.Join(t.TempDir(), "solv")
			run(t, "repo2solv", append(append(flags, "-o", out), repo)...)
			var lines []string
			for line := range strings.Lines(run(t, "dumpsolv", out)) {
				if !strings.Contains(line, "repository:") && !strings.HasPrefix(line, "repo") {
					lines = append(lines, line)
				}
			}
			return lines
		}
		for _, flags := range [][]string{nil, {"-X"}, {"-F"}} {
			want := solv(theirs(t, packages), flags...)
			for way, o := range ways {
				got := solv(ours(t, packages, o), flags...)
				if name == "real" {
					want, got = withoutPre(want), withoutPre(got)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s, %s, %v: createrepo_c(-) kura(+)\n%.3000s", name, way, flags, diff)
				}
			}
		}
	}
}

// withoutPre leaves out the marker of what comes first, which createrepo_c 0.17
// sets too seldom, and the size that it cannot read.
func withoutPre(lines []string) (out []string) {
	for _, l := range lines {
		if !strings.Contains(l, "solvable:prereqmarker") {
			out = append(out, l)
		}
	}
	slices.Sort(out)
	return out
}

// TestZypperSeesTheSame refreshes, searches and asks.
func TestZypperSeesTheSame(t *testing.T) {
	packages := synthetic(t)
	ask := func(repo string) []string {
		root := t.TempDir()
		if err := os.MkdirAll(filepath.Join(root, "var/lib/rpm"), 0o755); err != nil {
			t.Fatal(err)
		}
		zypper := func(args ...string) string {
			return run(t, "zypper", append([]string{"--root", root, "--non-interactive", "--no-gpg-checks", "--quiet"}, args...)...)
		}
		zypper("addrepo", "file://"+repo, "test")
		zypper("refresh")
		return strings.Split(zypper("search", "--details", "--type", "package"), "\n")
	}
	want := ask(theirs(t, packages))
	if len(want) < many {
		t.Fatalf("zypper finds %d packages", len(want))
	}
	for way, o := range ways {
		if diff := cmp.Diff(want, ask(ours(t, packages, o))); diff != "" {
			t.Errorf("%s: createrepo_c(-) kura(+)\n%.3000s", way, diff)
		}
	}
}
