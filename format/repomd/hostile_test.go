package repomd

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// hostile wraps a package's inside.
func hostile(inside string) string {
	return string(Primary.Head(1)) + "<package><name>evil</name><arch>noarch</arch><checksum>00</checksum>" + inside +
		`<location href="a.rpm"/></package></metadata>`
}

func TestScanRefusesWhatCouldReachFurther(t *testing.T) {
	head := string(Primary.Head(1))
	many := "<url"
	for i := range maxAttrs + 1 {
		many += " a" + strings.Repeat("a", i) + `="1"`
	}
	for doc, want := range map[string]string{
		// Ends that are none.
		hostile(`</package></metadata>`):                     "it lacks its location",
		hostile(`<location href="b"/></package></metadata>`): "it has more behind its end",
		hostile(`<a></package></a>`):                         "</package> where </a> should be",
		hostile(`<a></b>`):                                   "</b> where </a> should be",
		hostile(`<a></a b>`):                                 `the end tag </a> has 'b'`,
		hostile(`<a`):                                        "where a space or its end should be",
		hostile(`</a>`):                                      "</a> where </package> should be",
		hostile(`<file></package></file>`):                   "</package> where </file> should be",
		hostile(`<a b="</package>"/>`):                       `"<" in the value`,
		hostile(`<!-- </package> -->`):                       "a comment, a CDATA section or a processing instruction",
		hostile(`<![CDATA[</package>]]>`):                    "a comment, a CDATA section or a processing instruction",
		hostile(`<?a </package>?>`):                          "a comment, a CDATA section or a processing instruction",
		hostile(`]]>`):                                       `"]]>" in a text`,
		hostile(`<file>]]></file>`):                          `"]]>" in a text`,
		hostile(`<description>a]]]></description>`):          `"]]>" in a text`,
		hostile("\n  <file>a<!-- --></file>"):                "a comment, a CDATA section or a processing instruction",
		head + `<package/></metadata>`:                       "it is empty",
		head + `text</metadata>`:                             `the text "text</metadata>" outside`,
		head + `<![CDATA[ ]]></metadata>`:                    "a CDATA section outside",
		head + `</metadata><metadata/>`:                      "it has more behind its end",
		head + `</metadata>text`:                             "the text",
		head + `</metadata>` + "\x00\x00":                    "outside of its packages",
		head + `</otherdata>`:                                "</otherdata> where </metadata> should be",
		head + `<!-- -- --></metadata>`:                      `"--" in a comment`,
		head + "<!-- \x01 --></metadata>":                    "control character U+0001",
		head + "<!-- \xc3 --></metadata>":                    "not UTF-8",
		head + `<?XML a?></metadata>`:                        "processing instruction of the name XML",
		head + `<?a:b a?></metadata>`:                        "processing instruction of the name a:b",
		head + `<?a+b a?></metadata>`:                        "processing instruction without a name",
		head + `<!DOCTYPE a></metadata>`:                     "document type",
		strings.Replace(head, "<me", "<!DOCTYPE a><me", 1):   "document type",
		// Attributes.
		hostile(`<url a="1" a="2"/>`):        "attribute a twice",
		hostile(`<url a="1"b="2"/>`):         "where a space or its end should be",
		hostile(`<url a=1/>`):                "without quotes",
		hostile(`<url a/>`):                  "without a value",
		hostile(`<url a "1"/>`):              "without a value",
		hostile(`<url / a="1">`):             "a slash in it",
		hostile(`<url a="&"/>`):              "invalid character entity",
		hostile("<url a=\"\x02\"/>"):         "control character U+0002",
		hostile("<url a=\"\xed\xa0\x80\"/>"): "not UTF-8",
		hostile(many + "/>"):                 "more than 32 attributes",
		hostile(`<url =""/>`):                "where a name should begin",
		// Names.
		hostile(`<1/>`):       "where a name should begin",
		hostile(`< a/>`):      "where a name should begin",
		hostile(`<:a/>`):      "where a name should begin",
		hostile(`<rpm:/>`):    "where a name should begin",
		hostile(`<rpm:a:b/>`): "two colons",
		hostile("<\u00e9/>"):  "where a name should begin",
		hostile("<a\u00e9/>"): "where a space or its end should be",
		// Namespaces.
		hostile(`<x:a/>`):                                               "<x:a>, whose prefix is not",
		hostile(`<xml:a/>`):                                             "<xml:a>, whose prefix is not",
		hostile(`<a x:b="1"/>`):                                         "the attribute x:b, whose prefix is not",
		hostile(`<a xmlns="x"/>`):                                       "declares the namespace xmlns of its own",
		hostile(`<a xmlns:rpm="x"/>`):                                   "declares the namespace xmlns:rpm of its own",
		hostile(`<a xml:base="http://x/"/>`):                            "xml:base, which is for locations",
		strings.Replace(hostile("<rpm:a/>"), ":rpm=", ":x=", 1):         "<rpm:a>, whose prefix is not",
		strings.Replace(hostile(""), "metadata/rpm", "metadata/x", 1):   `it means "http://linux.duke.edu/metadata/x" by the prefix rpm`,
		strings.Replace(head, " packages", ` xml:base="x" packages`, 1): "xml:base at its first element",
		strings.Replace(head, " packages", ` packages="1" packages`, 1): "attribute packages twice",
		strings.Replace(head, "common", "other", 1):                     `begins with <metadata> of "http://linux.duke.edu/metadata/other", not with <metadata> of "http://linux.duke.edu/metadata/common"`,
		`<x:metadata xmlns:x="http://linux.duke.edu/metadata/common"/>`: `begins with <x:metadata> of ""`,
		string(Filelists.Head(1)):                                       "begins with <filelists>",
		// Characters.
		hostile("\x00"):                 "control character U+0000",
		hostile("a\x1b"):                "control character U+001B",
		hostile("\xc0\xbc"):             "not UTF-8 at the bytes c0 bc",
		hostile("<file>/\xe9</file>"):   "not UTF-8 at the bytes e9",
		hostile("\xed\xa0\x80"):         "not UTF-8",
		hostile("\xf4\x90\x80\x80"):     "not UTF-8",
		hostile("\ufffe"):               "U+FFFE",
		hostile("\u00e9\uffff"):         "U+FFFF",
		hostile("&#0;"):                 "invalid character entity",
		hostile("&#x1f;"):               "invalid character entity",
		hostile("&#xD800;"):             "invalid character entity",
		hostile("&#xFFFE;"):             "invalid character entity",
		hostile("&#x110000;"):           "invalid character entity",
		hostile("&#99999999999999999;"): "invalid character entity",
		hostile("&#X41;"):               "invalid character entity",
		hostile("&#;"):                  "invalid character entity",
		hostile("&#x;"):                 "invalid character entity",
		hostile("&#4 1;"):               "invalid character entity",
		hostile("&lt"):                  "invalid character entity",
		hostile("&nbsp;"):               `invalid character entity "&nbsp;"`,
		hostile("&;"):                   "invalid character entity",
		// What is said twice, and what cannot be.
		hostile(`<name>good</name>`):                                       "<name> twice",
		hostile(`<location href="b.rpm"/>`):                                "<location> twice",
		hostile(`<checksum pkgid="NO">11</checksum>`):                      "not known by",
		hostile(`<checksum pkgid="YES">11</checksum>`):                     "<checksum> twice",
		hostile(`<summary>a<b/></summary>`):                                "<summary> has elements in it",
		hostile(`<size package="-1"/>`):                                    "out of bounds",
		hostile(`<size installed="9223372036854775807"/>`):                 "out of bounds",
		hostile(`<size package="99999999999999999999"/>`):                  "out of range",
		hostile(`<time build="1e3"/>`):                                     "invalid syntax",
		hostile(`<format><rpm:header-range start="-4"/></format>`):         "out of bounds",
		strings.Replace(hostile(""), ">00<", ">../x<", 1):                  `checksum "../x"`,
		strings.Replace(hostile(""), "a.rpm", "file:/etc/passwd", 1):       "must be relative",
		strings.Replace(hostile(""), "a.rpm", `b&#10;.rpm`, 1):             "must be relative",
		strings.Replace(hostile(""), "a.rpm", `a/&#46;&#x2e;/../b`, 1):     "leads out of",
		strings.Replace(hostile(""), `"a`, `"a" xml:base="../x" b="`, 1):   `base "../x" is refused`,
		strings.Replace(hostile(""), "evil", strings.Repeat("x", 5000), 1): "fields is longer than 4096 bytes",
		// Declarations.
		strings.Replace(head, "UTF-8", "ISO-8859-1", 1): `encoded in "ISO-8859-1"`,
		strings.Replace(head, "1.0", "1.1", 1):          `version "1.1" of XML`,
		strings.Replace(head, "version", "a", 1):        `version "" of XML`,
		strings.Replace(head, "version=", "version", 1): "declaration that is none",
		"\ufeff\ufeff" + head:                           "outside of its packages",
		" " + head:                                      "processing instruction of the name xml",
		"\xff\xfe<\x00":                                 "outside of its packages",
	} {
		err := Scan(strings.NewReader(doc), Primary, func(*Item) error { return nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v, of\n%.300s", want, err, doc)
			continue
		}
		inside := strings.Contains(doc, "evil") && !strings.Contains(want, "its end") && !strings.Contains(want, "it means")
		if inside && !strings.Contains(err.Error(), `package 1, "evil"`) {
			t.Errorf("it is not said which package it is: %v", err)
		}
	}
}

// TestScanRefusesPrefixesWhereTheyAreNotDeclared: our filelists declare none.
func TestScanRefusesPrefixesWhereTheyAreNotDeclared(t *testing.T) {
	head := strings.Replace(string(Filelists.Head(1)), " packages", ` xmlns:rpm="`+rpmNamespace+`" packages`, 1)
	doc := head + `<package pkgid="00" name="a" arch="b">%<file>/c</file></package></filelists>`
	if err := Scan(strings.NewReader(strings.Replace(doc, "%", "", 1)), Filelists, func(*Item) error { return nil }); err != nil {
		t.Error(err)
	}
	err := Scan(strings.NewReader(strings.Replace(doc, "%", "<rpm:a/>", 1)), Filelists, func(*Item) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "<rpm:a>, whose prefix is not") {
		t.Error(err)
	}
}

// TestScanOfWhatIsCutOff cuts a document at every byte.
func TestScanOfWhatIsCutOff(t *testing.T) {
	p, err := built(t, edgeXML)
	if err != nil {
		t.Fatal(err)
	}
	doc := append([]byte("\xef\xbb\xbf"), p.document()...)
	for i := range len(doc) - len("\n") {
		err := Scan(bytes.NewReader(doc[:i]), Primary, func(*Item) error { return nil })
		if !errors.Is(err, io.ErrUnexpectedEOF) && !strings.Contains(err.Error(), "outside of its packages") {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	lost := errors.New("lost")
	r := io.MultiReader(bytes.NewReader(doc[:900]), iotest.ErrReader(lost))
	if err := Scan(r, Primary, func(*Item) error { return nil }); !errors.Is(err, lost) || !strings.Contains(err.Error(), `package 1, "x"`) {
		t.Errorf("the reader's error: %v", err)
	}
	if err := Scan(bytes.NewReader(doc), Primary, func(*Item) error { return lost }); !errors.Is(err, lost) {
		t.Errorf("the caller's error: %v", err)
	}
	if err := Scan(idle{}, Primary, func(*Item) error { return nil }); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// endless repeats something without end.
type endless struct {
	head io.Reader
	part []byte
	at   int
}

func (e *endless) Read(p []byte) (n int, err error) {
	if n, _ := e.head.Read(p); n > 0 {
		return n, nil
	}
	for n < len(p) {
		c := copy(p[n:], e.part[e.at:])
		n += c
		e.at = (e.at + c) % len(e.part)
	}
	return n, nil
}

func TestScanBoundsWhatItHolds(t *testing.T) {
	head := string(Filelists.Head(1))
	in := head + `<package pkgid="00" name="a" arch="b">`
	for what, c := range map[string]struct{ head, part, want string }{
		"package":   {in, "<file>/" + strings.Repeat("x", 1000) + "</file>\n", "packages is longer than"},
		"elements":  {in, "<a/>", "packages is longer than"},
		"text":      {in, "x", "parts is longer than"},
		"file":      {in + "<file>", "x", "parts is longer than"},
		"name":      {in + "<", "x", "a name longer than"},
		"value":     {in + `<a b="`, "x", "parts is longer than"},
		"space":     {in + `<a `, " ", "parts is longer than"},
		"end":       {in + `<a></a `, " ", "parts is longer than"},
		"comment":   {head + "<!--", "x", "parts is longer than"},
		"comment-":  {head + "<!", "-", `"--" in a comment`},
		"pi":        {head + "<?x ", "x", "parts is longer than"},
		"root":      {"<filelists ", " ", "parts is longer than"},
		"xml":       {"<?xml ", " ", "parts is longer than"},
		"depth":     {in, "<a>", "nested deeper"},
		"file file": {in, "<file>", "nested deeper"},
	} {
		err := Scan(&endless{strings.NewReader(c.head), bytes.Repeat([]byte(c.part), 10_000), 0}, Filelists, func(*Item) error { return nil })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want an error with %q, got %v", what, c.want, err)
		}
	}
}
