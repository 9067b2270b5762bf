package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/format/xmlrpc"
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

func TestWhoShowsACertificate(t *testing.T) {
	var shown []string
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown = append(shown, r.Header.Get(certificateHeader)+" "+r.Header.Get("Koji-Session-Id"))
		if err := xmlrpc.EncodeResponse(w, map[string]any{"session-id": int64(len(shown)), "session-key": "secret"}); err != nil {
			t.Error(err)
		}
	}))
	defer hub.Close()
	l, err := listen(hub.URL, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer l.front.Close()
	r := (&koji{}).calling(l.front.URL)
	for _, line := range []string{"- $a = login ada secret", "@ada $c = sslLogin", "$c $s = subsession", "$s hello", "$a hello", "@bea sslLogin"} {
		if err := r.line(line); err != nil {
			t.Fatal(line, err)
		}
	}
	calls, err := l.heard()
	var kept []string
	for _, c := range calls {
		kept = append(kept, c.Certificate)
	}
	if diff := cmp.Diff([]string{"", "ada", "ada", "ada", "", "bea"}, kept); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if diff := cmp.Diff([]string{" ", "ada ", "ada 2", "ada 3", " 1", "bea "}, shown); diff != "" {
		t.Error(diff)
	}
}
