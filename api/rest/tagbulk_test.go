package rest

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
)

func TestAllThatIsInATag(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.must("tina", "POST", "/tags", `{"name": "f41", "arches": ["x86_64"], "extra": {"a": 1}}`)
		s.must("tina", "POST", "/tags", `{"name": "f41-build", "parent": "f41"}`)
		s.must("tina", "POST", "/tags", `{"name": "f42"}`)
		s.must("root", "PUT", "/tags/f41/packages/hello", `{"owner": "ada"}`)
		for _, release := range []string{"1", "2"} {
			s.imported(release)
		}
		s.refused(403, "tag permission required", "ada", "POST", "/tags/f41/builds", `{"builds": ["hello-2.10-1"]}`)
		s.refused(404, "No such build", "tina", "POST", "/tags/f41/builds", `{"builds": ["hello-2.10-1", "hello-2.10-9"]}`)
		if got := s.must("", "GET", "/tags/f41/builds", "").body["items"].([]any); len(got) != 0 {
			t.Errorf("half of what was refused was done: %v", got)
		}
		if diff := cmp.Diff([]any{"hello-2.10-2", "hello-2.10-1"}, names(s.must("tina", "POST", "/tags/f41/builds", `{"builds": ["hello-2.10-2", "hello-2.10-1"]}`).body["builds"], "nvr")); diff != "" {
			t.Error(diff)
		}

		// Packages, page by page: each holds whole builds.
		var nvras []any
		path, pages := "/tags/f41/rpms?limit=1&signatures=true", 0
		for {
			page := s.must("", "GET", path, "").body
			for _, i := range page["items"].([]any) {
				nvras = append(nvras, i.(map[string]any)["rpm"].(map[string]any)["nvra"])
				if diff := cmp.Diff([]any{""}, i.(map[string]any)["signatures"]); diff != "" {
					t.Error(diff)
				}
			}
			if pages++; page["next"] == nil {
				break
			}
			path = "/tags/f41/rpms?limit=1&signatures=true&cursor=" + page["next"].(string)
		}
		if len(nvras) != 4 || pages != 2 {
			t.Errorf("%d pages with %v", pages, nvras)
		}
		for query, want := range map[string]int{"latest=true": 2, "arches=src": 2, "arches=src,x86_64": 4, "package=bash": 0} {
			if got := s.must("", "GET", "/tags/f41/rpms?"+query, "").body["items"].([]any); len(got) != want {
				t.Errorf("%s: %d", query, len(got))
			}
		}
		if got := s.must("", "GET", "/tags/f41-build/rpms?inherit=true", "").body["items"].([]any); len(got) != 4 || got[0].(map[string]any)["tag"] != "f41" {
			t.Errorf("%v", got)
		}
		var b *build.Build
		s.update(func(ctx context.Context, tx *db.Tx) error {
			all, err := build.List(ctx, tx, build.Filter{Limit: 1})
			b = all[0]
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, "INSERT INTO rpmsigs (rpm_id, sigkey, sighash) SELECT id, '0123abcd', 'x' FROM rpminfo WHERE build_id = $1", b.ID)
			return err
		})
		page := s.must("", "GET", "/signatures/0123ABCD/rpms?limit=1", "").body
		rest := s.must("", "GET", "/signatures/0123abcd/rpms?cursor="+page["next"].(string), "").body
		if got := append(names(page["items"], "nvra"), names(rest["items"], "nvra")...); len(got) != 2 || rest["next"] != nil {
			t.Errorf("%v", got)
		}

		conf := s.must("", "GET", "/tags/f41-build/build-config", "").body
		if conf["arches_from"] != "f41" || conf["extra_from"].(map[string]any)["a"] != "f41" || conf["tag"].(map[string]any)["arches"].([]any)[0] != "x86_64" {
			t.Errorf("%v", conf)
		}

		// A copy.
		s.refused(403, "tag permission required", "ada", "POST", "/tags/f41/copy", `{"to": "f41-copy"}`)
		s.refused(400, "without packages", "tina", "POST", "/tags/f41/copy", `{"to": "f41-copy", "packages": false}`)
		s.refused(404, "f41-copy", "tina", "POST", "/tags/f41/copy", `{"to": "f41-copy", "existing": true}`)
		if got := s.must("tina", "POST", "/tags/f41/copy", `{"to": "f41-copy"}`); got.body["name"] != "f41-copy" || got.body["extra"] == nil {
			t.Error(got.text)
		}
		s.refused(409, "already exists", "tina", "POST", "/tags/f41/copy", `{"to": "f41-copy"}`)
		if diff := cmp.Diff([]any{"hello-2.10-1"}, names(s.must("", "GET", "/tags/f41-copy/builds", "").body["items"], "nvr")); diff != "" {
			t.Error(diff)
		}
		s.must("tina", "POST", "/tags/f41/copy", `{"to": "f41-copy", "existing": true, "latest_only": false}`)
		if got := s.must("", "GET", "/tags/f41-copy/builds", "").body["items"].([]any); len(got) != 2 {
			t.Errorf("%v", got)
		}

		// All builds of a package.
		s.refused(409, "not in list", "ada", "POST", "/tags/f41/packages/hello/move", `{"to": "f42"}`)
		s.must("root", "PUT", "/tags/f42/packages/hello", `{"owner": "ada"}`)
		s.must("ada", "POST", "/tags/f41/packages/hello/move", `{"to": "f42"}`)
		if diff := cmp.Diff([]any{"hello-2.10-1", "hello-2.10-2"}, names(s.must("", "GET", "/tags/f42/builds", "").body["items"], "nvr")); diff != "" {
			t.Error(diff)
		}

		// Who lists what.
		if diff := cmp.Diff([]any{"f41", "f41-copy", "f42"}, names(s.must("", "GET", "/packages/hello/tags", "").body["items"], "tag")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]any{"f41", "f41-copy", "f42"}, names(s.must("", "GET", "/users/ada/packages", "").body["items"], "tag")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]any{"f41-copy", "f42"}, names(s.must("", "GET", fmt.Sprintf("/tags?build=%d", b.ID), "").body["items"], "name")); diff != "" {
			t.Error(diff)
		}
		s.must("root", "PUT", "/external-repos/else", `{"url": "https://mirror.example.org/a"}`)
		s.must("tina", "PUT", "/tags/f42/external-repos/else", `{"priority": 5}`)
		if diff := cmp.Diff([]any{"f42"}, names(s.must("", "GET", "/external-repos/else/tags", "").body["items"], "tag")); diff != "" {
			t.Error(diff)
		}
		if got := s.must("root", "PUT", "/external-repos/else", `{"url": "https://mirror.example.org/a", "name": "other"}`).body; got["name"] != "other" {
			t.Errorf("%v", got)
		}
		s.must("root", "PUT", "/targets/f41", `{"build_tag": "f41-build", "dest_tag": "f41"}`)
		if got := s.must("root", "PUT", "/targets/f41", `{"build_tag": "f41-build", "dest_tag": "f41", "name": "f41-new"}`).body; got["name"] != "f41-new" {
			t.Errorf("%v", got)
		}
		s.refused(404, "", "", "GET", "/targets/f41", "")
	})
}

func TestPoliciesAreAsked(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		if got := s.must("", "POST", "/policies/tag/evaluate", `{"facts": {"tag": "f41"}}`).body; got["action"] != "allow" {
			t.Errorf("%v", got)
		}
		if got := s.must("root", "POST", "/policies/package_list/evaluate", `{}`).body; got["action"] != "allow" {
			t.Errorf("%v", got)
		}
		tina := s.actor("tina").ID
		if got := s.must("", "POST", "/policies/package_list/evaluate", fmt.Sprintf(`{"facts": {"user_id": %d}}`, tina)).body; got["action"] != "allow" {
			t.Errorf("of somebody else: %v", got)
		}
		s.refused(400, "facts are an object", "", "POST", "/policies/tag/evaluate", `{"facts": [1]}`)
		if a := s.ask("", "POST", "/policies/none/evaluate", `{}`); a.status >= 500 || a.status < 400 {
			t.Errorf("%d %s", a.status, a.text)
		}
	})
}
