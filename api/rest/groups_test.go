package rest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGroups(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.must("tina", "POST", "/tags", `{"name": "f41"}`)
		s.must("tina", "POST", "/tags", `{"name": "f41-build", "parent": "f41"}`)
		s.refused(403, "tag permission required", "ada", "PUT", "/tags/f41/groups/build", `{}`)
		if got := s.must("tina", "PUT", "/tags/f41/groups/build", `{"description": "of every root"}`).body; got["display_name"] != "build" || got["description"] != "of every root" {
			t.Errorf("%v", got)
		}
		s.must("tina", "PUT", "/tags/f41/groups/core", `{}`)
		s.must("tina", "PUT", "/tags/f41/groups/build/packages/bash", `{}`)
		s.must("tina", "PUT", "/tags/f41/groups/build/packages/%2Fusr%2Fbin%2Fmake", `{"type": "optional"}`)
		s.refused(422, "type", "tina", "PUT", "/tags/f41/groups/build/packages/sed", `{"type": "odd"}`)
		got := s.must("tina", "PUT", "/tags/f41/groups/build/requirements/core", `{"metapackage": true}`).body
		if diff := cmp.Diff([]any{"/usr/bin/make", "bash"}, names(got["packages"], "package")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]any{true}, names(got["requirements"], "metapackage")); diff != "" {
			t.Error(diff)
		}

		// What is inherited is hidden by a block, and shown when that is taken back.
		for range 2 {
			s.must("tina", "PUT", "/tags/f41-build/groups/build/packages/bash", `{"blocked": true}`)
		}
		shown := func() []any {
			t.Helper()
			list := s.must("", "GET", "/tags/f41-build/groups", "").body["items"].([]any)
			return names(list[0].(map[string]any)["packages"], "package")
		}
		if diff := cmp.Diff([]any{"/usr/bin/make"}, shown()); diff != "" {
			t.Error(diff)
		}
		s.must("tina", "PUT", "/tags/f41-build/groups/build/packages/bash", `{}`)
		if diff := cmp.Diff([]any{"/usr/bin/make", "bash"}, shown()); diff != "" {
			t.Error(diff)
		}
		for range 2 {
			s.must("tina", "DELETE", "/tags/f41-build/groups/build/packages/bash", "")
		}
		s.must("tina", "PUT", "/tags/f41-build/groups/build", `{"blocked": true}`)
		if diff := cmp.Diff([]any{"core"}, names(s.must("", "GET", "/tags/f41-build/groups", "").body["items"], "name")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]any{"build"}, names(s.must("", "GET", "/tags/f41-build/groups?blocked=true&limit=1", "").body["items"], "name")); diff != "" {
			t.Error(diff)
		}
		s.must("tina", "DELETE", "/tags/f41-build/groups/build", "")
		s.refused(404, "No group: build found for tag: f41-build", "tina", "DELETE", "/tags/f41-build/groups/build", "")
		s.refused(404, "No such group: none", "tina", "PUT", "/tags/f41-build/groups/build/requirements/none", `{}`)
		s.must("tina", "DELETE", "/tags/f41/groups/build/requirements/core", "")
		if got := s.must("", "GET", "/tags/f41/groups/build", "").body["requirements"].([]any); len(got) != 0 {
			t.Errorf("%v", got)
		}
		s.refused(404, "group none not present in tag f41", "", "GET", "/tags/f41/groups/none", "")
	})
}

func TestBlockedPackages(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.must("tina", "POST", "/tags", `{"name": "f41"}`)
		s.must("tina", "POST", "/tags", `{"name": "f42", "parent": "f41"}`)
		s.must("root", "PUT", "/tags/f41/packages/hello", `{"owner": "ada", "extra_arches": ["s390x"]}`)
		s.must("root", "PUT", "/tags/f42/packages/hello", `{"blocked": true}`)
		if got := s.must("root", "PUT", "/tags/f42/packages/hello", `{"blocked": false, "owner": "tina"}`).body; got["blocked"] != false || got["owner"] != "tina" {
			t.Errorf("%v", got)
		}
		if got := s.must("root", "PUT", "/tags/f42/packages/new", `{"blocked": false, "owner": "tina"}`).body; got["tag"] != "f42" {
			t.Errorf("%v", got)
		}
		if got := s.must("", "GET", "/tags/f41/packages", "").body["items"].([]any)[0].(map[string]any); got["owner"] != "ada" || got["extra_arches"] == nil {
			t.Errorf("%v", got)
		}
	})
}
