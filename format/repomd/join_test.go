package repomd

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// memory is a repository in memory.
type memory struct {
	mu    sync.Mutex
	files map[string]*bytes.Buffer
}

type memoryFile struct{ *bytes.Buffer }

func (memoryFile) Close() error { return nil }

func (m *memory) Create(name string) (io.WriteCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := new(bytes.Buffer)
	m.files[name] = b
	return memoryFile{b}, nil
}

// synthetic makes packages whose fragments look like those of real ones.
func synthetic(n int) []Package {
	var out []Package
	for i := range n {
		name := fmt.Sprintf("package-%05d", i)
		out = append(out, Package{Name: name, Fragments: Fragments{
			Primary:   fmt.Appendf(nil, "<package type=\"rpm\">\n  <name>%s</name>\n  <location href=\"%s.rpm\"/>\n</package>\n", name, name),
			Filelists: fmt.Appendf(nil, "<package pkgid=\"%d\" name=\"%s\">\n%s</package>\n", i, name, strings.Repeat("  <file>/usr/share/x</file>\n", i%50)),
			Other:     fmt.Appendf(nil, "<package pkgid=\"%d\" name=\"%s\">\n</package>\n", i, name),
		}})
	}
	return out
}

// write makes a repository and gives it as a base for the next, with the
// number of packages that had to be loaded.
func write(t testing.TB, ps []Package, o Options) (*Indexed, *memory, *Repomd, int) {
	t.Helper()
	m := &memory{files: map[string]*bytes.Buffer{}}
	l := listOf(ps)
	load, loaded := l.Load, 0
	var mu sync.Mutex
	l.Load = func(ctx context.Context, want []int) ([]Loaded, error) {
		mu.Lock()
		defer mu.Unlock()
		loaded += len(want)
		return load(ctx, want)
	}
	md, index, err := Write(t.Context(), m, l, o)
	if err != nil {
		t.Fatal(err)
	}
	if index, err = UnmarshalIndex(index.Marshal()); err != nil {
		t.Fatal(err)
	}
	return &Indexed{Index: index, File: func(k Kind) (io.ReaderAt, error) {
		return bytes.NewReader(m.files[string(k)+".xml"+o.Compression.Ext()].Bytes()), nil
	}}, m, md, loaded
}

// verify compares a repository with what it must hold, byte for byte, and its
// checksums with its files.
func verify(t *testing.T, ps []Package, m *memory, md *Repomd) {
	t.Helper()
	for i, k := range kinds {
		want := k.Head(len(ps))
		for p := range ps {
			want = append(want, *ps[p].of(i)...)
		}
		want = append(want, k.Tail()...)
		file := m.files[md.Data[i].Name].Bytes()
		r, err := Open(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s: %v; %d bytes, want %d", k, err, len(got), len(want))
		}
		if sum := fmt.Sprintf("%x", sha256.Sum256(file)); sum != md.Data[i].Checksum || int64(len(file)) != md.Data[i].Size {
			t.Errorf("%s has checksum %s and %d bytes, repomd.xml says %s and %d", k, sum, len(file), md.Data[i].Checksum, md.Data[i].Size)
		}
		if d := md.Data[i]; d.OpenChecksum != "" {
			if sum := fmt.Sprintf("%x", sha256.Sum256(want)); sum != d.OpenChecksum || int64(len(want)) != d.OpenSize {
				t.Errorf("%s has open checksum %s and %d bytes, repomd.xml says %s and %d", k, sum, len(want), d.OpenChecksum, d.OpenSize)
			}
		}
	}
}

// TestJoinsAreEqualWhateverTheirBases changes a repository at random, each time
// on top of the last ones, and compares it with one made from nothing.
func TestJoinsAreEqualWhateverTheirBases(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []Compression{Zstd, Gzip, None} {
		all := synthetic(4000)
		now := slices.Clone(all[:3500])
		var bases []*Indexed
		for turn := range 12 {
			o := Options{Compression: c, OpenChecksums: turn%4 != 3, Bases: bases}
			base, m, md, loaded := write(t, now, o)
			verify(t, now, m, md)
			if turn > 0 && loaded > 40 {
				t.Errorf("turn %d loaded %d packages", turn, loaded)
			}
			o.Bases = nil
			_, fresh, _, _ := write(t, now, o)
			for name, f := range fresh.files {
				if !bytes.Equal(f.Bytes(), m.files[name].Bytes()) {
					t.Fatalf("%s, turn %d: %s differs from one made from nothing", c, turn, name)
				}
			}
			bases = append([]*Indexed{base}, bases[:min(len(bases), 2)]...)
			switch at := random.IntN(len(now)); turn % 3 {
			case 0: // another version: the number stays
				p := now[at]
				p.Other = fmt.Appendf(nil, "<package pkgid=\"%d-%d\" name=\"%s\">\n</package>\n", at, turn, p.Name)
				now[at] = p
			case 1:
				now = slices.Insert(now, at, all[3500+turn*10:3510+turn*10]...)
			default:
				now = slices.Delete(now, at, at+1)
			}
		}
	}
}

