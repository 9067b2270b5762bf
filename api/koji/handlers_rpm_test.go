package koji

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
)

func TestImportOfSinglePackages(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.ada.fault(1004, "admin", "importRPM", "import", "x.rpm")
		h.root.fault(1000, "No such file: import/x.rpm", "importRPM", "import", "x.rpm")
		h.root.fault(1000, "Invalid path of an upload", "importRPM", "../packages", "x.rpm")
		h.uploadTo("import", "hello-2.10-1.x86_64.rpm", hello(t, "hello", "1", "x86_64"))
		h.root.fault(1000, "No such build", "importRPM", "import", "hello-2.10-1.x86_64.rpm")
		h.uploadTo("import", "other.rpm", hello(t, "hello", "1", "src"))
		h.root.fault(1000, "expected hello-2.10-1.src.rpm", "importRPM", "import", "other.rpm")
		h.uploadTo("import", "bad.rpm", []byte("no package"))
		h.root.fault(1000, "bad.rpm is no sound RPM", "importRPM", "import", "bad.rpm")

		got := h.importHello("hello", "1", "src")
		b := got["build"].(map[string]any)
		if got["arch"] != "src" || got["sourcepackage"] != int64(1) || b["state"] != int64(1) || b["nvr"] != "hello-2.10-1" {
			t.Error(got)
		}
		h.root.fault(1005, "rpm already exists: hello-2.10-1.src", "importRPM", "import", "hello-2.10-1.src.rpm")
		if r := h.importHello("hello", "1", "x86_64"); r["build_id"] != b["id"] || r["sourcerpm"] != "hello-2.10-1.src.rpm" {
			t.Error(r)
		}
		h.update(func(ctx context.Context, tx *db.Tx) error {
			_, err := file.Stat(ctx, tx, "packages/hello/2.10/1/x86_64/hello-2.10-1.x86_64.rpm")
			return err
		})
	})
}

func TestRPMsAreShownAsKojiShowsThem(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		id := h.imported("1")
		h.imported("2")
		data := hello(t, "hello-doc", "1", "noarch")
		r := h.anon.must("getRPM", "hello-doc-2.10-1.noarch").(map[string]any)
		want := map[string]any{"id": r["id"], "name": "hello-doc", "version": "2.10", "release": "1", "arch": "noarch", "draft": false,
			"epoch": nil, "payloadhash": r["payloadhash"], "size": int64(len(data)), "buildtime": int64(1700000000), "build_id": id,
			"buildroot_id": nil, "external_repo_id": int64(0), "external_repo_name": "INTERNAL", "metadata_only": false, "extra": nil}
		if diff := cmp.Diff(want, r); diff != "" {
			t.Error(diff)
		}
		for _, name := range []any{r["id"], fmt.Sprint(r["id"]), "hello-doc-2.10-1.noarch.rpm", map[string]any{"name": "hello-doc", "version": "2.10", "release": "1", "arch": "noarch"}} {
			if got := pick(h.anon.must("getRPM", name), "id"); got != r["id"] {
				t.Errorf("%v: %v", name, got)
			}
		}
		if v := h.anon.must("getRPM", "hello-2.10-1.s390x"); v != nil {
			t.Error(v)
		}
		h.anon.fault(1000, "No such rpm: hello-2.10-1.s390x", "getRPM", "hello-2.10-1.s390x", true)
		h.anon.fault(1000, "No such rpm: 999", "getRPM", 999, true)
		if v := h.anon.must("getRPM", "hello-2.10-1.src", kw("multi", true)); len(v.([]any)) != 1 {
			t.Error(v)
		}
		arches := func(method string, args ...any) any { return pick(h.anon.must(method, args...), "arch") }
		for _, c := range []struct {
			method string
			args   []any
			want   []any
		}{
			{"listBuildRPMs", list(id), list("src", "x86_64", "noarch")},
			{"listBuildRPMs", list("hello-2.10-1"), list("src", "x86_64", "noarch")},
			{"listBuildRPMs", list(99), list()},
			{"listRPMs", list(id, kw("arches", "src")), list("src")},
			{"listRPMs", list(kw("buildID", id, "arches", list("src", "noarch"), "queryOpts", map[string]any{"order": "arch"})), list("noarch", "src")},
			{"listRPMs", list(kw("buildID", id, "queryOpts", map[string]any{"limit": 1, "offset": 1})), list("x86_64")},
			{"listRPMs", list(kw("buildID", id, "draft", true)), list()},
			{"listRPMs", list(kw("imageID", 1)), list()},
		} {
			if diff := cmp.Diff(any(c.want), arches(c.method, c.args...)); diff != "" {
				t.Errorf("%s %v: %s", c.method, c.args, diff)
			}
		}
		if v := h.anon.must("listRPMs", kw("queryOpts", map[string]any{"countOnly": true})); v != int64(6) {
			t.Error(v)
		}
		h.anon.fault(1000, "No such build", "listBuildRPMs", "hello-2.10-9")
		if v := h.anon.must("listRPMs", id, kw("arches", "src")).([]any)[0].(map[string]any); v["nvr"] != "hello-2.10-1" {
			t.Error(v)
		}
	})
}

