package rest

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUploads(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		raw := []string{"Content-Type", "application/octet-stream"}
		sum := func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
		s.refused(401, "log in", "", "PUT", "/uploads/import/a.rpm", "x", raw...)
		big := strings.Repeat("kura", 1<<19) // more than other requests may have
		got := s.must("ada", "PUT", "/uploads/import/a.rpm?offset=0&sha256="+sum(big), big, raw...)
		want := map[string]any{"path": "import/a.rpm", "size": float64(len(big)), "offset": 0.0, "piece_size": float64(len(big)), "sha256": sum(big)}
		if diff := cmp.Diff(want, got.body); diff != "" {
			t.Error(diff)
		}
		next := fmt.Sprintf("/uploads/import/a.rpm?offset=%d", len(big))
		s.refused(400, "was announced", "ada", "PUT", next+"&sha256="+sum("other"), "!", raw...)
		for range 2 { // the answer was lost
			if got := s.must("ada", "PUT", next, "!", raw...); got.body["size"] != float64(len(big)+1) {
				t.Error(got.text)
			}
		}
		s.refused(400, "send what is between first", "ada", "PUT", "/uploads/import/a.rpm?offset=99999999", "!", raw...)
		s.refused(409, "upload path exists", "ada", "PUT", "/uploads/import/a.rpm?offset=4", "!", raw...)
		s.refused(403, "not owner", "tina", "PUT", "/uploads/import/b.rpm", "mine", raw...)
		s.refused(422, "sha256", "ada", "PUT", "/uploads/import/b.rpm?sha256=0123", "mine", raw...)
		for _, path := range []string{"/uploads/..%2Fpackages/a", "/uploads/%2Fetc/passwd", "/uploads/x/..%2Fa", "/uploads/x/.hidden", "/uploads/x/a%00b", "/uploads/x/a%5C..%0Ab", "/uploads/tasks%2F1%2F1/build.log"} {
			if a := s.ask("ada", "PUT", path, "x", raw...); a.status != 400 && a.status != 401 && a.status != 403 {
				t.Errorf("%s: %d %s", path, a.status, a.text)
			}
		}

		info := s.must("ada", "GET", "/uploads/import/a.rpm?verify=sha256&tail=1", "").body
		if info["size"] != float64(len(big)+1) || info["digest"] != sum("!") || info["digest_size"] != 1.0 {
			t.Errorf("%v", info)
		}
		s.refused(404, "upload it first", "ada", "GET", "/uploads/import/none", "")
		s.refused(401, "log in", "", "GET", "/uploads/import/a.rpm", "")
		if got := s.must("ada", "PUT", "/uploads/import/a.rpm", "anew", raw...); got.body["size"] != 4.0 {
			t.Error(got.text)
		}
		s.must("ada", "PUT", "/uploads/cg%2F1%2Fx/b", "b", raw...)
		s.must("tina", "PUT", "/uploads/mine/c", "c", raw...)
		page := s.must("ada", "GET", "/uploads?limit=1", "").body
		rest := s.must("ada", "GET", "/uploads?cursor="+page["next"].(string), "").body
		if diff := cmp.Diff([]any{"cg/1/x", "import"}, append(names(page["items"], "directory"), names(rest["items"], "directory")...)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]any{"import/a.rpm"}, names(s.must("tina", "GET", "/uploads/import", "").body["items"], "path")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]any{"cg/1/x/b"}, names(s.must("ada", "GET", "/uploads/cg%2F1%2Fx", "").body["items"], "path")); diff != "" {
			t.Error(diff)
		}
		s.refused(404, "No such upload directory", "ada", "GET", "/uploads/none", "")
		s.refused(413, "", "ada", "POST", "/tags", `{"name": "`+big+`"}`)
	})
}
