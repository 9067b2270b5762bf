package rest

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
)

func TestWhatIsInPackages(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.imported("1")
		path := "/rpms/hello-2.10-1.x86_64"
		if got := s.must("", "GET", path+"/files", "").body["items"].([]any)[0].(map[string]any); got["path"] != "/usr/bin/hello" || got["mode"] != float64(0o100755) || got["time"] != "2023-11-14T22:13:20Z" {
			t.Errorf("%v", got)
		}
		got := s.must("", "GET", path+"/dependencies?kind=requires", "").body["items"].([]any)
		found := false
		for _, d := range got {
			d := d.(map[string]any)
			found = found || d["name"] == "glibc" && d["sense"] == ">=" && d["version"] == "2.36"
		}
		if !found {
			t.Errorf("%v", got)
		}
		one := s.must("", "GET", path+"/dependencies?limit=1", "").body
		rest := s.must("", "GET", path+"/dependencies?cursor="+one["next"].(string), "").body
		if all := s.must("", "GET", path+"/dependencies", "").body["items"].([]any); len(all) != 1+len(rest["items"].([]any)) || rest["next"] != nil {
			t.Errorf("%d dependencies", len(all))
		}
		for _, where := range []string{path, "/builds/hello-2.10-1"} {
			if diff := cmp.Diff([]any{"- first", "- before"}, names(s.must("", "GET", where+"/changelog", "").body["items"], "text")); diff != "" {
				t.Errorf("%s: %s", where, diff)
			}
		}
		s.refused(404, "No such rpm", "", "GET", "/rpms/hello-2.10-9.x86_64/files", "")
		s.refused(404, "No such rpm", "", "GET", "/rpms/99", "")
	})
}

func TestArchives(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		b := s.imported("1")
		var z bytes.Buffer
		w := zip.NewWriter(&z)
		for _, name := range []string{"a", "b", "c"} {
			if _, err := w.Create(name); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		stored := s.store(z.Bytes())
		a := &build.Archive{BType: "image", Filename: "disk.zip", Size: stored.Size, Checksum: stored.Sum.String(), ChecksumType: build.SHA256, Arch: new("x86_64")}
		s.update(func(ctx context.Context, tx *db.Tx) error {
			err := build.AddType(ctx, tx, b.ID, "image")
			if err == nil {
				err = build.AddArchive(ctx, tx, b, a, &build.Stored{Blob: stored})
			}
			return err
		})
		list := s.must("", "GET", "/builds/hello-2.10-1/archives?btype=image", "").body["items"].([]any)
		if len(list) != 1 {
			t.Fatalf("%v", list)
		}
		id := fmt.Sprint(list[0].(map[string]any)["id"])
		if got := s.must("", "GET", "/archives/"+id, "").body; got["arch"] != "x86_64" || got["checksum_type"] != "sha256" || got["path"] != "packages/hello/2.10/1/images/disk.zip" {
			t.Errorf("%v", got)
		}
		page := s.must("", "GET", "/archives/"+id+"/files?limit=2", "").body
		rest := s.must("", "GET", "/archives/"+id+"/files?cursor="+page["next"].(string), "").body
		if diff := cmp.Diff([]any{"a", "b", "c"}, append(names(page["items"], "name"), names(rest["items"], "name")...)); diff != "" {
			t.Error(diff)
		}
		s.refused(404, "No such archive: 99", "", "GET", "/archives/99", "")
	})
}

func TestSigning(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.imported("1")
		s.refused(403, "admin permission required", "pat", "POST", "/keys", `{"name": "f41", "kind": "ed25519"}`)
		key := []string{"Idempotency-Key", "k1"}
		first := s.must("root", "POST", "/keys", `{"name": "f41", "kind": "ed25519"}`, key...)
		if again := s.must("root", "POST", "/keys", `{"name": "f41", "kind": "ed25519"}`, key...); again.text != first.text {
			t.Errorf("%s, not %s", again.text, first.text)
		}
		s.refused(409, "was used for another request", "root", "POST", "/keys", `{"name": "f42", "kind": "ed25519"}`, key...)
		short := first.body["keyid"].(string)[8:]
		if got := s.must("", "GET", "/keys/"+short, "").body; got["name"] != "f41" {
			t.Errorf("%v", got)
		}
		s.refused(403, "sign permission required", "ada", "POST", "/builds/hello-2.10-1/sign", `{"key": "f41"}`)
		s.refused(404, "No such signing key: f99", "pat", "POST", "/builds/hello-2.10-1/sign", `{"key": "f99"}`)
		for range 2 {
			got := s.must("pat", "POST", "/builds/hello-2.10-1/sign", `{"key": "f41"}`).body["items"]
			if diff := cmp.Diff([]any{"hello-2.10-1.src", "hello-2.10-1.x86_64"}, names(got, "nvra")); diff != "" {
				t.Error(diff)
			}
		}
		path := "/rpms/hello-2.10-1.x86_64/signatures"
		signed := func() []any {
			t.Helper()
			return names(s.must("", "GET", path, "").body["items"], "key")
		}
		if diff := cmp.Diff([]any{"", short}, signed()); diff != "" {
			t.Error(diff)
		}
		var header []byte
		s.update(func(ctx context.Context, tx *db.Tx) error {
			c, err := file.Read(ctx, tx, "packages/hello/2.10/1/data/signed/"+short+"/x86_64/hello-2.10-1.x86_64.rpm")
			if err != nil {
				return err
			}
			f := c.Open(ctx, s.blobs)
			defer f.Close()
			data, err := io.ReadAll(f)
			if err == nil {
				header, err = rpm.Rip(bytes.NewReader(data))
			}
			return err
		})
		s.refused(403, "admin permission required", "pat", "DELETE", path+"/"+short, "")
		s.must("root", "DELETE", path+"/"+short, "")
		s.refused(404, "no matching signatures", "root", "DELETE", path+"/"+short, "")
		s.refused(404, "No cached signature", "pat", "PUT", path+"/"+short+"/copy", "")
		body := `{"header": "` + base64.StdEncoding.EncodeToString(header) + `"}`
		for range 2 {
			s.must("pat", "POST", path, body)
			s.must("pat", "PUT", path+"/"+short+"/copy", "")
		}
		if diff := cmp.Diff([]any{"", short}, signed()); diff != "" {
			t.Error(diff)
		}
		s.refused(400, "wrong md5", "pat", "POST", "/rpms/hello-2.10-1.src/signatures", body)
	})
}
