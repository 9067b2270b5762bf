package rest

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/md5"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/task"
)

func TestFactsOfRPMs(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.imported("1")
		ada := s.actor("ada").ID
		const path = "/rpms/hello-2.10-1.x86_64"
		if got := s.must("", "GET", path+"/file?path=/usr/bin/hello", "").body; got["path"] != "/usr/bin/hello" || got["mode"] != float64(0o100755) {
			t.Errorf("%v", got)
		}
		s.refused(404, "No file: /usr/bin/none found in RPM: hello-2.10-1.x86_64", "", "GET", path+"/file?path=/usr/bin/none", "")

		got := s.must("", "GET", path+"/headers?names=name,LICENSE,buildtime,basenames,epoch,sigmd5", "").body["headers"].(map[string]any)
		if sum, ok := got["sigmd5"].(string); !ok || len(sum) != 24 { // 16 bytes in base64
			t.Errorf("%v", got["sigmd5"])
		}
		delete(got, "sigmd5")
		if diff := cmp.Diff(map[string]any{"name": "hello", "LICENSE": "MIT", "buildtime": 1700000000.0, "basenames": []any{"hello"}, "epoch": nil}, got); diff != "" {
			t.Error(diff)
		}
		s.refused(400, "No such rpm header field: colour", "", "GET", path+"/headers?names=colour", "")
		s.refused(422, "names", "", "GET", path+"/headers", "")

		// What a scratch build leaves is no rpm of the distribution.
		rpm := hello(t, "1", "x86_64")
		var id int64
		s.update(func(ctx context.Context, tx *db.Tx) error {
			made, err := task.New(quietBus{}).Make(ctx, tx, task.Spec{Method: "build", Request: []byte(`[]`), Owner: ada})
			if err != nil {
				return err
			}
			id = made.ID
			dir := file.Join("work", flow.TaskDir(id))
			for name, data := range map[string][]byte{"x86_64/x.rpm": rpm, "build.log": []byte("done")} {
				if err := file.Put(ctx, tx, file.Join(dir, name), s.store(data)); err != nil {
					return err
				}
			}
			return nil
		})
		ofTask := fmt.Sprintf("/tasks/%d/rpm-headers?names=arch,changelogname&file=", id)
		got = s.must("", "GET", ofTask+"x86_64/x.rpm", "").body["headers"].(map[string]any)
		if diff := cmp.Diff(map[string]any{"arch": "x86_64", "changelogname": []any{"Ada <ada@example.org> - 2.10-1", "Bea <bea@example.org> - 2.9-1"}}, got); diff != "" {
			t.Error(diff)
		}
		s.refused(400, "is no RPM", "", "GET", ofTask+"build.log", "")
		s.refused(404, "", "", "GET", ofTask+"none.rpm", "")
		s.refused(400, "is no name of a task's file", "", "GET", ofTask+"../../../packages/x", "")
		s.refused(404, "No such task", "", "GET", "/tasks/999/rpm-headers?names=arch&file=x", "")

		sums := s.must("", "GET", path+"/checksums?kinds=md5,sha256", "").body["items"]
		want := []any{map[string]any{"key": "", "checksums": map[string]any{"md5": fmt.Sprintf("%x", md5.Sum(rpm)), "sha256": s.store(rpm).Sum.String()}}}
		if diff := cmp.Diff(want, sums); diff != "" {
			t.Error(diff)
		}
		s.refused(422, "kinds", "", "GET", path+"/checksums?kinds=crc", "")

		for query, want := range map[string][]any{
			"": {"- first", "- before"}, "?after=2023-01-01T00:00:00Z": {"- first"}, "?before=2023-01-01T00:00:00Z": {"- before"},
			"?author=Bea%20%3Cbea@example.org%3E%20-%202.9-1": {"- before"}, "?author=Eve": nil,
		} {
			for _, of := range []string{path, "/builds/hello-2.10-1"} {
				if diff := cmp.Diff(want, names(s.must("", "GET", of+"/changelog"+query, "").body["items"], "text")); diff != "" {
					t.Errorf("%s%s: %s", of, query, diff)
				}
			}
		}
	})
}

