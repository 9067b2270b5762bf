package cli

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/client/hubtest"
	"github.com/kura-build/kura/format/xmlrpc"
)

// each calls f with every command.
func each(c *cobra.Command, f func(*cobra.Command)) {
	for _, child := range c.Commands() {
		f(child)
		each(child, f)
	}
}

func TestEveryCommandExplainsItself(t *testing.T) {
	b := newBench(t)
	each(New(Env{Home: b.dir, System: b.dir}), func(c *cobra.Command) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: short help %q", c.CommandPath(), c.Short)
		}
		if !c.HasSubCommands() && (c.Long == "" || c.Example == "") {
			t.Errorf("%s has no long help or no example", c.CommandPath())
		}
		for line := range strings.Lines(c.Long) {
			if len(line) > 88 {
				t.Errorf("%s: line of %d characters: %s", c.CommandPath(), len(line), line)
			}
		}
		args := append(strings.Fields(c.CommandPath())[1:], "--help")
		if got := b.run(args...); got != 0 || !strings.Contains(b.out.String(), "EXIT STATUS") || !strings.Contains(b.out.String(), "--json") {
			t.Errorf("%s --help: %d\n%s", c.CommandPath(), got, b.output())
		}
	})
}

func TestHelp(t *testing.T) {
	b := newBench(t)
	b.run("build", "--help")
	golden(t, "help_build.txt", b.output())
	b.run("--help")
	golden(t, "help.txt", b.output())
}

func TestCompletion(t *testing.T) {
	b := newBench(t)
	if got := b.run("completion", "bash"); got != exitOK || !strings.Contains(b.out.String(), "complete") {
		t.Errorf("%d\n%.200s", got, b.output())
	}
	if got := b.run("__complete", "tag", "b"); got != exitOK || !strings.Contains(b.out.String(), "builds") {
		t.Errorf("%d\n%s", got, b.output())
	}
}

func TestExitStatus(t *testing.T) {
	for _, c := range []struct {
		fault *xmlrpc.Fault
		want  int
	}{
		{&xmlrpc.Fault{Code: 1004, String: "tag permission required (logged in as ann)"}, exitDenied},
		{&xmlrpc.Fault{Code: 1002, String: "Invalid session or bad credentials"}, exitDenied},
		{&xmlrpc.Fault{Code: 1000, String: "No such tag: f99"}, exitNotFound},
		{&xmlrpc.Fault{Code: 1003, String: "tag is locked"}, exitFailed},
		{&xmlrpc.Fault{Code: 1014, String: "offline"}, exitUnreachable},
		{&xmlrpc.Fault{Code: 1, String: "boom"}, exitFailed},
	} {
		b := newBench(t)
		b.hub.Answer("createTag", c.fault)
		if got := b.run("tag", "create", "f99"); got != c.want || !strings.Contains(b.errs.String(), c.fault.String) {
			t.Errorf("%v: %d, want %d\n%s", c.fault, got, c.want, b.output())
		}
	}
	b := newBench(t)
	b.config("user = ann\npassword = wrong\n")
	if got := b.run("hello"); got != exitDenied {
		t.Errorf("wrong password: %d %s", got, b.output())
	}
	b.hub.Server.Close()
	if got := b.run("builds"); got != exitUnreachable {
		t.Errorf("no hub: %d %s", got, b.output())
	}
	if got := b.run("builds", "--profile", "prod"); got != exitUsage || !strings.Contains(b.errs.String(), `no profile "prod"`) {
		t.Errorf("no profile: %d %s", got, b.output())
	}
	b.env["KURA_PROFILE"] = "stage"
	if got := b.run("builds"); got != exitUsage || !strings.Contains(b.errs.String(), `"stage"`) {
		t.Errorf("no profile: %d %s", got, b.output())
	}
	if got := ExitStatus(fmt.Errorf("x: %w", context.Canceled)); got != exitInterrupted {
		t.Errorf("canceled: %d", got)
	}
}

func TestSessionsEnd(t *testing.T) {
	b := newBench(t)
	record(b.hub)
	b.run("hello")
	b.run("tag", "add", "f43", "nothing") // fails
	if in, out := b.hub.Logins(), b.hub.Logouts(); in != 2 || out != 2 {
		t.Errorf("%d logins and %d logouts", in, out)
	}
}

func TestRegen(t *testing.T) {
	b := newBench(t)
	b.hub.Answer("repo.request", m{"repo": nil, "request": m{"id": 5, "active": true}, "duplicate": false})
	n := 0
	b.hub.Answer("repo.checkRequest", func(hubtest.Call) (any, error) {
		if n++; n < 3 {
			return m{"repo": nil, "request": m{"id": 5, "active": true}, "task": m{"id": 88}}, nil
		}
		return m{"repo": m{"id": 34}, "request": m{"id": 5, "active": false}}, nil
	})
	if got := b.run("regen", "f43-build"); got != exitOK {
		t.Errorf("exit status %d", got)
	}
	if d := cmp.Diff("task 88 makes it\nrepository 34 of f43-build is ready\n", b.output()); d != "" {
		t.Error(d)
	}
}

