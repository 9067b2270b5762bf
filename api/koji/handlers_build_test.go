package koji

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBuildsAreShownAsKojiShowsThem(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		id := h.imported("1")
		b := h.anon.must("getBuild", "hello-2.10-1").(map[string]any)
		for _, name := range []string{"creation_time", "creation_ts", "start_time", "start_ts", "completion_time", "completion_ts"} {
			if b[name] == nil {
				t.Errorf("%s is nil", name)
			}
			delete(b, name)
		}
		event := b["creation_event_id"]
		want := map[string]any{"id": id, "build_id": id, "name": "hello", "package_id": int64(1), "package_name": "hello",
			"version": "2.10", "release": "1", "epoch": nil, "nvr": "hello-2.10-1", "draft": false, "state": int64(1), "task_id": nil,
			"owner_id": pick(h.anon.must("getUser", "root"), "id"), "owner_name": "root", "volume_id": int64(0), "volume_name": "DEFAULT",
			"creation_event_id": event, "promotion_time": nil, "promotion_ts": nil, "promoter_id": nil, "promoter_name": nil,
			"source": nil, "extra": nil, "cg_id": nil, "cg_name": nil}
		if diff := cmp.Diff(want, b); diff != "" {
			t.Error(diff)
		}
		for _, name := range []any{id, "hello-2.10-1", map[string]any{"name": "hello", "version": "2.10", "release": "1"}} {
			if got := pick(h.anon.must("getBuild", name), "id"); got != id {
				t.Errorf("%v: %v", name, got)
			}
			if got := h.anon.must("findBuildID", name); got != id {
				t.Errorf("%v: %v", name, got)
			}
		}
		if v := h.anon.must("getBuild", "hello-2.10-2"); v != nil {
			t.Error(v)
		}
		h.anon.fault(1000, "No such build: 'hello-2.10-2'", "getBuild", "hello-2.10-2", true)
		h.anon.fault(1000, "No such build: 77", "getBuild", 77, true)
		h.anon.fault(1000, "did not provide name, version, and release", "getBuild", map[string]any{"name": "hello"})
		h.anon.fault(1000, "", "getBuild", "hello")
		if diff := cmp.Diff(any(map[string]any{"rpm": nil}), h.anon.must("getBuildType", id)); diff != "" {
			t.Error(diff)
		}
		if v := h.anon.must("listTags", id); len(v.([]any)) != 0 {
			t.Error(v)
		}
	})
}