func TestRPMsOfOthers(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		body := func(sum string) string {
			return fmt.Sprintf(`{"payload_md5": "%032s", "size": 5, "build_time": "2026-01-01T00:00:00Z"}`, sum)
		}
		const path = "/external-repos/else/rpms/x-1-2.noarch"
		s.refused(404, "", "root", "PUT", path, body("1"))
		s.must("root", "PUT", "/external-repos/else", `{"url": "https://mirror.example.org/else"}`)
		s.refused(403, "admin permission required", "ada", "PUT", path, body("1"))
		s.refused(422, "payload_md5", "root", "PUT", path, body("xyz"))
		s.refused(400, "is no name-version-release.arch", "root", "PUT", "/external-repos/else/rpms/x", body("1"))
		first := s.must("root", "PUT", path, body("1"))
		if first.body["external_repo"] != "else" || first.body["nvra"] != "x-1-2.noarch" || first.body["size"] != 5.0 || first.body["build"] != nil {
			t.Error(first.text)
		}
		if again := s.must("root", "PUT", path, body("1")); again.text != first.text {
			t.Errorf("%s, not %s", again.text, first.text)
		}
		s.refused(409, "hash changed for external rpm: x-1-2.noarch@else", "root", "PUT", path, body("2"))
		if got := s.must("", "GET", "/rpms/x-1-2.noarch@else", ""); got.text != first.text {
			t.Error(got.text)
		}
		if got := s.must("", "GET", "/external-repos/else", "").body; got["url"] != "https://mirror.example.org/else/" {
			t.Errorf("%v", got)
		}
		s.refused(404, "", "", "GET", "/external-repos/none", "")
	})
}

func TestFactsOfPackages(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.imported("7")
		ada := s.actor("ada").ID
		if got := s.must("", "GET", "/packages/hello", "").body; got["name"] != "hello" || got["id"] == nil {
			t.Errorf("%v", got)
		}
		s.refused(404, "", "", "GET", "/packages/none", "")
		for query, want := range map[string]string{"version=2.10": "8", "version=2.10&by=3": "10", "version=9": "1"} {
			if got := s.must("", "GET", "/packages/hello/next-release?"+query, "").body; got["release"] != want {
				t.Errorf("%s: %v, want %s", query, got, want)
			}
		}
		if got := s.must("", "GET", "/packages/hello/build-duration", "").body; got["seconds"] != nil {
			t.Errorf("an import took %v", got)
		}
		s.update(func(ctx context.Context, tx *db.Tx) error {
			made, err := task.New(quietBus{}).Make(ctx, tx, task.Spec{Method: "build", Request: []byte(`[]`), Owner: ada})
			if err != nil {
				return err
			}
			b, err := build.Begin(ctx, tx, build.New{Name: "hello", Version: "2.10", Release: "8", OwnerID: ada, TaskID: &made.ID})
			if err == nil {
				_, err = build.SetState(ctx, tx, b.ID, build.Complete)
			}
			if err == nil {
				err = build.SetCompletion(ctx, tx, b.ID, b.CreateTime+90_000_000)
			}
			return err
		})
		if got := s.must("", "GET", "/packages/hello/build-duration?completed_after=2020-01-01T00:00:00Z", "").body; got["seconds"] != 90.0 {
			t.Errorf("%v", got)
		}
		if got := s.must("", "GET", "/packages/hello/build-duration?completed_after=2099-01-01T00:00:00Z", "").body; got["seconds"] != nil {
			t.Errorf("%v", got)
		}

		s.must("tina", "POST", "/tags", `{"name": "f41"}`)
		s.must("tina", "POST", "/tags", `{"name": "f41-build", "parent": "f41", "locked": true}`)
		s.refused(404, "package hello is not in the list of tag f41", "", "GET", "/tags/f41/packages/hello", "")
		s.must("root", "PUT", "/tags/f41/packages/hello", `{"owner": "ada", "blocked": true}`)
		if got := s.must("", "GET", "/tags/f41-build/packages/hello", "").body; got["tag"] != "f41" || got["owner"] != "ada" || got["blocked"] != true {
			t.Errorf("%v", got)
		}
		for path, want := range map[string]map[string]any{
			"/tags/f41/access":                 {"may": true, "force": false},
			"/tags/f41/access?user=root":       {"may": true, "force": true},
			"/tags/f41-build/access?user=ada":  {"may": false, "force": false, "reason": "tag is locked"},
			"/tags/f41-build/access?user=root": {"may": false, "force": true, "reason": "tag is locked"},
		} {
			if diff := cmp.Diff(want, s.must("", "GET", path, "").body); diff != "" {
				t.Errorf("%s: %s", path, diff)
			}
		}

		s.must("root", "PUT", "/targets/one", `{"build_tag": "f41-build", "dest_tag": "f41"}`)
		s.must("root", "PUT", "/targets/two", `{"build_tag": "f41", "dest_tag": "f41"}`)
		for query, want := range map[string][]any{"": {"one", "two"}, "?build_tag=f41": {"two"}, "?build_tag=f41&dest_tag=f41": {"two"}, "?dest_tag=f41": {"one", "two"}, "?dest_tag=f41-build": nil} {
			if diff := cmp.Diff(want, names(s.must("", "GET", "/targets"+query, "").body["items"], "name")); diff != "" {
				t.Errorf("%s: %s", query, diff)
			}
		}
		s.must("root", "POST", "/hosts", `{"name": "b1.example.org", "arches": ["x86_64", "i686"]}`)
		if diff := cmp.Diff([]any{"i686", "x86_64"}, s.must("", "GET", "/arches", "").body["items"]); diff != "" {
			t.Error(diff)
		}
		for query, n := range map[string]int{"/hosts?arches=i686": 1, "/hosts?arches=s390x": 0, "/hosts?ready=true": 0, "/hosts?enabled=true": 1,
			"/tasks?channel=default": 1, "/tasks?channel=image": 0, "/tasks?created_after=2099-01-01T00:00:00Z": 0, "/tasks?created_before=2099-01-01T00:00:00Z": 1, "/tasks?arches=s390x": 0,
			"/builds?created_before=2020-01-01T00:00:00Z": 0, "/builds?created_after=2020-01-01T00:00:00Z": 2, "/builds?completed_before=2020-01-01T00:00:00Z": 0, "/buildroots?tag=f41": 0,
			"/archive-types?filename=a.tar.gz": 1, "/archive-types?filename=a.nothing": 0} {
			if got := s.must("", "GET", query, "").body["items"].([]any); len(got) != n {
				t.Errorf("%s gives %d: %v", query, len(got), got)
			}
		}
		note := s.must("ada", "POST", "/notifications", `{"tag": "f41"}`)
		if got := s.must("", "GET", fmt.Sprintf("/notifications/%v", note.body["id"]), ""); got.text != note.text {
			t.Error(got.text)
		}
		block := s.must("ada", "POST", "/notification-blocks", `{"tag": "f41"}`)
		if got := s.must("", "GET", fmt.Sprintf("/notification-blocks/%v", block.body["id"]), ""); got.text != block.text {
			t.Error(got.text)
		}
		s.refused(404, "", "", "GET", "/notifications/999", "")
		s.refused(404, "", "", "GET", "/notification-blocks/999", "")
	})
}

