package koji

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBuildsAreTagged(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.run()
		h.tags()
		one, two := h.imported("1"), h.imported("2")
		open := h.begun("3")
		h.anon.fault(1004, "", "tagBuild", "f41", one)
		h.ada.fault(1000, "No such tagInfo: 'f99'", "tagBuild", "f99", one)
		h.ada.fault(1000, "No such build: 'hello-1-1'", "tagBuild", "f41", "hello-1-1")
		h.ada.fault(1003, "build hello-2.10-3 not complete: state BUILDING", "tagBuild", "f41", open.ID)
		h.ada.fault(1003, "build hello-2.10-1 not in tag f41-build", "moveBuild", "f41-build", "f41", one)
		task := h.ada.must("tagBuild", "f41", "hello-2.10-1")
		h.done(task)
		info := h.anon.must("getTaskInfo", task, true).(map[string]any)
		wantRequest := list(pick(h.anon.must("getTag", "f41"), "id"), one, false, nil)
		if diff := cmp.Diff(any(wantRequest), info["request"]); diff != "" || info["priority"] != int64(10) || info["method"] != "tagBuild" {
			t.Error(info, diff)
		}
		h.ada.fault(1003, "build hello-2.10-1 already tagged (f41)", "tagBuild", "f41", one)
		h.done(h.ada.must("tagBuild", "f41", two))

		h.root.must("createTag", "f41-done")
		h.ada.fault(1003, "package hello not in list for f41-done", "moveBuild", "f41", "f41-done", one)
		h.ada.fault(1003, "not in list", "moveBuild", "f41", "f41-done", one, true) // force is an admin's
		h.done(h.root.must("moveBuild", "f41", "f41-done", one, true))
		nvrs := func(args ...any) any { return pick(h.anon.must("listTagged", args...), "nvr") }
		if diff := cmp.Diff(any(list("hello-2.10-1")), nvrs("f41-done")); diff != "" {
			t.Error(diff)
		}
		h.root.must("editTag2", "f41", kw("locked", true))
		h.ada.fault(1004, "tag is locked", "tagBuild", "f41", one)
		h.ada.fault(1004, "tag is locked", "untagBuild", "f41", two)
		h.root.must("untagBuild", "f41", two, kw("force", true))
		h.root.fault(1003, "build hello-2.10-2 not in tag f41", "untagBuild", "f41", two, kw("force", true))
		h.root.must("untagBuild", "f41", two, kw("force", true, "strict", false))
		h.root.must("editTag2", "f41", kw("locked", false))

		h.ada.fault(1004, "tag permission required", "tagBuildBypass", "f41", two)
		h.ada.fault(1004, "tag permission required", "massTag", "f41", list(two))
		h.root.must("massTag", "f41", list("hello-2.10-2", "hello-2.10-1"))
		if diff := cmp.Diff(any(list("hello-2.10-1", "hello-2.10-2")), nvrs("f41")); diff != "" {
			t.Errorf("the last tagged is not the newest: %s", diff)
		}
		h.root.must("createTag", "f42")
		h.root.must("packageListAdd", "f42", "hello", "ada")
		if v := h.ada.must("moveAllBuilds", "f41", "f42", "hello").([]any); len(v) != 0 {
			t.Error(v)
		}
		if diff := cmp.Diff(any(list("hello-2.10-1", "hello-2.10-2")), nvrs("f42")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(list()), nvrs("f41")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatTagsHold(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		one, two := h.imported("1"), h.imported("2")
		h.root.must("tagBuildBypass", "f41", two)
		event := pick(h.anon.must("getLastEvent"), "id")
		h.root.must("tagBuildBypass", "f41", one)
		rows := h.anon.must("listTagged", "f41", kw("latest", true)).([]any)
		row := rows[0].(map[string]any)
		for _, name := range []string{"create_event", "creation_event_id", "creation_time", "start_time", "completion_time"} {
			if row[name] == nil {
				t.Errorf("%s is nil", name)
			}
			delete(row, name)
		}
		want := map[string]any{"tag_id": pick(h.anon.must("getTag", "f41"), "id"), "tag_name": "f41", "id": one, "build_id": one,
			"version": "2.10", "release": "1", "epoch": nil, "state": int64(1), "task_id": nil, "draft": false,
			"promotion_time": nil, "promoter_id": nil, "promoter_name": nil, "volume_id": int64(0), "volume_name": "DEFAULT",
			"owner_id": pick(h.anon.must("getUser", "root"), "id"), "owner_name": "root", "package_id": int64(1),
			"package_name": "hello", "name": "hello", "nvr": "hello-2.10-1"}
		if diff := cmp.Diff(want, row); diff != "" || len(rows) != 1 {
			t.Error(len(rows), diff)
		}
		for _, c := range []struct {
			method string
			args   []any
			want   []any
		}{
			{"listTagged", list("f41"), list("hello-2.10-1", "hello-2.10-2")},
			{"listTagged", list("f41", event), list("hello-2.10-2")},
			{"listTagged", list("f41-build"), list()},
			{"listTagged", list("f41-build", kw("inherit", true, "latest", 2)), list("hello-2.10-1", "hello-2.10-2")},
			{"listTagged", list("f41", kw("prefix", "HE")), list("hello-2.10-1", "hello-2.10-2")},
			{"listTagged", list("f41", kw("package", "bash")), list()},
			{"listTagged", list("f41", kw("owner", "ada")), list()},
			{"listTagged", list("f41", kw("type", "image")), list()},
			{"listTagged", list("f99", kw("strict", false)), list()},
			{"getLatestBuilds", list("f41-build"), list("hello-2.10-1")},
			{"getLatestBuilds", list("f41-build", event), list("hello-2.10-2")},
		} {
			if diff := cmp.Diff(any(c.want), pick(h.anon.must(c.method, c.args...), "nvr")); diff != "" {
				t.Errorf("%s %v: %s", c.method, c.args, diff)
			}
		}
		h.anon.fault(1000, "No such tagInfo: 'f99'", "listTagged", "f99")
		h.anon.fault(1000, "unsupported build type: jar", "listTagged", "f41", kw("type", "jar"))

		got := h.anon.must("listTaggedRPMS", "f41", kw("latest", true, "arch", list("x86_64", "src"), "rpmsigs", true)).([]any)
		if diff := cmp.Diff(any(list(map[string]any{"arch": "src", "sigkey": ""}, map[string]any{"arch": "x86_64", "sigkey": ""})), pick(got[0], "arch", "sigkey")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(list("hello-2.10-1")), pick(got[1], "nvr")); diff != "" {
			t.Error(diff)
		}
		got = h.anon.must("getLatestRPMS", "f41-build").([]any)
		rpm := got[0].([]any)[0].(map[string]any)
		delete(rpm, "payloadhash")
		wantRPM := map[string]any{"name": "hello", "version": "2.10", "release": "1", "arch": "src", "id": rpm["id"], "epoch": nil,
			"draft": false, "size": rpm["size"], "buildtime": int64(1700000000), "buildroot_id": nil, "build_id": one,
			"metadata_only": false, "extra": nil}
		if diff := cmp.Diff(wantRPM, rpm); diff != "" || len(got[0].([]any)) != 3 {
			t.Error(diff)
		}
		if v := h.anon.must("count", "listTagged", "f41"); v != int64(2) {
			t.Error(v)
		}
	})
}
