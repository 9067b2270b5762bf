package koji

import (
	"math"
	"testing"
	"time"

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

		h.ada.fault(1004, "sources come from /rpms", "build", "git+https://closed.example.org/forks/a?#1", "f41")
		h.ada.fault(1004, "sources come from /rpms", "chainBuild", list(list("git+https://closed.example.org/forks/a?#1")), "f41")
		h.ada.fault(1004, "is not in the list of allowed SCMs", "chainBuild", list(list("git+https://example.com/a?#1")), "f41")
		h.ada.must("build", "git+https://closed.example.org/rpms/a?#1", "f41")
		h.root.fault(1000, "too far from the usual one", "build", "cli-build/1/x.src.rpm", "f41", nil, int64(math.MaxInt64))
		h.ada.fault(1000, "too far from the usual one", "chainBuild", list(list("git+https://example.org/a?#1")), "f41", nil, int64(math.MaxInt64))

		groups := list(list("git+https://example.org/a?#1"), list("git+https://example.org/b?#2"))
		h.anon.fault(1004, "", "chainBuild", groups, "f41")
		h.ada.fault(1000, "unknown build target: f99", "chainBuild", groups, "f99")
		h.ada.fault(1000, "No such build: 'hello-2.10-1'", "chainBuild", list(list("hello-2.10-1")), "f41")
		h.ada.fault(1000, "at least one group", "chainBuild", list(), "f41")
		h.ada.fault(1000, "want a list of lists", "chainBuild", list("a"), "f41")
		chain := h.ada.must("chainBuild", groups, "f41")
		want = map[string]any{"method": "chainbuild", "request": list(groups, "f41", map[string]any{})}
		if diff := cmp.Diff(any(want), pick(h.anon.must("getTaskInfo", chain, true), "method", "request")); diff != "" {
			t.Error(diff)
		}
	})
}

// A build that is to see another one waits until that is in the build tag, and
// gives up if it never will be.
func TestBuildsWaitForBuilds(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		h.imported("1")
		h.begun("2")
		waiting := func(nvr string) any {
			return h.root.must("build", "cli-build/1/x.src.rpm", "f41", map[string]any{"scratch": true, "wait_builds": list(nvr)})
		}
		id, chain := waiting("hello-2.10-1"), h.root.must("chainBuild", list(list("hello-2.10-1"), list("git://example.org/a#1")), "f41")
		h.run()
		time.Sleep(time.Second)
		kids := func(id any) (methods []any) {
			for _, k := range h.anon.must("getTaskChildren", id).([]any) {
				methods = append(methods, pick(k, "method"))
			}
			return methods
		}
		if got := kids(id); got != nil {
			t.Errorf("a build that is to wait goes on with %v", got)
		}
		build := h.anon.must("getTaskChildren", chain).([]any)
		if len(build) != 1 {
			t.Fatalf("a chain of one source has the children %v", build)
		}
		opts := h.anon.must("getTaskRequest", pick(build[0], "id")).([]any)[2]
		if diff := cmp.Diff(any(list("hello-2.10-1")), pick(opts, "wait_builds")); diff != "" {
			t.Error(diff)
		}
		h.root.must("tagBuildBypass", "f41", "hello-2.10-1")
		for range 200 {
			if kids(id) != nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if kids(id) == nil {
			t.Error("a build waits for one that is there")
		}
		h.root.must("cancelBuild", "hello-2.10-2")
		h.root.fault(1005, "hello-2.10-2 is to be waited for, and is CANCELED", "getTaskResult", h.ended(waiting("hello-2.10-2")))
	})
}
