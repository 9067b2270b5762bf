package rest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func (s *site) upload(user, path, text string) {
	s.t.Helper()
	s.must(user, "PUT", "/uploads/"+path, text, "Content-Type", "application/octet-stream")
}

func TestUploadsBecomeBuilds(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.refused(403, "admin permission required", "ada", "POST", "/rpms/import", `{"path": "import/x.rpm"}`)
		s.refused(404, "No such file: import/x.rpm: upload it first", "root", "POST", "/rpms/import", `{"path": "import/x.rpm"}`)
		for _, path := range []string{"../packages/x.rpm", "/etc/passwd", "import/../../x"} {
			s.refused(400, "Invalid path of an upload", "root", "POST", "/rpms/import", `{"path": "`+path+`"}`)
		}
		s.upload("root", "import/x.src.rpm", string(hello(t, "1", "src")))
		s.refused(400, "bad filename: x.src.rpm (expected hello-2.10-1.src.rpm)", "root", "POST", "/rpms/import", `{"path": "import/x.src.rpm"}`)
		for _, arch := range []string{"src", "x86_64"} {
			name := "hello-2.10-1." + arch + ".rpm"
			s.upload("root", "import/"+name, string(hello(t, "1", arch)))
			got := s.must("root", "POST", "/rpms/import", `{"path": "import/`+name+`"}`, "Idempotency-Key", arch)
			if again := s.must("root", "POST", "/rpms/import", `{"path": "import/`+name+`"}`, "Idempotency-Key", arch); again.text != got.text {
				t.Errorf("%s, not %s", again.text, got.text)
			}
			if b := got.body["build"].(map[string]any); b["nvr"] != "hello-2.10-1" || got.body["rpm"].(map[string]any)["nvra"] != "hello-2.10-1."+arch {
				t.Error(got.text)
			}
		}
		if got := s.must("", "GET", "/builds/hello-2.10-1/rpms", "").body["items"].([]any); len(got) != 2 {
			t.Errorf("%v", got)
		}

		// Other files: who may import those of one type may not those of another.
		s.must("root", "PUT", "/permissions/image-import", `{}`)
		s.must("root", "PUT", "/users/ada/permissions/image-import", "")
		s.refused(403, "maven-import permission required", "ada", "PUT", "/builds/own-1-1/types/maven", `{"group": "org.example", "artifact": "own", "version": "1"}`)
		s.must("ada", "PUT", "/builds/disk-1-1/types/image", `{}`)
		s.must("ada", "PUT", "/builds/disk-1-1/types/image", `{}`)
		s.upload("ada", "images/disk.qcow2", "QFI")
		s.refused(403, "maven-import permission required", "ada", "POST", "/builds/disk-1-1/archives", `{"path": "images/disk.qcow2", "btype": "maven", "maven": {"group": "a", "artifact": "b", "version": "1"}}`)
		s.refused(400, "needs arch", "ada", "POST", "/builds/disk-1-1/archives", `{"path": "images/disk.qcow2", "btype": "image"}`)
		s.refused(404, "upload it first", "ada", "POST", "/builds/disk-1-1/archives", `{"path": "images/none.qcow2", "btype": "image", "arch": "x86_64"}`)
		s.refused(422, "Build does not have type image", "ada", "POST", "/builds/hello-2.10-1/archives", `{"path": "images/disk.qcow2", "btype": "image", "arch": "x86_64"}`)
		got := s.must("ada", "POST", "/builds/disk-1-1/archives", `{"path": "images/disk.qcow2", "btype": "image", "arch": "x86_64"}`)
		if got.status != 201 || got.body["path"] != "packages/disk/1/1/images/disk.qcow2" || got.body["arch"] != "x86_64" || got.body["size"] != 3.0 {
			t.Error(got.text)
		}
		s.must("root", "PUT", "/builds/own-1-1/types/maven", `{"group": "org.example", "artifact": "own", "version": "1"}`)
		s.refused(409, "mismatch", "root", "PUT", "/builds/own-1-1/types/maven", `{"group": "org.example", "artifact": "own", "version": "2"}`)
		s.upload("root", "maven/own-1.jar", "jar")
		s.refused(400, "needs maven", "root", "POST", "/builds/own-1-1/archives", `{"path": "maven/own-1.jar", "btype": "maven"}`)
		s.must("root", "POST", "/builds/own-1-1/archives", `{"path": "maven/own-1.jar", "btype": "maven", "maven": {"group": "org.example", "artifact": "own", "version": "1"}}`)
		s.must("root", "PUT", "/builds/setup-1-1/types/win", `{"platform": "x64"}`)
		s.upload("root", "win/setup.exe", "MZ")
		s.must("root", "POST", "/builds/setup-1-1/archives", `{"path": "win/setup.exe", "btype": "win", "win": {"directory": "x64", "platforms": ["x64"], "flags": ["signed"]}}`)
		for nvr, path := range map[string]string{"own-1-1": "packages/own/1/1/maven/org/example/own/1/own-1.jar", "setup-1-1": "packages/setup/1/1/win/x64/setup.exe"} {
			if diff := cmp.Diff([]any{path}, names(s.must("", "GET", "/builds/"+nvr+"/archives", "").body["items"], "path")); diff != "" {
				t.Error(diff)
			}
		}
	})
}
