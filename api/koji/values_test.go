package koji

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kura-build/kura/format/xmlrpc"
)

func TestValuesKeptAsJSON(t *testing.T) {
	for text, v := range map[string]any{
		`null`:                                 nil,
		`[true,1,-1]`:                          list(true, int64(1), int64(-1)),
		`1.0`:                                  1.0,
		`1e+300`:                               1e300,
		`9223372036854775807`:                  int64(1<<63 - 1),
		`"<ü\u0001>"`:                          "<ü\x01>",
		`{"__base64__":"AAH/"}`:                []byte{0, 1, 255},
		`{"__datetime__":"20261121T07:21:11"}`: xmlrpc.DateTime("20261121T07:21:11"),
		`{"__struct__":{"__base64__":"no base64"}}`: map[string]any{"__base64__": "no base64"},
		`{"__struct__":{"__struct__":{"a":1}}}`:     map[string]any{"__struct__": map[string]any{"a": int64(1)}},
		`["x",{"__starstar":true,"opts":null}]`:     list("x", map[string]any{"opts": nil, "__starstar": true}),
	} {
		if got, err := toJSON(v); err != nil || string(got) != text {
			t.Errorf("%v became %s, %v; want %s", v, got, err, text)
		}
		got, err := fromJSON(json.RawMessage(text))
		if diff := cmp.Diff(v, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", text, err, diff)
		}
	}
	deep := any("x")
	for range 1000 {
		deep = []any{deep}
	}
	if _, err := toJSON(deep); err == nil {
		t.Error("a thousand arrays in one another were kept")
	}
}

func FuzzValues(f *testing.F) {
	for _, s := range []string{`[1,"a",{"__base64__":"AA=="}]`, `{"__struct__":{"__struct__":{}}}`, `{"__base64__":1}`, `1e999`, `{"a":1.5}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := fromJSON(json.RawMessage(text))
		if err != nil {
			return
		}
		kept, err := toJSON(v)
		if err != nil {
			return
		}
		again, err := fromJSON(kept)
		if diff := cmp.Diff(v, again); err != nil || diff != "" {
			t.Errorf("%s: kept as %s: %v %s", text, kept, err, diff)
		}
	})
}
