package koji

import (
	"testing"

	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/xmlrpc"
)

func TestWhatFilteredAnswersHold(t *testing.T) {
	limits := xmlrpc.Limits{Values: 6, Bytes: 10}
	for name, c := range map[string]struct {
		v    any
		over bool
	}{
		"few":             {xmlrpc.Struct{{Name: "a", Value: int64(1)}}, false},
		"many in one":     {[]any{int64(1), []any{int64(1), map[string]any{"a": int64(2), "b": nil}}, int64(3)}, true},
		"many numbers":    {[]int64{1, 2, 3, 4, 5, 6}, true},
		"many structs":    {[]xmlrpc.Struct{{{Name: "a"}}, {{Name: "a"}}, {{Name: "a"}}}, true},
		"a long text":     {"eleven byte", true},
		"long bytes":      {[]byte("eleven byte"), true},
		"a long name":     {xmlrpc.Struct{{Name: "eleven byte", Value: nil}}, true},
		"a long key":      {map[string]any{"eleven byte": nil}, true},
		"texts in a list": {[]string{"eleven", "bytes"}, true},
	} {
		var w weight
		if w.add(c.v); w.over(limits) != c.over {
			t.Errorf("%s: %+v", name, w)
		}
	}
}

// A page is taken of a list that can be put in its order; of none that cannot.
func TestPagesInNoOrder(t *testing.T) {
	h := newBuildHub(t, dbtest.SQLite(t))
	h.tags()
	page := func(order string) map[string]any {
		return kw("tagID", "f41", "filterOpts", map[string]any{"order": order, "offset": 0, "limit": 1})
	}
	h.imported("1")
	h.anon.must("filterResults", "listPackages", page("-package_name"))
	h.anon.fault(1000, "cannot order by", "filterResults", "listPackages", page("-"))
}
