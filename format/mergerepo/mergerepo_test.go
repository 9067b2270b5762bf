package mergerepo

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kura-build/kura/format/createrepo"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/repomd/merge"
	"github.com/kura-build/kura/format/rpm"
)

// repository makes one of a package.
func repository(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	b := &rpm.Build{Name: name, Version: "1", Release: "1", Arch: "noarch", Summary: "S", License: "MIT"}
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, b.FileName()), buf.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := createrepo.Run(t.Context(), dir, createrepo.Options{}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestReadsOnlyWhatChanged(t *testing.T) {
	one, two := repository(t, "a"), repository(t, "b")
	s := httptest.NewServer(http.FileServer(http.Dir(two)))
	defer s.Close()
	out := t.TempDir()
	run := func(repos ...string) *Result {
		t.Helper()
		r, err := Run(context.Background(), Options{Repos: repos, OutputDir: out, Options: merge.Options{Mode: merge.Bare}})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := run(one, s.URL); len(r.Read) != 2 || r.Packages != 2 {
		t.Errorf("the first time: %+v", r)
	}
	if r := run(one, s.URL+"/"); len(r.Read) != 0 || r.Packages != 2 {
		t.Errorf("the second time: %+v", r)
	}
	if _, err := createrepo.Run(t.Context(), two, createrepo.Options{Revision: "next"}); err != nil {
		t.Fatal(err)
	}
	if r := run(one, s.URL); len(r.Read) != 1 || r.Packages != 2 {
		t.Errorf("one changed: %+v", r)
	}
	if r := run(one); len(r.Read) != 0 || r.Packages != 1 {
		t.Errorf("one less: %+v", r)
	}
	kept, err := os.ReadDir(filepath.Join(out, cacheName))
	if err != nil || len(kept) != 1 {
		t.Errorf("%d repositories are kept, %v", len(kept), err)
	}
	if r := run(one, one+"/"); r.Packages != 1 {
		t.Errorf("one repository twice: %+v", r)
	}
	if _, err := Run(context.Background(), Options{Repos: []string{t.TempDir()}, OutputDir: out, Options: merge.Options{Mode: merge.Bare}}); err == nil || !strings.Contains(err.Error(), "there is no repository in this directory") {
		t.Errorf("no repository: %v", err)
	}
	if f, err := os.Open(filepath.Join(out, "repodata/repomd.xml")); err != nil {
		t.Error(err)
	} else if _, err := repomd.ReadRepomd(f); err != nil {
		t.Errorf("the last good repository is gone: %v", err)
	}
}

func TestMergeUpdates(t *testing.T) {
	got, err := mergeUpdates([][]byte{
		[]byte(`<?xml version="1.0"?><updates><update type="security" from="a&amp;b"><id>X-1</id><title>one</title></update></updates>`),
		[]byte(`<updates><update><id>X-1</id><title>two</title></update><update><id>X-2</id></update></updates>`),
	})
	want := `<?xml version="1.0" encoding="UTF-8"?>
<updates>
  <update type="security" from="a&amp;b"><id>X-1</id><title>one</title></update>
  <update><id>X-2</id></update>
</updates>
`
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
	if _, err := mergeUpdates([][]byte{[]byte("<html>")}); err == nil {
		t.Error("a page is taken for updates")
	}
}
