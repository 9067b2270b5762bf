package koji

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/kura-build/kura/format/xmlrpc"
)

func TestWhoTakesGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "gzip, deflate": true, "deflate, GZIP;q=0.5": true, "br;q=1.0, gzip; q=0.8, *;q=0.1": true,
		"gzip;q=0": false, "gzip;q=0.000": false, "deflate": false, "xgzip": false, "identity": false,
	} {
		if got := takesGzip(http.Header{"Accept-Encoding": {header}}); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

// A long answer goes compressed to who takes it so, when it is kept and, from some
// length on, while it is made; it says the same in all ways.
func TestLongAnswersGoCompressed(t *testing.T) {
	for rows, first := range map[int]string{2000: "", 20000: "gzip"} {
		made := 0
		answer := func(context.Context, *Call) (any, error) {
			made++
			return longAnswer(rows), nil
		}
		f := newFront(t, Handlers{"listTagged": answer, "getLatestBuilds": answer, "listTasks": answer})
		ask := func(method, accept, encoding string) []byte {
			t.Helper()
			var call bytes.Buffer
			if err := xmlrpc.EncodeCall(&call, method, "f41"); err != nil {
				t.Fatal(err)
			}
			req := httptest.NewRequest(http.MethodPost, "/kojihub", &call)
			req.Header.Set("Content-Type", "text/xml")
			req.Header.Set("Accept-Encoding", accept)
			rec := httptest.NewRecorder()
			f.server.ServeHTTP(rec, req)
			if got := rec.Header().Get("Content-Encoding"); rec.Code != http.StatusOK || got != encoding {
				t.Fatalf("%d rows: %d, %q and not %q", rows, rec.Code, got, encoding)
			}
			if n := rec.Header().Get("Content-Length"); n != "" && n != strconv.Itoa(rec.Body.Len()) {
				t.Errorf("%d rows: %s bytes were promised, %d came", rows, n, rec.Body.Len())
			}
			if encoding == "" {
				return rec.Body.Bytes()
			}
			short := rec.Body.Len()
			r, err := gzip.NewReader(rec.Body)
			if err != nil {
				t.Fatal(err)
			}
			open, err := io.ReadAll(r)
			if err != nil || short > len(open)/4 {
				t.Errorf("%d rows: %d bytes of %d (%v)", rows, short, len(open), err)
			}
			return open
		}
		var want bytes.Buffer
		if err := xmlrpc.EncodeResponse(&want, longAnswer(rows)); err != nil {
			t.Fatal(err)
		}
		for i, c := range []struct{ method, accept, encoding string }{
			{"listTagged", "gzip, deflate", first},
			{"listTagged", "gzip, deflate", "gzip"},
			{"listTagged", "identity", ""},
			{"getLatestBuilds", "identity", ""},
			{"getLatestBuilds", "gzip", "gzip"},
			{"listTasks", "gzip", first},
			{"listTasks", "identity", ""},
		} {
			if got := ask(c.method, c.accept, c.encoding); !bytes.Equal(got, want.Bytes()) {
				t.Errorf("%d rows: answer %d says something else, in %d bytes", rows, i, len(got))
			}
		}
		if made != 4 {
			t.Errorf("%d rows: answers were made %d times, of which two are kept and one is not", rows, made)
		}
	}
}

// Who does not take the end of an answer does not get what looks like all of it.
func TestTheEndIsSentOrTheConnectionCut(t *testing.T) {
	p := newPacker(&crowded{}, true)
	if err := p.write([]byte("<value>")); err != nil {
		t.Fatal(err) // it is held until there is more
	}
	if p.take() != nil {
		t.Error("half an answer is kept")
	}
	for range 2 {
		if !errors.Is(p.finish(), errCrowded) {
			t.Error("the end was written to nobody, and nothing is said of it")
		}
	}
	p.letGo()

	out := &reply{w: httptest.NewRecorder(), gzip: true, started: true, pack: newPacker(&crowded{}, false)}
	if _, err := out.send([]byte("<value>")); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Error("the connection was not cut")
		}
	}()
	out.finish()
}

// crowded is a client for whom there is room for the head of an answer.
type crowded struct{ begun bool }

func (c *crowded) Write(p []byte) (int, error) {
	if c.begun {
		return 0, errCrowded
	}
	c.begun = true
	return len(p), nil
}

func longAnswer(n int) []string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf("row %d of an answer that is long", i)
	}
	return rows
}
