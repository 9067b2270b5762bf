package koji

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What Koji's builder tells of the roots that it builds in.
func TestRootsOfKojisBuilder(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.run()
		h.tags()
		id := h.imported("1")
		h.root.must("createExternalRepo", "else", "https://mirror.example.org/else")
		repo := h.done(h.root.must("newRepo", "f41-build")).([]any)[0]
		b1, b2 := h.builder("b1"), h.builder("b2")
		running := h.root.must("makeTask", "buildArch", list("x"), kw("arch", "x86_64"))
		b1.must("host.updateHost", 0.0, true, map[string]any{"methods": list("buildArch"), "maxjobs": 5})
		b1.must("host.getTasks")
		b1.must("host.openTask", running)

		b1.fault(1000, "", "host.newBuildRoot", 9999, "x86_64", running)
		b1.fault(1000, "Name \"../x\"", "host.newBuildRoot", repo, "../x", running)
		b2.fault(1004, "", "host.newBuildRoot", repo, "x86_64", running)
		root := b1.must("host.newBuildRoot", repo, "x86_64", kw("task_id", running))
		info := func() any {
			return pick(h.anon.must("getBuildroot", root), "state", "arch", "repo_id", "task_id", "tag_name")
		}
		want := map[string]any{"state": int64(0), "arch": "x86_64", "repo_id": repo, "task_id": running, "tag_name": "f41-build"}
		if diff := cmp.Diff(any(want), info()); diff != "" {
			t.Error(diff)
		}
		if got := h.anon.must("getBuildrootListing", root).([]any); len(got) != 0 {
			t.Errorf("a new root holds %v", got)
		}
		var own map[string]any
		for _, r := range h.anon.must("listRPMs", id).([]any) {
			if r := r.(map[string]any); r["arch"] == "x86_64" {
				own = r
			}
		}
		pkg := func(name string, change ...any) map[string]any {
			m := map[string]any{"name": name, "version": "2.10", "release": "1", "epoch": nil, "arch": "x86_64",
				"payloadhash": own["payloadhash"], "size": 1, "buildtime": 1700000000}
			for i := 0; i < len(change); i += 2 {
				m[change[i].(string)] = change[i+1]
			}
			return m
		}
		else1 := pkg("else", "location", "else", "payloadhash", "00112233445566778899aabbccddeeff", "epoch", 1)
		else2 := pkg("more", "location", 1, "payloadhash", "10112233445566778899aabbccddeeff")
		held := kw("task_id", running)
		b2.fault(1004, "not owner of buildroot", "host.setBuildRootList", root, list(pkg("hello")))
		b1.fault(1000, "no build of this hub has", "host.setBuildRootList", root, list(pkg("unheard")), held)
		b1.fault(1000, "other contents", "host.setBuildRootList", root, list(pkg("hello", "payloadhash", "00")), held)
		b1.fault(1000, "Invalid value for size", "host.setBuildRootList", root, list(pkg("hello", "size", "big")), held)
		b1.fault(1000, "a package is a struct", "host.setBuildRootList", root, list("hello"), held)
		b1.fault(1000, "No such", "host.setBuildRootList", root, list(pkg("hello", "location", "nowhere")), held)
		b1.fault(1000, "in wrong state", "host.updateBuildRootList", root, list(pkg("hello")), held)
		b1.must("host.setBuildRootList", root, list(pkg("hello"), else1), held)

		b1.fault(1000, "Cannot change buildroot state", "host.setBuildRootState", root, 0, held)
		b1.fault(1000, "is no state of a buildroot", "host.setBuildRootState", root, "GONE", held)
		b1.fault(1000, "Cannot change buildroot state", "host.setBuildRootState", root, int64(1)<<33, held)
		b1.must("host.setBuildRootState", root, "BUILDING", held)
		b1.fault(1000, "in wrong state", "host.setBuildRootList", root, list(pkg("hello")), held)
		b1.must("host.updateBuildRootList", root, list(pkg("hello"), else2), held)
		b1.must("host.updateBuildRootList", root, list(else2), held)
		names := pick(h.anon.must("listRPMs", kw("componentBuildrootID", root, "queryOpts", map[string]any{"order": "name"})), "name", "external_repo_name")
		wantNames := list(
			map[string]any{"name": "else", "external_repo_name": "else"},
			map[string]any{"name": "hello", "external_repo_name": "INTERNAL"},
			map[string]any{"name": "more", "external_repo_name": "else"})
		if diff := cmp.Diff(any(wantNames), names); diff != "" {
			t.Error(diff)
		}
		b1.must("host.setBuildRootState", root, 3, held)
		b1.must("host.setBuildRootState", root, "EXPIRED", held)
		b1.fault(1000, "is EXPIRED", "host.setBuildRootState", root, "BUILDING", held)
		b1.fault(1000, "in wrong state", "host.updateBuildRootList", root, list(pkg("hello")), held)
		if got := pick(h.anon.must("getBuildroot", root), "state"); got != int64(3) {
			t.Errorf("state %v", got)
		}
	})
}
