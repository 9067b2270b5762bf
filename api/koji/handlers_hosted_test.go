package koji

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/hub/file"
)

// whole is one of Koji's builders, which has a task of a method open.
func (h *buildHub) whole(t *testing.T, b *client, method string, args []any) any {
	t.Helper()
	id := h.root.must("makeTask", method, args, kw("arch", "noarch"))
	b.must("host.updateHost", 0.0, true, map[string]any{"methods": list(method), "maxjobs": 9})
	b.must("host.getTasks")
	if b.must("host.openTask", id) == nil {
		t.Fatalf("the builder cannot open task %v", id)
	}
	return id
}

// bring uploads a file of a task's.
func (h *buildHub) bring(b *client, id any, name string, data []byte) string {
	h.t.Helper()
	n := id.(int64)
	dir, base := file.Split(name)
	where := file.Join(fmt.Sprintf("tasks/%d/%d", n%10000, n), dir)
	if _, err := b.upload(fmt.Sprintf("filename=%s&filepath=%s&offset=0&overwrite=1", base, where), data); err != nil {
		h.t.Fatal(err)
	}
	return fmt.Sprintf("tasks/%d/%d/%s", n%10000, n, name)
}

func TestKojisBuildersMakeWholeBuilds(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.run()
		h.tags()
		h.imported("0")
		repo := h.done(h.root.must("newRepo", "f41-build")).([]any)[0]
		b1, b2 := h.builder("b1"), h.builder("b2")
		part := h.whole(t, b1, "buildArch", list("x"))
		b1.fault(1004, "makes no build", "host.initBuild", map[string]any{"task_id": part, "name": "hello", "version": "2.10", "release": "5", "epoch": nil})

		id := h.whole(t, b1, "build", list("x", "f41"))
		data := map[string]any{"task_id": id, "name": "hello", "version": "2.10", "release": "5", "epoch": nil, "extra": map[string]any{"a": 1}}
		h.ada.fault(1002, "is not a host", "host.initBuild", data)
		b2.fault(1004, "does not own task", "host.initBuild", data)
		made := b1.must("host.initBuild", data)
		if again := b1.must("host.initBuild", data); again != made {
			t.Errorf("begun again as %v, was %v", again, made)
		}
		if diff := cmp.Diff(any(map[string]any{"state": int64(0), "owner_name": "root", "task_id": id, "extra": map[string]any{"a": int64(1)}}),
			pick(h.anon.must("getBuild", made), "state", "owner_name", "task_id", "extra")); diff != "" {
			t.Error(diff)
		}
		root := b1.must("host.newBuildRoot", repo, "x86_64", kw("task_id", id))
		srpm := h.bring(b1, id, "hello-2.10-5.src.rpm", hello(t, "hello", "5", "src"))
		bin := h.bring(b1, id, "hello-2.10-5.x86_64.rpm", hello(t, "hello", "5", "x86_64"))
		doc := h.bring(b1, id, "hello-doc-2.10-5.noarch.rpm", hello(t, "hello-doc", "5", "noarch"))
		log := h.bring(b1, id, "build.log", []byte("said"))
		roots := map[string]any{bin: root}
		b2.fault(1004, "does not own task", "host.completeBuild", id, made, srpm, list(bin), roots)
		b1.fault(1000, "No such file", "host.completeBuild", id, made, srpm, list(bin+"x"), roots)
		b1.fault(1000, "Invalid path", "host.completeBuild", id, made, srpm, list("../../secret"), roots)
		b1.fault(1000, "No such buildroot: 99", "host.completeBuild", id, made, srpm, list(bin), map[string]any{bin: 99})
		other := h.bring(b1, id, "hello-2.10-6.x86_64.rpm", hello(t, "hello", "6", "x86_64"))
		b1.fault(1000, "is not the source package of build", "host.completeBuild", id, made, srpm, list(other), roots)
		got := b1.must("host.completeBuild", id, made, srpm, list(bin, doc, doc), roots, map[string]any{"x86_64": list(log)})
		if pick(got, "state") != int64(1) {
			t.Errorf("the build is %v", got)
		}
		b1.fault(1000, "state is COMPLETE", "host.completeBuild", id, made, srpm, list(bin), roots)
		if rows := h.anon.must("listRPMs", made).([]any); len(rows) != 3 {
			t.Errorf("%d rpms", len(rows))
		}
		if pick(h.anon.must("getRPM", "hello-2.10-5.x86_64"), "buildroot_id") != root {
			t.Error("the package comes from no root")
		}
		if !h.there("packages/hello/2.10/5/data/logs/x86_64/build.log") {
			t.Error("no log")
		}

		failing := h.whole(t, b1, "build", list("x", "f41"))
		data["task_id"], data["release"] = failing, "6"
		made = b1.must("host.initBuild", data)
		b1.fault(1004, "is not of task", "host.failBuild", id, made)
		b1.must("host.failBuild", failing, made)
		b1.fault(1000, "cannot update build", "host.failBuild", failing, made)

		// Tagging has the rights of the task's owner, for what the task says.
		b1.fault(1004, "it tags no build", "host.tagBuild", id, "f41", "hello-2.10-5")
		tagging := h.whole(t, b1, "tagBuild", list("f41", h.anon.must("findBuildID", "hello-2.10-5"), false, nil, false))
		b1.fault(1004, "made to tag something else", "host.tagBuild", tagging, "f41-build", "hello-2.10-5")
		b1.fault(1004, "made to tag something else", "host.tagBuild", tagging, "f41", "hello-2.10-0")
		b1.fault(1004, "made to tag something else", "host.tagBuild", tagging, "f41", "hello-2.10-5", true)
		b1.must("host.tagBuild", tagging, "f41", "hello-2.10-5")
		if got := h.anon.must("listTagged", "f41").([]any); len(got) != 1 {
			t.Errorf("%d builds are tagged", len(got))
		}

		scratch := h.whole(t, b1, "build", list("x", "f41"))
		srpm, bin = h.bring(b1, scratch, "hello-2.10-7.src.rpm", hello(t, "hello", "7", "src")), h.bring(b1, scratch, "hello-2.10-7.x86_64.rpm", hello(t, "hello", "7", "x86_64"))
		log = h.bring(b1, scratch, "build.log", []byte("said"))
		b2.fault(1004, "does not own task", "host.moveBuildToScratch", scratch, srpm, list(bin))
		b1.must("host.moveBuildToScratch", scratch, srpm, list(bin), map[string]any{"x86_64": list(log)})
		for _, name := range []string{"hello-2.10-7.src.rpm", "hello-2.10-7.x86_64.rpm", "logs/x86_64/build.log"} {
			if !h.there(fmt.Sprintf("scratch/root/task_%v/%s", scratch, name)) {
				t.Errorf("no %s", name)
			}
		}
	})
}

