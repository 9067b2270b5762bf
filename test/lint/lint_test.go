package lint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTree looks at kura itself.
func TestTree(t *testing.T) {
	problems, long, err := Check("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
	for _, l := range long {
		t.Logf("worth splitting: %s", l)
	}
}

// TestLaws puts one file that breaks a law into a tree that breaks none, with
// kura's own rules.
func TestLaws(t *testing.T) {
	rules, err := os.ReadFile("../../" + configFile)
	if err != nil {
		t.Fatal(err)
	}
	const m = "github.com/kura-build/kura/"
	for name, c := range map[string]struct {
		file, text string
		want       []string
	}{
		"nothing wrong": {file: "hub/tag/tag.go", text: "import _ \"" + m + "hub/event\"\nimport _ \"" + m + "db\"\n"},
		"a room imports one above it": {
			file: "hub/tag/tag.go", text: "import _ \"" + m + "hub/build\"\n",
			want: []string{"hub/tag/tag.go:3: must not import " + m + "hub/build: "},
		},
		"a test too": {
			file: "hub/tag/tag_test.go", text: "import _ \"" + m + "api/koji\"\n",
			want: []string{"hub/tag/tag_test.go:3: must not import " + m + "api/koji: "},
		},
		"a test takes an embedded driver": {file: "hub/file/file_test.go", text: "import _ \"" + m + "blob/dir\"\n"},
		"a room takes one": {
			file: "hub/file/file.go", text: "import _ \"" + m + "blob/dir\"\n",
			want: []string{"hub/file/file.go:3: must not import " + m + "blob/dir: cmd/kura chooses the driver"},
		},
		"a worker knows the hub": {
			file: "worker/rpm/x.go", text: "import _ \"" + m + "hub/task\"\n",
			want: []string{"worker/rpm/x.go:3: must not import"},
		},
		"ways in know each other": {
			file: "api/koji/x.go", text: "import _ \"" + m + "api/copr\"\nimport _ \"" + m + "api/login\"\n",
			want: []string{"api/koji/x.go:3: must not import " + m + "api/copr: of the other ways in"},
		},
		"a format knows kura": {
			file: "format/rpm/x.go", text: "import _ \"github.com/kura-build/kura\"\n",
			want: []string{"format/rpm/x.go:3: must not import"},
		},
		"protocol outside its rooms": {
			file: "hub/task/x.go", text: "import _ \"" + m + "protocol\"\n",
			want: []string{"hub/task/x.go:3: must not import"},
		},
		"protocol in its room": {file: "hub/flow/x.go", text: "import _ \"" + m + "protocol\"\n"},
		"a driver of a database": {
			file: "hub/tag/x.go", text: "import _ \"github.com/jackc/pgx/v5/stdlib\"\n",
			want: []string{"hub/tag/x.go:3: must not import github.com/jackc/pgx/v5/stdlib: the databases are behind db"},
		},
		"a room without a law": {
			file: "kitchen/x.go", text: "",
			want: []string{"kitchen: no import law holds for this package"},
		},
		"a noun without a place in the order": {
			file: "hub/kitchen/x.go", text: "",
			want: []string{"hub/kitchen: no import law holds for this package"},
		},
		"SQL in a way in": {
			file: "api/rest/x.go", text: "const q = `SELECT id FROM task`\n",
			want: []string{"api/rest/x.go:3: SQL outside the hub"},
		},
		"a query in a way in": {
			file: "api/rest/x.go", text: "import \"" + m + "db\"\nfunc f(tx *db.Tx, q string) { tx.Exec(nil, q); db.All(nil, tx, nil, q) }\n",
			want: []string{"api/rest/x.go:4: db.All speaks SQL", "api/rest/x.go:4: tx.Exec speaks SQL"},
		},
		"a transaction in a way in": {file: "api/rest/x.go", text: "import \"" + m + "db\"\nfunc f(d *db.DB) { d.Update(nil, func(tx *db.Tx) error { return nil }) }\n"},
		"a shell": {
			file: "worker/x.go", text: "import \"os/exec\"\nvar c = exec.Command(\"sh\", \"-c\", \"true\")\nvar l = []string{\"/bin/bash\", \"-lc\", \"true\"}\n",
			want: []string{"worker/x.go:4: runs a shell", "worker/x.go:5: runs a shell"},
		},
		"a test that skips": {
			file: "worker/x_test.go", text: "import \"testing\"\nfunc TestX(t *testing.T) { t.Skip(\"later\") }\n",
			want: []string{"worker/x_test.go:4: skips a test"},
		},
		"left for later": {
			file: "worker/x.go", text: "// TO" + "DO: all of it\n",
			want: []string{"worker/x.go:3: TO" + "DO: do it, or leave it out"},
		},
		"too long": {
			file: "worker/x.go", text: strings.Repeat("\n", 900),
			want: []string{"worker/x.go: 902 lines: split it"},
		},
		"a foreign comparer": {
			file: "worker/x_test.go", text: "import _ \"github.com/stretchr/testify/require\"\n",
			want: []string{"worker/x_test.go:3: must not import github.com/stretchr/testify/require: compare with"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			put := func(name, text string) {
				t.Helper()
				name = filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			put("go.mod", "module github.com/kura-build/kura\n")
			put(configFile, string(rules))
			put(filepath.Join(filepath.Dir(c.file), "doc.go"), "// Package x is here to be looked at.\npackage x\n")
			put(c.file, "package x\n\n"+c.text)
			got, _, err := Check(root)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if i < len(c.want) && strings.HasPrefix(got[i], c.want[i]) {
					got[i] = c.want[i]
				}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("found (-want +got):\n%s", d)
			}
		})
	}
}

// A package without a comment, and rules that depguard would read otherwise.
func TestRefused(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module x\n", "a/a.go": "package a\n", configFile: `
linters:
  enable: [depguard]
  settings:
    depguard:
      rules:
        all: {list-mode: lax, files: [$all], deny: [{pkg: x, desc: none}]}
`} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, _, err := Check(root)
	if err != nil || len(got) != 1 || !strings.HasPrefix(got[0], "a: the package has no comment") {
		t.Errorf("found %q, %v", got, err)
	}
	for _, r := range []rule{
		{ListMode: "strict", Files: []string{"$all"}},
		{ListMode: "lax"},
		{ListMode: "lax", Files: []string{"$all"}, Deny: []struct{ Pkg, Desc string }{{"x", ""}}},
		{ListMode: "lax", Files: []string{"**/a.go"}, Deny: []struct{ Pkg, Desc string }{{"x", "y"}}},
		{ListMode: "lax", Files: []string{"$all"}, Deny: []struct{ Pkg, Desc string }{{"x", "y"}}, Allow: []string{"x/a", "x/a/b$"}},
	} {
		if r.compile() == nil {
			t.Errorf("accepted: %+v", r)
		}
	}
}