func TestListsOfArchives(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		hello := s.imported("1")
		s.must("root", "PUT", "/builds/disk-1-1/types/image", `{}`)
		s.upload("root", "up/disk.qcow2", "QFI")
		disk := s.must("root", "POST", "/builds/disk-1-1/archives", `{"path": "up/disk.qcow2", "btype": "image", "arch": "x86_64"}`).body
		s.must("root", "PUT", "/builds/own-1-1/types/maven", `{"group": "org.example", "artifact": "own", "version": "1"}`)
		s.upload("root", "up/own-1.jar", "jar")
		jar := s.must("root", "POST", "/builds/own-1-1/archives", `{"path": "up/own-1.jar", "btype": "maven", "maven": {"group": "org.example", "artifact": "own", "version": "1"}}`).body
		s.must("root", "PUT", "/builds/setup-1-1/types/win", `{"platform": "x64"}`)

		if got := s.must("", "GET", "/builds/own-1-1/types/maven", "").body; got["group"] != "org.example" || got["artifact"] != "own" || got["version"] != "1" {
			t.Errorf("%v", got)
		}
		if got := s.must("", "GET", "/builds/setup-1-1/types/win", "").body; got["platform"] != "x64" {
			t.Errorf("%v", got)
		}
		s.refused(404, "build hello-2.10-1 is none of type maven", "", "GET", "/builds/hello-2.10-1/types/maven", "")
		s.refused(404, "build hello-2.10-1 is none of type win", "", "GET", "/builds/hello-2.10-1/types/win", "")

		ada, jarID := s.actor("ada").ID, int64(jar["id"].(float64))
		both := []any{"disk.qcow2", "own-1.jar"}
		s.update(func(ctx context.Context, tx *db.Tx) error {
			rpms, err := build.ListRPMs(ctx, tx, build.RPMFilter{BuildID: hello.ID, Arches: []string{"x86_64"}})
			if err == nil {
				err = build.Contains(ctx, tx, int64(disk["id"].(float64)), []int64{rpms[0].ID}, []int64{jarID})
			}
			if err != nil {
				return err
			}
			if err := build.GrantGenerator(ctx, tx, account.System, ada, account.ByName("baker"), true); err != nil {
				return err
			}
			g, err := build.GetGenerator(ctx, tx, account.ByName("baker"))
			if err != nil {
				return err
			}
			_, err = build.RecordElsewhere(ctx, tx, build.Elsewhere{External: build.External{CGID: g.ID, HostArch: "x86_64"}, Arch: "x86_64", RPMs: rpms, Archives: []int64{jarID}})
			return err
		})
		root := fmt.Sprintf("/buildroots/%v", names(s.must("", "GET", fmt.Sprintf("/buildroots?archive=%v", jar["id"]), "").body["items"], "id")[0])
		of := fmt.Sprintf("/archives/%v", disk["id"])
		for path, want := range map[string][]any{
			of + "/rpms": {"hello-2.10-1.x86_64"}, fmt.Sprintf("/archives/%v/rpms", jar["id"]): nil,
			root + "/rpms": {"hello-2.10-1.x86_64"}, root + "/rpms?made=true": nil,
		} {
			if diff := cmp.Diff(want, names(s.must("", "GET", path, "").body["items"], "nvra")); diff != "" {
				t.Errorf("%s: %s", path, diff)
			}
		}
		for path, want := range map[string][]any{
			of + "/archives": {"own-1.jar"}, root + "/archives": {"own-1.jar"}, root + "/archives?made=true": nil,
			"/archives?filename=disk.qcow2": {"disk.qcow2"}, "/archives?filename=none": nil, "/archives?group=org.example": {"own-1.jar"}, "/archives?artifact=other": nil,
			fmt.Sprintf("/archives?checksum=%v", jar["checksum"]): {"own-1.jar"}, "/archives?filename=disk.qcow2&btype=maven": nil,
		} {
			if diff := cmp.Diff(want, names(s.must("", "GET", path, "").body["items"], "filename")); diff != "" {
				t.Errorf("%s: %s", path, diff)
			}
		}
		s.refused(400, "say which", "", "GET", "/archives", "")
		s.refused(400, "have no group", "", "GET", "/archives?btype=image&group=x", "")
		for _, path := range []string{"/archives/999/rpms", "/archives/999/archives", "/archives/999/file?name=x", "/buildroots/999/archives"} {
			s.refused(404, "", "", "GET", path, "")
		}

		s.must("tina", "POST", "/tags", `{"name": "f41"}`)
		for _, name := range []string{"disk", "own"} {
			s.must("root", "PUT", "/tags/f41/packages/"+name, `{"owner": "ada"}`)
			s.must("root", "PUT", "/tags/f41/builds/"+name+"-1-1", "")
		}
		files := func(path string) (out []any, next any) {
			got := s.must("", "GET", path, "").body
			for _, i := range got["items"].([]any) {
				out = append(out, i.(map[string]any)["archive"].(map[string]any)["filename"])
			}
			return out, got["next"]
		}
		one, next := files("/tags/f41/archives?limit=1")
		two, _ := files(fmt.Sprintf("/tags/f41/archives?cursor=%v", next))
		if diff := cmp.Diff(both, append(one, two...)); diff != "" {
			t.Error(diff)
		}
		for _, path := range []string{"/tags/f41/archives?btype=maven", "/tags/f41/maven-archives"} {
			if got, _ := files(path); cmp.Diff([]any{"own-1.jar"}, got) != "" {
				t.Errorf("%s: %v", path, got)
			}
		}
	})
}

// zipped is a zip file with one file in it.
func zipped(t *testing.T, name, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAFileOfAnArchive(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.must("root", "PUT", "/builds/own-1-1/types/maven", `{"group": "org.example", "artifact": "own", "version": "1"}`)
		s.upload("root", "up/own-1.jar", zipped(t, "a/b.txt", "hello"))
		jar := s.must("root", "POST", "/builds/own-1-1/archives", `{"path": "up/own-1.jar", "btype": "maven", "maven": {"group": "org.example", "artifact": "own", "version": "1"}}`).body
		path := fmt.Sprintf("/archives/%v/file?name=", jar["id"])
		if got := s.must("", "GET", path+"a/b.txt", "").body; got["name"] != "a/b.txt" || got["size"] != 5.0 {
			t.Errorf("%v", got)
		}
		s.refused(404, "No such file: none in archive", "", "GET", path+"none", "")
	})
}
