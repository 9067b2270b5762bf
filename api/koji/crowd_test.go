package koji

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
)

// Whoever is not known must not come among the writers: there is one at a time.
func TestStrangersDoNotWrite(t *testing.T) {
	for _, m := range table() {
		if m.Mode == Write && m.Needs.Allow(account.Actor{}) == nil {
			t.Errorf("%s writes, and anybody may call it", m.Name)
		}
	}
	f := newFront(t)
	f.server.DB = unwritable{f.db}
	c := f.anonymous()
	c.fault(1004, "admin permission required", "createUser", "eve")
	entries := list(map[string]any{"methodName": "createUser", "params": list("eve")}, map[string]any{"methodName": "hello", "params": list()})
	got := c.must("multiCall", entries).([]any)
	if v, ok := got[0].(map[string]any); !ok || !strings.Contains(v["faultString"].(string), "admin permission required") {
		t.Error(got[0])
	}
	if v, ok := got[1].([]any); !ok || v[0] != "Hello World" {
		t.Error(got[1])
	}
}

// unwritable is a database that another one writes to, for ever.
type unwritable struct{ *db.DB }

func (unwritable) Update(context.Context, func(*db.Tx) error) error {
	return errors.New("waited for a place among the writers")
}

func TestMulticallThatTakesTooLong(t *testing.T) {
	f := newFront(t)
	root := f.login("root")
	f.server.holdFor = 0
	create := func(name string) map[string]any {
		return map[string]any{"methodName": "createUser", "params": list(name)}
	}
	got := root.must("multiCall", list(create("first"), create("second"))).([]any)
	if _, ok := got[0].([]any); !ok {
		t.Error(got[0])
	}
	if v, ok := got[1].(map[string]any); !ok || !strings.Contains(v["faultString"].(string), "for too long") {
		t.Error(got[1])
	}
	f.anonymous().must("getUser", "first")
}

// crowd tells when a transaction that reads is over.
type crowd struct {
	*db.DB
	over chan struct{}
}

func (c crowd) View(ctx context.Context, fn func(*db.Tx) error) error {
	err := c.DB.View(ctx, fn)
	c.over <- struct{}{}
	return err
}

// A client that takes nothing of its answer keeps no transaction open.
func TestSlowReadersKeepNothingOpen(t *testing.T) {
	f := newFront(t, Handlers{"listPackages": func(context.Context, *Call) (any, error) {
		return xmlrpc.Stream(func(yield func(any, error) bool) {
			for range 200000 {
				if !yield("a row of an answer that no buffer of a connection can hold", nil) {
					return
				}
			}
		}), nil
	}})
	over := make(chan struct{}, 1)
	f.server.DB = crowd{f.db, over}
	var body bytes.Buffer
	if err := xmlrpc.EncodeCall(&body, "listPackages"); err != nil {
		t.Fatal(err)
	}
	u := strings.TrimPrefix(f.http.URL, "http://")
	c, err := net.Dial("tcp", u)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	req := httptest.NewRequest("POST", "/kojihub", &body)
	req.Header.Set("Content-Type", "text/xml")
	if err := req.Write(c); err != nil {
		t.Fatal(err)
	}
	<-over // it hangs here if the transaction waits for the client
	resp, err := http.ReadResponse(bufio.NewReader(c), req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	v, err := xmlrpc.DecodeResponse(resp.Body, xmlrpc.Limits{Bytes: 64 << 20})
	if rows, ok := v.([]any); err != nil || !ok || len(rows) != 200000 {
		t.Errorf("the answer is not whole: %v", err)
	}
	f.http.Close()
	if n := f.server.crowd.used; n != 0 {
		t.Errorf("%d bytes of disk are still counted", n)
	}
}

// What does not fit on disk goes as fast as the client takes it.
func TestAnswersWithoutRoomOnDisk(t *testing.T) {
	share := &spools{wait: true}
	rec := httptest.NewRecorder()
	s, err := newSpool(rec, share)
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	for i := range 1000 {
		part := strings.Repeat(string(rune('a'+i%26)), i)
		want += part
		if _, err := io.WriteString(s, part); err != nil {
			t.Fatal(err)
		}
	}
	s.close(true)
	if rec.Body.String() != want || share.used != 0 {
		t.Errorf("%d bytes of %d came, %d are counted", rec.Body.Len(), len(want), share.used)
	}
}
