package koji

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSideTagCalls(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		h.anon.fault(1004, "", "createSideTag", "f41-build")
		h.ada.fault(1000, "No such tagInfo: 'f99'", "createSideTag", "f99")
		h.ada.fault(1000, "slow suffix is not allowed for sidetag", "createSideTag", "f41-build", kw("suffix", "slow"))
		side := h.ada.must("createSideTag", "f41-build", kw("debuginfo", true, "suffix", "fast")).(map[string]any)
		name := side["name"]
		if diff := cmp.Diff(map[string]any{"task_id": nil, "request": nil}, pick(side, "task_id", "request")); diff != "" {
			t.Error(diff)
		}
		want := list(map[string]any{"id": side["id"], "name": name, "user_name": "ada", "user_id": h.anon.must("listSideTags").([]any)[0].(map[string]any)["user_id"]})
		for _, args := range [][]any{{}, {"f41-build"}, {nil, "ada"}, {"f41-build", "ada"}} {
			if diff := cmp.Diff(any(want), h.anon.must("listSideTags", args...)); diff != "" {
				t.Errorf("%v: %s", args, diff)
			}
		}
		if n := h.anon.must("listSideTags", nil, "root", map[string]any{"countOnly": true}); n != int64(0) {
			t.Errorf("root has %v", n)
		}
		h.pat.fault(1004, "This is not your sidetag", "editSideTag", name, true)
		h.ada.fault(1000, "Debuginfo setting is not allowed in parent tag.", "editSideTag", name, true)
		h.root.must("editTag2", "f41-build", kw("extra", map[string]any{"sidetag_debuginfo_allowed": true, "sidetag_rpm_macros_allowed": "dist"}))
		h.ada.must("editSideTag", name, kw("debuginfo", false, "rpm_macros", map[string]any{"dist": ".x"}))
		extra := pick(h.anon.must("getTag", name), "extra").(map[string]any)
		if extra["with_debuginfo"] != false || extra["rpm.macro.dist"] != ".x" {
			t.Errorf("extra %v", extra)
		}
		h.pat.fault(1004, "This is not your sidetag", "removeSideTag", name)
		h.ada.must("removeSideTag", name)
		h.ada.fault(1000, "No such tagInfo", "removeSideTag", name)
		if v := h.anon.must("getBuildTarget", name); v != nil {
			t.Errorf("the target is still there: %v", v)
		}
	})
}

func TestSnapshotsOfTags(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		h.root.must("groupListAdd", "f41", "build")
		h.root.must("groupPackageListAdd", "f41", "build", "bash")
		for _, release := range []string{"1", "2", "3"} {
			h.importHello("hello", release, "src")
			h.root.must("tagBuildBypass", "f41", "hello-2.10-"+release)
		}
		nvrs := func(tag string) any { return pick(h.anon.must("listTagged", tag), "nvr") }
		h.ada.fault(1004, "tag permission required", "snapshotTag", "f41", "copy")
		h.root.fault(1000, "Target tag already exists", "snapshotTag", "f41", "f41-build")
		h.root.fault(1019, "builds can't be used without pkgs", "snapshotTag", "f41", "copy", kw("pkgs", false))
		h.root.fault(1000, "No such tagInfo: 'copy'", "snapshotTagModify", "f41", "copy")
		h.root.must("snapshotTag", "f41", "copy")
		if diff := cmp.Diff(any(list("hello-2.10-3")), nvrs("copy")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(list("build")), pick(h.anon.must("getTagGroups", "copy"), "name")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(h.anon.must("listPackages", "f41").([]any)[0].(map[string]any)["owner_name"], h.anon.must("listPackages", "copy").([]any)[0].(map[string]any)["owner_name"]); diff != "" {
			t.Error(diff)
		}
		// All builds, in their order, also those that the copy had at a wrong place.
		h.root.must("tagBuildBypass", "copy", "hello-2.10-1")
		h.root.must("snapshotTagModify", "f41", "copy", kw("latest_only", false))
		all := list("hello-2.10-3", "hello-2.10-2", "hello-2.10-1")
		if diff := cmp.Diff(any(all), nvrs("copy")); diff != "" {
			t.Error(diff)
		}
		// What the source does not have any more stays as older, or goes.
		h.root.must("untagBuildBypass", "f41", "hello-2.10-3")
		h.root.must("snapshotTagModify", "f41", "copy", kw("latest_only", false))
		if diff := cmp.Diff(any(list("hello-2.10-2", "hello-2.10-1", "hello-2.10-3")), nvrs("copy")); diff != "" {
			t.Error(diff)
		}
		h.root.must("snapshotTagModify", "f41", "copy", kw("latest_only", false, "remove", true))
		if diff := cmp.Diff(any(list("hello-2.10-2", "hello-2.10-1")), nvrs("copy")); diff != "" {
			t.Error(diff)
		}
		h.root.must("editTag2", "f41", kw("locked", true))
		h.root.fault(1000, "locked, use force to copy", "snapshotTag", "f41", "third")
		h.root.must("snapshotTag", "f41", "third", kw("force", true))
		if v := pick(h.anon.must("getTag", "third"), "locked"); v != true {
			t.Error("the lock was not copied")
		}
	})
}
