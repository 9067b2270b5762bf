package koji

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
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

// A long answer that is kept goes compressed to who takes it so, and says the same.
func TestLongAnswersGoCompressed(t *testing.T) {
	f := newFront(t, Handlers{"listTagged": longAnswer})
	var call bytes.Buffer
	if err := xmlrpc.EncodeCall(&call, "listTagged", "f41"); err != nil {
		t.Fatal(err)
	}
	ask := func(encoding string) (*httptest.ResponseRecorder, string) {
		req := httptest.NewRequest(http.MethodPost, "/kojihub", bytes.NewReader(call.Bytes()))
		req.Header.Set("Content-Type", "text/xml")
		req.Header.Set("Accept-Encoding", encoding)
		rec := httptest.NewRecorder()
		f.server.ServeHTTP(rec, req)
		if rec.Code != http.StatusOK {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
		return rec, rec.Header().Get("Content-Encoding")
	}
	made, encoding := ask("gzip, deflate")
	if encoding != "" || !strings.Contains(made.Body.String(), "row 1999") {
		t.Fatalf("the first answer is %q, of %d bytes", encoding, made.Body.Len())
	}
	short, encoding := ask("gzip, deflate")
	if encoding != "gzip" || short.Body.Len() > made.Body.Len()/5 {
		t.Fatalf("the second is %q, of %d bytes; the first was of %d", encoding, short.Body.Len(), made.Body.Len())
	}
	r, err := gzip.NewReader(short.Body)
	if err != nil {
		t.Fatal(err)
	}
	open, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(open, made.Body.Bytes()) {
		t.Errorf("it says something else (%v)", err)
	}
	if plain, encoding := ask("identity"); encoding != "" || !bytes.Equal(plain.Body.Bytes(), made.Body.Bytes()) {
		t.Errorf("who takes no gzip gets %q, of %d bytes", encoding, plain.Body.Len())
	}
}

func longAnswer(context.Context, *Call) (any, error) {
	rows := make([]string, 2000)
	for i := range rows {
		rows[i] = fmt.Sprintf("row %d of an answer that is long", i)
	}
	return rows, nil
}
