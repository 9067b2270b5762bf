package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/format/xmlrpc"
)

const someToken = "kura_ABCDEFGHIJKLMNOPQRSTUVWXYZ"

func TestTokenCommands(t *testing.T) {
	b := newBench(t)
	made := m{"id": 12, "name": "nightly", "scopes": l{"tag", "sign"}, "created": 1_799_990_000.5, "expires": 1_807_766_000.5}
	ever := m{"id": 13, "name": "ci", "scopes": l{}, "created": 1_799_990_000.5, "expires": nil}
	b.hub.Answer("kura.listTokens", l{made, ever})
	with := m{"token": someToken}
	for k, v := range made {
		with[k] = v
	}
	b.hub.Answer("kura.createToken", with)
	b.hub.Answer("kura.revokeToken", nil)
	for name, args := range map[string][]string{
		"token_create.txt":  {"token", "create", "nightly", "--scope", "tag", "--scope", "sign", "--days", "90"},
		"token_create.json": {"token", "create", "nightly", "--json"},
		"token_quiet.txt":   {"token", "create", "nightly", "-q"},
		"token_list.txt":    {"token", "list"},
		"token_revoke.txt":  {"token", "revoke", "12", "13"},
	} {
		if got := b.run(args...); got != 0 {
			t.Errorf("%v: %d %s", args, got, b.output())
		}
		golden(t, name, b.output())
	}
	var full bool
	for _, c := range b.hub.Called("kura.createToken") {
		full = full || cmp.Equal(m{"scopes": l{"tag", "sign"}, "days": int64(90)}, c.Keys)
	}
	if !full || len(b.hub.Called("kura.revokeToken")) != 2 {
		t.Errorf("%v", b.hub.Calls())
	}
	for _, args := range [][]string{{"token", "create"}, {"token", "create", "x", "--days", "0"}, {"token", "revoke", "x"}, {"token", "revoke"}} {
		if got := b.run(args...); got != 2 {
			t.Errorf("%v: %d %s", args, got, b.output())
		}
	}
	b.hub.Answer("kura.createToken", &xmlrpc.Fault{Code: 1000, String: "Invalid method: kura.createToken"})
	if got := b.run("token", "create", "x"); got != 1 || !strings.Contains(b.output(), "only kura's hubs") {
		t.Errorf("%d %s", got, b.output())
	}
}

func TestTheEnvironmentsTokenIsUsed(t *testing.T) {
	b := newBench(t)
	b.hub.Answer("kura.revokeToken", nil)
	b.env["KURA_TOKEN"] = someToken
	if got := b.run("token", "revoke", "12"); got != 0 {
		t.Fatal(b.output())
	}
	calls := b.hub.Called("kura.revokeToken")
	if len(calls) != 1 || calls[0].Token != someToken || calls[0].Session != "" || b.hub.Logins() != 0 {
		t.Errorf("%+v", calls)
	}
	b.hub.Answer("kura.revokeToken", &xmlrpc.Fault{Code: 1002, String: "token 12 of ann was revoked: make a new one"})
	if got := b.run("token", "revoke", "12"); got != 4 || b.errs.String() != "kura: token 12 of ann was revoked: make a new one\n" {
		t.Errorf("%d %q", got, b.errs.String())
	}
	b.hub.Answer("kura.revokeToken", &xmlrpc.Fault{Code: 1007, String: "token 12 of ann has expired: make a new one"})
	if got := b.run("token", "revoke", "12"); got != 4 {
		t.Errorf("%d %q", got, b.errs.String())
	}
}

func TestPasswordsAreRead(t *testing.T) {
	b := newBench(t)
	b.hub.Answer("kura.setPassword", nil)
	enter := func(in string, typed ...string) Env {
		b.out.Reset()
		b.errs.Reset()
		e := Env{In: strings.NewReader(in), Out: &b.out, Err: &b.errs, Home: b.dir, System: b.dir, Getenv: func(string) string { return "" }}
		if typed != nil {
			e.Hidden = func(string) (string, bool, error) {
				if len(typed) == 0 {
					return "", true, errors.New("interrupted")
				}
				s := typed[0]
				typed = typed[1:]
				return s, true, nil
			}
		}
		return e
	}
	for name, c := range map[string]struct {
		env    Env
		args   string
		status int
		want   []any
	}{
		"a line":        {enter("a good secret\nmore\n"), "user password", 0, l{"a good secret"}},
		"without end":   {enter(" spaces count "), "user password ann", 0, l{" spaces count ", m{"user": "ann"}}},
		"typed":         {enter("", "a good secret", "a good secret"), "user password", 0, l{"a good secret"}},
		"typed wrongly": {enter("", "a good secret", "a goat secret"), "user password", 2, nil},
		"given up":      {enter("", "a good secret"), "user password", 2, nil},
		"nothing":       {enter(""), "user password", 2, nil},
		"too long":      {enter(strings.Repeat("x", 5000)), "user password", 2, nil},
	} {
		before := len(b.hub.Called("kura.setPassword"))
		if got := Main(context.Background(), New(c.env), strings.Fields(c.args), &b.errs); got != c.status {
			t.Errorf("%s: %d %s", name, got, b.output())
		}
		var sent []any
		for _, call := range b.hub.Called("kura.setPassword")[before:] {
			sent = call.Args
			if call.Keys != nil {
				sent = append(sent, call.Keys)
			}
		}
		if d := cmp.Diff(c.want, sent); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if strings.Contains(b.out.String(), "secret") {
		t.Error("a password was printed")
	}
}

// A file is no terminal: what it holds is read, not asked for.
func TestNoPromptWithoutATerminal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("a good secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var prompts strings.Builder
	a := &app{Env: Env{In: f, Hidden: hidden(f, &prompts)}}
	if got, err := a.newSecret("it"); err != nil || got != "a good secret" || prompts.Len() > 0 {
		t.Errorf("%q %v %q", got, err, prompts.String())
	}
}
