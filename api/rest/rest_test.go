package rest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/task"
)

func TestTags(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.refused(401, "create-tag asks for permission tag: log in", "", "POST", "/tags", `{"name": "f41"}`)
		s.refused(403, "tag permission required", "ada", "POST", "/tags", `{"name": "f41"}`)
		s.refused(422, "expected required property name", "tina", "POST", "/tags", `{}`)
		s.refused(422, "unexpected property", "tina", "POST", "/tags", `{"name": "f41", "colour": 1}`)
		a := s.must("tina", "POST", "/tags", `{"name": "f41", "arches": ["x86_64", "aarch64"], "extra": {"a": 1}}`)
		if diff := cmp.Diff(map[string]any{"id": a.body["id"], "name": "f41", "arches": []any{"x86_64", "aarch64"}, "locked": false, "maven_support": false, "maven_include_all": false, "extra": map[string]any{"a": 1.0}}, a.body); diff != "" || a.status != 201 {
			t.Errorf("%d: %s", a.status, diff)
		}
		s.refused(409, "already exists", "tina", "POST", "/tags", `{"name": "f41"}`)
		s.must("tina", "POST", "/tags", `{"name": "f41-build", "parent": "f41"}`)
		event := int64(0)
		s.update(func(ctx context.Context, tx *db.Tx) error {
			return tx.Row(ctx, "SELECT max(id) FROM event").Scan(&event)
		})
		s.refused(404, "No such tag: f99", "", "GET", "/tags/f99", "")
		if got := s.must("tina", "PATCH", "/tags/f41", `{"locked": true}`); got.body["locked"] != true || len(got.body["arches"].([]any)) != 2 {
			t.Errorf("changed to %s", got.text)
		}
		if got := s.must("", "GET", fmt.Sprintf("/tags/f41?event=%d", event), ""); got.body["locked"] != false {
			t.Errorf("it was %s", got.text)
		}
		if got := s.must("tina", "PATCH", "/tags/f41", `{"arches": [], "name": "f42", "locked": false}`); got.body["name"] != "f42" || got.body["arches"] != nil {
			t.Errorf("changed to %s", got.text)
		}
		if diff := cmp.Diff([]any{"f42"}, names(s.must("", "GET", "/tags/f41-build/inheritance", "").body["items"], "name")); diff != "" {
			t.Error(diff)
		}
		s.must("tina", "PUT", "/tags/f41-build/parents/f42", `{"priority": 7, "max_depth": 0}`)
		link := s.must("", "GET", "/tags/f41-build/inheritance", "").body["items"].([]any)[0].(map[string]any)
		if link["priority"] != 7.0 || link["max_depth"] != 0.0 {
			t.Errorf("%v", link)
		}
		s.must("tina", "DELETE", "/tags/f41-build/parents/f42", "")
		if got := s.must("", "GET", "/tags/f41-build/inheritance", "").body["items"].([]any); len(got) != 0 {
			t.Errorf("%v", got)
		}

		s.refused(403, "target permission required", "tina", "PUT", "/targets/f41", `{"build_tag": "f41-build", "dest_tag": "f42"}`)
		s.must("root", "PUT", "/targets/f41", `{"build_tag": "f41-build", "dest_tag": "f42"}`)
		if got := s.must("root", "PUT", "/targets/f41", `{"build_tag": "f41-build", "dest_tag": "f41-build"}`); got.body["dest_tag"] != "f41-build" {
			t.Error(got.text)
		}
		s.must("root", "DELETE", "/targets/f41", "")
		s.refused(404, "f41", "", "GET", "/targets/f41", "")

		s.must("root", "PUT", "/external-repos/else", `{"url": "https://mirror.example.org/a"}`)
		s.must("root", "PUT", "/external-repos/else", `{"url": "https://mirror.example.org/b"}`)
		if diff := cmp.Diff([]any{"https://mirror.example.org/b/"}, names(s.must("", "GET", "/external-repos", "").body["items"], "url")); diff != "" {
			t.Error(diff)
		}
		s.must("tina", "PUT", "/tags/f42/external-repos/else", `{"priority": 5}`)
		if got := s.must("tina", "PUT", "/tags/f42/external-repos/else", `{"priority": 6, "merge_mode": "bare"}`); got.body["priority"] != 6.0 || got.body["merge_mode"] != "bare" {
			t.Error(got.text)
		}
		s.refused(422, "merge_mode", "tina", "PUT", "/tags/f42/external-repos/else", `{"priority": 6, "merge_mode": "odd"}`)
		s.must("tina", "DELETE", "/tags/f42/external-repos/else", "")
		if got := s.must("", "GET", "/tags/f42/external-repos", "").body["items"].([]any); len(got) != 0 {
			t.Errorf("%v", got)
		}
		s.must("tina", "DELETE", "/tags/f41-build", "")
		s.refused(404, "No such tag", "", "GET", "/tags/f41-build", "")
	})
}

