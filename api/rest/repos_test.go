package rest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRepositories(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.must("tina", "POST", "/tags", `{"name": "f41", "arches": ["x86_64"]}`)
		s.refused(403, "repo permission required", "ada", "POST", "/tasks/repo", `{"tag": "f41"}`)
		s.must("root", "PUT", "/users/ada/permissions/repo", "")
		if got := s.must("ada", "POST", "/tasks/repo", `{"tag": "f41", "source": true}`).body; got["method"] != "newRepo" || got["priority"] != 15.0 {
			t.Errorf("%v", got)
		}
		s.refused(404, "tag f41 has no such repository", "", "GET", "/tags/f41/repo", "")

		s.refused(400, "exclude each other", "tina", "POST", "/repo-requests", `{"tag": "f41", "min_event": 1, "at_event": 1}`)
		s.refused(404, "No such event: 999", "tina", "POST", "/repo-requests", `{"tag": "f41", "min_event": 999}`)
		s.refused(403, "only admins may create high-priority requests", "tina", "POST", "/repo-requests", `{"tag": "f41", "priority": -1}`)
		asked := s.must("tina", "POST", "/repo-requests", `{"tag": "f41"}`).body
		again := s.must("ada", "POST", "/repo-requests", `{"tag": "f41"}`).body
		if asked["active"] != true || asked["duplicate"] != nil || again["id"] != asked["id"] || again["duplicate"] != true || asked["task_state"] != "free" {
			t.Errorf("%v, then %v", asked, again)
		}
		id := fmt.Sprint(asked["id"])
		s.refused(403, "admin permission required", "tina", "PUT", "/repo-requests/"+id+"/priority", `{"priority": 3}`)
		s.must("root", "PUT", "/repo-requests/"+id+"/priority", `{"priority": 3}`)
		if got := s.must("", "GET", "/repo-requests/"+id, "").body; got["priority"] != 3.0 || got["owner"] != "tina" {
			t.Errorf("%v", got)
		}
		if got := s.must("", "GET", fmt.Sprintf("/tasks/%v", asked["task"]), "").body; got["priority"] != -2.0 {
			t.Errorf("%v", got)
		}
		other := s.must("tina", "POST", "/repo-requests", `{"tag": "f41", "debuginfo": true}`).body
		one := s.must("", "GET", "/repo-requests?open=true&tag=f41&limit=1", "").body
		two := s.must("", "GET", "/repo-requests?cursor="+one["next"].(string), "").body
		if diff := cmp.Diff([]any{asked["id"], other["id"]}, append(names(one["items"], "id"), names(two["items"], "id")...)); diff != "" {
			t.Error(diff)
		}

		// Repositories for people are there from the start, to be filled.
		s.refused(403, "dist-repo permission required", "ada", "POST", "/tasks/dist-repo", `{"tag": "f41", "keys": []}`)
		s.refused(400, "exclude each other", "root", "POST", "/tasks/dist-repo", `{"tag": "f41", "keys": ["x"], "skip_missing_signatures": true, "allow_missing_signatures": true}`)
		for range 2 {
			s.must("root", "POST", "/tasks/dist-repo", `{"tag": "f41", "keys": ["0123abcd"], "allow_missing_signatures": true}`)
		}
		one = s.must("", "GET", "/repos?tag=f41&dist=true&limit=1", "").body
		two = s.must("", "GET", "/repos?state=init&cursor="+one["next"].(string), "").body
		ids := append(names(one["items"], "id"), names(two["items"], "id")...)
		if len(ids) != 2 || ids[0].(float64) <= ids[1].(float64) {
			t.Fatalf("%v", ids)
		}
		path := fmt.Sprintf("/repos/%v", ids[0])
		s.refused(403, "repo permission required", "tina", "PUT", path+"/state", `{"state": "expired"}`)
		for range 2 {
			if got := s.must("root", "PUT", path+"/state", `{"state": "problem"}`).body; got["state"] != "problem" {
				t.Errorf("%v", got)
			}
		}
		s.refused(409, "Invalid repo state transition", "root", "PUT", path+"/state", `{"state": "expired"}`)
		for range 2 {
			if got := s.must("root", "PUT", path+"/state", `{"state": "deleted"}`).body; got["state"] != "deleted" {
				t.Errorf("%v", got)
			}
		}
		if got := s.must("", "GET", path, "").body; got["tag"] != "f41" || got["state"] != "deleted" {
			t.Errorf("%v", got)
		}
		if got := s.must("", "GET", path+"/users", "").body["items"].([]any); len(got) != 0 {
			t.Errorf("%v", got)
		}
		s.refused(404, "99", "", "GET", "/repos/99", "")
	})
}

func TestSideTags(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.must("tina", "POST", "/tags", `{"name": "f41", "extra": {"sidetag_debuginfo_allowed": true, "sidetag_rpm_macros_allowed": ["_with_*"]}}`)
		s.refused(401, "log in", "", "POST", "/side-tags", `{"base": "f41"}`)
		s.refused(400, "suffix is not allowed", "root", "POST", "/side-tags", `{"base": "f41", "suffix": "odd"}`)
		made := s.must("root", "POST", "/side-tags", `{"base": "f41"}`).body
		name := made["name"].(string)
		if got := s.must("", "GET", "/side-tags?base=f41&owner=root", "").body["items"]; cmp.Diff([]any{name}, names(got, "name")) != "" {
			t.Errorf("%v", got)
		}
		s.must("", "GET", "/targets/"+name, "")
		s.refused(403, "not your sidetag", "ada", "DELETE", "/side-tags/"+name, "")
		s.refused(400, "Not a sidetag", "ada", "PATCH", "/side-tags/f41", `{"debuginfo": true}`)
		s.refused(400, "_other editing is not allowed", "root", "PATCH", "/side-tags/"+name, `{"rpm_macros": {"_other": "1"}}`)
		if got := s.must("root", "PATCH", "/side-tags/"+name, `{"debuginfo": true, "rpm_macros": {"_with_x": "1"}}`).body["extra"].(map[string]any); got["with_debuginfo"] != true || got["rpm.macro._with_x"] != "1" {
			t.Errorf("%v", got)
		}
		s.must("root", "DELETE", "/side-tags/"+name, "")
		s.refused(404, "No such tag", "root", "DELETE", "/side-tags/"+name, "")
	})
}
