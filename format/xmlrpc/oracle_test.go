package xmlrpc

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// oracle is what testdata/oracle.py recorded.
type oracle struct {
	Encode []struct {
		Name, Doc string
		Value     json.RawMessage
	}
	Decode []struct {
		Name, Doc, Method, Error string
		Params                   json.RawMessage
	}
	Call, Fault string
}

func readOracle(t testing.TB) (o oracle) {
	data, err := os.ReadFile("testdata/oracle.json")
	if err == nil {
		err = json.Unmarshal(data, &o)
	}
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// revive turns the oracle's typed JSON into our values.
func revive(t testing.TB, raw json.RawMessage) any {
	var parts []json.RawMessage
	must(t, json.Unmarshal(raw, &parts))
	var kind, text string
	must(t, json.Unmarshal(parts[0], &kind))
	switch kind {
	case "nil":
		return nil
	case "bool":
		return string(parts[1]) == "true"
	case "array":
		var list []json.RawMessage
		must(t, json.Unmarshal(parts[1], &list))
		out := []any{}
		for _, x := range list {
			out = append(out, revive(t, x))
		}
		return out
	case "struct":
		var list [][2]json.RawMessage
		must(t, json.Unmarshal(parts[1], &list))
		out := map[string]any{}
		for _, x := range list {
			must(t, json.Unmarshal(x[0], &text))
			out[text] = revive(t, x[1])
		}
		return out
	}
	must(t, json.Unmarshal(parts[1], &text))
	switch kind {
	case "int":
		n, err := strconv.ParseInt(text, 10, 64)
		must(t, err)
		return n
	case "double":
		f, err := strconv.ParseFloat(text, 64)
		must(t, err)
		return f
	case "bytes":
		b, err := hex.DecodeString(text)
		must(t, err)
		return b
	case "datetime":
		return DateTime(text)
	}
	return text
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWritesAsPythonDoes(t *testing.T) {
	o := readOracle(t)
	for _, c := range o.Encode {
		v := revive(t, c.Value)
		var out bytes.Buffer
		must(t, EncodeResponse(&out, v))
		if diff := cmp.Diff(c.Doc, out.String()); diff != "" {
			t.Errorf("%s (-python +ours):\n%s", c.Name, diff)
		}
		back, err := DecodeResponse(&out, Limits{})
		must(t, err)
		if diff := cmp.Diff(v, back); diff != "" {
			t.Errorf("%s does not come back:\n%s", c.Name, diff)
		}
	}
	var out bytes.Buffer
	must(t, EncodeCall(&out, "getBuild", "kernel", map[string]any{"__starstar": true}))
	if diff := cmp.Diff(o.Call, out.String()); diff != "" {
		t.Error(diff)
	}
	out.Reset()
	must(t, EncodeFault(&out, &Fault{1000, "Invalid method: <x>"}))
	if diff := cmp.Diff(o.Fault, out.String()); diff != "" {
		t.Error(diff)
	}
}

// stricter lists what Python lets through and we refuse, with the reason.
var stricter = map[string]string{
	"doctype": "no peer sends one, and nothing good ever came in one",
}

func TestReadsAsPythonDoes(t *testing.T) {
	for _, c := range readOracle(t).Decode {
		doc, err := hex.DecodeString(c.Doc)
		must(t, err)
		method, params, err := DecodeCall(bytes.NewReader(doc), Limits{})
		switch {
		case c.Error != "" || stricter[c.Name] != "":
			if err == nil {
				t.Errorf("%s: accepted %q as %v", c.Name, doc, params)
			}
			continue
		case err != nil:
			t.Errorf("%s: %v in %s", c.Name, err, strings.TrimSpace(string(doc)))
			continue
		}
		if params == nil {
			params = []any{}
		}
		if diff := cmp.Diff(revive(t, c.Params), any(params)); diff != "" || method != c.Method {
			t.Errorf("%s: method %q, want %q (-python +ours):\n%s", c.Name, method, c.Method, diff)
		}
	}
}