// paster is a file that takes over what the bases have, and copies it only so that
// a test can look at it.
type paster struct {
	memoryFile
	bases  map[*Indexed]*memory
	pasted *int64
}

func (p *paster) Paste(from *Indexed, kind Kind, offset, size int64) error {
	m := p.bases[from]
	if m == nil {
		return errors.ErrUnsupported
	}
	name := string(kind) + ".xml.zst"
	if kind == IndexKind {
		name = "index"
	}
	*p.pasted += size
	_, err := p.Write(m.files[name].Bytes()[offset : offset+size])
	return err
}

type pasting struct {
	*memory
	bases  map[*Indexed]*memory
	pasted int64
}

func (p *pasting) Create(name string) (io.WriteCloser, error) {
	w, err := p.memory.Create(name)
	return &paster{w.(memoryFile), p.bases, &p.pasted}, err
}

// TestPastedIsWritten takes over what did not change from the repository before,
// and compares files and index with those that were written whole.
func TestPastedIsWritten(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	all := synthetic(9000)
	now := slices.Clone(all[:8000])
	out := &pasting{bases: map[*Indexed]*memory{}}
	var last *Indexed
	for turn := range 12 {
		o := Options{Compression: Zstd, OpenChecksums: turn%2 == 0, Checksum: "sha256"}
		if last != nil {
			o.Bases = []*Indexed{last}
		}
		out.memory, out.pasted = &memory{files: map[string]*bytes.Buffer{}}, 0
		md, index, err := Write(t.Context(), out, listOf(now), o)
		if err != nil {
			t.Fatal(err)
		}
		w, err := out.Create("index")
		if err != nil {
			t.Fatal(err)
		}
		if err := index.MarshalTo(w); err != nil {
			t.Fatal(err)
		}
		verify(t, now, out.memory, md)
		whole := 0
		for _, f := range out.files {
			whole += f.Len()
		}
		if turn > 0 && out.pasted < int64(whole)*2/3 {
			t.Errorf("turn %d: %d of %d bytes were taken over", turn, out.pasted, whole)
		}
		read, err := UnmarshalIndex(out.files["index"].Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(index, read, cmp.AllowUnexported(Index{}, Group{}, mark{}), cmpopts.EquateEmpty(), cmpopts.IgnoreTypes(sync.Once{}), cmpopts.IgnoreFields(Index{}, "keys", "ids")); diff != "" {
			t.Fatalf("turn %d: %s", turn, diff)
		}
		if turn%3 == 2 {
			index = read // as after a restart
		}
		m := out.memory
		last = &Indexed{Index: index, File: func(k Kind) (io.ReaderAt, error) {
			return bytes.NewReader(m.files[string(k)+".xml.zst"].Bytes()), nil
		}}
		out.bases = map[*Indexed]*memory{last: m}
		switch at := random.IntN(len(now)); turn % 3 {
		case 0:
			p := now[at]
			p.Other = fmt.Appendf(nil, "<package pkgid=\"%d-%d\" name=\"%s\">\n</package>\n", at, turn, p.Name)
			now[at] = p
		case 1:
			now = slices.Insert(now, at, all[8000+turn])
		default:
			now = slices.Delete(now, at, at+1)
		}
	}
}

func TestABaseThatWasChangedIsRefused(t *testing.T) {
	ps := synthetic(500)
	base, m, _, _ := write(t, ps, Options{Compression: Zstd})
	f := m.files["filelists.xml.zst"].Bytes()
	f[len(f)/2] ^= 1
	_, _, err := Write(t.Context(), &memory{files: map[string]*bytes.Buffer{}}, listOf(ps), Options{Compression: Zstd, Bases: []*Indexed{base}})
	if bad := new(BaseError); !errors.As(err, &bad) || bad.Base != base {
		t.Errorf("a changed base: %v", err)
	}
	// Where only fragments of it are wanted, they are loaded anew.
	ps[0].Other = []byte("<package pkgid=\"x\" name=\"y\">\n</package>\n")
	m.files["primary.xml.zst"].Truncate(10)
	fresh := &memory{files: map[string]*bytes.Buffer{}}
	md, _, err := Write(t.Context(), fresh, listOf(ps), Options{Compression: Gzip, Bases: []*Indexed{base}})
	if err != nil {
		t.Fatal(err)
	}
	verify(t, ps, fresh, md)
}

func TestPackagesThatCannotBeListed(t *testing.T) {
	ps := synthetic(300)
	l := listOf(ps)
	load := l.Load
	l.Load = func(ctx context.Context, want []int) ([]Loaded, error) {
		out, err := load(ctx, want)
		for i, n := range want {
			if n == 7 || n == 299 {
				out[i] = Loaded{Err: fmt.Errorf("package %d is broken", n)}
			}
		}
		return out, err
	}
	m := &memory{files: map[string]*bytes.Buffer{}}
	_, index, err := Write(t.Context(), m, l, Options{Compression: Zstd})
	bad := new(LoadError)
	if !errors.As(err, &bad) || len(bad.Failed) != 2 || !strings.Contains(err.Error(), "package 7 is broken") {
		t.Fatalf("two broken packages: %v", err)
	}
	if m.files["repomd.xml"] != nil {
		t.Error("repomd.xml was written all the same")
	}
	base := &Indexed{Index: index, File: func(k Kind) (io.ReaderAt, error) {
		return bytes.NewReader(m.files[string(k)+".xml.zst"].Bytes()), nil
	}}
	rest := slices.Delete(slices.Clone(ps), 299, 300)
	rest = slices.Delete(rest, 7, 8)
	_, m, md, loaded := write(t, rest, Options{Compression: Zstd, OpenChecksums: true, Bases: []*Indexed{base}})
	verify(t, rest, m, md)
	if loaded != 0 {
		t.Errorf("%d packages were loaded a second time", loaded)
	}

	lost := errors.New("database lost")
	l.Load = func(context.Context, []int) ([]Loaded, error) { return nil, lost }
	if _, _, err := Write(t.Context(), m, l, Options{}); !errors.Is(err, lost) {
		t.Errorf("a source that is lost: %v", err)
	}
	if _, _, err := Write(t.Context(), m, l, Options{Compression: "rar"}); err == nil {
		t.Error("an unknown compression is taken")
	}
}

func TestIndexIsReadBack(t *testing.T) {
	ps := synthetic(3000)
	l := listOf(ps)
	for i := range l.Entries {
		l.Entries[i].Source, l.Entries[i].Href = "a-1-1.src.rpm", ps[i].Name+".rpm"
	}
	_, index, err := Write(t.Context(), &memory{files: map[string]*bytes.Buffer{}}, l, Options{Compression: Zstd, OpenChecksums: true})
	if err != nil {
		t.Fatal(err)
	}
	b := index.Marshal()
	got, err := UnmarshalIndex(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(index, got, cmp.AllowUnexported(Index{}, Group{}, mark{}), cmpopts.IgnoreTypes(sync.Once{})); diff != "" {
		t.Error(diff)
	}
	if len(got.marks) == 0 || got.Entries[0].SourceName() != "a" {
		t.Errorf("%d marks, source %q", len(got.marks), got.Entries[0].SourceName())
	}
	for name, b := range map[string][]byte{
		"of another version": append([]byte("kura repository index 0\n"), b[len(indexMagic):]...), "cut off": b[:len(b)-9], "empty": nil, "short": b[:30],
	} {
		if _, err := UnmarshalIndex(b); err == nil {
			t.Errorf("an index that is %s is taken", name)
		}
	}
}

func FuzzIndex(f *testing.F) {
	_, index, err := Write(f.Context(), &memory{files: map[string]*bytes.Buffer{}}, listOf(synthetic(70)), Options{Compression: Zstd, OpenChecksums: true})
	if err != nil {
		f.Fatal(err)
	}
	b := index.Marshal()
	f.Add(b[len(indexMagic) : len(b)-8])
	f.Fuzz(func(t *testing.T, b []byte) {
		d := &indexDecoder{b: string(b)}
		d.index()
	})
}

// TestOneMorePackageChangesFewGroups is what lets groups be used again.
func TestOneMorePackageChangesFewGroups(t *testing.T) {
	var entries []Entry
	for i := range 5000 {
		name := fmt.Sprintf("package-%04d", i)
		entries = append(entries, Entry{Name: name, ID: sha256.Sum256([]byte(name))})
	}
	for _, size := range []int{8, 64, 256} {
		before := map[ID]bool{}
		for _, g := range cut(entries, size) {
			before[g.Key] = true
		}
		if n := len(entries) / len(before); n < size*3/4 || n > size*4/3 {
			t.Errorf("groups of %d packages have %d", size, n)
		}
		changed := 0
		for at := range 100 {
			with := slices.Insert(slices.Clone(entries), at*50, Entry{Name: entries[at*50].Name + "x"})
			for _, g := range cut(with, size) {
				if !before[g.Key] {
					changed++
				}
			}
		}
		if changed > 300 {
			t.Errorf("groups of %d: 100 packages more, each alone, change %d groups", size, changed)
		}
	}
}