func TestPagesGoOnWhereTheyEnded(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		for _, name := range []string{"c", "a", "e", "b", "d"} {
			s.must("tina", "POST", "/tags", `{"name": "`+name+`"}`)
		}
		var got []any
		path, pages := "/tags?limit=2", 0
		for {
			page := s.must("", "GET", path, "").body
			got = append(got, names(page["items"], "name")...)
			if pages++; page["next"] == nil {
				break
			}
			if pages == 1 { // a tag that comes behind, one that comes before, and one that goes
				s.must("tina", "POST", "/tags", `{"name": "f"}`)
				s.must("tina", "POST", "/tags", `{"name": "A"}`)
				s.must("tina", "DELETE", "/tags/b", "")
			}
			path = "/tags?limit=2&cursor=" + page["next"].(string)
		}
		if diff := cmp.Diff([]any{"a", "b", "c", "d", "e", "f"}, got); diff != "" || pages != 3 {
			t.Errorf("%d pages: %s", pages, diff)
		}
		s.refused(400, "is none that was given here", "", "GET", "/tags?cursor=nonsense", "")
		s.refused(422, "expected number <= 1000", "", "GET", "/tags?limit=1001", "")
	})
}

func TestAnswersAreTagged(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.must("tina", "POST", "/tags", `{"name": "f41"}`)
		first := s.must("", "GET", "/tags/f41", "")
		etag := first.header.Get("ETag")
		if etag == "" {
			t.Fatal("no ETag")
		}
		if again := s.ask("", "GET", "/tags/f41", "", "If-None-Match", `"x", `+etag); again.status != 304 || again.text != "" {
			t.Errorf("%d %q", again.status, again.text)
		}
		s.must("tina", "PATCH", "/tags/f41", `{"locked": true}`)
		if again := s.ask("", "GET", "/tags/f41", "", "If-None-Match", etag); again.status != 200 || again.header.Get("ETag") == etag {
			t.Errorf("%d %s", again.status, again.text)
		}
		if a := s.ask("", "GET", "/tags/f99", "", "If-None-Match", "*"); a.status != 404 || a.header.Get("ETag") != "" {
			t.Errorf("%d %v", a.status, a.header)
		}
	})
}

func TestRequestsAreCarriedOutOnce(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		key := []string{"Idempotency-Key", "k1"}
		first := s.must("tina", "POST", "/tags", `{"name": "f41"}`, key...)
		again := s.must("tina", "POST", "/tags", `{"name": "f41"}`, key...)
		if first.text != again.text || again.status != 201 {
			t.Errorf("%d %s, not %s", again.status, again.text, first.text)
		}
		s.refused(409, "was used for another request", "tina", "POST", "/tags", `{"name": "f42"}`, key...)
		s.refused(409, "already exists", "tina", "POST", "/tags", `{"name": "f41"}`)
		s.must("root", "POST", "/tags", `{"name": "f42"}`, key...) // somebody else's key
		s.refused(409, "already exists", "tina", "POST", "/tags", `{"name": "f42"}`, "Idempotency-Key", "k2")
		s.must("tina", "POST", "/tags", `{"name": "f43"}`, "Idempotency-Key", "k2") // what failed is forgotten
		s.refused(400, "at most 255 bytes", "tina", "POST", "/tags", `{"name": "f44"}`, "Idempotency-Key", strings.Repeat("k", 256))
		// At once, they wait for one another.
		done := make(chan answered)
		for range 4 {
			go func() { done <- s.ask("tina", "POST", "/tags", `{"name": "f45"}`, "Idempotency-Key", "k3") }()
		}
		ids := map[any]bool{}
		for range 4 {
			a := <-done
			if a.status != 201 {
				t.Errorf("%d %s", a.status, a.text)
			}
			ids[a.body["id"]] = true
		}
		if len(ids) != 1 {
			t.Errorf("%d tags were made", len(ids))
		}
	})
}