func TestListBuilds(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		for _, release := range []string{"2", "1", "3"} {
			h.importHello("hello", release, "src")
		}
		open := h.begun("4")
		releases := func(args ...any) string {
			t.Helper()
			text := ""
			for _, v := range h.anon.must("listBuilds", args...).([]any) {
				text += v.(map[string]any)["release"].(string)
			}
			return text
		}
		opts := func(pairs ...any) map[string]any { m := kw(pairs...); delete(m, "__starstar"); return m }
		for _, c := range []struct {
			args map[string]any
			want string
		}{
			{kw(), "2134"},
			{kw("packageID", "hello", "state", 1), "213"},
			{kw("packageID", "nope"), ""},
			{kw("userID", "ada"), "4"},
			{kw("userID", "nobody"), ""},
			{kw("taskID", *open.TaskID), "4"},
			{kw("taskID", -1), "4"},
			{kw("prefix", "HEL"), "2134"},
			{kw("pattern", "*-2.10-[3]"), ""},
			{kw("pattern", "*-2.10-?", "queryOpts", opts("order", "-nvr", "limit", 2)), "43"},
			{kw("queryOpts", opts("order", "release", "offset", 1, "limit", 2)), "23"},
			{kw("queryOpts", opts("limit", 0)), ""},
			{kw("completeAfter", "2020-01-01 00:00:00"), "213"},
			{kw("completeBefore", 1600000000), ""},
			{kw("volumeID", 0, "type", "rpm"), "213"},
			{kw("volumeID", 3), ""},
			{kw("cgID", "osbuild"), ""},
			{kw("draft", true), ""},
		} {
			if got := releases(c.args); got != c.want {
				t.Errorf("%v: %q, want %q", c.args, got, c.want)
			}
		}
		if n := h.anon.must("listBuilds", kw("queryOpts", opts("countOnly", true, "offset", 1))); n != int64(3) {
			t.Errorf("counted %v", n)
		}
		h.anon.fault(1000, "Invalid order: password", "listBuilds", kw("queryOpts", opts("order", "password")))
		h.anon.fault(1000, "unsupported build type: jar", "listBuilds", kw("type", "jar"))
		if v := h.anon.must("listBuilds", kw("queryOpts", opts("asList", true, "limit", 1))).([]any)[0].([]any); v[0] != h.anon.must("findBuildID", "hello-2.10-2") {
			t.Error(v)
		}
		got := pick(h.anon.must("untaggedBuilds", "hello", opts("order", "-id")), "release")
		if diff := cmp.Diff(any(list("3", "1", "2")), got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestBuildsAreCancelledByTheirOwners(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		b, other := h.begun("1"), h.begun("2")
		h.pat.fault(1004, "Cannot cancel build, not owner", "cancelBuild", b.ID)
		h.anon.fault(1004, "", "cancelBuild", b.ID)
		if v := h.ada.must("cancelBuild", "hello-2.10-9"); v != false {
			t.Error(v)
		}
		if v := h.ada.must("cancelBuild", b.ID); v != true {
			t.Error(v)
		}
		if v := h.ada.must("cancelBuild", b.ID); v != false {
			t.Errorf("twice: %v", v)
		}
		if v := pick(h.anon.must("getBuild", b.ID), "state"); v != int64(4) {
			t.Errorf("state %v", v)
		}
		if v := pick(h.anon.must("getTaskInfo", *b.TaskID), "state"); v != int64(3) {
			t.Errorf("its task's state %v", v)
		}
		if v := h.root.must("cancelBuild", other.ID); v != true {
			t.Error(v)
		}
	})
}

func TestBuildsAreDeletedAndReset(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		id := h.imported("1")
		h.root.must("tagBuildBypass", "f41", id)
		h.ada.fault(1004, "admin", "deleteBuild", id)
		h.root.fault(1000, "Cannot delete build, tagged: f41", "deleteBuild", id)
		if v := h.root.must("deleteBuild", id, false); v != false {
			t.Error(v)
		}
		want := map[string]any{"tags": list(map[string]any{"tag_id": pick(h.anon.must("getTag", "f41"), "id"), "name": "f41"})}
		if diff := cmp.Diff(any(want), h.anon.must("buildReferences", id, kw("lazy", true))); diff != "" {
			t.Error(diff)
		}
		h.root.must("untagBuild", "f41", id)
		want = map[string]any{"tags": list(), "rpms": list(), "component_of": list(), "archives": list(), "images": list(), "last_used": nil}
		if diff := cmp.Diff(any(want), h.anon.must("buildReferences", id)); diff != "" {
			t.Error(diff)
		}
		if v := h.root.must("deleteBuild", id); v != true {
			t.Error(v)
		}
		if v := h.root.must("deleteBuild", id); v != nil {
			t.Errorf("deleted twice: %v", v)
		}
		h.root.fault(1000, "Build is DELETED", "importRPM", "import", "hello-doc-2.10-1.noarch.rpm")
		h.root.must("resetBuild", id)
		if v := pick(h.anon.must("getBuild", id), "state"); v != int64(4) {
			t.Errorf("state %v", v)
		}
		if again := h.root.must("createEmptyBuild", "hello", "2.10", "1", nil); again != id {
			t.Errorf("made again as %v, want %d", again, id)
		}
		h.imported("1")
	})
}

