package web_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/task"
)

// sse is one event as a browser gets it.
type sse struct{ event, id, data string }

// listen opens a stream and gives its events as they come; the channel is
// closed when the stream ends.
func (w *world) listen(path, last string) <-chan sse {
	w.t.Helper()
	srv := httptest.NewServer(w.web)
	w.t.Cleanup(srv.Close)
	req, err := http.NewRequestWithContext(w.t.(*testing.T).Context(), "GET", srv.URL+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		w.t.Fatalf("%s: status %d, %s", path, resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	out := make(chan sse, 100)
	go func() {
		defer close(out)
		defer resp.Body.Close()
		var e sse
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			key, value, _ := strings.Cut(lines.Text(), ": ")
			switch key {
			case "event":
				e.event = value
			case "id":
				e.id = value
			case "data":
				e.data = value
			case "":
				if e.event != "" {
					out <- e
				}
				e = sse{}
			}
		}
	}()
	return out
}

func next(t *testing.T, c <-chan sse) sse {
	t.Helper()
	select {
	case e, ok := <-c:
		if !ok {
			t.Fatal("the stream ended")
		}
		return e
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came")
	}
	return sse{}
}

// stream gives the address that a page follows.
func stream(t *testing.T, body string) string {
	t.Helper()
	m := regexp.MustCompile(`data-live="([^"]*)"`).FindStringSubmatch(body)
	if m == nil || m[1] == "" {
		t.Fatalf("the page follows nothing: %s", body)
	}
	return html.UnescapeString(m[1])
}

type lines struct {
	First int64
	Lines []string
}

func decode[T any](t *testing.T, e sse) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(e.data), &v); err != nil {
		t.Fatalf("%v: %v", e, err)
	}
	return v
}

// The page and its stream together give each line once, and none torn.
func TestLogIsFollowed(t *testing.T) {
	w := newWorld(t)
	body := w.get(fmt.Sprintf("/tasks/%d/logs/build.log", w.running)).Body.String()
	if !strings.Contains(body, "line one") || strings.Contains(body, "line tw") {
		t.Fatalf("the page shows another part than the whole lines: %s", body)
	}
	c := w.listen(stream(t, body), "")
	w.log(w.running, "build.log", "o\n"+evil+"\nthe ")
	e := next(t, c)
	if diff := cmp.Diff(lines{2, []string{"line two", evil}}, decode[lines](t, e)); e.event != "lines" || diff != "" {
		t.Fatalf("%v\n%s", e, diff)
	}
	// a browser that lost the connection goes on where it was
	again := w.listen(stream(t, body), e.id)
	w.log(w.running, "build.log", "end")
	w.do(func(tx *db.Tx) error {
		_, _, err := w.room.Cancel(w.ctx, tx, w.running, false)
		return err
	})
	for _, c := range []<-chan sse{c, again} {
		if diff := cmp.Diff(lines{4, []string{"the end"}}, decode[lines](t, next(t, c))); diff != "" {
			t.Error(diff)
		}
		if e := next(t, c); e.event != "end" || !strings.Contains(e.data, "canceled") {
			t.Errorf("%v, want the end with the task's state", e)
		}
	}
	if body := w.get(fmt.Sprintf("/tasks/%d/logs/build.log", w.running)).Body.String(); !strings.Contains(body, "the end") || strings.Contains(body, "/live/") {
		t.Error("the finished log is not whole, or still followed")
	}
}

// A log that became shorter was begun anew: the page loads itself again.
func TestLogBegunAnew(t *testing.T) {
	w := newWorld(t)
	c := w.listen(fmt.Sprintf("/live/log/%d/build.log?at=100000.5000", w.running), "")
	if e := next(t, c); e.event != "reload" {
		t.Errorf("%v, want reload", e)
	}
}

func TestTasksAreFollowed(t *testing.T) {
	w := newWorld(t)
	c := w.listen(stream(t, w.get(fmt.Sprintf("/tasks/%d", w.running)).Body.String()), "")
	type change struct {
		ID                int64
		Word, Host, Phase string
	}
	want := []change{{w.running, "open", "builder1", evil}}
	if diff := cmp.Diff(want, decode[[]change](t, next(t, c))); diff != "" {
		t.Error(diff)
	}
	w.do(func(tx *db.Tx) error {
		_, err := w.room.Make(w.ctx, tx, task.Spec{Method: "buildArch", Parent: w.running, Request: params("x"), Label: "x"})
		return err
	})
	if e := next(t, c); e.event != "reload" {
		t.Errorf("%v after a child appeared, want reload", e)
	}
	c = w.listen(fmt.Sprintf("/live/tasks?ids=%d", w.running), "")
	next(t, c)
	w.do(func(tx *db.Tx) error {
		_, _, err := w.room.Cancel(w.ctx, tx, w.running, true)
		return err
	})
	want[0].Word, want[0].Phase = "canceled", ""
	if diff := cmp.Diff(want, decode[[]change](t, next(t, c))); diff != "" {
		t.Error(diff)
	}
	if e := next(t, c); e.event != "reload" {
		t.Errorf("%v at the end, want reload", e)
	}
}
