package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestArgumentsOfCalls(t *testing.T) {
	r := &calling{values: map[string]any{"$t": int64(70020003), "$b": map[string]any{"id": int64(5), "name": "hello"}}}
	for _, c := range []struct {
		words []string
		want  []any
	}{
		{[]string{"f41", "1", "1.5", "null", `"1"`}, []any{"f41", int64(1), 1.5, nil, "1"}},
		{[]string{"$t", `[$t,"$b.name"]`, "$t.dir/a"}, []any{int64(70020003), []any{int64(70020003), "hello"}, "tasks/3/70020003/a"}},
		{[]string{"f41", "queryOpts={\"limit\":1}", "user=ada"}, []any{"f41", map[string]any{"queryOpts": map[string]any{"limit": int64(1)}, "user": "ada", "__starstar": true}}},
	} {
		got, err := r.params(c.words)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%v: %v %s", c.words, err, diff)
		}
	}
	for _, word := range []string{"$x", "$b.nothing", "$t.0"} {
		if got, err := r.params([]string{word}); err == nil {
			t.Errorf("%s: %v", word, got)
		}
	}
}
