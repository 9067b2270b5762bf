package koji

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/xmlrpc"
)

// strange are values that no argument is meant to have, and some that it may.
var strange = []any{
	nil, true, 0, -1, 1, int64(math.MaxInt64), int64(math.MinInt64), 0.5, "", "f41", "hello-2.10-1", "%_*?[\\", "\x01'\";--", "é", strings.Repeat("x", 60000), strings.Repeat("*x", 30000),
	[]byte{0, 255}, list(), list(1), list(nil, "a", list()), map[string]any{}, map[string]any{"id": 1, "name": "f41"}, map[string]any{"id": "x", "name": 5},
}

// strangeOpts are options of lists that are not what they should be, and some that are.
var strangeOpts = []any{
	5, "limit", list("limit", 1), map[string]any{"limit": -1}, map[string]any{"limit": "x"}, map[string]any{"limit": int64(math.MaxInt64), "offset": int64(math.MaxInt64)},
	map[string]any{"order": 5}, map[string]any{"order": "id,-name,,"}, map[string]any{"order": "id; DROP TABLE tag"}, map[string]any{"order": "-"}, map[string]any{"order": nil},
	map[string]any{"group": "id"}, map[string]any{"group": 5}, map[string]any{"countOnly": "yes", "asList": "no"}, map[string]any{"asList": true, "countOnly": true, "limit": 1},
	map[string]any{"nothing": 1}, map[string]any{"countOnly": true}, map[string]any{"limit": 0}, map[string]any{"offset": -5}, map[string]any{"rowlock": true},
}

// Whatever somebody puts into a question, the answer is an answer, or a fault
// that says what was wrong: never one of the hub's own.
func TestStrangeQuestions(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		h.imported("1")
		h.root.must("tagBuildBypass", "f41", "hello-2.10-1")
		h.ada.must("build", "cli-build/1/x.src.rpm", "f41", map[string]any{"scratch": true})
		for _, name := range slices.Sorted(maps.Keys(h.server.api.methods)) {
			m := h.server.api.methods[name]
			if m.Mode != Read || name == "fault" || strings.HasPrefix(name, "host.") || h.server.api.handlers[name] == nil {
				continue
			}
			for _, p := range m.sig.params {
				values := strange
				if slices.Contains(optionsOf, p.name) {
					values = slices.Concat(strange, strangeOpts)
				}
				for _, v := range values {
					args := map[string]any{"__starstar": true}
					for _, o := range m.sig.params {
						if !o.optional {
							args[o.name] = 1
						}
					}
					args[p.name] = v
					h.asks(t, name, args)
				}
			}
		}
		for _, v := range slices.Concat(strange, strangeOpts) {
			for _, name := range []string{"filterResults", "countAndFilterResults"} {
				h.asks(t, name, "listTags", map[string]any{"__starstar": true, "filterOpts": v})
			}
			for _, key := range []string{"tables", "tag", "package", "build", "user", "before", "after", "afterEvent", "active", "queryOpts", "nothing"} {
				h.asks(t, "queryHistory", map[string]any{"__starstar": true, key: v})
			}
			for _, key := range []string{"event", "reverse", "nothing"} {
				h.asks(t, "getFullInheritance", "f41", map[string]any{"__starstar": true, key: v})
			}
		}
	})
}

// optionsOf are the arguments that say what a list is to be like.
var optionsOf = []string{"queryOpts", "opts", "filterOpts"}

func (h *buildHub) asks(t *testing.T, name string, params ...any) {
	t.Helper()
	_, err := h.root.call(name, params...)
	var f *xmlrpc.Fault
	if err != nil && (!errors.As(err, &f) || strings.Contains(f.String, "internal error")) {
		text := fmt.Sprint(params...)
		t.Errorf("%s(%.200s): %v", name, text, err)
	}
}

// FuzzQuestions asks what comes out of JSON.
func FuzzQuestions(f *testing.F) {
	f.Add("listBuilds", `[{"__starstar":true,"queryOpts":{"order":"-build_id","limit":2},"prefix":"h"}]`)
	f.Add("search", `["*","package","glob",{"__starstar":true,"queryOpts":{"limit":1}}]`)
	f.Add("listTasks", `[{"state":[0,1],"parent":null,"decode":true},{"order":"-id"}]`)
	f.Add("multiCall", `[[{"methodName":"getTag","params":["f41"]}]]`)
	f.Add("queryHistory", `[{"__starstar":true,"tables":["tag_config"],"tag":"f41","active":true}]`)
	f.Add("countAndFilterResults", `["listTags",{"__starstar":true,"filterOpts":{"limit":1,"order":"name"}}]`)
	h := newBuildHub(f, dbtest.SQLite(f))
	h.tags()
	h.imported("1")
	f.Fuzz(func(t *testing.T, name, text string) {
		var params []any
		m := h.server.api.methods[name]
		if !isMultiCall(name) && (m == nil || m.Mode != Read || name == "fault") || json.Unmarshal([]byte(text), &params) != nil {
			return
		}
		var body bytes.Buffer
		if xmlrpc.EncodeCall(&body, name, params...) != nil {
			return
		}
		w := httptest.NewRecorder()
		h.server.ServeHTTP(w, httptest.NewRequest("POST", "/kojihub", &body))
		if strings.Contains(w.Body.String(), "internal error") {
			t.Errorf("%s %s: %s", name, text, w.Body)
		}
	})
}
