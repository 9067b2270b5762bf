package repomd

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// foreign makes packages and the three lists that show them.
func foreign(t testing.TB) ([]Package, [3][]byte) {
	t.Helper()
	ps := packages(t, t.TempDir())
	var lists [3][]byte
	for i, k := range kinds {
		lists[i] = k.Head(len(ps))
		for _, p := range ps {
			lists[i] = append(lists[i], *p.of(i)...)
		}
		lists[i] = append(lists[i], k.Tail()...)
	}
	return ps, lists
}

func imported(t testing.TB, lists [3][]byte, o ImportOptions) (*Indexed, error) {
	t.Helper()
	m := &memory{files: map[string]*bytes.Buffer{}}
	var r Lists
	for i, l := range lists {
		if l != nil {
			r[i] = bytes.NewReader(l)
		}
	}
	index, err := Import(t.Context(), m, r, o)
	return &Indexed{Index: index, File: func(k Kind) (io.ReaderAt, error) {
		return bytes.NewReader(m.files[string(k)+".xml.zst"].Bytes()), nil
	}}, err
}

// TestImportedPackagesAreJoinedAgain joins what was imported, with the packages
// told to lie where they came from.
func TestImportedPackagesAreJoinedAgain(t *testing.T) {
	ps, lists := foreign(t)
	base, err := imported(t, lists, ImportOptions{Base: "https://e.example/x/"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range ps {
		if ps[i].Primary, err = Relocate(ps[i].Primary, "https://e.example/x/", ps[i].href); err != nil {
			t.Fatal(err)
		}
	}
	m := &memory{files: map[string]*bytes.Buffer{}}
	md, _, err := Write(t.Context(), m, &List{Entries: base.Entries}, Options{Compression: Zstd, OpenChecksums: true, Bases: []*Indexed{base}})
	if err != nil {
		t.Fatal(err)
	}
	verify(t, ps, m, md)
	for i, e := range base.Entries {
		if e.Name != ps[i].Name || e.Href != ps[i].href || e.Base != "https://e.example/x/" || e.Arch == "" {
			t.Errorf("the entry of %s is %+v", ps[i].Name, e)
		}
	}
	again, err := imported(t, lists, ImportOptions{Base: "https://e.example/x/", Bases: []*Indexed{base}})
	if err != nil || !bytes.Equal(again.Marshal(), base.Marshal()) {
		t.Errorf("a second import on top of the first differs: %v", err)
	}
}

func TestImportOfListsThatDoNotAgree(t *testing.T) {
	ps, lists := foreign(t)
	order := [3][]byte{lists[0], Filelists.Head(1), lists[2]}
	for _, p := range slices.Backward(ps) {
		order[1] = append(order[1], p.Filelists...)
	}
	order[1] = append(order[1], Filelists.Tail()...)
	base, err := imported(t, order, ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{files: map[string]*bytes.Buffer{}}
	md, _, err := Write(t.Context(), m, &List{Entries: base.Entries}, Options{Bases: []*Indexed{base}})
	if err != nil {
		t.Fatal(err)
	}
	verify(t, ps, m, md)

	only, err := imported(t, [3][]byte{lists[0]}, ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := only.fragments(0)
	if err != nil || !strings.Contains(string(f[0].Filelists), `name="`+only.Entries[0].Name+`"`) {
		t.Errorf("primary alone: %v, %s", err, f[0].Filelists)
	}

	less := bytes.Replace(lists[1], ps[3].Filelists, nil, 1)
	if _, err := imported(t, [3][]byte{lists[0], less, lists[2]}, ImportOptions{}); err == nil || !strings.Contains(err.Error(), "filelists does not") {
		t.Errorf("a package that filelists lacks: %v", err)
	}
	if _, err := imported(t, [3][]byte{lists[0], lists[1], lists[2][:len(lists[2])/2]}, ImportOptions{}); err == nil || !strings.Contains(err.Error(), "unexpected EOF") {
		t.Errorf("a list that is cut off: %v", err)
	}
	broken := io.MultiReader(bytes.NewReader(lists[2]), failing{errors.New("checksum wrong")})
	_, err = Import(t.Context(), &memory{files: map[string]*bytes.Buffer{}}, Lists{bytes.NewReader(lists[0]), bytes.NewReader(lists[1]), broken}, ImportOptions{})
	if err == nil || !strings.Contains(err.Error(), "checksum wrong") {
		t.Errorf("a reader that fails at its end: %v", err)
	}
}

type failing struct{ error }

func (f failing) Read([]byte) (int, error) { return 0, f.error }
