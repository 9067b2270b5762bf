package koji

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/file"
)

func TestBuildsMoveBetweenVolumes(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		id := h.imported("1")
		h.root.must("tagBuildBypass", "f41", "hello-2.10-1")
		there := func(path string) (ok bool) {
			h.update(func(ctx context.Context, tx *db.Tx) error {
				n, err := file.Stat(ctx, tx, path)
				ok = err == nil && n.Kind == file.File
				return nil
			})
			return ok
		}
		const place = "packages/hello/2.10/1/src/hello-2.10-1.src.rpm"

		h.ada.fault(1004, "admin", "addVolume", "archive")
		h.root.fault(1000, "", "addVolume", "../x")
		v := h.root.must("addVolume", "archive")
		if pick(v, "name") != "archive" || pick(v, "id") == int64(0) {
			t.Errorf("made %v", v)
		}
		h.root.fault(1000, "volume archive already exists", "addVolume", "archive")
		if diff := cmp.Diff(v, h.root.must("addVolume", "archive", false)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(list("DEFAULT", "archive")), pick(h.anon.must("listVolumes"), "name")); diff != "" {
			t.Error(diff)
		}
		if v := h.anon.must("getVolume", "nowhere"); v != nil {
			t.Error(v)
		}
		h.anon.fault(1000, "No such volume: nowhere", "getVolume", "nowhere", true)

		h.ada.fault(1004, "admin", "changeBuildVolume", id, "archive")
		h.root.fault(1000, "No such volume: nowhere", "changeBuildVolume", id, "nowhere")
		h.root.fault(1000, "No such build", "changeBuildVolume", 9999, "archive")
		h.root.fault(1000, "Build hello-2.10-1 already on volume DEFAULT", "changeBuildVolume", id, "DEFAULT")
		h.root.must("changeBuildVolume", id, "DEFAULT", false)
		before := h.anon.must("tagLastChangeEvent", "f41")
		h.root.must("changeBuildVolume", "hello-2.10-1", "archive")
		if got := pick(h.anon.must("getBuild", id), "volume_name"); got != "archive" {
			t.Errorf("the build lies on %v", got)
		}
		if after := h.anon.must("tagLastChangeEvent", "f41"); after.(int64) <= before.(int64) {
			t.Errorf("the tag's last change was %v and is %v", before, after)
		}
		for _, path := range []string{place, "vol/archive/" + place} {
			if !there(path) {
				t.Errorf("no %s", path)
			}
		}
		if got := h.anon.must("listBuilds", kw("volumeID", pick(v, "id"))).([]any); len(got) != 1 {
			t.Errorf("%d builds are on the volume", len(got))
		}
		if got := h.anon.must("listBuilds", kw("volumeID", 0)).([]any); len(got) != 0 {
			t.Errorf("%d builds are on no other", len(got))
		}
		if got := h.anon.must("getRPMChecksums", pick(h.anon.must("getRPM", "hello-2.10-1.src"), "id")); len(got.(map[string]any)) == 0 {
			t.Error("no checksums of a package on another volume")
		}
		h.root.fault(1000, "volume archive has build references", "removeVolume", "archive")
		h.root.fault(1000, "it stays", "removeVolume", "DEFAULT")

		h.root.must("addVolume", "cold")
		h.root.must("changeBuildVolume", id, "cold")
		if there("vol/archive/"+place) || !there("vol/cold/"+place) || !there(place) {
			t.Error("the files did not move on")
		}
		h.root.must("removeVolume", "archive")
		h.root.must("applyVolumePolicy", id) // Koji's: all on DEFAULT
		if got := pick(h.anon.must("getBuild", id), "volume_name"); got != "DEFAULT" || there("vol/cold/"+place) || !there(place) {
			t.Errorf("the build lies on %v", got)
		}

		// A build that goes takes its link with it.
		h.root.must("changeBuildVolume", id, "cold")
		h.root.must("resetBuild", id)
		if there(place) || there("vol/cold/"+place) {
			t.Error("files of a build that was reset")
		}
		h.root.must("createEmptyBuild", "hello", "2.10", "1", nil)
		h.imported("1")
		if !there(place) {
			t.Error("the build's number cannot be used again")
		}

		// The policy says where a new build goes.
		cold := h.root.must("createEmptyBuild", "coldstore", "1", "1", nil)
		if got := pick(h.anon.must("getBuild", cold), "volume_name"); got != "cold" {
			t.Errorf("the policy put a build on %v", got)
		}
		h.root.must("changeBuildVolume", cold, "DEFAULT")
		h.ada.fault(1004, "admin", "applyVolumePolicy", cold)
		h.root.must("applyVolumePolicy", cold)
		if got := pick(h.anon.must("getBuild", cold), "volume_name"); got != "cold" {
			t.Errorf("the policy put a build on %v", got)
		}
		lost := h.root.must("createEmptyBuild", "lostthing", "1", "1", nil) // the policy's volume is not there
		h.root.must("applyVolumePolicy", lost)
		h.root.fault(1000, "Policy returned no such volume: nowhere", "applyVolumePolicy", lost, true)
	})
}
