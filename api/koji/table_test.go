package koji

import (
	"strings"
	"testing"
)

func TestEveryRowIsComplete(t *testing.T) {
	a, err := newAPI(table())
	if err != nil {
		t.Fatal(err)
	}
	if len(a.methods) < 300 {
		t.Errorf("only %d methods", len(a.methods))
	}
	for name, m := range a.methods {
		if strings.HasPrefix(name, "host.") && m.Needs.String() != ExclusiveHost.String() {
			t.Errorf("%s is open to %s", name, m.Needs)
		}
		if m.Mode == Write && m.Needs.String() == Anonymous.String() {
			t.Errorf("%s lets anybody write", name)
		}
	}
}

func TestIncompleteRowsAreRefused(t *testing.T) {
	ok := Method{Name: "x", Python: "x()", Needs: Anonymous, Mode: Read}
	noNeeds, noMode, badSig := ok, ok, ok
	noNeeds.Needs = Method{}.Needs
	noMode.Mode = 0
	badSig.Python = "x(a=1, b)"
	for name, rows := range map[string][]Method{
		"who may call": {noNeeds}, "of the database": {noMode}, "without a default": {badSig}, "twice": {ok, ok},
	} {
		if _, err := newAPI(rows); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	handler := userHandlers()["getTag"]
	if _, err := newAPI([]Method{ok}, Handlers{"y": handler}); err == nil {
		t.Error("a handler without a row")
	}
	if _, err := newAPI([]Method{ok}, Handlers{"x": handler}, Handlers{"x": handler}); err == nil {
		t.Error("two handlers of one row")
	}
}

// The texts are what Python 3.11 says for the same calls.
func TestBindingSpeaksPython(t *testing.T) {
	for _, c := range []struct {
		sig    string
		params []any
		kw     map[string]any
		want   string
	}{
		{"f()", []any{1}, nil, "f() takes 0 positional arguments but 1 was given"},
		{"f(a)", nil, nil, "f() missing 1 required positional argument: 'a'"},
		{"f(a, b)", nil, nil, "f() missing 2 required positional arguments: 'a' and 'b'"},
		{"f(a, b, c)", nil, nil, "f() missing 3 required positional arguments: 'a', 'b', and 'c'"},
		{"f(a, b, c=None)", nil, map[string]any{"b": 1}, "f() missing 1 required positional argument: 'a'"},
		{"f(a, b=1)", []any{1, 2, 3, 4, 5}, nil, "f() takes from 1 to 2 positional arguments but 5 were given"},
		{"C.f(self)", []any{1}, nil, "C.f() takes 1 positional argument but 2 were given"},
		{"C.f(self, a='x')", []any{1, 2}, nil, "C.f() takes from 1 to 2 positional arguments but 3 were given"},
		{"f(a)", []any{1}, map[string]any{"a": 2}, "f() got multiple values for argument 'a'"},
		{"f(a)", []any{1, 2}, map[string]any{"x": 2}, "f() got an unexpected keyword argument 'x'"},
		{"f(a, *rest, **kw)", []any{1, 2, 3}, map[string]any{"x": 2}, ""},
		{"f(a, b=-1)", []any{1}, nil, ""},
	} {
		sig, err := parseSignature(c.sig)
		if err != nil {
			t.Fatal(err)
		}
		_, err = sig.bind(c.params, c.kw)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasSuffix(err.Error(), ": "+c.want)) {
			t.Errorf("%s: got %v, want %s", c.sig, err, c.want)
		}
	}
}