// Hubs before 1.34 have tasks in the place of wishes.
func TestRepoRequestOfAnOldHub(t *testing.T) {
	b := newBench(t)
	b.hub.Answer("repo.request", &xmlrpc.Fault{Code: 1000, String: "Invalid method: repo.request"})
	b.hub.Answer("newRepo", 21)
	if got := b.run("repo", "request", "f43-build", "--event", "7", "--src", "--nowait"); got != exitOK || !strings.Contains(b.output(), "task 21") {
		t.Errorf("exit status %d\n%s", got, b.output())
	}
	if d := cmp.Diff(m{"event": int64(7), "src": true}, b.hub.Called("newRepo")[0].Keys); d != "" {
		t.Error(d)
	}
}

func TestTagAddWaits(t *testing.T) {
	b := newBench(t)
	record(b.hub)
	play(b, false)
	b.hub.Answer("tagBuild", int64(12))
	if got := b.run("tag", "add", "f43", "bash-5.3-1.fc43"); got != exitOK {
		t.Errorf("exit status %d\n%s", got, b.output())
	}
	if got := b.run("tag", "add", "f43", "bash-5.3-1.fc43", "nothing"); got != exitNotFound || len(b.hub.Called("tagBuild")) != 1 {
		t.Errorf("one is not there: %d, and %d were tagged", got, len(b.hub.Called("tagBuild"))-1)
	}
}

func TestCall(t *testing.T) {
	b := newBench(t)
	b.hub.Answer("echo", func(c hubtest.Call) (any, error) { return []any{c.Args, c.Keys}, nil })
	if got := b.run("call", "echo", "a", "12", "[1, {\"b\": 2.5}]", "strict=true", "name=x-1"); got != exitOK {
		t.Fatalf("exit status %d\n%s", got, b.output())
	}
	golden(t, "call.json", b.output())
}

func TestNothingMovesTheCursor(t *testing.T) {
	b := newBench(t)
	b.hub.Answer("listBuilds", l{m{"build_id": 1, "nvr": "evil-1-1", "owner_name": "x\u202ey\u009b2J"}})
	b.run("builds")
	for _, r := range b.out.String() {
		if r != '\n' && (r < ' ' || r == '\u202e' || r >= 0x7f && r < 0xa0) {
			t.Errorf("%q in %q", r, b.out.String())
		}
	}
}

func TestColor(t *testing.T) {
	b := newBench(t)
	record(b.hub)
	b.term = newTerminal(100, 30)
	b.run("builds")
	plainText := newBench(t)
	record(plainText.hub)
	plainText.run("builds")
	if d := cmp.Diff(plainText.out.String(), b.term.text()); d != "" {
		t.Errorf("colours change the alignment:\n%s", d)
	}
}

func TestCause(t *testing.T) {
	for log, want := range map[string]string{
		"checking...\nconfigure: error: no acceptable C compiler\nRPM build errors:\n": "configure: error: no acceptable C compiler",
		"a\nmake[1]: *** [x] Error 1\nmake: *** [y] Error 2\n":                         "make[1]: *** [x] Error 1",
		"nothing provides foo needed by bar\n":                                         "nothing provides foo needed by bar",
		"all is well\n":                                                                "",
	} {
		if got := cause([]byte(log)); got != want {
			t.Errorf("%q: %q, want %q", log, got, want)
		}
	}
}

func TestSmallThings(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{span(7 * time.Second), "0:07"},
		{span(3*time.Hour + 4*time.Minute + 5*time.Second), "3:04:05"},
		{bytesText(900), "900 B"},
		{bytesText(3 << 20), "3.0 MiB"},
		{failureText(&client.Failure{Text: "Traceback (most recent call last):\n  File x\nkoji.BuildError: no space"}), "no space"},
		{failureText(&client.Failure{Text: "GenericError: "}), "GenericError:"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	a := &app{Env: Env{Now: func() time.Time { return time.Unix(1000, 0) }, Zone: time.UTC}}
	if got, err := a.instant("10m"); err != nil || got.Unix() != 400 {
		t.Error(got, err)
	}
	if got, err := a.instant("1970-01-02"); err != nil || got.Unix() != 86400 {
		t.Error(got, err)
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b[2Jb")
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsAny(clean(s), "\x1b\n\r\x07") {
			t.Errorf("%q", clean(s))
		}
		if strings.ContainsAny(cleanLog([]byte(s)), "\x1b\r\x07") {
			t.Errorf("%q", cleanLog([]byte(s)))
		}
		failureText(&client.Failure{Text: s})
		cause([]byte(s))
	})
}
