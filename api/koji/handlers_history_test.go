package koji

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHistory(t *testing.T) {
	onHubs(t, func(t *testing.T, f *front) {
		root, anon := f.login("root"), f.anonymous()
		id := root.must("createTag", "f41")
		at := pick(anon.must("getLastEvent"), "id")
		root.must("editTag2", "f41", kw("arches", "x86_64"))
		root.must("grantPermission", "ada", "tag")
		got := anon.must("queryHistory", kw("tag", "f41", "afterEvent", at, "utc", true)).(map[string]any)
		rows := got["tag_config"].([]any)
		want := list(
			map[string]any{"tag_id": id, "tag.name": "f41", "arches": nil, "active": nil, "creator_name": "root", "_created_after_event": false, "_revoked_after_event": true},
			map[string]any{"tag_id": id, "tag.name": "f41", "arches": "x86_64", "active": true, "creator_name": "root", "_created_after_event": true, "_revoked_after_event": nil})
		if diff := cmp.Diff(any(want), pick(rows, "tag_id", "tag.name", "arches", "active", "creator_name", "_created_after_event", "_revoked_after_event")); diff != "" {
			t.Error(diff)
		}
		if _, ok := got["user_perms"]; ok {
			t.Error("permissions are about no tag")
		}
		got = anon.must("queryHistory", list("user_perms"), kw("user", "ada", "editor", "root")).(map[string]any)
		if diff := cmp.Diff(any(list(map[string]any{"user.name": "ada", "permission.name": "tag", "_created_by": true, "_revoked_by": nil})),
			pick(got["user_perms"], "user.name", "permission.name", "_created_by", "_revoked_by")); diff != "" {
			t.Error(diff)
		}
		anon.fault(1000, "No such history table: users", "queryHistory", list("users"))
		anon.fault(1000, "No such entry in table tag: f42", "queryHistory", kw("tag", "f42"))
	})
}
