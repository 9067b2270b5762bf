package rest

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/task"
)

func TestChannels(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.refused(403, "host permission required", "tina", "POST", "/hosts", `{"name": "b1.example.org", "arches": ["x86_64"]}`)
		s.refused(400, "use the host's DNS name", "root", "POST", "/hosts", `{"name": "x y", "arches": ["x86_64"]}`)
		s.must("root", "POST", "/users", `{"name": "b1.example.org"}`)
		s.refused(409, "it is not a host", "root", "POST", "/hosts", `{"name": "b1.example.org", "arches": ["x86_64"]}`)
		if got := s.must("root", "POST", "/hosts", `{"name": "b1.example.org", "arches": ["x86_64"], "adopt": true, "krb_principal": "host/b1@EXAMPLE.ORG"}`).body; got["enabled"] != true {
			t.Errorf("%v", got)
		}
		s.refused(403, "admin permission required", "tina", "POST", "/channels", `{"name": "slow"}`)
		s.must("root", "POST", "/channels", `{"name": "slow", "description": "for large builds"}`)
		s.refused(409, "already exists", "root", "POST", "/channels", `{"name": "slow"}`)
		if got := s.must("root", "PATCH", "/channels/slow", `{"name": "large", "comment": "was slow"}`).body; got["name"] != "large" || got["description"] != "for large builds" || got["comment"] != "was slow" {
			t.Errorf("%v", got)
		}
		s.must("root", "PUT", "/channels/large/status", `{"enabled": false, "comment": "moving"}`)
		s.refused(409, "channel large is disabled", "root", "PUT", "/hosts/b1.example.org/channels/large", "")
		if got := s.must("root", "PUT", "/channels/large/status", `{"enabled": true}`).body; got["enabled"] != true {
			t.Errorf("%v", got)
		}
		for range 2 {
			got := s.must("root", "PUT", "/hosts/b1.example.org/channels/large", "").body["items"]
			if diff := cmp.Diff([]any{"default", "large"}, names(got, "name")); diff != "" {
				t.Error(diff)
			}
		}
		if got := s.must("", "GET", "/hosts?channel=large", "").body["items"].([]any); len(got) != 1 {
			t.Errorf("%v", got)
		}
		s.must("root", "DELETE", "/hosts/b1.example.org/channels/large", "")
		if got := s.ask("root", "DELETE", "/hosts/b1.example.org/channels/large", ""); got.status < 400 {
			t.Error(got.text)
		}
		if got := s.must("", "GET", "/hosts/b1.example.org/channels", "").body["items"]; cmp.Diff([]any{"default"}, names(got, "name")) != "" {
			t.Errorf("%v", got)
		}
		if got := s.must("", "GET", "/hosts/b1.example.org/data", "").body; got["data"] != nil {
			t.Errorf("%v", got)
		}
		s.refused(404, "none", "", "GET", "/channels/none", "")
	})
}

