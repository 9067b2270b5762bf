package worker

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"path"
	"strings"
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/protocol"
)

// A name that is let through is one plain element of a path.
func FuzzFileName(f *testing.F) {
	for _, s := range []string{"build.log", "a-1-1.x86_64.rpm", "..", ".", "", "a/b", "a\x00", "~", "-rf", "a\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if checkFileName(s) != nil {
			return
		}
		if s == "" || s[0] == '.' || len(s) > 255 || strings.ContainsAny(s, "/\\\x00\n") || path.Join("/d", s) != "/d/"+s {
			t.Errorf("%q was let through", s)
		}
	})
}

// Whatever a host sends as a request for work is refused as invalid or within
// bounds.
func FuzzLeaseRequest(f *testing.F) {
	good, _ := json.Marshal(protocol.LeaseRequest{Methods: []string{"m"}, Arches: []string{"a"}, Free: 1})
	f.Add(good)
	f.Add([]byte(`{"free":1e999}`))
	f.Add([]byte(`{"methods":[""]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &call{Request: httptest.NewRequest("POST", protocol.PathLease, bytes.NewReader(b)), w: httptest.NewRecorder()}
		var q protocol.LeaseRequest
		err := read(c, 1000, &q)
		if err == nil {
			err = checkLease(&q)
		}
		if err != nil && !kura.Is(err, kura.Invalid) && !kura.Is(err, kura.TooLarge) {
			t.Errorf("%q: %v", b, err)
		}
		if err == nil && (len(q.Methods) == 0 || len(q.Methods) > 200 || q.Free < 0 || q.Free > 1e6) {
			t.Errorf("%q was let through", b)
		}
	})
}
