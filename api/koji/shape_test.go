package koji

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kura-build/kura/format/xmlrpc"
)

func TestTimes(t *testing.T) {
	for micros, want := range map[int64]any{
		0: nil, 1795245671737231: "2026-11-21 07:21:11.737231+00:00", 1795245671000000: "2026-11-21 07:21:11+00:00",
	} {
		if got := TimeText(micros); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if got := TimeTS(1795245671737231); got != 1795245671.737231 {
		t.Error(got)
	}
}

func TestQueryOpts(t *testing.T) {
	sig, err := parseSignature("list(queryOpts=None)")
	if err != nil {
		t.Fatal(err)
	}
	row := func(id int, name any) xmlrpc.Struct {
		return xmlrpc.Struct{{Name: "id", Value: id}, {Name: "name", Value: name}}
	}
	for _, c := range []struct {
		opts map[string]any
		want any
	}{
		{nil, []xmlrpc.Struct{row(1, "b"), row(2, nil), row(3, "a"), row(4, "b")}},
		{map[string]any{"order": "name,-id", "limit": int64(3)}, []xmlrpc.Struct{row(3, "a"), row(4, "b"), row(1, "b")}},
		{map[string]any{"order": "-name", "offset": int64(3), "asList": true}, []any{[]any{3, "a"}}},
		{map[string]any{"countOnly": true, "offset": "1"}, 3},
		{map[string]any{"order": "nope"}, nil},
		{map[string]any{"limit": int64(-2)}, nil},
	} {
		args, err := sig.bind(nil, map[string]any{"queryOpts": c.opts})
		if err != nil {
			t.Fatal(err)
		}
		o := args.QueryOpts()
		got, err := o.Apply([]xmlrpc.Struct{row(1, "b"), row(2, nil), row(3, "a"), row(4, "b")})
		if c.want == nil {
			if err == nil && args.Err() == nil {
				t.Errorf("%v was taken", c.opts)
			}
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil || args.Err() != nil {
			t.Error(c.opts, err, args.Err(), diff)
		}
	}
}

func FuzzQueryStrings(f *testing.F) {
	f.Add("session-id=1&session-key=x&callnum=3", "1", "key", "7")
	f.Add("filename=a&filepath=../..&offset=-1&fileverify=md5&overwrite=1", "", "", "")
	f.Fuzz(func(t *testing.T, query, id, key, num string) {
		r := &http.Request{URL: &url.URL{RawQuery: query}, Header: http.Header{
			"Koji-Session-Id": {id}, "Koji-Session-Key": {key}, "Koji-Session-Callnum": {num}}}
		if c, err := readCredentials(r, "::1"); err == nil && c.given() && (c.Session < 0 || c.Key == "") {
			t.Errorf("%+v", c)
		}
		if p, err := parsePiece(query); err == nil && (p.Offset < -1 || p.Name.Name == "") {
			t.Errorf("%+v", p)
		}
	})
}