func TestWhatStandsInHeaders(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		build := h.imported("1")
		id := pick(h.anon.must("getRPM", "hello-2.10-1.x86_64"), "id")
		empty := sha256.Sum256(nil)
		digest := hex.EncodeToString(empty[:])
		wantFile := map[string]any{"name": "/usr/bin/hello", "digest": digest, "digest_algo": "sha256", "md5": digest, "size": int64(0),
			"flags": int64(0), "user": "root", "group": "root", "mtime": int64(1700000000), "mode": int64(0o100755)}
		if diff := cmp.Diff(any(list(wantFile)), h.anon.must("listRPMFiles", id)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(list()), h.anon.must("listRPMFiles", 999)); diff != "" {
			t.Error(diff)
		}
		wantFile["rpm_id"] = id
		if diff := cmp.Diff(any(wantFile), h.anon.must("getRPMFile", id, "/usr/bin/hello")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(map[string]any{}), h.anon.must("getRPMFile", id, "/nope")); diff != "" {
			t.Error(diff)
		}
		h.anon.fault(1000, "No file: /nope found in RPM: hello-2.10-1.x86_64", "getRPMFile", id, "/nope", true)
		deps := h.anon.must("getRPMDeps", id, 0).([]any)
		if diff := cmp.Diff(any(map[string]any{"name": "glibc", "version": "2.36", "flags": int64(12), "type": int64(0)}), deps[0]); diff != "" {
			t.Error(diff)
		}
		if v := h.anon.must("getRPMDeps", id, nil, map[string]any{"countOnly": true}); v.(int64) <= int64(len(deps)) {
			t.Errorf("all dependencies are %v, those required %d", v, len(deps))
		}
		h.anon.fault(1000, "No such rpm: 999", "getRPMDeps", 999, kw("strict", true))
		got := h.anon.must("getRPMHeaders", id, kw("headers", list("name", "RELEASE", "epoch", "requirename")))
		reqs := list()
		for _, d := range deps {
			reqs = append(reqs, d.(map[string]any)["name"])
		}
		if diff := cmp.Diff(any(map[string]any{"name": "hello", "RELEASE": "1", "epoch": nil, "requirename": reqs}), got); diff != "" {
			t.Error(diff)
		}
		if v := h.anon.must("getRPMHeaders", id, kw("headers", list("sigmd5"))).(map[string]any); len(v["sigmd5"].([]byte)) != md5.Size {
			t.Error(v)
		}
		if v := h.anon.must("getRPMHeaders", id).(map[string]any); v["SUMMARY"] != "Says hello" && v["summary"] != "Says hello" {
			t.Error(v)
		}
		h.anon.fault(1000, "No such rpm header field: colour", "getRPMHeaders", id, kw("headers", list("colour")))
		h.anon.fault(1000, "either rpmID or taskID", "getRPMHeaders")
		h.anon.fault(1000, "Invalid filepath: ../x", "getRPMHeaders", kw("taskID", 1, "filepath", "../x"))
		h.anon.fault(1000, "Missing rpm file", "getRPMHeaders", kw("taskID", 1, "filepath", "x.rpm", "strict", true))
		h.update(func(ctx context.Context, tx *db.Tx) error {
			info, err := h.blobs.Put(ctx, bytes.NewReader(hello(t, "hello", "1", "src")), nil)
			if err != nil {
				return err
			}
			return file.Put(ctx, tx, "work/tasks/5/5/x.rpm", info)
		})
		if v := h.anon.must("getRPMHeaders", kw("taskID", 5, "filepath", "x.rpm", "headers", list("sourcepackage"))).(map[string]any); v["sourcepackage"] != int64(1) {
			t.Error(v)
		}

		first := map[string]any{"date": "2023-11-14 22:13:20", "date_ts": int64(1700000000), "author": "Ada <ada@example.org> - 2.10-1", "text": "- first"}
		logs := h.anon.must("getChangelogEntries", build).([]any)
		if diff := cmp.Diff(any(first), logs[0]); diff != "" || len(logs) != 2 {
			t.Error(diff)
		}
		texts := func(args map[string]any) any {
			args["buildID"] = build
			return pick(h.anon.must("getChangelogEntries", args), "text")
		}
		for _, c := range []struct {
			args map[string]any
			want []any
		}{
			{kw("queryOpts", map[string]any{"order": "date"}), list("- before", "- first")},
			{kw("before", 1650000000), list("- before")},
			{kw("after", "2021-01-01 00:00:00"), list("- first")},
			{kw("author", "Bea <bea@example.org> - 2.9-1"), list("- before")},
		} {
			if diff := cmp.Diff(any(c.want), texts(c.args)); diff != "" {
				t.Errorf("%v: %s", c.args, diff)
			}
		}
		if v := h.anon.must("getChangelogEntries", kw("buildID", 77)); len(v.([]any)) != 0 {
			t.Error(v)
		}
		h.anon.fault(1000, "No such build", "getChangelogEntries", kw("buildID", 77, "strict", true))

		data := hello(t, "hello", "1", "x86_64")
		sum, sum5 := sha256.Sum256(data), md5.Sum(data)
		want := map[string]any{"": map[string]any{"sha256": hex.EncodeToString(sum[:]), "md5": hex.EncodeToString(sum5[:])}}
		if diff := cmp.Diff(any(want), h.anon.must("getRPMChecksums", id, list("sha256", "md5"))); diff != "" {
			t.Error(diff)
		}
		h.anon.fault(1000, "Checksum_type crc isn't supported", "getRPMChecksums", id, list("crc"))
		h.anon.fault(1000, "rpm_id must be an integer", "getRPMChecksums", "hello")
	})
}

