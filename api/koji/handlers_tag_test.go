package koji

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func link(parent any, priority int) map[string]any {
	return map[string]any{"parent_id": parent, "priority": priority, "maxdepth": nil, "intransitive": false,
		"noconfig": false, "pkg_filter": ""}
}

func TestTags(t *testing.T) {
	onHubs(t, func(t *testing.T, f *front) {
		root, ada, anon := f.login("root"), f.login("ada"), f.anonymous()
		ada.fault(1004, "tag permission required (logged in as ada)", "createTag", "f41")
		base := root.must("createTag", "f41", kw("arches", "x86_64 aarch64", "extra", map[string]any{"mock.package_manager": "dnf5", "n": 1}))
		root.fault(1000, "A tag with the name 'f41' already exists", "createTag", "f41")
		build := root.must("createTag", "f41-build", "f41")
		want := map[string]any{"id": base, "name": "f41", "perm_id": nil, "perm": nil, "arches": "x86_64 aarch64", "locked": false,
			"maven_support": false, "maven_include_all": false, "extra": map[string]any{"mock.package_manager": "dnf5", "n": int64(1)}}
		if diff := cmp.Diff(any(want), anon.must("getTag", "f41")); diff != "" {
			t.Error(diff)
		}
		if v := anon.must("getTag", "f42"); v != nil {
			t.Error(v)
		}
		anon.fault(1000, "No such tagInfo: 'f42'", "getTag", "f42", true)
		event := pick(anon.must("getLastEvent"), "id")
		root.must("editTag2", "f41", kw("locked", true, "perm", "admin", "arches", "x86_64", "remove_extra", list("n")))
		root.must("editTag2", build, kw("block_extra", list("mock.package_manager")))
		if diff := cmp.Diff(any(map[string]any{"locked": true, "perm": "admin", "arches": "x86_64"}), pick(anon.must("getTag", base), "locked", "perm", "arches")); diff != "" {
			t.Error(diff)
		}
		want["query_event"] = event
		if diff := cmp.Diff(any(want), anon.must("getTag", "f41", false, event)); diff != "" {
			t.Errorf("at event %v: %s", event, diff)
		}
		blocked := pick(anon.must("getTag", build, kw("blocked", true)), "extra")
		if diff := cmp.Diff(any(map[string]any{"mock.package_manager": list(true, nil)}), blocked); diff != "" {
			t.Error(diff)
		}
		conf := anon.must("getBuildConfig", build).(map[string]any)
		wantConf := map[string]any{"extra": map[string]any{}, "arches": map[string]any{"id": base, "name": "f41"}}
		if diff := cmp.Diff(any(wantConf), conf["config_inheritance"]); diff != "" || conf["arches"] != "x86_64" {
			t.Error(conf, diff)
		}
		rows := anon.must("listTags", kw("pattern", "F41*", "perms", false, "queryOpts", map[string]any{"order": "-name"}))
		wantRow := map[string]any{"id": build, "name": "f41-build", "arches": "", "locked": false, "maven_support": false, "maven_include_all": false}
		if diff := cmp.Diff(any(wantRow), rows.([]any)[0]); diff != "" || len(rows.([]any)) != 2 {
			t.Error(rows, diff)
		}
		if diff := cmp.Diff(any(list(false, true, "tag is locked")), root.must("checkTagAccess", "f41")); diff != "" {
			t.Error(diff)
		}
		root.must("deleteTag", "f41-build")
		gone := anon.must("getTag", "f41-build", kw("event", "auto")).(map[string]any)
		if gone["revoke_event"] == nil || gone["query_event"] != gone["revoke_event"].(int64)-1 {
			t.Error(gone)
		}
		if v := anon.must("tagLastChangeEvent", "f41-build"); v != gone["revoke_event"] {
			t.Error(v)
		}
		anon.fault(1000, "No such event: 9999", "getEvent", 9999)
		if v := pick(anon.must("getEvent", event), "ts"); v == nil {
			t.Error(v)
		}
	})
}

