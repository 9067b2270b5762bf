package rpm

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestField(t *testing.T) {
	p, err := Read(bytes.NewReader(load(t, "test-files-1-1.fc27.noarch.rpm")))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"name": "test-files", "VERSION": "1", "epoch": nil, "NVRA": "test-files-1-1.fc27.noarch", "epochnum": uint64(0),
		"obsoletename": []string{}, "sourcepackage": nil, "license": "none",
	} {
		got, ok := p.Field(name)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%s: %v %s", name, ok, diff)
		}
	}
	if md5, _ := p.Field("sigmd5"); !bytes.Equal(md5.([]byte), p.PayloadMD5()) || len(p.PayloadMD5()) != 16 {
		t.Errorf("sigmd5 is %v", md5)
	}
	if files, _ := p.Field("filenames"); len(files.([]string)) == 0 {
		t.Error("no file names")
	}
	if _, ok := p.Field("nosuchfield"); ok {
		t.Error("a field that does not exist is there")
	}
	names := p.FieldNames()
	for _, want := range []string{"NAME", "SIGMD5", "FILEDIGESTS", "LICENSE"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not among the fields %v", want, names)
		}
	}
}

func TestArchOfSourcePackages(t *testing.T) {
	for name, want := range map[string]string{
		"test-src-1-1.fc24.src.rpm": "src", "test-nosrc-1-1.fc24.nosrc.rpm": "nosrc", "test-nopatch-1-1.fc24.nosrc.rpm": "nosrc",
		"foo-1.0-1.src.rpm": "src", "hello-1.0-1.i386.rpm": "i386",
	} {
		p, err := Read(bytes.NewReader(load(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		if p.Arch() != want {
			t.Errorf("%s: arch %s", name, p.Arch())
		}
	}
}
