package koji

import (
	"crypto/md5" //nolint:gosec // content generators sum up with it
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// generated is what a content generator says of a build: as structs, which the
// tests change.
func generated(name string) map[string]any {
	return map[string]any{
		"metadata_version": 0,
		"build": map[string]any{"name": name, "version": "1", "release": "1", "source": "git://example.org/" + name + "#c0ffee",
			"start_time": 1700000000.5, "end_time": 1700000100, "extra": map[string]any{"typeinfo": map[string]any{"image": map[string]any{}, "remote": map[string]any{"a": 1}}}},
		"buildroots": list(map[string]any{"id": 1, "host": map[string]any{"os": "rhel-9", "arch": "x86_64"},
			"content_generator": map[string]any{"name": "osbuild", "version": "7"}, "container": map[string]any{"type": "docker", "arch": "x86_64"},
			"tools": list(map[string]any{"name": "docker", "version": "1.5"}), "components": list(), "extra": map[string]any{"why": "test"}}),
		"output": list(),
	}
}

// output adds a file that is uploaded, and gives what is said of it.
func (h *buildHub) output(m map[string]any, name, kind, checksum string, data []byte, extra map[string]any) map[string]any {
	h.t.Helper()
	h.uploadTo("cg", name, data)
	o := map[string]any{"buildroot_id": 1, "filename": name, "filesize": len(data), "arch": "x86_64", "type": kind, "checksum_type": checksum}
	switch checksum {
	case "md5":
		s := md5.Sum(data) //nolint:gosec // as above
		o["checksum"] = hex.EncodeToString(s[:])
	default:
		s := sha256.Sum256(data)
		o["checksum"] = hex.EncodeToString(s[:])
	}
	if extra != nil {
		o["extra"] = extra
	}
	m["output"] = append(m["output"].([]any), o)
	return o
}

func TestContentGeneratorsImport(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.root.must("grantCGAccess", "ada", "osbuild", true)
		h.root.must("addBType", "remote")
		h.imported("1")
		src := h.anon.must("getRPM", "hello-2.10-1.src")
		image := map[string]any{"image": map[string]any{"arch": "x86_64"}}

		m := generated("disk")
		h.ada.fault(1000, "Buildroot id not used in output: 1", "CGImport", m, "cg")
		qcow := h.output(m, "disk.qcow2", "disk", "md5", []byte("a disk"), image)
		qcow["components"] = list(
			map[string]any{"type": "rpm", "name": "hello", "version": "2.10", "release": "1", "epoch": nil, "arch": "src", "sigmd5": pick(src, "payloadhash"), "signature": nil},
			map[string]any{"type": "rpm", "name": "unheard", "version": "1", "release": "1", "epoch": nil, "arch": "noarch", "sigmd5": "00", "signature": nil})
		h.output(m, "build.log", "log", "md5", []byte("said"), nil)["subdir"] = "x86_64"
		h.output(m, "sources.tar.gz", "remote", "sha256", tarred(t, "a"), map[string]any{"typeinfo": map[string]any{"remote": map[string]any{"b": 2}}})["subdir"] = "deep/er"

		// Who may, and what is refused.
		h.root.fault(1002, "Content generator access required (osbuild)", "CGImport", m, "cg")
		h.anon.fault(1004, "", "CGImport", m, "cg")
		bad := func(want string, change func(m map[string]any)) {
			t.Helper()
			text, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			var other map[string]any
			if err := json.Unmarshal(text, &other); err != nil {
				t.Fatal(err)
			}
			change(other)
			if text, err = json.Marshal(other); err != nil {
				t.Fatal(err)
			}
			h.ada.fault(1000, want, "CGImport", string(text), "cg")
			if b := h.anon.must("getBuild", "disk-1-1"); b != nil {
				t.Fatalf("%s: half of the build is there: %v", want, b)
			}
		}
		out := func(m map[string]any, n int) map[string]any { return m["output"].([]any)[n].(map[string]any) }
		bad("No such metadata version: 1", func(m map[string]any) { m["metadata_version"] = 1 })
		bad("metadata_version is missing", func(m map[string]any) { delete(m, "metadata_version") })
		bad("metadata is not as it should be", func(m map[string]any) { m["output"] = "none" })
		bad("No such entry in table content_generator: osbs", func(m map[string]any) {
			m["buildroots"].([]any)[0].(map[string]any)["content_generator"] = map[string]any{"name": "osbs", "version": "1"}
		})
		bad("File checksum mismatch for disk.qcow2", func(m map[string]any) { out(m, 0)["checksum"] = "00" })
		bad("File size 6 for disk.qcow2 (expected 7) doesn't match", func(m map[string]any) { out(m, 0)["filesize"] = 7 })
		bad("Unsupported checksum type: crc", func(m map[string]any) { out(m, 0)["checksum_type"] = "crc" })
		bad("no part of a path", func(m map[string]any) { out(m, 0)["filename"] = "../disk.qcow2" })
		bad("no part of a path", func(m map[string]any) { out(m, 2)["subdir"] = "../../up" })
		bad("Invalid path of an upload", func(m map[string]any) { out(m, 0)["relpath"] = "../cg" })
		bad("No such file: cg/other.qcow2", func(m map[string]any) { out(m, 0)["filename"] = "other.qcow2" })
		bad("No typeinfo for: disk.qcow2", func(m map[string]any) { delete(out(m, 0), "extra") })
		bad("Output type maven not listed in build types", func(m map[string]any) { out(m, 0)["extra"] = map[string]any{"maven": map[string]any{}} })
		bad("Output file has multiple types: disk.qcow2", func(m map[string]any) {
			out(m, 0)["extra"] = map[string]any{"image": 1, "typeinfo": map[string]any{"remote": 1}}
		})
		bad("Missing buildroot metadata for id 2", func(m map[string]any) { out(m, 1)["buildroot_id"] = 2 })
		bad("No such component type: deb", func(m map[string]any) { out(m, 0)["components"] = list(map[string]any{"type": "deb"}) })
		bad("External rpms not allowed", func(m map[string]any) {
			out(m, 0)["components"] = list(map[string]any{"type": "rpm", "name": "x", "location": "else"})
		})
		bad("No such archive: 99", func(m map[string]any) {
			out(m, 0)["components"] = list(map[string]any{"type": "kojifile", "archive_id": 99})
		})
		bad("unsupported build type: unheard", func(m map[string]any) {
			m["build"].(map[string]any)["extra"].(map[string]any)["typeinfo"].(map[string]any)["unheard"] = 1
		})

		b := h.ada.must("CGImport", m, "cg")
		want := map[string]any{"nvr": "disk-1-1", "state": int64(1), "cg_name": "osbuild", "owner_name": "ada", "source": "git://example.org/disk#c0ffee",
			"start_ts": 1700000000.5, "completion_ts": 1700000100.0, "task_id": nil}
		names := []string{}
		for name := range want {
			names = append(names, name)
		}
		if diff := cmp.Diff(any(want), pick(b, names...)); diff != "" {
			t.Error(diff)
		}
		id := pick(b, "build_id")
		for _, path := range []string{"images/disk.qcow2", "files/remote/deep/er/sources.tar.gz", "data/logs/x86_64/build.log", "data/logs/cg_import.log", "metadata.json"} {
			if !h.there("packages/disk/1/1/" + path) {
				t.Errorf("no %s", path)
			}
		}
		archives := h.anon.must("listArchives", kw("buildID", id, "queryOpts", map[string]any{"order": "filename"})).([]any)
		if diff := cmp.Diff(any([]any{map[string]any{"filename": "disk.qcow2", "btype": "image", "checksum": qcow["checksum"], "checksum_type": int64(0)},
			map[string]any{"filename": "sources.tar.gz", "btype": "remote", "checksum": out(m, 2)["checksum"], "checksum_type": int64(2)}}),
			pick(archives, "filename", "btype", "checksum", "checksum_type")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(map[string]any{"image": map[string]any{"build_id": id}, "remote": map[string]any{"a": int64(1)}}), h.anon.must("getBuildType", id)); diff != "" {
			t.Error(diff)
		}
		root := pick(archives[0], "buildroot_id")
		if diff := cmp.Diff(any(map[string]any{"br_type": int64(1), "cg_name": "osbuild", "cg_version": "7", "container_type": "docker", "container_arch": "x86_64",
			"host_os": "rhel-9", "state": nil, "extra": map[string]any{"why": "test"}}),
			pick(h.anon.must("getBuildroot", root), "br_type", "cg_name", "cg_version", "container_type", "container_arch", "host_os", "state", "extra")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any([]any{"hello"}), pick(h.anon.must("listRPMs", kw("imageID", pick(archives[0], "id"))), "name")); diff != "" {
			t.Error(diff)
		}
		if got := h.anon.must("listArchiveFiles", pick(archives[1], "id")).([]any); len(got) != 1 {
			t.Errorf("a file in a directory of its own lists %v", got)
		}
		h.ada.fault(1005, "Build already exists", "CGImport", m, "cg")
	})
}

