package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/client/hubtest"
)

func TestDistRepoKnowsKeysByName(t *testing.T) {
	b := newBench(t)
	record(b.hub)
	b.hub.Answer("distRepo", int64(16))
	if got := b.run("dist-repo", "f43-build", "release", "ABCD1234", "--with-src", "--nowait"); got != exitOK {
		t.Fatalf("exit status %d\n%s", got, b.output())
	}
	c := b.hub.Called("distRepo")[0]
	if d := cmp.Diff([]any{"f43-build", []any{"7bb90722", "abcd1234"}}, c.Args); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]any{"x86_64", "aarch64", "src"}, c.Keys["arch"]); d != "" {
		t.Error(d, c.Keys)
	}
	if got := b.run("dist-repo", "f43-build", "other"); got != exitNotFound {
		t.Errorf("exit status %d", got)
	}
}

// Files are uploaded, and the hub is told their names there.
func TestDistRepoSendsFiles(t *testing.T) {
	b := newBench(t)
	record(b.hub)
	b.hub.Answer("distRepo", int64(16))
	conf, comps := filepath.Join(b.dir, "multi.conf"), filepath.Join(b.dir, "comps.xml")
	for file, text := range map[string]string{conf: "[runtime]\n", comps: "<comps/>"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.run("dist-repo", "f43-build", "ABCD1234", "--arch", "x86_64,i686,noarch", "--multilib", conf, "--comps", comps, "--nowait"); got != exitOK {
		t.Fatalf("exit status %d\n%s", got, b.output())
	}
	keys := b.hub.Called("distRepo")[0].Keys
	for name, want := range map[string]string{"multilib": "[runtime]\n", "comps": "<comps/>"} {
		at, _ := keys[name].(string)
		if text, ok := b.hub.Uploaded(at); !strings.HasPrefix(at, "cli-dist-repo/") || !ok || text != want {
			t.Errorf("%s: %q holds %q", name, at, text)
		}
	}
	if d := cmp.Diff([]any{"x86_64", "i686"}, keys["arch"]); d != "" {
		t.Error(d)
	}
	if got := b.run("dist-repo", "f43-build", "ABCD1234", "--multilib", conf+".none"); got != exitNotFound {
		t.Errorf("no such file: exit status %d\n%s", got, b.output())
	}
	if got := b.run("dist-repo", "f43-build", "ABCD1234", "--allow-missing-signatures", "--skip-missing-signatures"); got != exitUsage {
		t.Errorf("both: exit status %d\n%s", got, b.output())
	}
}

// A tag without arches has those of the nearest tag above it that has some.
func TestDistRepoArchesOfParents(t *testing.T) {
	b := newBench(t)
	record(b.hub)
	b.hub.Answer("distRepo", int64(16))
	b.hub.Answer("getTag", func(c hubtest.Call) (any, error) {
		arches := map[any]any{"f43": "", "f43-base": "ppc64le noarch"}
		return m{"id": 9, "name": c.Args[0], "arches": arches[c.Args[0]]}, nil
	})
	if got := b.run("dist-repo", "f43-build", "ABCD1234", "--nowait"); got != exitOK {
		t.Fatalf("exit status %d\n%s", got, b.output())
	}
	if d := cmp.Diff([]any{"ppc64le"}, b.hub.Called("distRepo")[0].Keys["arch"]); d != "" {
		t.Error(d)
	}
}
