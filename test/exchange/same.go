package exchange

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Hub is what is known of the other hub: which of its numbers is which of the
// recorded one.
type Hub struct {
	ours    map[int64]int64    // a recorded number: the hub's
	theirs  map[[2]int64]int64 // what it is a number of, and the hub's: the recorded
	secrets map[string]string  // a recorded key or token: the hub's
}

// NewHub knows of nothing yet.
func NewHub() *Hub {
	return &Hub{ours: map[int64]int64{}, theirs: map[[2]int64]int64{}, secrets: map[string]string{}}
}

// Numbers of objects of a recorded hub, and of times.
const (
	span  = 10_000_000
	times = 1_000_000_000
)

func isID(n int64) bool { return n > span && n < times }

// An ID in a text, and a time.
var (
	idIn   = regexp.MustCompile(`\b(draft_)?[1-9]\d{7,8}\b`)
	dirIn  = regexp.MustCompile(`\btasks/\d+/(\d+)`)
	timeIn = regexp.MustCompile(`\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:?\d\d|Z)?|(Mon|Tue|Wed|Thu|Fri|Sat|Sun),? [A-Z0-9][^\n]*?\d{4}( UTC)?`)
)

// our is the hub's number for a recorded one. Of what was not heard of yet it
// is the one that it would have if both hubs counted alike.
func (h *Hub) our(n int64) int64 {
	if ours, ok := h.ours[n]; ok {
		return ours
	}
	if isID(n) {
		return n % span
	}
	return n
}

// Ask is a recorded value as it is to be sent to the hub.
func (h *Hub) Ask(v any) any {
	switch v := v.(type) {
	case int64:
		return h.our(v)
	case string:
		if secret := h.Secret(v); secret != v {
			return secret
		}
		return dirIn.ReplaceAllStringFunc(idIn.ReplaceAllStringFunc(v, h.ourText), ourDir)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = h.Ask(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			name, _ := h.Ask(k).(string)
			out[name] = h.Ask(e)
		}
		return out
	}
	return v
}

// Secret is the hub's key or token for a recorded one, and any other text as it is.
func (h *Hub) Secret(text string) string {
	if ours, ok := h.secrets[text]; ok {
		return ours
	}
	return text
}

func (h *Hub) ourText(text string) string {
	digits := strings.TrimPrefix(text, draft)
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return text
	}
	return strings.TrimSuffix(text, digits) + strconv.FormatInt(h.our(n), 10)
}

// draft stands before the number of a build in its release.
const draft = "draft_"

// ourDir is the directory of a task's uploads, whose number is right already.
func ourDir(text string) string {
	id, err := strconv.ParseInt(dirIn.FindStringSubmatch(text)[1], 10, 64)
	if err != nil {
		return text
	}
	return fmt.Sprintf("tasks/%d/%d", id%10000, id)
}

// unordered are methods whose lists come in no order at the recorded hub: it
// asks its database for none.
var unordered = map[string]bool{
	"_listapi": true, "system.listMethods": true, "getActiveRepos": true, "getAllArches": true, "getBuildTargets": true, "getGlobalInheritance": true, "getTagGroups": true,
	"host.taskWaitResults": true, "listBuildRPMs": true, "listBuilds": true, "listHosts": true, "listTaskOutput": true,
	"listPackages": true, "listPackagesSimple": true, "listRPMs": true, "listSideTags": true, "listTaggedRPMS": true, "listTags": true, "listUsers": true,
	"queryHistory": true, "repo.query": true, "search": true, "untaggedBuilds": true,
}

// heedless are those of them whose order nobody can ask for.
var heedless = map[string]bool{"listHosts": true}

// ordered reports whether a call asks for an order itself.
func ordered(params []any) bool {
	if len(params) == 0 {
		return false
	}
	m, _ := params[len(params)-1].(map[string]any)
	opts, _ := m["queryOpts"].(map[string]any)
	return opts["order"] != nil
}

// unlike are members that no two hubs give the same value: what is random, what
// is not kept here, and what the recorded hub was told not to look at.
var unlike = map[string]bool{"session-key": true, "token": true, "doc": true, "traceback": true, "hostip": true, "callnum": true}

// Difference is a place of an answer, and what is otherwise there.
type Difference struct {
	Method   string // of one of many calls; empty: the only one
	At, What string
}

func (d Difference) String() string { return strings.TrimSpace(d.At + " " + d.What) }

// Same says where an answer to a call differs in meaning from the recorded one.
func (h *Hub) Same(call *Call, got any) []Difference {
	if call.Method == "multiCall" {
		return h.sameAnswers(call, got)
	}
	var params []any
	for _, p := range call.Params {
		params = append(params, p.V)
	}
	c := comparison{h, unordered[call.Method] && (heedless[call.Method] || !ordered(params))}
	return c.same("", call.Answer.V, got)
}

// SameText says whether a text differs only in numbers and times.
func (h *Hub) SameText(want, got string) bool {
	c := comparison{Hub: h}
	return c.same("", want, got) == nil
}

