package koji

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExternalRPMsAreMadeKnown(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.root.must("createExternalRepo", "else", "https://mirror.example.org/else")
		info := func(hash string) map[string]any {
			return map[string]any{"name": "x", "version": "1", "release": "2", "epoch": nil, "arch": "noarch", "payloadhash": hash, "size": 5, "buildtime": 7}
		}
		h.ada.fault(1004, "admin", "addExternalRPM", info("00"), "else")
		h.root.fault(1000, "No such", "addExternalRPM", info("00"), "nowhere")
		h.root.fault(1000, "buildtime field missing", "addExternalRPM", map[string]any{"name": "x", "version": "1", "release": "2", "epoch": nil, "arch": "noarch", "payloadhash": "00", "size": 5}, "else")
		h.root.fault(1000, "Invalid value for size", "addExternalRPM", map[string]any{"name": "x", "version": "1", "release": "2", "epoch": nil, "arch": "noarch", "payloadhash": "00", "size": "5", "buildtime": 7}, "else")
		h.root.must("addExternalRPM", info("00"), "else")
		h.root.fault(1000, "external rpm already exists: x-1-2.noarch@else", "addExternalRPM", info("00"), "else")
		h.root.must("addExternalRPM", info("00"), "else", false)
		h.root.fault(1000, "hash changed for external rpm: x-1-2.noarch@else (00 -> 11)", "addExternalRPM", info("11"), "else", false)
		want := map[string]any{"payloadhash": "00", "external_repo_name": "else", "build_id": nil}
		if diff := cmp.Diff(any(want), pick(h.anon.must("getRPM", "x-1-2.noarch@else"), "payloadhash", "external_repo_name", "build_id")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestScratchBuildsAreMerged(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.run()
		h.tags()
		h.imported("0")
		repo := h.done(h.root.must("newRepo", "f41-build")).([]any)[0]
		b := h.builder("b1")
		id := h.whole(t, b, "build", list("git+https://x#1", "f41"))
		made := b.must("host.initBuild", map[string]any{"task_id": id, "name": "hello", "version": "2.10", "release": "5", "epoch": nil})
		b.must("host.completeBuild", id, made, h.bring(b, id, "hello-2.10-5.src.rpm", hello(t, "hello", "5", "src")),
			list(h.bring(b, id, "hello-2.10-5.x86_64.rpm", hello(t, "hello", "5", "x86_64"))))
		h.root.must("tagBuildBypass", "f41", "hello-2.10-5")
		before := h.anon.must("tagLastChangeEvent", "f41")

		scratch := func(src, release, arch string, log bool) any {
			t.Helper()
			parent := h.whole(t, b, "build", list(src, "f41", map[string]any{"scratch": true}))
			child := b.must("host.subtask", "buildArch", list("x"), parent, kw("arch", "noarch"))
			b.must("host.updateHost", 0.0, true, map[string]any{"methods": list("buildArch", "build"), "maxjobs": 9})
			b.must("host.openTask", child)
			name := "hello-2.10-" + release + "." + arch + ".rpm"
			h.bring(b, child, name, hello(t, "hello", release, arch))
			if log {
				h.bring(b, child, "build.log", []byte("said"))
			}
			b.must("host.newBuildRoot", repo, "x86_64", kw("task_id", child))
			b.must("host.closeTask", child, response(t, "done"))
			b.must("host.closeTask", parent, response(t, "done"))
			return parent
		}
		h.ada.fault(1004, "admin", "mergeScratch", 1)
		h.root.fault(1020, "No such task: 99999", "mergeScratch", 99999)
		h.root.fault(1020, "did not complete successfully", "mergeScratch", id)
		b.must("host.closeTask", id, response(t, "done"))
		h.root.fault(1020, "is not a scratch build", "mergeScratch", id)
		h.root.fault(1020, "is missing logs", "mergeScratch", scratch("git+https://x#1", "5", "aarch64", false))
		h.root.fault(1020, "SCM URLs for the task and build do not match", "mergeScratch", scratch("git+https://y#1", "5", "aarch64", true))
		h.root.fault(1020, "no such build: hello-2.10-6", "mergeScratch", scratch("git+https://x#1", "6", "aarch64", true))
		h.root.fault(1020, "no task for hello-2.10-0", "mergeScratch", scratch("git+https://x#1", "0", "aarch64", true))
		h.root.fault(1020, "produce rpms with the same arches: x86_64", "mergeScratch", scratch("git+https://x#1", "5", "x86_64", true))
		good := scratch("git+https://x#1", "5", "aarch64", true)
		if got := h.root.must("mergeScratch", good); got != made {
			t.Errorf("merged into %v, not %v", got, made)
		}
		if pick(h.anon.must("getRPM", "hello-2.10-5.aarch64"), "buildroot_id") == nil {
			t.Error("the package comes from no root")
		}
		if !h.there("packages/hello/2.10/5/data/logs/aarch64/build.log") || !h.there("packages/hello/2.10/5/aarch64/hello-2.10-5.aarch64.rpm") {
			t.Error("no log, or no package")
		}
		if after := h.anon.must("tagLastChangeEvent", "f41"); after.(int64) <= before.(int64) {
			t.Error("the tag has not changed")
		}
		h.root.fault(1020, "produce rpms with the same arches: aarch64", "mergeScratch", good)
	})
}
