package main

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/blob"
)

// A forged list cannot write outside of the data directory.
func TestListsWithForeignPaths(t *testing.T) {
	for _, path := range []string{"data/../../etc/x", "/etc/x", "..", ""} {
		m := manifest{header: header{Format: 1}, Entries: []entry{{Kind: kindFile, Path: path, Sum: blob.SumOf(nil).String()}}}
		var b bytes.Buffer
		if err := m.encode(&b); err != nil {
			t.Fatal(err)
		}
		if _, err := decodeManifest(&b); err == nil {
			t.Errorf("the path %q passed", path)
		}
	}
}

func FuzzDecodeManifest(f *testing.F) {
	var b bytes.Buffer
	m := manifest{header: header{Format: 1}, Entries: []entry{{Kind: kindDir, Path: "data"}}}
	if err := m.encode(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"kura_backup":1}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		if m, err := decodeManifest(bytes.NewReader(in)); err == nil {
			for _, e := range m.Entries {
				if e.Kind != kindBlob && !filepath.IsLocal(e.Path) {
					t.Errorf("%q passed", e.Path)
				}
			}
		}
	})
}

func TestSetKey(t *testing.T) {
	text := "# head\norganization = \"x\"\n\n[database]\n# where\nurl = \"a\" # old\n[bus]\nurl = \"b\"\n"
	got := setKey(setKey(setKey(text, "database", "url", "new"), "blobs", "url", "dir:/x"), "", "data", "/d")
	want := "data = \"/d\"\n# head\norganization = \"x\"\n\n[database]\n# where\nurl = \"new\"\n[bus]\nurl = \"b\"\n\n[blobs]\nurl = \"dir:/x\"\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if hasKey(text, "", "data") || !hasKey(text, "bus", "url") {
		t.Error("hasKey does not see what is there")
	}
}
