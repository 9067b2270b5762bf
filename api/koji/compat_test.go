package koji

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kura-build/kura/test/exchange"
)

var writeCompat = flag.Bool("compat", false, "write docs/koji-compat.md anew")

const compatFile = "../../docs/koji-compat.md"

// The document says of each method what the front that cmd/kura serves does, and
// of each method and command of Koji's client what differed when what it asks was
// asked again.
func TestCompatDocument(t *testing.T) {
	o := onSQLite(t)
	asked, times := map[string]int{}, map[string]int{}
	answered, went := map[string]bool{}, map[string]bool{} // not only with faults, once at least
	methods, lines := map[string]whys{}, map[string]whys{}
	tried, others := 0, 0 // command lines, and calls that no command makes
	for _, c := range o.all {
		if c.Name() == "" {
			others += len(c.Calls)
		} else {
			tried++
			times[c.Name()]++
		}
		well := true
		for _, call := range c.Calls {
			how := call.Answered()
			for i, method := range call.Methods() {
				asked[method]++
				answered[method] = answered[method] || how[i]
				well = well && how[i]
			}
		}
		went[c.Name()] = went[c.Name()] || well
		for _, diff := range c.diffs {
			if i, ok := excuse(diff); ok {
				methods[diff.method] = methods[diff.method].with(i)
				if c.Name() != "" {
					lines[c.Name()] = lines[c.Name()].with(i)
				}
			}
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `# How kura stands to Koji's hub

Made by api/koji/compat_test.go, which fails when this is not what the hub does:
go test ./api/koji -run TestCompatDocument -compat writes it anew.

Koji's own client was run with %d command lines against Koji's own hub, version %s, and
%d calls were made there that its commands do not make: those of builders, in the order in
which kojid makes them, of kojira, koji-gc and Koji's pages, and of nobody. What was said was
kept (test/exchange; test/kojiclient records it anew).
The same is asked of kura here and in every run of the tests, on SQLite and on PostgreSQL.
Numbers of objects, times and random keys apart, the answers are the same, member for member,
type for type, fault for fault, but where a number stands below. Where it says "faults only",
nothing but refusals was recorded, and that it works is shown by tests of kura's own:

`, tried, exchange.Version, others)
	for i, a := range allowed {
		fmt.Fprintf(&b, "%d. %s\n", i+1, a.why)
	}
	fmt.Fprint(&b, "\n## Commands\n\n| command | like against Koji's hub | command lines tried |\n|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(times)) {
		fmt.Fprintf(&b, "| `%s` | %s | %d |\n", name, lines[name].but(went[name]), times[name])
	}
	served := []string{
		fmt.Sprintf("| `multiCall` | `calls` | as each of the calls | %s | %d |", methods["multiCall"].but(answered["multiCall"]), asked["multiCall"]),
		"| `system.multicall` | `calls` | as each of the calls | the same as multiCall | 0 |",
	}
	var not []string
	for _, name := range slices.Sorted(maps.Keys(o.api.methods)) {
		m := o.api.methods[name]
		if o.api.handlers[name] == nil {
			t.Errorf("nobody carries out %s", name)
			continue
		}
		if why, ok := refusals[name]; ok {
			not = append(not, fmt.Sprintf("- `%s`: %s", name, why))
			continue
		}
		_, args, _ := strings.Cut(m.Python, "(")
		args = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(args, "self"), ", "), ")")
		if args != "" {
			args = "`" + args + "`"
		}
		like := "not recorded"
		switch {
		case asked[name] > 0:
			like = methods[name].but(answered[name] || name == "error" || name == "fault") // those two are faults
		case strings.HasPrefix(name, "kura."):
			like = "kura's own"
		}
		served = append(served, fmt.Sprintf("| `%s` | %s | %s | %s | %d |", name, args, m.Needs, like, asked[name]))
	}
	fmt.Fprintf(&b, `
## Methods

%d methods are answered. %d answer with fault 1000 and say why they have nothing to do:

%s

| method | arguments | who may call it | like Koji's hub | recorded calls |
|---|---|---|---|---|
%s
`, len(served), len(not), strings.Join(not, "\n"), strings.Join(served, "\n"))
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

// whys are reasons for which answers differ, by their place in the table.
type whys []int

func (w whys) with(i int) whys {
	if at, ok := slices.BinarySearch(w, i); !ok {
		w = slices.Insert(w, at, i)
	}
	return w
}

// but tells of what was answered with faults only.
func (w whys) but(answered bool) string {
	if answered {
		return w.String()
	}
	return w.String() + ", faults only"
}

func (w whys) String() string {
	if len(w) == 0 {
		return "yes"
	}
	var nums []string
	for _, i := range w {
		nums = append(nums, fmt.Sprint(i+1))
	}
	return "differs: " + strings.Join(nums, ", ")
}