func TestEmptyBuilds(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.ada.fault(1004, "admin", "createEmptyBuild", "hello", "2.10", "7", nil)
		id := h.root.must("createEmptyBuild", "hello", "2.10", "7", "3", kw("owner", "ada"))
		got := pick(h.anon.must("getBuild", id), "epoch", "owner_name", "state")
		if diff := cmp.Diff(any(map[string]any{"epoch": int64(3), "owner_name": "ada", "state": int64(1)}), got); diff != "" {
			t.Error(diff)
		}
		h.root.fault(1005, "Build already exists", "createEmptyBuild", "hello", "2.10", "7", nil)
		h.root.must("setBuildOwner", id, "pat")
		h.root.must("setBuildTimestamp", id, 1600000000)
		got = pick(h.anon.must("getBuild", id), "owner_name", "completion_ts")
		if diff := cmp.Diff(any(map[string]any{"owner_name": "pat", "completion_ts": 1.6e9}), got); diff != "" {
			t.Error(diff)
		}
		if got := h.anon.must("getNextRelease", map[string]any{"name": "hello", "version": "2.10"}); got != "8" {
			t.Error(got)
		}
		if v := h.anon.must("getNextRelease", map[string]any{"name": "hello", "version": "9"}); v != "1" {
			t.Error(v)
		}
		if v := h.anon.must("getAverageBuildDuration", "hello"); v != nil {
			t.Error(v)
		}
		if v := h.anon.must("getAverageBuildDuration", "nope"); v != nil {
			t.Error(v)
		}
	})
}

func TestABuildWithoutArchives(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		id := h.imported("1")
		h.root.must("tagBuildBypass", "f41", id)
		for _, c := range []struct {
			method string
			args   []any
			want   any
		}{
			{"listArchives", list(kw("buildID", id)), list()},
			{"listArchives", list(kw("queryOpts", map[string]any{"countOnly": true})), int64(0)},
			{"getArchive", list(1), nil},
			{"getMavenBuild", list(id), nil},
			{"getWinBuild", list(id), nil},
			{"getImageBuild", list(id), nil},
			{"getLatestMavenArchives", list("f41"), list()},
			{"listVolumes", nil, list(map[string]any{"id": int64(0), "name": "DEFAULT"})},
			{"getVolume", list("DEFAULT"), map[string]any{"id": int64(0), "name": "DEFAULT"}},
			{"getVolume", list("fast"), nil},
			{"getBuildLogs", list(id), list()},
		} {
			if diff := cmp.Diff(c.want, h.anon.must(c.method, c.args...)); diff != "" {
				t.Errorf("%s: %s", c.method, diff)
			}
		}
		got := h.anon.must("listTaggedArchives", "f41").([]any)
		if len(got) != 2 || len(got[0].([]any)) != 0 || len(got[1].([]any)) != 1 {
			t.Error(got)
		}
		h.anon.fault(1000, "No archives found", "listArchives", kw("strict", true))
		h.anon.fault(1000, "No such archive: 1", "listArchiveFiles", 1) // to who is not strict too
		h.anon.fault(1000, "No such volume: fast", "getVolume", "fast", true)
		h.anon.fault(1000, "no such maven build", "getMavenBuild", id, true)
		if v := pick(h.anon.must("listBTypes", map[string]any{"name": "rpm"}), "name"); len(v.([]any)) != 1 {
			t.Error(v)
		}
	})
}

func TestArchiveTypes(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		name := func(args ...any) any {
			got := h.anon.must("getArchiveType", args...)
			if got == nil {
				return nil
			}
			return pick(got, "name")
		}
		for file, want := range map[string]any{
			"a.jar": "jar", "a.tar.gz": "tar", "a.TGZ": "tar", "disk.raw": "raw", "disk.raw.xz": "raw-xz", "vmlinuz": "kernel-image",
			"a.gz": nil, "a": nil, ".": nil, "a.": nil,
		} {
			if got := name(file); got != want {
				t.Errorf("%q: %v, want %v", file, got, want)
			}
		}
		want := map[string]any{"id": int64(1), "name": "jar", "extensions": "jar war rar ear sar jdocbook jdocbook-style", "compression_type": "zip"}
		if diff := cmp.Diff(any(want), pick(h.anon.must("getArchiveType", nil, nil, 1), "id", "name", "extensions", "compression_type")); diff != "" {
			t.Error(diff)
		}
		if name("a.jar", "zip") != "zip" || name("a.jar", "zip", 3) != "pom" || name(nil, "none") != nil {
			t.Error("a number comes before a name, a name before a file")
		}
		h.anon.fault(1000, "unsupported file extension", "getArchiveType", "a.nope", kw("strict", true))
		h.anon.fault(1000, "one of filename, type_name, or type_id must be specified", "getArchiveType")
		h.ada.fault(1004, "admin permission required", "addArchiveType", "deb", "Debian package", "deb")
		h.root.fault(1000, "Unsupported compression type ar", "addArchiveType", "deb", "Debian package", "deb", "ar")
		h.root.fault(1000, "archivetype jar already exists", "addArchiveType", "jar", "Debian package", "deb")
		h.root.fault(1000, "file extension tar.gz already exists", "addArchiveType", "deb", "Debian package", "deb tar.gz")
		for _, bad := range []string{"", "d b ", ".deb", "d\\s", "deb  udeb"} {
			h.root.fault(1000, "file extension", "addArchiveType", "deb", "Debian package", bad)
		}
		h.root.must("addArchiveType", "deb", "Debian package", "deb udeb")
		if name("a_1.udeb") != "deb" {
			t.Error("the new type is not found")
		}
		if n := len(h.anon.must("getArchiveTypes").([]any)); n != 72 {
			t.Errorf("%d types", n)
		}
		h.root.must("addBType", "module")
		h.root.fault(1000, "btype already exists", "addBType", "module")
		h.ada.fault(1004, "admin permission required", "addBType", "deb")
	})
}