func TestBuildrootsAndLogs(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		id := h.imported("1")
		rpm := h.anon.must("getRPM", "hello-2.10-1.x86_64").(map[string]any)
		var root int64
		h.update(func(ctx context.Context, tx *db.Tx) (err error) {
			info, err := h.blobs.Put(ctx, bytes.NewReader([]byte("made")), nil)
			if err != nil {
				return err
			}
			if err := file.Put(ctx, tx, "packages/hello/2.10/1/data/logs/x86_64/build.log", info); err != nil {
				return err
			}
			root, err = build.RecordRoot(ctx, tx, build.NewRoot{Arch: "x86_64", Packages: []build.Component{
				{Name: "hello", Version: "2.10", Release: "1", Arch: "x86_64", SigMD5: rpm["payloadhash"].(string)}}})
			return err
		})
		wantLogs := list(map[string]any{"name": "build.log", "dir": "x86_64", "path": "packages/hello/2.10/1/data/logs/x86_64/build.log"})
		if diff := cmp.Diff(any(wantLogs), h.anon.must("getBuildLogs", id)); diff != "" {
			t.Error(diff)
		}
		wantPart := map[string]any{"rpm_id": rpm["id"], "is_update": false, "name": "hello", "version": "2.10", "release": "1", "epoch": nil,
			"arch": "x86_64", "build_id": id, "draft": false, "external_repo_id": int64(0), "external_repo_name": "INTERNAL"}
		if diff := cmp.Diff(any(list(wantPart)), h.anon.must("getBuildrootListing", root)); diff != "" {
			t.Error(diff)
		}
		got := h.anon.must("listRPMs", kw("componentBuildrootID", root))
		if diff := cmp.Diff(any(list(map[string]any{"id": rpm["id"], "component_buildroot_id": root, "is_update": false})), pick(got, "id", "component_buildroot_id", "is_update")); diff != "" {
			t.Error(diff)
		}
		b := h.anon.must("getBuildroot", root).(map[string]any)
		if b["arch"] != "x86_64" || b["container_arch"] != "x86_64" || b["state"] != int64(2) || b["br_type"] != int64(0) || b["create_ts"] == nil || b["tag_name"] != nil {
			t.Error(b)
		}
		for _, args := range []map[string]any{kw("rpmID", rpm["id"]), kw("buildrootID", list(root)), kw("state", list(0, 2)), kw("queryOpts", map[string]any{"order": "-id"})} {
			if v := pick(h.anon.must("listBuildroots", args), "id"); !cmp.Equal(v, any(list(root))) {
				t.Errorf("%v: %v", args, v)
			}
		}
		for _, args := range []map[string]any{kw("hostID", 9), kw("tagID", 9), kw("state", 3), kw("archiveID", 1), kw("repoID", 4)} {
			if v := h.anon.must("listBuildroots", args); len(v.([]any)) != 0 {
				t.Errorf("%v: %v", args, v)
			}
		}
		if v := h.anon.must("getBuildroot", 99); v != nil {
			t.Error(v)
		}
		h.anon.fault(1000, "No such buildroot: 99", "getBuildroot", 99, true)
		h.anon.fault(1000, "no buildroot with ID: 99", "getBuildrootListing", 99)
	})
}