// sameAnswers compares the answers to many calls, each after its own manner.
func (h *Hub) sameAnswers(call *Call, got any) (out []Difference) {
	calls, _ := call.Params[0].V.([]any)
	wants, _ := call.Answer.V.([]any)
	gots, ok := got.([]any)
	if !ok || len(gots) != len(wants) || len(calls) != len(wants) {
		return []Difference{{What: "is " + show(got) + ", not " + show(call.Answer.V)}}
	}
	for i := range wants {
		m, _ := calls[i].(map[string]any)
		method, _ := m["methodName"].(string)
		params, _ := m["params"].([]any)
		c := comparison{h, unordered[method] && !ordered(params)}
		for _, d := range c.same(fmt.Sprintf("[%d]", i), wants[i], gots[i]) {
			d.Method = method
			out = append(out, d)
		}
	}
	return out
}

type comparison struct {
	*Hub
	unordered bool
}

func (c *comparison) same(at string, want, got any) []Difference {
	differ := func() []Difference {
		return []Difference{{At: at, What: fmt.Sprintf("is %s, not %s", show(got), show(want))}}
	}
	switch want := want.(type) {
	case int64:
		n, ok := got.(int64)
		switch {
		case !ok, want < span && n != want, want >= times && n < times:
			return differ()
		case isID(want) && !c.Bind(want, n):
			return differ()
		}
		return nil
	case float64:
		f, ok := got.(float64)
		if !ok || f != want && (want < times || f < times) {
			return differ()
		}
		return nil
	case string:
		s, ok := got.(string)
		if !ok || !c.sameText(timeIn.ReplaceAllString(want, "TIME"), timeIn.ReplaceAllString(s, "TIME")) {
			return differ()
		}
		return nil
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return differ()
		}
		if c.unordered {
			list = c.inOrder(at, want, list)
		}
		var out []Difference
		for i := range want {
			out = append(out, c.same(fmt.Sprintf("%s[%d]", at, i), want[i], list[i])...)
		}
		return out
	case map[string]any:
		m, ok := got.(map[string]any)
		if !ok {
			return differ()
		}
		return c.sameMembers(at, want, m)
	}
	if fmt.Sprintf("%T %v", want, want) != fmt.Sprintf("%T %v", got, got) {
		return differ()
	}
	return nil
}

// inOrder gives a list in the order of the recorded one, as far as it is found
// there. What is like nothing else comes where there is room.
func (c *comparison) inOrder(at string, want, got []any) []any {
	out, left := make([]any, len(want)), slices.Clone(got)
	found := make([]bool, len(want))
	for i, w := range want {
		j := slices.IndexFunc(left, func(g any) bool { return c.trial(func(t *comparison) bool { return t.same(at, w, g) == nil }) })
		if j >= 0 {
			out[i], found[i] = left[j], true
			left = slices.Delete(left, j, j+1)
		}
	}
	for i := range out {
		if !found[i] {
			out[i], left = left[0], left[1:]
		}
	}
	return out
}

// trial compares, and keeps what it bound only if that was right.
func (c *comparison) trial(fn func(*comparison) bool) bool {
	h := &Hub{maps.Clone(c.ours), maps.Clone(c.theirs), maps.Clone(c.secrets)}
	if !fn(&comparison{h, c.unordered}) {
		return false
	}
	*c.Hub = *h
	return true
}

func (c *comparison) sameMembers(at string, want, got map[string]any) []Difference {
	var out []Difference
	left := maps.Clone(got)
	for _, k := range slices.Sorted(maps.Keys(want)) {
		name, _ := c.Ask(k).(string)
		v, ok := left[name]
		delete(left, name)
		switch {
		case !ok:
			out = append(out, Difference{At: at + "." + k, What: "is not there"})
		case unlike[k]:
			theirs, okTheirs := want[k].(string)
			ours, okOurs := v.(string)
			if okTheirs && okOurs {
				c.secrets[theirs] = ours
			}
		default:
			out = append(out, c.same(at+"."+k, want[k], v)...)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(left)) {
		out = append(out, Difference{At: at + "." + k, What: "is " + show(left[k]) + ", which is more"})
	}
	return out
}

// Bind says whether a number is the one of the recorded object. What is heard
// of for the first time is.
func (h *Hub) Bind(theirs, ours int64) bool {
	kind := [2]int64{(theirs - 1) / span, ours}
	if n, ok := h.ours[theirs]; ok {
		return n == ours
	}
	if _, ok := h.theirs[kind]; ok {
		return false
	}
	h.ours[theirs], h.theirs[kind] = ours, theirs
	return true
}

// sameText compares texts with numbers of objects in them.
func (h *Hub) sameText(want, got string) bool {
	want, got = dirIn.ReplaceAllString(want, "tasks/DIR/$1"), dirIn.ReplaceAllString(got, "tasks/DIR/$1")
	ids := idIn.FindAllString(want, -1)
	if ids == nil {
		return want == got
	}
	parts := idIn.Split(want, -1)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	m := regexp.MustCompile(`^(?s:` + strings.Join(parts, `(?:draft_)?(\d+)`) + `)$`).FindStringSubmatch(got)
	if m == nil {
		return false
	}
	for i, id := range ids {
		theirs, err1 := strconv.ParseInt(strings.TrimPrefix(id, draft), 10, 64)
		ours, err2 := strconv.ParseInt(m[i+1], 10, 64)
		if err1 != nil || err2 != nil || !h.Bind(theirs, ours) {
			return false
		}
	}
	return true
}

// show is a value, not too long to be read.
func show(v any) string {
	text, err := appendValue(nil, v)
	if err != nil {
		return err.Error()
	}
	if len(text) > 300 {
		return string(text[:300]) + "…"
	}
	return string(text)
}
