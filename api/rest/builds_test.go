package rest

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/file"
)

func TestBuildsAreChanged(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.refused(403, "admin permission required", "tina", "POST", "/builds", `{"name": "hello", "version": "1", "release": "1"}`)
		made := s.must("root", "POST", "/builds", `{"name": "hello", "version": "1", "release": "1", "epoch": 0, "owner": "ada"}`).body
		if made["owner"] != "ada" || made["state"] != "complete" || made["epoch"] != 0.0 || made["volume"] != "DEFAULT" {
			t.Errorf("%v", made)
		}
		s.refused(409, "", "root", "POST", "/builds", `{"name": "hello", "version": "1", "release": "1"}`)
		path := "/builds/hello-1-1"
		for range 2 {
			if got := s.must("root", "PUT", path+"/owner", `{"owner": "tina"}`).body; got["owner"] != "tina" {
				t.Errorf("%v", got)
			}
			if got := s.must("root", "PUT", path+"/completed", `{"completed": "2020-02-02T02:02:02Z"}`).body; got["completed"] != "2020-02-02T02:02:02Z" {
				t.Errorf("%v", got)
			}
			s.must("root", "PUT", "/volumes/archive", "")
			if got := s.must("root", "PUT", path+"/volume", `{"volume": "archive"}`).body; got["volume"] != "archive" {
				t.Errorf("%v", got)
			}
		}
		if got := s.must("", "GET", "/builds?volume=archive&untagged=true", "").body["items"].([]any); len(got) != 1 {
			t.Errorf("%v", got)
		}
		s.refused(404, "No such volume", "root", "PUT", path+"/volume", `{"volume": "none"}`)
		if got := s.ask("root", "DELETE", "/volumes/archive", ""); got.status < 400 {
			t.Error("a volume with builds was removed")
		}
		s.must("root", "POST", path+"/settle-volume", "")
		s.must("root", "DELETE", "/volumes/archive", "")
		for range 2 {
			if got := s.must("root", "DELETE", path, "").body; got["state"] != "deleted" {
				t.Errorf("%v", got)
			}
		}
		if got := s.must("root", "POST", path+"/reset", "").body; got["state"] != "canceled" {
			t.Errorf("%v", got)
		}

		for range 2 {
			s.must("root", "PUT", "/build-types/odd", "")
		}
		if got := names(s.must("", "GET", "/build-types", "").body["items"], "name"); fmt.Sprint(got) != "[image maven module odd operator remote-sources rpm win]" && len(got) < 4 {
			t.Errorf("%v", got)
		}
		s.must("root", "POST", "/archive-types", `{"name": "odd", "description": "odd files", "extensions": "odd"}`)
		if got := s.must("", "GET", "/archive-types?limit=1000", "").body["items"]; fmt.Sprint(names(got, "name")) == "" {
			t.Errorf("%v", got)
		}
	})
}

func TestFactsOfBuilds(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		b := s.imported("1")
		s.imported("2")
		s.update(func(ctx context.Context, tx *db.Tx) error {
			return file.Put(ctx, tx, b.Path()+"/data/logs/x86_64/build.log", s.store([]byte("done")))
		})
		if got := s.must("", "GET", "/builds/hello-2.10-1/logs", "").body["items"]; cmp.Diff([]any{"x86_64/build.log"}, names(got, "name")) != "" {
			t.Errorf("%v", got)
		}
		if got := s.must("", "GET", "/builds/hello-2.10-1/types", "").body["items"]; cmp.Diff([]any{"rpm"}, got) != "" {
			t.Errorf("%v", got)
		}
		s.must("tina", "POST", "/tags", `{"name": "f41"}`)
		s.must("root", "PUT", "/tags/f41/packages/hello", `{"owner": "ada"}`)
		s.must("root", "PUT", "/tags/f41/builds/hello-2.10-1", "")
		if got := s.must("", "GET", "/builds/hello-2.10-1/references", "").body; cmp.Diff([]any{"f41"}, names(got["tags"], "name")) != "" || got["last_used"] != nil {
			t.Errorf("%v", got)
		}
		s.refused(409, "", "root", "DELETE", "/builds/hello-2.10-1", "")
		for of, want := range map[string][]any{"build": {"hello-2.10-1", "hello-2.10-2"},
			"rpm": {"hello-2.10-1.src.rpm", "hello-2.10-1.x86_64.rpm", "hello-2.10-2.src.rpm", "hello-2.10-2.x86_64.rpm"}} {
			one := s.must("", "GET", "/search?of="+of+"&pattern=HELLO*&limit=1", "").body
			rest := s.must("", "GET", "/search?of="+of+"&pattern=HELLO*&cursor="+one["next"].(string), "").body
			if diff := cmp.Diff(want, append(names(one["items"], "name"), names(rest["items"], "name")...)); diff != "" {
				t.Error(diff)
			}
		}
		s.refused(422, "of", "", "GET", "/search?pattern=x", "")
		if got := s.must("", "GET", "/buildroots?task=1", "").body["items"].([]any); len(got) != 0 {
			t.Errorf("%v", got)
		}
		s.refused(404, "", "", "GET", "/buildroots/99/rpms", "")
		s.must("tina", "POST", "/tags", `{"name": "f42"}`)
		s.must("root", "PUT", "/tags/f42/packages/hello", `{"owner": "ada"}`)
		s.must("root", "POST", "/tags/f41/builds/hello-2.10-1/move", `{"to": "f42"}`)
		if got := s.must("", "GET", "/builds/hello-2.10-1/tags", "").body["items"]; cmp.Diff([]any{"f42"}, names(got, "name")) != "" {
			t.Errorf("%v", got)
		}
	})
}

