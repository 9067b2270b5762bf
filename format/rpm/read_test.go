package rpm

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func load(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "packages", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func corpus(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "packages", "*.rpm"))
	if err != nil || len(files) < 40 {
		t.Fatalf("%d packages in testdata: %v", len(files), err)
	}
	return files
}

// TestReadAgreesWithRPM compares names, files and dependencies of packages of
// twenty years with what rpm says of them.
func TestReadAgreesWithRPM(t *testing.T) {
	files := corpus(t)
	query := "%{nevra}|%{sourcepackage}\n" +
		"[F %{filenames} %{filemodes} %{longfilesizes} %{filemtimes} %{fileflags} %{fileusername} %{filelinktos}.\n]" +
		"[R %{requirename} %{requireflags} %{requireversion}.\n][P %{providename} %{provideflags} %{provideversion}.\n]" +
		"[C %{changelogtime} %{changelogname}.\n]E\n"
	args := append([]string{"-qp", "--nosignature", "--nodigest", "--qf", query}, files...)
	want := strings.Split(strings.TrimSuffix(oracle(t, "rpm", args...), "E\n"), "E\n")
	if len(want) != len(files) {
		t.Fatalf("rpm describes %d of %d packages", len(want), len(files))
	}
	for i, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Read(f)
		f.Close()
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if diff := cmp.Diff(want[i], describe(t, p)); diff != "" {
			t.Errorf("%s: rpm(-) and Read(+) differ\n%s", file, diff)
		}
	}
}

func TestReadStopsAfterTheHeader(t *testing.T) {
	b := load(t, "hello-2.0-1.x86_64-signed.rpm")
	r := bytes.NewReader(b)
	p, err := Read(iotest.OneByteReader(r))
	if err != nil {
		t.Fatal(err)
	}
	if at := int64(len(b) - r.Len()); at != p.HeaderEnd {
		t.Errorf("read up to %d, the header ends at %d", at, p.HeaderEnd)
	}
	if !bytes.Equal(b[96:p.HeaderStart], p.RawSig) || !bytes.Equal(b[p.HeaderStart:p.HeaderEnd], p.Header.Raw()) {
		t.Error("the raw headers are not the file's bytes")
	}
	if !bytes.HasPrefix(b[p.HeaderEnd:], []byte{0x1f, 0x8b}) {
		t.Error("no gzip payload begins at HeaderEnd")
	}
}

func TestReadRefuses(t *testing.T) {
	good := encode(t, sample())
	p, _ := Read(bytes.NewReader(good))
	spoil := func(at int64, with ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], with)
		return b
	}
	for want, b := range map[string][]byte{
		"not an RPM package":         []byte(strings.Repeat("!<arch>\n", 20)),
		"format 2":                   spoil(4, 2),
		"lead is malformed":          spoil(7, 9),
		"no signature header":        spoil(78, 0, 1),
		"signature header: no head":  spoil(96, 0),
		"entries; 1 to 64":           spoil(96+8, 0, 0, 1, 0),
		"bytes of data; 6":           spoil(96+12, 0x7f),
		"entries; 1 to 65535":        spoil(p.HeaderStart+8, 0, 1, 0, 0),
		"ends inside of it":          spoil(p.HeaderStart+12, 0x0f, 0xff, 0xff),
		"region ends outside":        spoil(p.HeaderStart+16+8, 0x7f),
		"region tag is malformed":    spoil(p.HeaderStart+16+4, 0, 0, 0, 8),
		"unknown type":               spoil(p.HeaderStart+32+4, 0, 0, 0, 77),
		"outside of the header":      spoil(p.HeaderStart+32+8, 0, 0xff, 0xff, 0xff),
		"over the end of the header": spoil(p.HeaderStart+32+12, 0x7f, 0xff, 0xff, 0xff),
		"reading the package's lead": good[:50],
	} {
		if _, err := Read(bytes.NewReader(b)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func TestReadTakesNoMemoryForClaims(t *testing.T) {
	var b HeaderBuilder
	b.SetString(TagName, "x")
	raw := b.Encode(0)
	copy(raw[12:], []byte{0x0f, 0xff, 0xff, 0xff})
	n := testing.AllocsPerRun(1, func() {
		if _, err := readHeader(bytes.NewReader(raw), maxEntries, maxData); err == nil {
			t.Error("a header of 256 MiB was found in 50 bytes")
		}
	})
	if n > 50 {
		t.Errorf("%v allocations", n)
	}
}

func TestHeaderRefusesDuplicateTags(t *testing.T) {
	b := HeaderBuilder{entries: []rawEntry{{TagName, TypeString, 1, []byte("a\x00")}, {TagName, TypeString, 1, []byte("b\x00")}}}
	if _, err := ParseHeader(b.Encode(TagHeaderImmutable)); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("two names: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"hello-2.0-1.x86_64-signed.rpm", "obsolete-foo-1.0-1.noarch.rpm", "hlinktest-1.0-1.noarch-v3sig.rpm", "centos-release-as-2.1AS-4.noarch.rpm", "empty-signed-v6-multiple-0-0.x86_64.rpm"} {
		f.Add(load(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		for _, h := range []*Header{p.Sig, p.Header} {
			for _, tag := range h.Tags() {
				_, _, _, _ = h.String(tag), h.Strings(tag), h.Ints(tag), h.Bytes(tag)
			}
		}
		_, _ = p.Header.Files()
		_, _ = p.Header.Changelog()
		for k := range depTags {
			_, _ = p.Header.Deps(DepKind(k))
		}
		_ = p.NEVRA().Check()
		for name := range tagNames {
			_, _ = p.Field(name)
		}
		_, _ = Signatures(p.Sig)
		_, _ = Verify(bytes.NewReader(b), int64(len(b)))
		if pr, err := OpenPayload(p, bytes.NewReader(b[p.HeaderEnd:])); err == nil {
			pr.Limit = 1 << 20
			for {
				if _, err := pr.Next(); err != nil {
					break
				}
				_, _ = io.Copy(io.Discard, pr)
			}
		}
	})
}
