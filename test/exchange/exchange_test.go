package exchange

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/format/xmlrpc"
)

func value(t *testing.T, text string) any {
	t.Helper()
	var v Value
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(text, err)
	}
	return v.V
}

func TestSame(t *testing.T) {
	for _, c := range []struct {
		method, want, got string
		differs           int
	}{
		{"getTag", `{"id":130000001,"name":"f41","perm":null}`, `{"id":7,"name":"f41","perm":null}`, 0},
		{"getTag", `{"id":130000001,"name":"f41","perm":null}`, `{"id":7,"name":"f42","perm":null}`, 1},
		{"getTag", `{"id":130000001,"name":"f41","perm":null}`, `{"id":7,"name":"f41"}`, 1},
		{"getTag", `{"id":130000001,"name":"f41","perm":null}`, `{"id":7,"name":"f41","perm":null,"more":1}`, 1},
		{"getTag", `{"id":130000001,"name":"f41","perm":null}`, `{"id":7,"name":"f41","perm":false}`, 1},
		{"getTag", `{"a":[130000001,130000001]}`, `{"a":[1,1]}`, 0},
		{"getTag", `{"a":[130000001,130000001]}`, `{"a":[1,2]}`, 1}, // one object there, two here
		{"getTag", `{"a":[130000001,130000002]}`, `{"a":[1,1]}`, 1}, // and the other way round
		{"getTag", `{"tag":130000001,"user":20000001}`, `{"tag":1,"user":1}`, 0},
		{"getTag", `[1,2.5,true,"x"]`, `[1,2.5,true,"x"]`, 0},
		{"getTag", `[1]`, `[1.0]`, 1},
		{"getTag", `[1]`, `["1"]`, 1},
		{"getTag", `[1]`, `[true]`, 1},
		{"getTag", `[1795823867.37]`, `[1795999999.1]`, 0},
		{"getTag", `[1795823867.37]`, `[null]`, 1},
		{"getTag", `["2026-11-28 00:10:55.144608+00:00"]`, `["2027-01-01 10:10:55.1+00:00"]`, 0},
		{"getTag", `["2026-11-28 00:10:55.144608+00:00"]`, `["never"]`, 1},
		{"getTag", `["f41-side-130000005"]`, `["f41-side-9"]`, 0},
		{"getTag", `["f41-side-130000005"]`, `["f41-fast-9"]`, 1},
		{"getTag", `["f41-side-130000005",130000005]`, `["f41-side-9",8]`, 1},
		{"getTag", `[{"n":1},{"n":2}]`, `[{"n":2},{"n":1}]`, 2}, // an order that means something
		{"listTags", `[{"n":1},{"n":2}]`, `[{"n":2},{"n":1}]`, 0},
		{"listTags", `[{"id":130000001,"n":1},{"id":130000002,"n":1}]`, `[{"id":4,"n":1},{"id":3,"n":1}]`, 0},
		{"listTags", `[{"n":1},{"n":2}]`, `[{"n":2},{"n":3}]`, 1},
		{"listTags", `[{"n":1}]`, `[]`, 1},
		{"login", `{"session-key":"a"}`, `{"session-key":"b"}`, 0},
	} {
		call := &Call{Method: c.method, Answer: Value{value(t, c.want)}}
		if got := NewHub().Same(call, value(t, c.got)); len(got) != c.differs {
			t.Errorf("%s %s, %s: %v", c.method, c.want, c.got, got)
		}
	}
}

func TestOrderThatIsAskedFor(t *testing.T) {
	call := &Call{Method: "listTags", Answer: Value{value(t, `[{"n":1},{"n":2}]`)},
		Params: []Value{{value(t, `{"__starstar":true,"queryOpts":{"order":"n"}}`)}}}
	if NewHub().Same(call, value(t, `[{"n":2},{"n":1}]`)) == nil {
		t.Error("another order is the same to a call that asks for one")
	}
	many := &Call{Method: "multiCall", Params: []Value{{value(t, `[{"methodName":"listTags","params":[]},{"methodName":"getTag","params":[]}]`)}},
		Answer: Value{value(t, `[[[1,2]],[[1,2]]]`)}}
	got := NewHub().Same(many, value(t, `[[[2,1]],[[2,1]]]`))
	if len(got) != 2 || got[0].Method != "getTag" {
		t.Error(got)
	}
}

func TestAsk(t *testing.T) {
	h := NewHub()
	h.Bind(130000005, 9)
	h.Bind(70020003, 10004)
	got := h.Ask(value(t, `[130000005,{"t":"f41-side-130000005"},70000003,5,"1,draft_130000005",{"tasks/3/70020003/a.rpm":1}]`))
	if diff := cmp.Diff(value(t, `[9,{"t":"f41-side-9"},3,5,"1,draft_9",{"tasks/4/10004/a.rpm":1}]`), got); diff != "" {
		t.Error(diff)
	}
	if !h.SameText("No such file: tasks/3/70020003/a.rpm", "No such file: tasks/4/10004/a.rpm") {
		t.Error("a directory of uploads is another at another hub")
	}
}

func TestSecretsAreTheHubs(t *testing.T) {
	h := NewHub()
	call := &Call{Method: "CGInitBuild", Answer: Value{value(t, `{"token":"theirs"}`)}}
	if diff := h.Same(call, value(t, `{"token":"ours"}`)); diff != nil {
		t.Error(diff)
	}
	if got := h.Ask("theirs"); got != "ours" {
		t.Error(got)
	}
}

func TestValuesStay(t *testing.T) {
	in := []any{nil, true, int64(1 << 40), 1.0, 2.5, "x\"y", []byte{0, 1}, xmlrpc.DateTime("20261128T00:11:16"), []any{}, map[string]any{"a": int64(1)}}
	text, err := json.Marshal(Value{in})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(any(in), value(t, string(text))); diff != "" {
		t.Errorf("%s\n%s", text, diff)
	}
}