func TestSearch(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		h.imported("1")
		names := func(args ...any) any { return pick(h.anon.must("search", args...), "name") }
		for _, c := range []struct {
			terms, sort, how string
			want             []any
		}{
			{"HEL*", "package", "glob", list("hello")},
			{"hello", "package", "", list("hello")},
			{"hello-2.10-1", "build", "exact", list("hello-2.10-1")},
			{"*-2.10-?", "build", "glob", list("hello-2.10-1")},
			{"Hello-2*", "build", "glob", list("hello-2.10-1")},
			{"hello-2.1?-*", "build", "glob", list("hello-2.10-1")},
			{"hell*", "build", "glob", list("hello-2.10-1")},
			{"hello-doc-2.10*", "rpm", "glob", list("hello-doc-2.10-1.noarch.rpm")},
			{"hello-D*", "rpm", "glob", list("hello-doc-2.10-1.noarch.rpm")},
			{"^hello-doc-2\\.10-1", "rpm", "regexp", list("hello-doc-2.10-1.noarch.rpm")},
			{"^hello-[0-9.]+-1$", "build", "regexp", list("hello-2.10-1")},
			{"*.noarch.rpm", "rpm", "glob", list("hello-doc-2.10-1.noarch.rpm")},
			{"*ELL*", "build", "glob", list("hello-2.10-1")},
			{"*2.10*", "build", "glob", list("hello-2.10-1")},
			{"*o-2.1*", "build", "glob", list("hello-2.10-1")},
			{"?ello*", "build", "glob", list("hello-2.10-1")},
			{"*world*", "build", "glob", list()},
			{"ello-", "build", "regexp", list("hello-2.10-1")},
			{"*-DOC-*", "rpm", "glob", list("hello-doc-2.10-1.noarch.rpm")},
			{"*o-doc-2.10-1.no*", "rpm", "glob", list("hello-doc-2.10-1.noarch.rpm")},
			{"doc.*noarch", "rpm", "regexp", list("hello-doc-2.10-1.noarch.rpm")},
			{"hello-2.10-1.src.rpm", "rpm", "", list("hello-2.10-1.src.rpm")},
			{"f41*", "tag", "glob", list("f41", "f41-build")},
			{"f41", "target", "", list("f41")},
			{"a.a", "user", "regexp", list("ada")},
			{"x", "host", "", list()},
			{"x", "file", "glob", list()},
		} {
			if diff := cmp.Diff(any(c.want), names(c.terms, c.sort, c.how)); diff != "" {
				t.Errorf("%s %s %s: %s", c.how, c.sort, c.terms, diff)
			}
		}
		h.anon.fault(1000, "empty search terms", "search", "", "tag", "glob")
		h.anon.fault(1000, "No such search type: cow", "search", "x", "cow", "glob")
		h.anon.fault(1000, "Invalid regular expression", "search", "(", "build", "regexp")
		if diff := cmp.Diff(any(list("f41-build")), names("f41*", "tag", "glob", map[string]any{"order": "-name", "limit": 1})); diff != "" {
			t.Error(diff)
		}
	})
}