func TestBuildsAndPackages(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.must("tina", "POST", "/tags", `{"name": "f41", "arches": ["x86_64"]}`)
		s.refused(403, "", "ada", "PUT", "/tags/f41/packages/hello", `{"owner": "ada"}`)
		if got := s.must("root", "PUT", "/tags/f41/packages/hello", `{"owner": "ada"}`); got.body["owner"] != "ada" {
			t.Error(got.text)
		}
		s.must("root", "PUT", "/tags/f41/packages/bash", `{"owner": "ada", "blocked": true}`)
		if diff := cmp.Diff([]any{"hello"}, names(s.must("", "GET", "/tags/f41/packages?blocked=false", "").body["items"], "package")); diff != "" {
			t.Error(diff)
		}
		var ids []int64
		s.update(func(ctx context.Context, tx *db.Tx) error {
			u, err := account.Get(ctx, tx, account.ByName("ada"))
			for i := 1; i <= 5 && err == nil; i++ {
				var b *build.Build
				b, err = build.Empty(ctx, tx, build.New{Name: "hello", Version: fmt.Sprint(i), Release: "1", OwnerID: u.ID})
				if err == nil {
					ids = append(ids, b.ID)
				}
			}
			return err
		})
		page := s.must("", "GET", "/builds?limit=2&package=hello", "").body
		rest := s.must("", "GET", "/builds?limit=9&package=hello&cursor="+page["next"].(string), "").body
		if diff := cmp.Diff([]any{"hello-5-1", "hello-4-1", "hello-3-1", "hello-2-1", "hello-1-1"}, append(names(page["items"], "nvr"), names(rest["items"], "nvr")...)); diff != "" || rest["next"] != nil {
			t.Errorf("%v %s", rest["next"], diff)
		}
		for _, q := range []string{"state=failed", "draft=true", "owner=root", "pattern=bash*", "completed_after=2099-01-01T00:00:00Z"} {
			if got := s.must("", "GET", "/builds?"+q, "").body["items"].([]any); len(got) != 0 {
				t.Errorf("%s gives %d builds", q, len(got))
			}
		}
		byNumber := s.must("", "GET", fmt.Sprintf("/builds/%d", ids[0]), "")
		if got := s.must("", "GET", "/builds/hello-1-1", ""); got.text != byNumber.text || got.body["path"] != "packages/hello/1/1" || got.body["state"] != "complete" {
			t.Error(got.text)
		}
		s.refused(404, "neither a number nor a name-version-release", "", "GET", "/builds/hello", "")

		s.refused(401, "log in", "", "PUT", "/tags/f41/builds/hello-1-1", "")
		for i := 1; i <= 3; i++ {
			s.must("ada", "PUT", fmt.Sprintf("/tags/f41/builds/hello-%d-1", i), "")
		}
		s.refused(409, "already tagged", "ada", "PUT", "/tags/f41/builds/hello-1-1", "")
		page = s.must("", "GET", "/tags/f41/builds?limit=2", "").body
		rest = s.must("", "GET", "/tags/f41/builds?limit=2&cursor="+page["next"].(string), "").body
		if diff := cmp.Diff([]any{"hello-3-1", "hello-2-1", "hello-1-1"}, append(names(page["items"], "nvr"), names(rest["items"], "nvr")...)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]any{"hello-3-1"}, names(s.must("", "GET", "/tags/f41/builds?latest=true", "").body["items"], "nvr")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]any{"f41"}, names(s.must("", "GET", "/builds/hello-1-1/tags", "").body["items"], "name")); diff != "" {
			t.Error(diff)
		}
		s.must("ada", "DELETE", "/tags/f41/builds/hello-3-1", "")
		s.refused(409, "", "ada", "DELETE", "/tags/f41/builds/hello-3-1", "")
		s.refused(409, "build hello-1-1 is complete", "root", "POST", "/builds/hello-1-1/cancel", "")
		s.refused(409, "Not a draft build", "ada", "POST", "/builds/hello-1-1/promote", "")
	})
}

