package koji

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
)

const onePOM = `<?xml version="1.0"?><project><parent><groupId>org.example</groupId><version>7</version></parent>
	<artifactId>thing</artifactId><version>1.0</version><dependencies><dependency><groupId>else</groupId></dependency></dependencies></project>`

func zipped(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarred(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	g := gzip.NewWriter(&b)
	w := tar.NewWriter(g)
	for _, name := range names {
		err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(name)), Mode: 0o640, Uname: "ada", Gname: "all"})
		if err == nil {
			_, err = w.Write([]byte(name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (h *buildHub) there(path string) (ok bool) {
	h.update(func(ctx context.Context, tx *db.Tx) error {
		n, err := file.Stat(ctx, tx, path)
		ok = err == nil && n.Kind == file.File
		return nil
	})
	return ok
}

func TestMavenArchives(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		nvr := map[string]any{"name": "org.example-thing", "version": "1.0", "release": "1", "epoch": nil}
		gav := map[string]any{"group_id": "org.example", "artifact_id": "thing", "version": "1.0"}
		h.ada.fault(1004, "maven-import", "createMavenBuild", nvr, gav)
		h.root.fault(1000, "Maven info is empty", "createMavenBuild", nvr, map[string]any{})
		h.root.fault(1000, "doesn't have mandatory 'version' key", "createMavenBuild", nvr, map[string]any{"group_id": "a", "artifact_id": "b"})
		h.root.fault(1000, "doesn't have mandatory 'epoch' key", "createMavenBuild", map[string]any{"name": "a", "version": "1", "release": "1"}, gav)
		h.root.must("createMavenBuild", nvr, gav)
		h.root.must("createMavenBuild", nvr, gav)
		h.root.fault(1005, "version mismatch (current: 1.0, new: 2)", "createMavenBuild", nvr, map[string]any{"group_id": "org.example", "artifact_id": "thing", "version": "2"})
		id := h.anon.must("findBuildID", "org.example-thing-1.0-1")
		want := map[string]any{"build_id": id, "group_id": "org.example", "artifact_id": "thing", "version": "1.0"}
		if diff := cmp.Diff(any(want), h.anon.must("getMavenBuild", id)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(map[string]any{"maven": want}), h.anon.must("getBuildType", id)); diff != "" {
			t.Error(diff)
		}
		if v := h.anon.must("getWinBuild", id); v != nil {
			t.Error(v)
		}
		h.anon.fault(1000, "no such Windows build", "getWinBuild", id, true)

		jar := zipped(t, "META-INF/MANIFEST.MF", "Thing.class")
		h.uploadTo("in", "thing-1.0.jar", jar)
		h.uploadTo("in", "thing-1.0.pom", []byte(onePOM))
		h.uploadTo("in", "thing-2.pom", []byte(onePOM))
		h.uploadTo("in", "thing.unheard", jar)
		h.ada.fault(1004, "-import", "importArchive", "in/thing-1.0.jar", id, "maven", gav)
		h.root.fault(1000, "unsupported archive type: rpm", "importArchive", "in/thing-1.0.jar", id, "rpm", gav)
		h.root.fault(1000, "No such file: in/none.jar", "importArchive", "in/none.jar", id, "maven", gav)
		h.root.fault(1000, "Invalid path", "importArchive", "../secret.jar", id, "maven", gav)
		h.root.fault(1000, "No such build", "importArchive", "in/thing-1.0.jar", 9999, "maven", gav)
		h.root.fault(1000, "unsupported file extension: thing.unheard", "importArchive", "in/thing.unheard", id, "maven", gav)
		h.root.fault(1020, "Build does not have type image", "importArchive", "in/thing-1.0.jar", id, "image", map[string]any{"arch": "x86_64"})
		h.root.fault(1000, "part of its path", "importArchive", "in/thing-1.0.jar", id, "maven", map[string]any{"group_id": "org..x", "artifact_id": "thing", "version": "1.0"})
		h.root.fault(1005, "does not match user-supplied typeInfo", "importArchive", "in/thing-1.0.pom", id, "maven", map[string]any{"group_id": "org", "artifact_id": "thing", "version": "1.0"})
		h.root.fault(1005, "not consistent with pom filename", "importArchive", "in/thing-2.pom", id, "maven", gav)
		h.root.must("importArchive", "in/thing-1.0.jar", id, "maven", gav)
		h.root.must("importArchive", "in/thing-1.0.pom", id, "maven", gav)
		h.root.fault(1000, "already exists", "importArchive", "in/thing-1.0.jar", id, "maven", gav)
		for _, end := range []string{"jar", "jar.md5", "jar.sha1", "pom"} {
			if !h.there("packages/org.example-thing/1.0/1/maven/org/example/thing/1.0/thing-1.0." + end) {
				t.Errorf("no .%s", end)
			}
		}

		list := h.anon.must("listArchives", kw("buildID", id, "type", "maven", "queryOpts", map[string]any{"order": "filename"})).([]any)
		sum := sha256.Sum256(jar)
		row := map[string]any{"build_id": id, "btype": "maven", "filename": "thing-1.0.jar", "size": int64(len(jar)), "checksum": hex.EncodeToString(sum[:]),
			"checksum_type": int64(2), "type_name": "jar", "group_id": "org.example", "artifact_id": "thing", "version": "1.0", "extra": nil, "metadata_only": false}
		names := []string{}
		for name := range row {
			names = append(names, name)
		}
		if diff := cmp.Diff(any(row), pick(list[0], names...)); diff != "" || len(list) != 2 {
			t.Errorf("%d archives: %s", len(list), diff)
		}
		archive := pick(list[0], "id")
		for args, n := range map[string]int{"jar": 1, "none": 0} {
			if got := h.anon.must("listArchives", kw("filename", "thing-1.0."+args)).([]any); len(got) != n {
				t.Errorf("%d archives are called .%s", len(got), args)
			}
		}
		if n := h.anon.must("listArchives", kw("checksum", hex.EncodeToString(sum[:]), "queryOpts", map[string]any{"countOnly": true})); n != int64(1) {
			t.Errorf("%v archives have the checksum", n)
		}
		h.anon.fault(1000, "No archives found.", "listArchives", kw("buildID", 9999, "strict", true))
		h.anon.fault(1000, "unsupported archive type: x", "listArchives", kw("type", "x"))
		if got := h.anon.must("listArchives", kw("type", "maven", "typeInfo", map[string]any{"group_id": "org.else"})).([]any); len(got) != 0 {
			t.Errorf("%d archives of another group", len(got))
		}
		if diff := cmp.Diff(any(map[string]any{"archive_id": archive, "group_id": "org.example", "artifact_id": "thing", "version": "1.0"}), h.anon.must("getMavenArchive", archive)); diff != "" {
			t.Error(diff)
		}
		h.anon.fault(1000, "query returned no rows", "getWinArchive", archive, true)
		h.anon.fault(1000, "No such archive: 9999", "getArchive", 9999, true)

		files := h.anon.must("listArchiveFiles", archive)
		if diff := cmp.Diff(any([]any{map[string]any{"name": "META-INF/MANIFEST.MF", "size": int64(20), "archive_id": archive}, map[string]any{"name": "Thing.class", "size": int64(11), "archive_id": archive}}),
			pick(files, "name", "size", "archive_id")); diff != "" {
			t.Error(diff)
		}
		if got := pick(h.anon.must("getArchiveFile", archive, "Thing.class"), "size"); got != int64(11) {
			t.Error(got)
		}
		h.anon.fault(1000, "No such file: x in archive", "getArchiveFile", archive, "x", true)

		h.tags()
		h.root.must("packageListAdd", "f41", "org.example-thing", "root")
		h.root.must("tagBuildBypass", "f41", "org.example-thing-1.0-1")
		tagged := h.anon.must("listTaggedArchives", "f41", kw("type", "maven")).([]any)
		if diff := cmp.Diff(any([]any{"thing-1.0.jar", "thing-1.0.pom"}), pick(tagged[0], "filename")); diff != "" {
			t.Error(diff)
		}
		if got := pick(tagged[1].([]any)[0], "maven_artifact_id"); got != "thing" {
			t.Errorf("the build says %v", got)
		}
		if diff := cmp.Diff(any([]any{map[string]any{"filename": "thing-1.0.jar", "build_name": "org.example-thing", "tag_name": "f41"}}),
			pick(h.anon.must("getLatestMavenArchives", "f41-build").([]any)[:1], "filename", "build_name", "tag_name")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any([]any{"1.0"}), pick(h.anon.must("listBuilds", kw("type", "maven", "typeInfo", map[string]any{"artifact_id": "thing"})), "maven_version")); diff != "" {
			t.Error(diff)
		}
		h.root.must("resetBuild", id)
		if got := h.anon.must("listArchives", kw("buildID", id)).([]any); len(got) != 0 {
			t.Errorf("%d archives of a build that was reset", len(got))
		}
	})
}

func TestOtherArchives(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		nvr := map[string]any{"name": "setup", "version": "1", "release": "1", "epoch": nil}
		h.root.fault(1000, "platform", "createWinBuild", nvr, map[string]any{"x": 1})
		h.root.must("createWinBuild", nvr, map[string]any{"platform": "import"})
		h.root.must("createImageBuild", "setup-1-1")
		id := h.anon.must("findBuildID", "setup-1-1")
		if diff := cmp.Diff(any(map[string]any{"build_id": id, "platform": "import"}), h.anon.must("getWinBuild", "setup-1-1", true)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(map[string]any{"build_id": id}), h.anon.must("getImageBuild", id)); diff != "" {
			t.Error(diff)
		}
		h.uploadTo("in", "setup.tar.gz", tarred(t, "a", "b/c"))
		h.uploadTo("in", "disk.qcow2", []byte("no image at all"))
		h.root.fault(1005, "no value for platforms", "importArchive", "in/setup.tar.gz", id, "win", map[string]any{"relpath": "x", "platforms": list(), "flags": list()})
		h.root.fault(1000, "part of its path", "importArchive", "in/setup.tar.gz", id, "win", map[string]any{"relpath": "../../x", "platforms": list("i386"), "flags": list()})
		h.root.must("importArchive", "in/setup.tar.gz", "setup-1-1", "win", map[string]any{"relpath": "/sub/dir/", "platforms": list("i386", "x86_64"), "flags": list("fre")})
		h.root.must("importArchive", "in/disk.qcow2", nvr, "image", map[string]any{"arch": "x86_64"})
		for _, path := range []string{"win/sub/dir/setup.tar.gz", "images/disk.qcow2"} {
			if !h.there("packages/setup/1/1/" + path) {
				t.Errorf("no %s", path)
			}
		}
		for words, n := range map[string]int{"i386": 1, "x86_64": 1, "i38": 0} {
			if got := h.anon.must("listArchives", kw("type", "win", "typeInfo", map[string]any{"platforms": words})).([]any); len(got) != n {
				t.Errorf("%d archives for %s", len(got), words)
			}
		}
		win := pick(h.anon.must("listArchives", kw("type", "win")).([]any)[0], "id")
		if diff := cmp.Diff(any(map[string]any{"archive_id": win, "relpath": "sub/dir", "platforms": "i386 x86_64", "flags": "fre"}), h.anon.must("getWinArchive", win)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any([]any{map[string]any{"name": "a", "mode": int64(0o640), "user": "ada"}, map[string]any{"name": "b/c", "mode": int64(0o640), "user": "ada"}}),
			pick(h.anon.must("listArchiveFiles", win), "name", "mode", "user")); diff != "" {
			t.Error(diff)
		}

		image := pick(h.anon.must("listArchives", kw("type", "image")).([]any)[0], "id")
		if got := h.anon.must("listArchiveFiles", image).([]any); len(got) != 0 {
			t.Error(got)
		}
		h.anon.fault(1000, "Unsupported archive type: qcow2", "listArchiveFiles", image, kw("strict", true))
		if got := pick(h.anon.must("getImageArchive", image), "rootid"); got != false {
			t.Error(got)
		}
		h.imported("1")
		src := pick(h.anon.must("getRPM", "hello-2.10-1.src"), "id").(int64)
		h.update(func(ctx context.Context, tx *db.Tx) error {
			return build.Contains(ctx, tx, image.(int64), []int64{src}, []int64{win.(int64)})
		})
		if got := pick(h.anon.must("getArchive", image), "rootid"); got != true {
			t.Error(got)
		}
		if diff := cmp.Diff(fmt.Sprint([]any{src}), fmt.Sprint(pick(h.anon.must("listRPMs", kw("imageID", image)), "id"))); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any([]any{"setup.tar.gz"}), pick(h.anon.must("listArchives", kw("imageID", image)), "filename")); diff != "" {
			t.Error(diff)
		}

		b := h.builder("b1")
		b.fault(1000, "unsupported archive type", "host.importArchive", "in/disk.qcow2", id, "image", map[string]any{"arch": "x86_64"})
		h.uploadTo("in", "more.tar.gz", tarred(t, "more"))
		b.must("host.importArchive", "in/more.tar.gz", id, "win", map[string]any{"relpath": "", "platforms": list("i386"), "flags": nil})
		if !h.there("packages/setup/1/1/win/more.tar.gz") {
			t.Error("a builder's archive is not there")
		}
	})
}