func TestContentGenerators(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		for range 2 {
			s.must("root", "PUT", "/content-generators/baker/users/ada", "")
		}
		if got := s.must("", "GET", "/content-generators", "").body["items"]; cmp.Diff([]any{"baker"}, names(got, "name")) != "" {
			t.Errorf("%v", got)
		}
		body := `{"name": "bread", "version": "1", "release": "1"}`
		s.refused(403, "Content generator access required", "tina", "POST", "/content-generators/baker/builds", body)
		got := s.must("ada", "POST", "/content-generators/baker/builds", body).body
		if got["build"].(map[string]any)["state"] != "building" {
			t.Errorf("%v", got)
		}
		refund := "/content-generators/baker/builds/bread-1-1/refund"
		if a := s.ask("ada", "POST", refund, `{"token": "wrong"}`); a.status < 400 || a.status >= 500 {
			t.Errorf("%d %s", a.status, a.text)
		}
		if got := s.must("ada", "POST", refund, fmt.Sprintf(`{"token": %q, "state": "canceled"}`, got["token"])).body; got["state"] != "canceled" {
			t.Errorf("%v", got)
		}
		s.refused(404, "No such file: metadata.json", "ada", "POST", "/builds/import", `{"directory": "none"}`)
		s.refused(400, "", "ada", "POST", "/builds/import", `{"directory": "../x"}`)
		s.refused(400, "metadata", "ada", "POST", "/builds/import", `{"directory": "x", "metadata": {"metadata_version": 7}}`)
		s.must("root", "DELETE", "/content-generators/baker/users/ada", "")
		s.refused(403, "Content generator access required", "ada", "POST", "/content-generators/baker/builds", body)
	})
}

func TestNotifications(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.must("tina", "POST", "/tags", `{"name": "f41"}`)
		s.refused(400, "say whose", "", "GET", "/notifications", "")
		made := s.must("ada", "POST", "/notifications", `{"tag": "f41", "success_only": true}`).body
		if made["email"] != "ada@example.org" || made["tag_id"] == nil || made["package_id"] != nil {
			t.Errorf("%v", made)
		}
		s.refused(409, "notification already exists", "ada", "POST", "/notifications", `{"tag": "f41", "success_only": true}`)
		s.refused(400, "cannot create notifications", "ada", "POST", "/notifications", `{"user": "tina"}`)
		s.must("root", "POST", "/notifications", `{"user": "ada"}`)
		one := s.must("ada", "GET", "/notifications?limit=1", "").body
		rest := s.must("", "GET", "/notifications?user=ada&cursor="+one["next"].(string), "").body
		if got := append(names(one["items"], "id"), names(rest["items"], "id")...); len(got) != 2 || got[0] != made["id"] {
			t.Errorf("%v", got)
		}
		path := fmt.Sprintf("/notifications/%v", made["id"])
		if got := s.must("ada", "PUT", path, `{"tag": "f41"}`).body; got["success_only"] != false {
			t.Errorf("%v", got)
		}
		s.refused(400, "cannot", "tina", "DELETE", path, "")
		s.must("ada", "DELETE", path, "")
		s.refused(404, "No notification", "ada", "DELETE", path, "")

		block := s.must("ada", "POST", "/notification-blocks", `{"tag": "f41"}`).body
		if got := s.must("", "GET", "/notification-blocks?user=ada", "").body["items"]; cmp.Diff([]any{block["id"]}, names(got, "id")) != "" {
			t.Errorf("%v", got)
		}
		s.must("ada", "DELETE", fmt.Sprintf("/notification-blocks/%v", block["id"]), "")
	})
}