func TestTasksUsersAndHosts(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.must("tina", "POST", "/tags", `{"name": "f41", "arches": ["x86_64"]}`)
		s.refused(403, "repo permission required", "ada", "POST", "/tasks/repo", `{"tag": "f41"}`)
		made := s.must("root", "POST", "/tasks/repo", `{"tag": "f41"}`)
		id := fmt.Sprint(made.body["id"])
		got := s.must("", "GET", "/tasks/"+id, "").body
		if got["method"] != "newRepo" || got["owner"] != "root" || got["state"] != "free" {
			t.Errorf("%v", got)
		}
		for q, n := range map[string]int{"state=free": 1, "state=closed": 0, "owner=root": 1, "owner=ada": 0, "method=newRepo": 1} {
			if got := s.must("", "GET", "/tasks?"+q, "").body["items"].([]any); len(got) != n {
				t.Errorf("%s gives %d tasks", q, len(got))
			}
		}
		s.refused(403, "", "ada", "POST", "/tasks/"+id+"/cancel", "")
		if got := s.must("root", "POST", "/tasks/"+id+"/cancel", "").body; got["state"] != "canceled" {
			t.Errorf("%v", got)
		}
		s.refused(404, "No such task: 99", "", "GET", "/tasks/99", "")
		s.refused(403, "not in the list of allowed SCMs", "ada", "POST", "/tasks/build", `{"source": "git+https://x.example.org/a#1", "target": "", "scratch": false, "repo": 1}`)
		s.refused(403, "only admins may create high-priority tasks", "ada", "POST", "/tasks/build", `{"source": "x", "target": "f41", "priority": -1}`)

		if got := s.must("ada", "GET", "/whoami", "").body; got["name"] != "ada" || got["logged_in"] != true {
			t.Errorf("%v", got)
		}
		s.must("root", "POST", "/users", `{"name": "eve"}`)
		s.must("root", "PUT", "/users/eve/permissions/tag", "")
		if diff := cmp.Diff([]any{"tag"}, s.must("", "GET", "/users/eve", "").body["permissions"]); diff != "" {
			t.Error(diff)
		}
		s.must("root", "DELETE", "/users/eve/permissions/tag", "")
		if got := s.must("root", "PUT", "/users/eve/status", `{"blocked": true}`).body; got["blocked"] != true || got["permissions"] != nil {
			t.Errorf("%v", got)
		}
		if got := names(s.must("", "GET", "/users?kind=person&prefix=E", "").body["items"], "name"); len(got) != 1 {
			t.Errorf("%v", got)
		}

		s.update(func(ctx context.Context, tx *db.Tx) error {
			_, err := task.New(quietBus{}).AddHost(ctx, tx, account.System, "b1.example.org", []string{"x86_64"})
			return err
		})
		s.refused(403, "host permission required", "ada", "PATCH", "/hosts/b1.example.org", `{"enabled": false}`)
		if got := s.must("root", "PATCH", "/hosts/b1.example.org", `{"enabled": false, "arches": ["x86_64", "i686"]}`).body; got["enabled"] != false || len(got["arches"].([]any)) != 2 {
			t.Errorf("%v", got)
		}
		if got := names(s.must("", "GET", "/channels?limit=1000", "").body["items"], "name"); len(got) < 5 {
			t.Errorf("%v", got)
		}
	})
}

func TestEventsAreFollowed(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.must("tina", "POST", "/tags", `{"name": "f40"}`)
		follow := func(path string, header ...string) (*bufio.Scanner, func()) {
			t.Helper()
			ctx, stop := context.WithTimeout(context.Background(), time.Minute)
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.http.URL+Prefix+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(header); i += 2 {
				r.Header.Set(header[i], header[i+1])
			}
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if resp.Header.Get("Content-Type") != "text/event-stream" {
				t.Fatalf("%s: %s", path, resp.Header.Get("Content-Type"))
			}
			return bufio.NewScanner(resp.Body), func() { stop(); resp.Body.Close() }
		}
		next := func(in *bufio.Scanner) (id, topic string, body map[string]any) {
			t.Helper()
			for in.Scan() {
				switch name, v, _ := strings.Cut(in.Text(), ": "); name {
				case "id":
					id = v
				case "event":
					topic = v
				case "data":
					if err := json.Unmarshal([]byte(v), &body); err != nil {
						t.Fatal(err)
					}
					return id, topic, body
				}
			}
			t.Fatalf("the events ended: %v", in.Err())
			return "", "", nil
		}
		all, stop := follow("/events")
		defer stop()
		builds, stopBuilds := follow("/events?topic=build.,rpm.")
		defer stopBuilds()
		s.must("tina", "POST", "/tags", `{"name": "f41"}`)
		first, topic, body := next(all)
		if !strings.HasPrefix(topic, "tag.") || !strings.Contains(fmt.Sprint(body["body"]), "f41") {
			t.Errorf("%s: %v", topic, body)
		}
		s.update(func(ctx context.Context, tx *db.Tx) error {
			_, err := build.Empty(ctx, tx, build.New{Name: "hello", Version: "1", Release: "1", OwnerID: 1})
			return err
		})
		if _, topic, _ := next(builds); topic != "build.state" {
			t.Errorf("told of %s", topic)
		}
		again, stopAgain := follow("/events?topic=build", "Last-Event-ID", first)
		defer stopAgain()
		if _, topic, _ := next(again); topic != "build.state" {
			t.Errorf("told of %s", topic)
		}
		old, stopOld := follow("/events?after=0")
		defer stopOld()
		if id, _, body := next(old); id != "1" {
			t.Errorf("the oldest event is %v", body)
		}
		s.refused(400, "the id of no event", "", "GET", "/events?after=x", "")
	})
}
