package rpm

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestAFailureNamesItsPhaseAndCause(t *testing.T) {
	head := "Executing(%prep): /bin/sh -e /var/tmp/rpm-tmp.a\n+ exit 0\n"
	build := head + "Executing(%build): /bin/sh -e /var/tmp/rpm-tmp.b\n"
	for name, c := range map[string]struct {
		text, phase, cause string
		line               int
	}{
		"a compiler": {build + "gcc -c x.c\nwarning: error handling\nx.c:3:1: error: unknown type name 'foo'\nx.c:9:1: error: later\nmake: *** [Makefile:2: x.o] Error 1\nerror: Bad exit status from /var/tmp/rpm-tmp.b (%build)\n",
			"build", "x.c:3:1: error: unknown type name 'foo'", 6},
		"a linker":    {build + "ld: x.o: in function `main':\nx.c:(.text+0x5): undefined reference to `nosuch'\ncollect2: error: ld returned 1 exit status\n", "build", "x.c:(.text+0x5): undefined reference to `nosuch'", 5},
		"make alone":  {build + "make: *** No rule to make target 'all'.  Stop.\nerror: Bad exit status from /var/tmp/x (%build)\n", "build", "make: *** No rule to make target 'all'.  Stop.", 4},
		"configure":   {build + "checking for x... no\nconfigure: error: x is missing\n", "build", "configure: error: x is missing", 5},
		"a traceback": {build + "Traceback (most recent call last):\n  File \"setup.py\", line 1, in <module>\nModuleNotFoundError: No module named 'x'\n", "build", "ModuleNotFoundError: No module named 'x'", 6},
		"a patch":     {"Executing(%prep): x\nPatch #0 (a.patch):\n+ /usr/bin/patch -p1\nHunk #1 FAILED at 3.\n1 out of 1 hunk FAILED\n", "prep", "Hunk #1 FAILED at 3.", 4},
		"a missing source": {"Executing(%prep): x\n+ cd hi-2.0\n/var/tmp/rpm-tmp.x: line 35: cd: hi-2.0: No such file or directory\n", "prep",
			"/var/tmp/rpm-tmp.x: line 35: cd: hi-2.0: No such file or directory", 3},
		"a test":     {build + "Executing(%check): x\nPASS: a\nFAIL: b.sh\nmake: *** [check] Error 1\n", "check", "FAIL: b.sh", 6},
		"no install": {build + "Executing(%install): x\ninstall: cannot stat 'hi': No such file or directory\n", "install", "install: cannot stat 'hi': No such file or directory", 5},
		"left over": {build + "Executing(%install): x\nProcessing files: a-1\nChecking for unpackaged file(s): /usr/lib/rpm/check-files\nerror: Installed (but unpackaged) file(s) found:\n   /usr/bin/other\n", "package",
			"error: Installed (but unpackaged) file(s) found: /usr/bin/other", 7},
		"not there":      {build + "Processing files: a-1\nerror: File not found: /b/usr/bin/x\n", "package", "error: File not found: /b/usr/bin/x", 5},
		"a bad spec":     {"error: line 3: Unknown tag: Foo\n", "source", "error: line 3: Unknown tag: Foo", 1},
		"only a command": {build + "+ test -e /x\n+ RPM_EC=1\n++ jobs -p\n+ exit 1\nerror: Bad exit status from /var/tmp/x (%build)\n\nRPM build errors:\n    Bad exit status from /var/tmp/x (%build)\n", "build", "+ test -e /x", 11},
		"in colour":      {build + "\x1b[1m\x1b[31mx.c:1:1: error: \x1b[0mbad\x07\n", "build", "x.c:1:1: error: bad", 4},
		"faked earlier":  {"Executing(%prep): x\na.c:1:1: error: in prep, harmless\n" + build + "b.c:1:1: error: real\n", "build", "b.c:1:1: error: real", 6},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReader(nil)
			for _, part := range strings.SplitAfter(c.text, "e") { // it arrives in any pieces
				_, _ = r.Write([]byte(part))
			}
			f := r.failure("build.log", "hi-1")
			got := []any{f.Phase, f.Cause, f.Line}
			if diff := cmp.Diff([]any{c.phase, c.cause, c.line}, got); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(f.Message, "hi-1") || !strings.Contains(f.Message, strings.TrimPrefix(c.cause, "+ ")) {
				t.Errorf("the message is %q", f.Message)
			}
		})
	}
}

func TestPhasesAreTold(t *testing.T) {
	var got []string
	r := newReader(func(p string) { got = append(got, p) })
	_, _ = r.Write([]byte("Executing(%prep): x\nExecuting(%generate_buildrequires): x\nExecuting(%build): x\nProcessing files: a\nProcessing files: b\n"))
	if diff := cmp.Diff([]string{"prep", "buildroot", "build", "package"}, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("Executing(%build): x\nx.c:1: error: y\n\x1b]0;t\x07"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := newReader(nil)
		_, _ = r.Write(data)
		m := r.failure("build.log", "x")
		if !utf8.ValidString(m.Message) || strings.ContainsAny(m.Message, "\n\x1b") || len(m.Message) > 20*mostOfLine {
			t.Errorf("message %q", m.Message)
		}
	})
}

func TestALongLogIsCutWithASentence(t *testing.T) {
	var out bytes.Buffer
	c := newCutLog(&out, 1<<20)
	line := strings.Repeat("x", 99) + "\n"
	for range 30000 {
		_, _ = c.Write([]byte(line))
	}
	_, _ = c.Write([]byte("error: the end\n"))
	c.end()
	if first, last := c.place(7), c.place(30001); first != 7 || last != 0 {
		t.Errorf("line 7 is said to stand at %d, a line behind the cut at %d", first, last)
	}
	text := out.String()
	if len(text) > 1<<20+tailSize+500 {
		t.Errorf("the log has %d bytes", len(text))
	}
	if !strings.Contains(text, "[kura] The log is cut here: it reached its limit of 1 MiB. Only its end is kept.\n") || !strings.HasSuffix(text, "error: the end\n") {
		t.Errorf("it ends %q", text[len(text)-200:])
	}
}

func TestDnfsSentence(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no match": {"No match for argument: x\nError: Unable to find a match: x\n", "Unable to find a match: x"},
		"a problem": {"Error: \n Problem: conflicting requests\n  - nothing provides a needed by b-1-1.noarch\n(try to add '--skip-broken' to skip uninstallable packages)\n",
			"nothing provides a needed by b-1-1.noarch"},
		"two": {"Error: \n Problem 1: package a requires b, but none of the providers can be installed\n  - nothing provides c needed by b\n Problem 2: conflicting requests\n  - nothing provides d\n",
			"package a requires b, but none of the providers can be installed; nothing provides c needed by b; nothing provides d"},
		"a download": {"[MIRROR] a.rpm: 404\nError: Error downloading packages:\n  Cannot download x86_64/a.rpm: All mirrors were tried\n",
			"Cannot download x86_64/a.rpm: All mirrors were tried"},
		"strange": {"x\nsomething else\n", "x; something else"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (&dnfError{c.text}).sentence(); got != c.want {
				t.Errorf("got %q", got)
			}
		})
	}
}
