package koji

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
)

var writeCompat = flag.Bool("compat", false, "write docs/koji-compat.md anew")

const compatFile = "../../docs/koji-compat.md"

// The document says of each method what the front that cmd/kura serves does.
func TestCompatDocument(t *testing.T) {
	d := dbtest.SQLite(t)
	var parts []Handlers
	for _, p := range wholeFront(t, d) {
		parts = append(parts, p.Handlers())
	}
	server, err := New(Config{DB: d, Sessions: account.NewSessions(), Uploads: &probe{}}, parts...)
	if err != nil {
		t.Fatal(err)
	}
	var served, not []string
	heard := ""
	for _, name := range slices.Sorted(maps.Keys(server.api.methods)) {
		m := server.api.methods[name]
		if server.api.handlers[name] == nil {
			var f *xmlrpc.Fault
			if _, _, err := server.api.find(name); !errors.As(err, &f) {
				t.Fatalf("%s has no handler, and who calls it hears %v", name, err)
			}
			heard = fmt.Sprintf("fault %d, \"%s\"", f.Code, strings.ReplaceAll(f.String, name, "METHOD"))
			not = append(not, fmt.Sprintf("- `%s`", name))
			continue
		}
		_, args, _ := strings.Cut(m.Python, "(")
		args = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(args, "self"), ", "), ")")
		if args != "" {
			args = "`" + args + "`"
		}
		served = append(served, fmt.Sprintf("| `%s` | %s | %s |", name, args, m.Needs))
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Which of Koji's methods are answered

Made by api/koji/compat_test.go, which fails when this is not what the hub
does: go test ./api/koji -run TestCompatDocument -compat writes it anew.

%d methods are answered, %d are not. What is answered otherwise than Koji's hub
does on purpose stands in ARCHITECTURE.md.

## Not answered

Who calls one of these hears %s.

%s

## Answered

| method | arguments | who may call it |
|---|---|---|
%s
`, len(served), len(not), heard, strings.Join(not, "\n"), strings.Join(served, "\n"))
	if *writeCompat {
		if err := os.WriteFile(compatFile, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(compatFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, b.Bytes()) {
		t.Error("docs/koji-compat.md is not what the hub does: write it anew with go test ./api/koji -run TestCompatDocument -compat")
	}
}