func TestWorkOnTasks(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.must("root", "POST", "/hosts", `{"name": "b1.example.org", "arches": ["x86_64"]}`)
		var top, child *task.Task
		s.update(func(ctx context.Context, tx *db.Tx) error {
			u, err := account.Get(ctx, tx, account.ByName("ada"))
			if err != nil {
				return err
			}
			room := task.New(quietBus{})
			if top, err = room.Make(ctx, tx, task.Spec{Method: "buildArch", Request: []byte("[]"), Owner: u.ID, Arch: "x86_64"}); err != nil {
				return err
			}
			// Only a task that is carried out makes others.
			if _, err = tx.Exec(ctx, "UPDATE task SET state = 1 WHERE id = $1", top.ID); err != nil {
				return err
			}
			if child, err = room.Make(ctx, tx, task.Spec{Method: "buildArch", Request: []byte("[]"), Parent: top.ID, Arch: "x86_64"}); err != nil {
				return err
			}
			if _, err = tx.Exec(ctx, "UPDATE task SET state = 0 WHERE id = $1", top.ID); err != nil {
				return err
			}
			for _, name := range []string{"b.log", "a.log"} {
				if err := file.Put(ctx, tx, fmt.Sprintf("work/tasks/%d/%d/%s", top.ID, top.ID, name), s.store([]byte(name))); err != nil {
					return err
				}
			}
			return nil
		})
		path := fmt.Sprintf("/tasks/%d", top.ID)
		page := s.must("", "GET", path+"/files?limit=1", "").body
		rest := s.must("", "GET", path+"/files?cursor="+page["next"].(string), "").body
		if diff := cmp.Diff([]any{"a.log", "b.log"}, append(names(page["items"], "name"), names(rest["items"], "name")...)); diff != "" {
			t.Error(diff)
		}
		if got := s.must("", "GET", path+"/descendants", "").body["items"]; cmp.Diff([]any{float64(child.ID)}, names(got, "id")) != "" {
			t.Errorf("%v", got)
		}
		if got := s.must("", "GET", path+"/why", "").body; got["code"] != "not ready" || got["starts_in"] != nil || len(got["hosts"].([]any)) != 1 {
			t.Errorf("%v", got)
		}
		s.refused(403, "admin permission required", "ada", "PUT", path+"/priority", `{"priority": 5}`)
		s.must("root", "PUT", path+"/priority", `{"priority": 5}`)
		if got := s.must("", "GET", path, "").body; got["priority"] != 5.0 || got["children"].([]any)[0].(map[string]any)["priority"] != 5.0 {
			t.Errorf("%v", got)
		}
		s.must("root", "PUT", path+"/priority", `{"priority": 6, "alone": true}`)
		if got := s.must("", "GET", path, "").body; got["priority"] != 6.0 || got["children"].([]any)[0].(map[string]any)["priority"] != 5.0 {
			t.Errorf("%v", got)
		}
		if got := s.must("root", "POST", path+"/assign", `{"host": "b1.example.org"}`).body; got["state"] != "assigned" {
			t.Errorf("%v", got)
		}
		s.refused(409, "is not free", "root", "POST", path+"/assign", `{"host": "b1.example.org"}`)
		s.must("root", "POST", path+"/assign", `{"host": "b1.example.org", "force": true}`)
		page = s.must("", "GET", "/scheduler/runs?limit=1&host=b1.example.org", "").body
		rest = s.must("", "GET", "/scheduler/runs?cursor="+page["next"].(string), "").body
		if diff := cmp.Diff([]any{false, true}, append(names(page["items"], "active"), names(rest["items"], "active")...)); diff != "" || rest["next"] != nil {
			t.Error(diff)
		}
		if got := s.must("", "GET", "/scheduler/runs?active=true", "").body["items"].([]any); len(got) != 1 {
			t.Errorf("%v", got)
		}
		for _, list := range []string{"refusals", "messages"} {
			s.must("", "GET", fmt.Sprintf("/scheduler/%s?task=%d", list, top.ID), "")
		}
		if got := s.must("root", "POST", path+"/free", "").body; got["state"] != "free" {
			t.Errorf("%v", got)
		}
		s.refused(403, "", "tina", "POST", path+"/cancel-children", "")
		if got := s.must("ada", "POST", path+"/cancel-children", "").body; got["state"] != "free" || got["children"].([]any)[0].(map[string]any)["state"] != "canceled" {
			t.Errorf("%v", got)
		}
		s.must("root", "POST", path+"/cancel-tree", "")
		s.refused(403, "", "tina", "POST", path+"/resubmit", "")
		again := s.must("ada", "POST", path+"/resubmit", "", "Idempotency-Key", "k").body
		if same := s.must("ada", "POST", path+"/resubmit", "", "Idempotency-Key", "k").body; same["id"] != again["id"] || again["state"] != "free" {
			t.Errorf("%v, then %v", again, same)
		}
	})
}

func TestTasksAreStarted(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.must("tina", "POST", "/tags", `{"name": "f41", "arches": ["x86_64"]}`)
		s.must("root", "PUT", "/targets/f41", `{"build_tag": "f41", "dest_tag": "f41"}`)
		s.refused(400, "at least one group", "ada", "POST", "/tasks/chain-build", `{"sources": [], "target": "f41"}`)
		s.refused(404, "No such build: a", "ada", "POST", "/tasks/chain-build", `{"sources": [["a"]], "target": "f41"}`)
		s.refused(400, "unknown build target: f99", "ada", "POST", "/tasks/chain-build", `{"sources": [["git://example.org/a#1"]], "target": "f99"}`)
		s.refused(403, "only admins", "ada", "POST", "/tasks/chain-build", `{"sources": [["git://example.org/a#1"]], "target": "f41", "priority": -1}`)
		if got := s.must("ada", "POST", "/tasks/chain-build", `{"sources": [["git://example.org/a#1"], ["git://example.org/b#1"]], "target": "f41", "priority": 2}`).body; got["method"] != "chainbuild" || got["priority"] != 22.0 {
			t.Errorf("%v", got)
		}
		s.refused(403, "admin permission required", "tina", "POST", "/tasks", `{"method": "buildArch"}`)
		s.must("root", "POST", "/hosts", `{"name": "b1.example.org", "arches": ["x86_64"]}`)
		if got := s.must("root", "POST", "/tasks", `{"method": "buildArch", "params": [1, "x"], "arch": "x86_64", "host": "b1.example.org"}`).body; got["state"] != "assigned" || got["priority"] != 20.0 {
			t.Errorf("%v", got)
		}
		if got := s.must("root", "POST", "/tasks/restart-hosts", `{"options": {"channel": "default"}}`).body; got["method"] != "restartHosts" || got["priority"] != 5.0 {
			t.Errorf("%v", got)
		}
	})
}
