package rest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// tagged holds an answer back until it is whole, so that it can be told whether
// the caller has it already. Answers are pages, and so are small.
type tagged struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (t *tagged) WriteHeader(status int)      { t.status = status }
func (t *tagged) Write(p []byte) (int, error) { return t.body.Write(p) }

func (t *tagged) finish(r *http.Request) {
	if t.status == http.StatusOK {
		sum := sha256.Sum256(t.body.Bytes())
		etag := `"` + hex.EncodeToString(sum[:16]) + `"`
		t.Header().Set("ETag", etag)
		if matches(r.Header.Get("If-None-Match"), etag) {
			t.Header().Del("Content-Type")
			t.ResponseWriter.WriteHeader(http.StatusNotModified)
			return
		}
	}
	t.ResponseWriter.WriteHeader(t.status)
	_, _ = t.ResponseWriter.Write(t.body.Bytes()) // a client that has gone hears nothing
}

// matches looks for a tag in an If-None-Match.
func matches(list, etag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == etag || one == "*" {
			return true
		}
	}
	return false
}
