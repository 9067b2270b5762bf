package koji

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBuildsAreStarted(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		h.anon.fault(1004, "", "build", "cli-build/1/hello-2.10-1.src.rpm", "f41")
		h.ada.fault(1000, "unknown build target", "build", "cli-build/1/hello-2.10-1.src.rpm", nil)
		h.ada.fault(1004, "only admins may create high-priority tasks", "build", "cli-build/1/x.src.rpm", "f41", nil, -5)
		h.ada.fault(1000, "Invalid type for option repo_id: want int64, got string", "build", "cli-build/1/x.src.rpm", "f41", map[string]any{"repo_id": "seven"})
		h.ada.fault(1000, "Invalid type for argument src", "build", 5, "f41")
		id := h.ada.must("build", "cli-build/1/x.src.rpm", "f41", map[string]any{"scratch": true, "fail_fast": true}, 5)
		info := h.anon.must("getTaskInfo", id, true)
		want := map[string]any{"method": "build", "priority": int64(25), "state": int64(0),
			"request": list("cli-build/1/x.src.rpm", "f41", map[string]any{"scratch": true, "fail_fast": true})}
		if diff := cmp.Diff(any(want), pick(info, "method", "priority", "state", "request")); diff != "" {
			t.Error(diff)
		}
		why := h.anon.must("kura.whyWaiting", id).(map[string]any)
		if why["reason"] == "" || why["code"] == "" {
			t.Error(why)
		}
		h.anon.fault(1000, "99", "kura.whyWaiting", 99)

		groups := list(list("git+https://example.org/a?#1"), list("git+https://example.org/b?#2"))
		h.anon.fault(1004, "", "chainBuild", groups, "f41")
		h.ada.fault(1000, "unknown build target: f99", "chainBuild", groups, "f99")
		h.ada.fault(1000, `"hello-2.10-1" is none`, "chainBuild", list(list("hello-2.10-1")), "f41")
		h.ada.fault(1000, "at least one group", "chainBuild", list(), "f41")
		h.ada.fault(1000, "want a list of lists", "chainBuild", list("a"), "f41")
		chain := h.ada.must("chainBuild", groups, "f41")
		want = map[string]any{"method": "chainbuild", "request": list(groups, "f41", map[string]any{})}
		if diff := cmp.Diff(any(want), pick(h.anon.must("getTaskInfo", chain, true), "method", "request")); diff != "" {
			t.Error(diff)
		}
	})
}