func TestContentGeneratorsImportWhatTheyReserved(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.root.must("grantCGAccess", "ada", "osbuild", true)
		h.root.must("grantCGAccess", "pat", "osbs", true)
		reserved := h.ada.must("CGInitBuild", "osbuild", map[string]any{"name": "hello", "version": "2.10", "release": "7", "epoch": nil}).(map[string]any)
		m := generated("hello")
		m["build"].(map[string]any)["version"], m["build"].(map[string]any)["release"] = "2.10", "7"
		m["build"].(map[string]any)["extra"] = map[string]any{}
		m["build"].(map[string]any)["owner"] = "pat"
		h.output(m, "hello-2.10-7.src.rpm", "rpm", "sha256", hello(t, "hello", "7", "src"), nil)
		h.output(m, "hello-2.10-7.x86_64.rpm", "rpm", "md5", hello(t, "hello", "7", "x86_64"), map[string]any{"said": true})
		h.ada.fault(1000, "Reservation token given, but no build_id in metadata", "CGImport", m, "cg", reserved["token"])
		h.ada.fault(1005, "Build already exists", "CGImport", m, "cg")
		m["build"].(map[string]any)["build_id"] = reserved["build_id"]
		h.ada.fault(1000, "Token doesn't match build ID", "CGImport", m, "cg")
		h.ada.fault(1000, "Token doesn't match build ID", "CGImport", m, "cg", "other")
		m["build"].(map[string]any)["version"] = "2.11"
		h.ada.fault(1000, "NVR is different", "CGImport", m, "cg", reserved["token"])
		m["build"].(map[string]any)["version"] = "2.10"
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		h.ada.fault(1000, "No such file: metadata.json", "CGImport", nil, "cg", reserved["token"])
		h.uploadTo("cg", "metadata.json", text)
		b := h.ada.must("CGImport", nil, "cg", reserved["token"])
		if diff := cmp.Diff(any(map[string]any{"build_id": reserved["build_id"], "state": int64(1), "owner_name": "pat"}), pick(b, "build_id", "state", "owner_name")); diff != "" {
			t.Error(diff)
		}
		rpm := h.anon.must("getRPM", "hello-2.10-7.x86_64")
		if diff := cmp.Diff(any(map[string]any{"said": true}), pick(rpm, "extra")); diff != "" {
			t.Error(diff)
		}
		if pick(rpm, "buildroot_id") == nil {
			t.Error("the package comes from no root")
		}
		h.ada.fault(1000, "Token doesn't match build ID", "CGImport", m, "cg", reserved["token"])
	})
}
