package koji

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// allow grants permissions to ada, making them where they are new.
func (h *buildHub) allow(perms ...string) {
	h.t.Helper()
	for _, p := range perms {
		h.root.must("grantPermission", "ada", p, true)
	}
}

// started makes a task and compares what became of it.
func (h *buildHub) started(want map[string]any, method string, params ...any) {
	h.t.Helper()
	id := h.ada.must(method, params...)
	names := []string{"method", "request", "priority", "arch"}
	got := pick(h.anon.must("getTaskInfo", id, true), names...).(map[string]any)
	got["channel"] = pick(h.anon.must("getChannel", pick(h.anon.must("getTaskInfo", id), "channel_id")), "name")
	for _, n := range append(names, "channel") {
		if _, ok := want[n]; !ok {
			delete(got, n)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		h.t.Errorf("%s (-want +got):\n%s", method, diff)
	}
}

func TestTasksForKojisBuilders(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		// Without a permission.
		for _, call := range [][]any{
			{"buildImageOz", "img", "1", list("x86_64"), "f41", "http://tree"},
			{"buildImageIndirection", map[string]any{"scratch": true}},
			{"kiwiBuild", "f41", list("x86_64"), "git://d", "path"},
			{"dudBuild", "dud", "1", list("x86_64"), "f41", list("a")},
			{"runroot", "f41", "x86_64", "true"},
			{"buildImage", "img", "1", "x86_64", "f41", "ks", "livecd"},
		} {
			h.ada.fault(1004, "permission", call[0].(string), call[1:]...)
			h.anon.fault(1004, "", call[0].(string), call[1:]...)
		}
		h.ada.fault(1004, "policy violation (vm)", "winBuild", "vm1", "git://x", "f41")

		h.allow("image", "runroot", "livemedia", "win-admin")
		h.ada.fault(1000, "Unrecognized image type: iso", "buildImage", "img", "1", "x86_64", "f41", "ks", "iso")
		h.started(map[string]any{"method": "maven", "channel": "maven", "request": list("git://x?#1", "f41", map[string]any{})}, "mavenBuild", "git://x?#1", "f41")
		h.ada.fault(1004, "only admins may create high-priority tasks", "mavenBuild", "git://x?#1", "f41", nil, -1)
		h.ada.fault(1000, "nowhere", "mavenBuild", "git://x?#1", "f41", nil, nil, "nowhere")
		chain := map[string]any{"a": map[string]any{"scmurl": "git://a"}}
		h.started(map[string]any{"method": "chainmaven", "request": list(chain, "f41", nil)}, "chainMaven", chain, "f41")
		h.started(map[string]any{"method": "winbuild", "channel": "vm", "request": list("vm1", "git://x", "f41", map[string]any{})}, "winBuild", "vm1", "git://x", "f41")
		h.ada.fault(1000, "No such build target: f99", "winBuild", "vm1", "git://x", "f99")
		h.started(map[string]any{"method": "livemedia", "arch": "noarch", "channel": "livemedia", "priority": int64(25),
			"request": list("img", "1", "x86_64", "f41", "ks", map[string]any{"release": "1"})},
			"buildImage", "img", "1", "x86_64", "f41", "ks", "livemedia", map[string]any{"release": "1"}, 5)
		h.started(map[string]any{"method": "image", "channel": "image", "request": list("img", "1", list("x86_64"), "f41", "http://tree", nil)},
			"buildImageOz", "img", "1", list("x86_64"), "f41", "http://tree")
		h.ada.fault(1004, "must provide url for the indirection template", "buildImageIndirection", map[string]any{"arch": "x86_64"})
		h.started(map[string]any{"method": "indirectionimage", "arch": "x86_64"}, "buildImageIndirection", map[string]any{"arch": "x86_64", "scratch": true})
		h.started(map[string]any{"method": "kiwiBuild", "channel": "image",
			"request": list("f41", list("x86_64", "aarch64"), "git://d", "path", map[string]any{"scratch": true, "use_buildroot_repo": true, "repos": list("http://r")})},
			"kiwiBuild", "f41", "x86_64 aarch64", "git://d", "path", map[string]any{"__starstar": true, "scratch": true, "repos": list("http://r"), "profile": nil})
		h.started(map[string]any{"method": "osbuildImage", "channel": "image",
			"request": list("n", "1", "f41", "qcow2", "f41", list("x86_64"), map[string]any{"repo": list("http://r", map[string]any{"baseurl": "http://s"}), "skip_tag": true})},
			"osbuildImage", "n", "1", "f41", list("qcow2"), "f41", list("x86_64"), map[string]any{"repo": list("http://r", map[string]any{"baseurl": "http://s"}), "skip_tag": true})
		for want, change := range map[string][]any{
			"opts: want a struct":                    {list("x86_64"), nil},
			"arches: want at least 1":                {list(), map[string]any{}},
			"there is no option \"x\"":               {list("a"), map[string]any{"x": 1}},
			"repo: 0: it is none of the kinds":       {list("a"), map[string]any{"repo": list(map[string]any{"url": "x"})}},
			"skip_tag: want a boolean, got":          {list("a"), map[string]any{"skip_tag": "yes"}},
			"upload_options: it is none of the kind": {list("a"), map[string]any{"upload_options": map[string]any{"area": "x"}}},
		} {
			h.ada.fault(1019, want, "osbuildImage", append([]any{"n", "1", "f41", "qcow2", "f41"}, change...)...)
		}
		h.ada.fault(1000, "No arches supplied", "kiwiBuild", "f41", nil, "git://d", "path")
		h.ada.fault(1000, "Architecture can be only", "kiwiBuild", "f41", "x86_64;rm", "git://d", "path")
		h.started(map[string]any{"method": "dudBuild", "request": list("dud", "1", list("x86_64"), "f41", list("a"),
			map[string]any{"scratch": false, "alldeps": true, "scmurl": nil, "optional_arches": nil})},
			"dudBuild", "dud", "1", list("x86_64"), "f41", list("a"), map[string]any{"__starstar": true, "alldeps": true})
	})
}

func TestRunroot(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		h.allow("runroot")
		h.ada.fault(1000, "runroot", "runroot", "f41", "x86_64", "true") // the channel is made by hand, as Koji's is
		h.root.must("addChannel", "runroot")
		h.started(map[string]any{"method": "runroot", "arch": "x86_64", "priority": int64(15), "channel": "runroot",
			"request": list("f41", "x86_64", list("ls", "-l"), map[string]any{"__starstar": true, "packages": list("vim")})},
			"runroot", "f41", "x86_64", list("ls", "-l"), map[string]any{"__starstar": true, "packages": list("vim")})
		h.ada.fault(1000, "Invalid type for value '5'", "runroot", "f41", "x86_64", 5)
		h.ada.fault(1000, "f99", "runroot", "f99", "x86_64", "true")
		h.ada.fault(1000, "No arches supplied", "runroot", "f41", "", "true")
		h.root.must("addHost", "far.example.org", list("s390x"))
		h.ada.fault(1000, "no common arches for tag/channel: f41/runroot", "runroot", "f41", "noarch", "true")
		h.root.must("addHost", "near.example.org", list("x86_64"))
		h.root.must("addHostToChannel", "near.example.org", "runroot")
		h.started(map[string]any{"arch": "x86_64", "request": list("f41", "noarch", "true")}, "runroot", "f41", "noarch", "true")
	})
}
