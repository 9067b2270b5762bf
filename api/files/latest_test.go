package files_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kura-build/kura/api/files"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/build/buildtest"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
)

// TestSlowReaderOfLatest reads repomd.xml, and the files that it names when ten
// newer repositories have been made and the old ones have expired.
func TestSlowReaderOfLatest(t *testing.T) {
	d := dbtest.SQLite(t)
	site := buildtest.New(t, d)
	s := httptest.NewServer(&files.Handler{DB: d, Blobs: site.Blobs, Prefix: "/kojifiles", Log: slog.Default()})
	defer s.Close()
	get := func(p string) (int, string) {
		resp, err := http.Get(s.URL + "/kojifiles/repos/f36/latest/x86_64/" + p)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	m := repo.NewMaker(d, site.Blobs)
	next := func(i int) {
		b := site.Complete(fmt.Sprint(i))
		site.Do(func(ctx context.Context, tx *db.Tx) error { return build.Tag(ctx, tx, site.User, b, site.Dest, false) })
		if _, err := m.Make(context.Background(), repo.Want{Tag: tag.ByName("f36")}, 0); err != nil {
			t.Fatal(err)
		}
	}
	next(0)
	_, text := get("repodata/repomd.xml")
	md, err := repomd.ReadRepomd(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		next(i + 1)
	}
	site.Do(func(ctx context.Context, tx *db.Tx) error {
		_, err := repo.Expire(ctx, tx, site.Dest.ID, 3600_000_000)
		return err
	})
	for _, f := range md.Data {
		status, body := get(f.Href)
		if status != http.StatusOK || int64(len(body)) != f.Size {
			t.Errorf("%s: %d, %d bytes of %d", f.Href, status, len(body), f.Size)
		}
	}
	if _, now := get("repodata/repomd.xml"); now == text {
		t.Error("latest is still the first repository")
	}
	if status, _ := get("repodata/none.xml"); status != http.StatusNotFound {
		t.Errorf("a file that never was: %d", status)
	}
}
