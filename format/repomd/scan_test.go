package repomd

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/kura-build/kura/format/rpm"
)

// edgeXML has every kind of character where it can be.
func edgeXML(b *rpm.Build) {
	b.Summary = "a < b & c > d \"quoted\" 'apos' tab\there\r\nnl élève \U0001F600"
	b.Provides = []rpm.Dep{dep("attr<>&\"'\t\n\r end é", 8, "1.0<>&\"")}
	b.Files = []rpm.File{{Path: "/usr/bin/a&b <f> \"q\" 'x'\ttab\nnl é"}}
	b.Changelog = []rpm.Change{{Time: 1700000000, Author: "Žák <z@x> & \"q\"", Text: "- <b>&amp;\n\ttab\r\n"}}
}

// scanned keeps all that Scan says.
func scanned(t *testing.T, r io.Reader, kind Kind) (out []oracleItem) {
	t.Helper()
	err := Scan(r, kind, func(it *Item) error {
		o := oracleItem{Item: *it}
		o.Raw = bytes.Clone(it.Raw)
		if kind == Primary {
			o.Provides, o.Requires = it.Provides(), it.Requires()
		}
		out = append(out, o)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// same compares Scan with the oracle.
func same(t *testing.T, doc []byte, kind Kind) {
	t.Helper()
	var want []oracleItem
	err := oracleScan(bytes.NewReader(doc), kind, func(it *oracleItem) error {
		o := *it
		o.Raw = bytes.Clone(it.Raw)
		for _, s := range []*string{&o.Name, &o.Arch, &o.PkgID, &o.SourceRPM} {
			*s = strings.TrimSpace(*s)
		}
		want = append(want, o)
		return nil
	})
	if err != nil || len(want) == 0 {
		t.Fatalf("the oracle gives %d packages: %v", len(want), err)
	}
	for what, r := range map[string]io.Reader{
		"all at once": bytes.NewReader(doc), "byte by byte": iotest.OneByteReader(bytes.NewReader(doc)), "with its end": iotest.DataErrReader(bytes.NewReader(doc)),
	} {
		if diff := cmp.Diff(want, scanned(t, r, kind)); diff != "" {
			t.Errorf("%s, %s: oracle(-) and Scan(+) differ\n%s", kind, what, diff)
		}
	}
}

func TestScanSaysWhatTheOracleSays(t *testing.T) {
	dir, theirs := t.TempDir(), t.TempDir()
	ours := packages(t, dir)
	if out, err := exec.Command("createrepo_c", "--no-database", "-o", theirs, dir).CombinedOutput(); err != nil {
		t.Fatalf("createrepo_c: %v\n%s", err, out)
	}
	if _, err := WriteDir(t.Context(), dir, listOf(ours), Options{Compression: Zstd}); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []Kind{Primary, Filelists, Other} {
		same(t, content(t, theirs, string(kind)), kind)
		same(t, content(t, dir, string(kind)), kind)
		same(t, generated(t, kind, 120), kind)
	}
}

// generated is a document of n packages; of 120 and more, it is larger than what
// is read at once.
func generated(t testing.TB, kind Kind, n int) []byte {
	t.Helper()
	p, err := built(t, func(b *rpm.Build) {
		edgeXML(b)
		b.SourceRPM = "x-1-1.src.rpm"
	})
	if err != nil {
		t.Fatal(err)
	}
	fragment := map[Kind][]byte{Primary: p.Primary, Filelists: p.Filelists, Other: p.Other}[kind]
	doc := kind.Head(n)
	for i := range n {
		f := bytes.ReplaceAll(fragment, []byte("</package>"), bytes.Repeat([]byte("  <file>/usr/share/some/where/"+strconv.Itoa(i)+"</file>\n"), 1+i%50))
		f = append(f[:len(f)-1], "</package>\n"...)
		doc = append(doc, f...)
	}
	return append(doc, kind.Tail()...)
}

// TestScanOfOtherHands reads what others than createrepo_c might write.
func TestScanOfOtherHands(t *testing.T) {
	doc := "\xef\xbb\xbf<?xml version='1.0' encoding='utf-8' standalone='yes' ?><!-- a --><?style b?>\r\n" +
		"<metadata packages='7' xmlns:rpm='" + rpmNamespace + "' xmlns:x='y' xmlns='http://linux.duke.edu/metadata/common' ><!-- <package> --><?a?>" +
		"<package type='rpm'\r\n xml:lang='en' >\r\n<arch> src\n</arch><name >\t&#97;&#x62;</name\n><format/><checksum type='sha' pkgid = 'YES'>\nAB </checksum><summary>a\r\nb\rc</summary>" +
		"<version rel='&#34;' ver='\"\t\r\n' epoch=\"'\"/>" +
		"<location\n href='a&amp;b>c.rpm' xml:base='HTTPS://x/'></location></package><package><name>z</name><arch>a</arch><checksum>0</checksum><location href='z'/></package><!-- b --></metadata ><!-- c --><?d?>\n "
	got := scanned(t, iotest.OneByteReader(strings.NewReader(doc)), Primary)
	begin, end := strings.Index(doc, "<package type"), strings.Index(doc, "<package><name>z")
	want := Item{
		Raw: []byte(doc[begin:end] + "\n"), PkgID: "AB", Name: "ab", Arch: "src", Epoch: "'", Version: "\"  ", Release: `"`,
		ChecksumType: "sha", Summary: "a\nb\nc", Href: "a&b>c.rpm", Base: "HTTPS://x/",
	}
	if len(got) != 2 {
		t.Fatalf("%d packages", len(got))
	}
	if diff := cmp.Diff(want, got[0].Item); diff != "" {
		t.Error(diff)
	}
	if got := string(got[1].Raw); got != "<package><name>z</name><arch>a</arch><checksum>0</checksum><location href='z'/></package>\n" {
		t.Errorf("what follows is %s", got)
	}
	for _, empty := range []string{`<otherdata xmlns="http://linux.duke.edu/metadata/other"/>`, `<otherdata xmlns="http://linux.duke.edu/metadata/other"></otherdata>`} {
		if got := scanned(t, strings.NewReader(empty), Other); len(got) != 0 {
			t.Error(got)
		}
	}
}

// TestScanOfALargePackage: the buffer grows with it, and serves the next ones.
func TestScanOfALargePackage(t *testing.T) {
	const files = 300_000
	one := func(n int) string {
		return `<package pkgid="00" name="a" arch="b">` + strings.Repeat("<file>/a/file/of/many</file>", n) + "</package>"
	}
	doc := string(Filelists.Head(3)) + one(1) + one(files) + one(2) + string(Filelists.Tail())
	var got []int
	err := Scan(strings.NewReader(doc), Filelists, func(it *Item) error {
		got = append(got, bytes.Count(it.Raw, []byte("<file>")))
		if string(it.Raw) != one(got[len(got)-1])+"\n" {
			t.Error("a fragment was changed")
		}
		return nil
	})
	if err != nil || !slices.Equal(got, []int{1, files, 2}) {
		t.Error(got, err)
	}
}

func TestSourceName(t *testing.T) {
	for _, c := range []struct{ arch, source, want string }{
		{"noarch", "a-b-1.0-2.fc41.src.rpm", "a-b"}, {"noarch", "a-1-2.nosrc.rpm", "a"}, {"src", "a-1-2.src.rpm", "own"}, {"nosrc", "", "own"},
		{"noarch", "", "own"}, {"noarch", "(none)", "own"}, {"noarch", "a-1.rpm", "own"}, {"noarch", "-1-2.src.rpm", "own"},
	} {
		it := &Item{Name: "own", Arch: c.arch, SourceRPM: c.source}
		if got := it.SourceName(); got != c.want {
			t.Errorf("%s of %s is made of %q, not %q", c.arch, c.source, got, c.want)
		}
	}
}

func TestCheckBase(t *testing.T) {
	for base, good := range map[string]bool{
		"": true, "http://x/y": true, "https://x": true, "ftp://x/": true, "file:///srv/x": true, "HTTP://x": true,
		"x": false, "../x": false, "//x/y": false, "http:x": false, "http:///x": false, "javascript:x": false, "http://x/\n": false,
		"http://x/\x01": false, "file:///\u0085": false, "http://[": false,
	} {
		if err := checkBase(base); (err == nil) != good {
			t.Errorf("%q: %v", base, err)
		}
	}
}

func TestRelocateForeign(t *testing.T) {
	doc := string(Primary.Head(1)) + `<package><format>
  <location href="fake"/></format><name>a</name><arch>b</arch><checksum>c</checksum>` +
		`<location xml:lang='"' href='old' xml:base='http://old/'></location></package></metadata>`
	err := Scan(strings.NewReader(doc), Primary, func(it *Item) error {
		for _, c := range [][3]string{
			{"https://new/?a&b", "", `<location xml:base="https://new/?a&amp;b" xml:lang="&quot;" href="old"></location>`},
			{"", "p/n", `<location xml:lang="&quot;" href="p/n"></location>`},
		} {
			got, err := Relocate(it.Raw, c[0], c[1])
			if err != nil || !bytes.HasSuffix(got, []byte("<checksum>c</checksum>"+c[2]+"</package>\n")) {
				t.Errorf("%v\n%s", err, got)
			}
		}
		if _, err := Relocate(it.Raw, "http://\x01", ""); err == nil {
			t.Error("a control character is taken")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// FuzzScan: whatever is accepted can be joined again, and has as many packages
// to a strict reader. What is tried is a whole document, or what a package has in
// it.
func FuzzScan(f *testing.F) {
	const inside = 3
	kinds := []Kind{Primary, Filelists, Other, Primary}
	for i, kind := range kinds[:inside] {
		f.Add(uint8(i), generated(f, kind, 2))
	}
	f.Add(uint8(0), []byte("\ufeff<?xml version='1.0'?><!-- a --><metadata xmlns='http://linux.duke.edu/metadata/common'/><?b?>"))
	f.Add(uint8(inside), []byte(`<a b='1' xml:lang="&#233;">]]&gt;</a><rpm:b/>`))
	f.Add(uint8(inside), []byte("<description>]]>&amp;&#x1F600;\u00e9\r\n<![CDATA[ ]]></description><!-- a --><?b c?></package>"))
	f.Add(uint8(inside), []byte("<format><rpm:requires><rpm:entry name='a' pre=\"1\" /></rpm:requires><file type='dir'>/a</file></format><location href='b'/>"))
	f.Fuzz(func(t *testing.T, k uint8, doc []byte) {
		kind := kinds[k%4]
		if k%4 == inside {
			doc = []byte(hostile(string(doc)))
		}
		n := 0
		joined := kind.Head(1)
		relocated := kind.Head(1)
		err := Scan(bytes.NewReader(doc), kind, func(it *Item) error {
			n++
			joined = append(joined, it.Raw...)
			if got := rootsOf(t, it.Raw); got != 1 {
				t.Errorf("%q is %d elements", it.Raw, got)
			}
			if _, _, name := it.Provides(), it.Requires(), it.SourceName(); name == "" {
				t.Error("no source")
			}
			if kind == Primary {
				raw, err := Relocate(it.Raw, "http://x/", "y")
				if err != nil {
					t.Error(err)
				}
				relocated = append(relocated, raw...)
			}
			return nil
		})
		if err != nil {
			return
		}
		if got := packagesOf(t, append(joined, kind.Tail()...), kind); got != n {
			t.Errorf("Scan gives %d packages, a strict reader finds %d in\n%q", n, got, joined)
		}
		if kind != Primary {
			return
		}
		err = Scan(bytes.NewReader(append(relocated, kind.Tail()...)), kind, func(it *Item) error {
			if it.Base != "http://x/" || it.Href != "y" {
				t.Errorf("a relocated package lies in %q, %q", it.Base, it.Href)
			}
			n--
			return nil
		})
		if err != nil || n != 0 {
			t.Errorf("%d relocated packages are lost: %v", n, err)
		}
	})
}

// packagesOf counts the packages of a document.
func packagesOf(t *testing.T, doc []byte, kind Kind) (n int) {
	root, ns := kind.root()
	depth := 0
	eachToken(t, doc, func(tok xml.Token) {
		switch tok := tok.(type) {
		case xml.StartElement:
			depth++
			if depth == 1 && tok.Name.Local != root || depth == 2 && (tok.Name.Local != "package" || tok.Name.Space != ns) {
				t.Errorf("there is %v at depth %d of\n%q", tok.Name, depth, doc)
			}
			if depth == 2 {
				n++
			}
		case xml.EndElement:
			depth--
		}
	})
	return n
}

// rootsOf counts the outermost elements.
func rootsOf(t *testing.T, b []byte) (n int) {
	depth := 0
	eachToken(t, b, func(tok xml.Token) {
		switch tok.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				n++
			}
		case xml.EndElement:
			depth--
		}
	})
	return n
}

func eachToken(t *testing.T, b []byte, f func(xml.Token)) {
	dec := xml.NewDecoder(bytes.NewReader(b))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in\n%q", err, b)
		}
		f(tok)
	}
}

func BenchmarkScan(b *testing.B) {
	for _, kind := range []Kind{Primary, Filelists, Other} {
		doc := generated(b, kind, 2000)
		b.Run(string(kind), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if err := Scan(bytes.NewReader(doc), kind, func(*Item) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