func TestInheritance(t *testing.T) {
	onHubs(t, func(t *testing.T, f *front) {
		root, anon := f.login("root"), f.anonymous()
		a, b, c := root.must("createTag", "a"), root.must("createTag", "b", "a"), root.must("createTag", "c")
		root.must("setInheritanceData", "c", list(link(b, 10)))
		want := link(b, 10)
		want["name"], want["child_id"], want["priority"] = "b", c, int64(10)
		if diff := cmp.Diff(any(list(want)), anon.must("getInheritanceData", "c")); diff != "" {
			t.Error(diff)
		}
		full := anon.must("getFullInheritance", c)
		wantFull := list(
			map[string]any{"name": "b", "child_id": c, "currdepth": int64(1), "nextdepth": nil, "filter": list()},
			map[string]any{"name": "a", "child_id": b, "currdepth": int64(2), "nextdepth": nil, "filter": list()})
		if diff := cmp.Diff(any(wantFull), pick(full, "name", "child_id", "currdepth", "nextdepth", "filter")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(list("b", "c")), pick(anon.must("getFullInheritance", a, nil, true), "name")); diff != "" {
			t.Error(diff)
		}
		root.fault(1000, "same priority value (10)", "setInheritanceData", "c", list(link(b, 10), link(a, 10)))
		root.fault(1000, "No value for maxdepth", "setInheritanceData", "c", list(map[string]any{"parent_id": a, "priority": 1}))
		root.must("setInheritanceData", "c", list(map[string]any{"parent_id": b, "delete link": true}))
		if diff := cmp.Diff(any(list()), anon.must("getInheritanceData", "c")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTargetsAndExternalRepos(t *testing.T) {
	onHubs(t, func(t *testing.T, f *front) {
		root, anon := f.login("root"), f.anonymous()
		dest, build := root.must("createTag", "f41"), root.must("createTag", "f41-build", "f41")
		root.fault(1000, "destination tag 'f42' does not exist", "createBuildTarget", "f41", "f41-build", "f42")
		root.must("createBuildTarget", "f41", "f41-build", "f41")
		want := map[string]any{"id": int64(1), "name": "f41", "build_tag": build, "build_tag_name": "f41-build", "dest_tag": dest, "dest_tag_name": "f41"}
		if diff := cmp.Diff(any(want), anon.must("getBuildTarget", "f41")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(list(want)), anon.must("getBuildTargets", kw("buildTagID", build))); diff != "" {
			t.Error(diff)
		}
		root.must("editBuildTarget", "f41", "f41-candidate", "f41-build", "f41")
		if v := anon.must("getBuildTarget", "f41"); v != nil {
			t.Error(v)
		}
		repo := root.must("createExternalRepo", "fedora", "https://example.org/$arch")
		if diff := cmp.Diff(any(map[string]any{"id": int64(1), "name": "fedora", "url": "https://example.org/$arch/"}), repo); diff != "" {
			t.Error(diff)
		}
		root.must("addExternalRepoToTag", "f41", "fedora", 5, kw("merge_mode", "bare"))
		root.fault(1000, "tag f41 already associated with external repo fedora", "addExternalRepoToTag", "f41", "fedora", 6)
		if v := root.must("editTagExternalRepo", "f41", "fedora", kw("priority", 7)); v != true {
			t.Error(v)
		}
		wantRepo := map[string]any{"external_repo_id": int64(1), "external_repo_name": "fedora", "priority": int64(7), "tag_id": dest,
			"tag_name": "f41", "url": "https://example.org/$arch/", "merge_mode": "bare", "arches": nil}
		for _, method := range []string{"getTagExternalRepos", "getExternalRepoList"} {
			if diff := cmp.Diff(any(list(wantRepo)), anon.must(method, "f41")); diff != "" {
				t.Error(method, diff)
			}
		}
		if v := anon.must("getExternalRepoList", "f41-build").([]any); len(v) != 1 {
			t.Error("not inherited:", v)
		}
		root.must("removeExternalRepoFromTag", "f41", "fedora")
		root.must("deleteExternalRepo", "fedora")
		if v := anon.must("getExternalRepo", "fedora"); v != nil {
			t.Error(v)
		}
	})
}

func TestPackageLists(t *testing.T) {
	onHubs(t, func(t *testing.T, f *front) {
		root, ada, anon := f.login("root"), f.login("ada"), f.anonymous()
		base := root.must("createTag", "f41")
		root.must("createTag", "f41-build", "f41")
		ada.fault(1004, "tag permission required", "packageListAdd", "f41", "bash", "ada")
		root.fault(1000, "owner not specified", "packageListAdd", "f41", "bash")
		root.must("packageListAdd", "f41", "bash", "ada", kw("extra_arches", "i686"))
		pkg := anon.must("getPackageID", "bash")
		want := map[string]any{"package_id": pkg, "package_name": "bash", "tag_id": base, "tag_name": "f41",
			"extra_arches": "i686", "blocked": false, "owner_id": int64(1), "owner_name": "ada"}
		if diff := cmp.Diff(any(list(want)), anon.must("listPackages", kw("tagID", "f41-build", "inherited", true))); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(want), anon.must("getPackageConfig", "f41-build", "bash")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(list(map[string]any{"package_id": pkg, "package_name": "bash"})), anon.must("listPackages", kw("prefix", "B"))); diff != "" {
			t.Error(diff)
		}
		if v := anon.must("checkTagPackage", "f41-build", "bash"); v != true {
			t.Error(v)
		}
		root.must("packageListBlock", "f41-build", "bash")
		if v := anon.must("checkTagPackage", "f41-build", "bash"); v != false {
			t.Error(v)
		}
		root.must("packageListUnblock", "f41-build", "bash")
		root.must("packageListSetOwner", "f41", "bash", "root")
		row := anon.must("listTags", kw("package", "bash")).([]any)[0]
		if diff := cmp.Diff(any(map[string]any{"name": "f41", "owner_name": "root", "extra_arches": "i686", "blocked": false}),
			pick(row, "name", "owner_name", "extra_arches", "blocked")); diff != "" {
			t.Error(diff)
		}
		root.must("packageListRemove", "f41", "bash")
		if diff := cmp.Diff(any(list()), anon.must("listPackages", kw("userID", "root"))); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(map[string]any{"id": pkg, "name": "bash"}), anon.must("getPackage", "bash")); diff != "" {
			t.Error(diff)
		}
		anon.fault(1000, "No such entry in table package: zsh", "getPackage", "zsh", true)
	})
}

func TestGroups(t *testing.T) {
	onHubs(t, func(t *testing.T, f *front) {
		root, anon := f.login("root"), f.anonymous()
		tagID := root.must("createTag", "f41-build")
		root.must("groupListAdd", "f41-build", "build", kw("description", "In all roots."))
		root.must("groupListAdd", "f41-build", "core")
		root.must("groupPackageListAdd", "f41-build", "build", "bash", kw("type", "default"))
		root.must("groupPackageListAdd", "f41-build", "build", "zsh")
		root.must("groupPackageListBlock", "f41-build", "build", "zsh")
		root.must("groupReqListAdd", "f41-build", "build", "core")
		want := map[string]any{"name": "build", "group_id": int64(1), "tag_id": tagID, "blocked": false, "exported": true,
			"display_name": "build", "is_default": nil, "uservisible": true, "description": "In all roots.", "langonly": nil, "biarchonly": false,
			"packagelist": list(map[string]any{"group_id": int64(1), "tag_id": tagID, "package": "bash", "blocked": false,
				"type": "default", "basearchonly": nil, "requires": nil}),
			"grouplist": list(map[string]any{"group_id": int64(1), "tag_id": tagID, "req_id": int64(2), "blocked": false,
				"type": "mandatory", "is_metapkg": false, "name": "core"}),
		}
		groups := anon.must("getTagGroups", "f41-build").([]any)
		if diff := cmp.Diff(any(want), groups[0]); diff != "" || len(groups) != 2 {
			t.Error(diff)
		}
		root.fault(1000, "No such entry in table groups: x", "groupPackageListAdd", "f41-build", "x", "bash")
		root.must("groupReqListRemove", "f41-build", "build", "core")
		root.must("groupPackageListUnblock", "f41-build", "build", "zsh")
		root.must("groupListBlock", "f41-build", "core")
		if diff := cmp.Diff(any(list("build")), pick(anon.must("getTagGroups", "f41-build"), "name")); diff != "" {
			t.Error(diff)
		}
		root.must("groupListRemove", "f41-build", "core")
	})
}