func TestKojisBuildersMakeOtherBuilds(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.run()
		h.tags()
		h.imported("0")
		repo := h.done(h.root.must("newRepo", "f41-build")).([]any)[0]
		b := h.builder("b1")

		maven := h.whole(t, b, "maven", list("x", "f41"))
		info := map[string]any{"name": "org.example-thing", "version": "1.0", "epoch": nil, "release": nil}
		data := b.must("host.initMavenBuild", maven, info, map[string]any{"group_id": "org.example", "artifact_id": "thing", "version": "1.0"})
		if diff := cmp.Diff(any(map[string]any{"release": "1", "state": int64(0), "completion_time": nil, "task_id": maven}), pick(data, "release", "state", "completion_time", "task_id")); diff != "" {
			t.Error(diff)
		}
		id := pick(data, "id")
		h.bring(b, maven, "org/example/thing/1.0/thing-1.0.jar", zipped(t, "a"))
		h.bring(b, maven, "org/example/thing/1.0/thing-1.0.pom", []byte(onePOM))
		h.bring(b, maven, "org/example/thing/maven-metadata.xml", []byte("<metadata/>"))
		h.bring(b, maven, "build.log", []byte("said"))
		files := map[string]any{"org/example/thing/1.0": list("thing-1.0.jar", "thing-1.0.pom", "thing-1.0.jar.md5"), "org/example/thing": list("maven-metadata.xml")}
		results := map[string]any{"task_id": maven, "buildroot_id": nil, "files": files, "logs": list("build.log")}
		b.fault(1005, "unsupported file type: x.y", "host.completeMavenBuild", maven, id, map[string]any{"task_id": maven, "buildroot_id": nil, "files": map[string]any{"a": list("x.y")}, "logs": list()}, nil)
		b.fault(1005, "multiple .pom files in a", "host.completeMavenBuild", maven, id, map[string]any{"task_id": maven, "buildroot_id": nil, "files": map[string]any{"a": list("x.pom", "y.pom")}, "logs": list()}, nil)
		b.must("host.completeMavenBuild", maven, id, results, nil)
		for _, path := range []string{"maven/org/example/thing/1.0/thing-1.0.jar", "maven/org/example/thing/1.0/thing-1.0.jar.sha1", "maven/org/example/thing/maven-metadata.xml.md5", "data/logs/maven/build.log"} {
			if !h.there("packages/org.example-thing/1.0/1/" + path) {
				t.Errorf("no %s", path)
			}
		}
		jar := pick(h.anon.must("listArchives", kw("filename", "thing-1.0.jar")).([]any)[0], "id")

		// Packages that wrap Maven's files.
		wrap := h.whole(t, b, "wrapperRPM", list("x"))
		h.bring(b, wrap, "hello-2.10-9.src.rpm", hello(t, "hello", "9", "src"))
		h.bring(b, wrap, "hello-doc-2.10-9.noarch.rpm", hello(t, "hello-doc", "9", "noarch"))
		h.bring(b, wrap, "wrap.log", []byte("said"))
		rpms := map[string]any{"task_id": 1, "buildroot_id": nil, "srpm": "hello-2.10-9.src.rpm", "rpms": list("hello-doc-2.10-9.noarch.rpm"), "logs": list("wrap.log")}
		b.must("host.importWrapperRPMs", wrap, id, rpms)
		b.fault(1000, "have already been imported", "host.importWrapperRPMs", wrap, id, rpms)
		if rows := h.anon.must("listRPMs", id).([]any); len(rows) != 2 {
			t.Errorf("%d rpms wrap the build", len(rows))
		}

		// What Maven took into another root: of the build, of the task itself, and of nobody.
		other := h.whole(t, b, "maven", list("y", "f41"))
		local := b.must("host.newBuildRoot", repo, "x86_64", kw("task_id", other))
		b.must("host.setBuildRootList", local, list(), kw("task_id", other))
		b.must("host.setBuildRootState", local, "BUILDING", kw("task_id", other))
		h.bring(b, maven, "org/example/more/2.0-SNAPSHOT/more-2.0-20261128.001122-3.jar", []byte("more"))
		size := pick(h.anon.must("listArchives", kw("filename", "thing-1.0.jar")).([]any)[0], "size")
		file := func(artifact, version, file string, size any) any {
			return map[string]any{"maven_info": map[string]any{"group_id": "org.example", "artifact_id": artifact, "version": version},
				"files": list(map[string]any{"path": "org/example/" + artifact, "filename": file, "size": size})}
		}
		took := list(file("thing", "1.0", "thing-1.0.jar", size), file("own", "1", "own-1.jar", 5), file("more", "2.0-SNAPSHOT", "more-2.0-SNAPSHOT.jar", 4))
		deps := kw("ignore", list(file("own", "1", "own-1.jar", 5)), "extra_deps", list("org.example-thing-1.0-1", maven))
		b.fault(1012, "org/example/thing/thing-1.0.jar", "host.updateMavenBuildRootList", local, other, took) // it is in no tag
		b.fault(1012, "No such file in build environment: org/example/own/own-1.jar, size: 6", "host.updateMavenBuildRootList", local, other, list(file("own", "1", "own-1.jar", 6)), deps)
		b.must("host.updateMavenBuildRootList", local, other, took, deps)
		if got := h.anon.must("listArchives", kw("componentBuildrootID", local)).([]any); len(got) != 1 || pick(got[0], "id") != jar {
			t.Errorf("the root held %v", got)
		}

		win := h.whole(t, b, "winbuild", list("x", "y", "f41"))
		data = b.must("host.initWinBuild", win, map[string]any{"name": "setup", "version": "1", "release": "2", "epoch": 0}, map[string]any{"platform": "win64"})
		root := b.must("host.newBuildRoot", repo, "x86_64", kw("task_id", win))
		b.must("host.setBuildRootList", root, list(), kw("task_id", win))
		b.must("host.setBuildRootState", root, "BUILDING", kw("task_id", win))
		b.must("host.updateBuildrootArchives", root, win, list(map[string]any{"id": jar}), true)
		b.fault(1000, "No such archive: 99", "host.updateBuildrootArchives", root, win, list(map[string]any{"id": 99}), true)
		if got := h.anon.must("listArchives", kw("componentBuildrootID", root)).([]any); len(got) != 1 || pick(got[0], "project") != true {
			t.Errorf("the root held %v", got)
		}
		if got := h.anon.must("listBuildroots", kw("archiveID", jar)).([]any); len(got) != 2 {
			t.Errorf("%d roots held the archive", len(got))
		}
		h.bring(b, win, "sub/setup.zip", zipped(t, "a"))
		h.bring(b, win, "logs/build.log", []byte("said"))
		b.must("host.completeWinBuild", win, pick(data, "id"), map[string]any{"task_id": win, "buildroot_id": root,
			"output": map[string]any{"sub/setup.zip": map[string]any{"platforms": list("i386"), "flags": list("fre")}}, "logs": list("logs/build.log")}, nil)
		for _, path := range []string{"win/sub/setup.zip", "data/logs/win/logs/build.log"} {
			if !h.there("packages/setup/1/2/" + path) {
				t.Errorf("no %s", path)
			}
		}

		image := h.whole(t, b, "image", list("x"))
		data = b.must("host.initImageBuild", image, map[string]any{"name": "disk", "version": "1", "release": nil, "epoch": 0})
		h.bring(b, image, "disk.qcow2", []byte("a disk"))
		h.bring(b, image, "disk.xml", []byte("<disk/>"))
		h.bring(b, image, "image.log", []byte("said"))
		src := h.anon.must("getRPM", "hello-2.10-0.src")
		held := map[string]any{"name": "hello", "version": "2.10", "release": "0", "epoch": nil, "arch": "src", "payloadhash": pick(src, "payloadhash"), "size": 1, "buildtime": 1}
		b.must("host.completeImageBuild", image, pick(data, "id"), map[string]any{
			"x86_64":  map[string]any{"task_id": image, "arch": "x86_64", "files": list("disk.qcow2", "disk.xml"), "logs": list("image.log"), "rpmlist": list(held)},
			"aarch64": map[string]any{}})
		disk := pick(h.anon.must("listArchives", kw("filename", "disk.qcow2")).([]any)[0], "id")
		if got := h.anon.must("listRPMs", kw("imageID", disk)).([]any); len(got) != 1 {
			t.Errorf("the image holds %d packages", len(got))
		}
		if !h.there("packages/disk/1/1/data/logs/image/image.log") {
			t.Error("no log")
		}
		if got := h.anon.must("buildReferences", "hello-2.10-0"); len(pick(got, "component_of").([]any)) != 1 {
			t.Errorf("the image does not keep its packages: %v", got)
		}
	})
}
