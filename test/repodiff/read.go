package repodiff

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// data is a file that repomd.xml names.
type data struct {
	Type     string `xml:"type,attr"`
	Checksum sum    `xml:"checksum"`
	Open     *sum   `xml:"open-checksum"`
	Location struct {
		Href string `xml:"href,attr"`
	} `xml:"location"`
	Size     int64  `xml:"size"`
	OpenSize *int64 `xml:"open-size"`
}

type sum struct {
	Type  string `xml:"type,attr"`
	Value string `xml:",chardata"`
}

type repomd struct {
	Data []data `xml:"data"`
	Tags struct {
		Inner string `xml:",innerxml"`
	} `xml:"tags"`
}

// repository is one that was read.
type repository struct {
	dir      string
	md       repomd
	problems []string
	packages map[string]*pkg // by checksum and place
	order    map[string][]string
	others   map[string][]byte // open contents by type
}

// pkg is what the three lists say of a package, as hashes of the meaning.
type pkg struct {
	name  string
	lists map[string][sha256.Size]byte
}

func (r *repository) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

var lists = []string{"primary", "filelists", "other"}

// read reads a repository and checks it by itself.
func read(dir string) (*repository, error) {
	r := &repository{dir: dir, packages: map[string]*pkg{}, order: map[string][]string{}, others: map[string][]byte{}}
	b, err := os.ReadFile(filepath.Join(dir, "repodata", "repomd.xml"))
	if err != nil {
		return nil, err
	}
	if err := xml.Unmarshal(b, &r.md); err != nil {
		return nil, fmt.Errorf("%s: repomd.xml: %w", dir, err)
	}
	for _, d := range r.md.Data {
		if strings.HasSuffix(d.Type, "_db") {
			continue
		}
		if err := r.file(d); err != nil {
			r.problem("%s: %v", d.Type, err)
		}
	}
	for _, l := range lists[1:] {
		if !slices.Equal(r.order[l], r.order["primary"]) {
			r.problem("%s lists other packages than primary, or in another order", l)
		}
	}
	return r, nil
}

// file checks a file against repomd.xml, and reads it.
func (r *repository) file(d data) error {
	f, err := os.Open(filepath.Join(r.dir, d.Location.Href))
	if err != nil {
		return err
	}
	defer f.Close()
	sent, err := newCounted(f, &d.Checksum)
	if err != nil {
		return err
	}
	z, err := decompress(sent)
	if err != nil {
		return err
	}
	open, err := newCounted(z, d.Open)
	if err != nil {
		return err
	}
	if slices.Contains(lists, d.Type) {
		err = r.list(d.Type, open)
	} else {
		r.others[d.Type], err = io.ReadAll(open)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, open)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, sent)
	}
	if err != nil {
		return err
	}
	if sent.n != d.Size || !sent.right() {
		r.problem("%s is not the file that repomd.xml speaks of: %d bytes, %s", d.Type, sent.n, sent.value())
	}
	if d.OpenSize != nil && open.n != *d.OpenSize || !open.right() {
		r.problem("the open content of %s is not what repomd.xml says: %d bytes, %s", d.Type, open.n, open.value())
	}
	return nil
}

type counted struct {
	r    io.Reader
	n    int64
	sum  hash.Hash
	want *sum
}

func newCounted(r io.Reader, want *sum) (*counted, error) {
	c := &counted{r: r, want: want}
	if want != nil {
		kinds := map[string]func() hash.Hash{"sha256": sha256.New, "sha512": sha512.New, "sha384": sha512.New384, "sha224": sha256.New224, "sha": sha1.New, "sha1": sha1.New, "md5": md5.New}
		make, ok := kinds[want.Type]
		if !ok {
			return nil, fmt.Errorf("the checksum type %q is not known", want.Type)
		}
		c.sum = make()
	}
	return c, nil
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.sum != nil {
		c.sum.Write(p[:n])
	}
	return n, err
}

func (c *counted) value() string {
	if c.sum == nil {
		return "no checksum"
	}
	return hex.EncodeToString(c.sum.Sum(nil))
}

func (c *counted) right() bool { return c.want == nil || c.value() == strings.TrimSpace(c.want.Value) }

func decompress(r io.Reader) (io.Reader, error) {
	br := bufio.NewReaderSize(r, 1<<16)
	head, _ := br.Peek(4)
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzip.NewReader(br)
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return zstd.NewReader(br, zstd.WithDecoderConcurrency(1))
	case bytes.HasPrefix(head, []byte("BZh")):
		return bzip2.NewReader(br), nil
	}
	return br, nil
}

// list reads one of the three lists.
func (r *repository) list(kind string, from io.Reader) error {
	n, told := 0, -1
	err := packages(from, func(root xml.StartElement) {
		for _, a := range root.Attr {
			if a.Name.Local == "packages" {
				told, _ = strconv.Atoi(a.Value)
			}
		}
	}, func(p *element) error {
		n++
		id := p.id()
		r.order[kind] = append(r.order[kind], id)
		if kind == "primary" {
			key := id + " " + p.find("location").attr("href")
			if r.packages[key] != nil {
				r.problem("primary lists %s twice", key)
			}
			r.packages[key] = &pkg{name: p.find("name").text, lists: map[string][sha256.Size]byte{}}
			r.packages[key].lists[kind] = sha256.Sum256([]byte(strings.Join(p.lines(nil, ""), "\n")))
			return nil
		}
		for key, known := range r.byID(id) {
			if known.name != p.attr("name") {
				r.problem("%s calls the package %s %q", kind, key, p.attr("name"))
			}
			known.lists[kind] = sha256.Sum256([]byte(strings.Join(p.lines(nil, ""), "\n")))
		}
		return nil
	})
	if err == nil && told != n {
		r.problem("%s says that it lists %d packages, and lists %d", kind, told, n)
	}
	return err
}

// byID gives the packages with a checksum.
func (r *repository) byID(id string) map[string]*pkg {
	out := map[string]*pkg{}
	if r.order["byid"] == nil {
		for key := range r.packages {
			r.order["byid"] = append(r.order["byid"], key)
		}
		slices.Sort(r.order["byid"])
	}
	keys := r.order["byid"]
	at, _ := slices.BinarySearch(keys, id)
	for ; at < len(keys) && strings.HasPrefix(keys[at], id+" "); at++ {
		out[keys[at]] = r.packages[keys[at]]
	}
	return out
}

// element is one with what carries meaning.
type element struct {
	name  string
	attrs []string // name=value
	text  string
	nodes []*element
}

func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if v, ok := strings.CutPrefix(a, name+"="); ok {
			return v
		}
	}
	return ""
}

func (e *element) find(name string) *element {
	for _, n := range e.nodes {
		if n.name == name {
			return n
		}
	}
	return &element{}
}

func (e *element) id() string {
	if id := e.attr("pkgid"); id != "" {
		return id
	}
	return e.find("checksum").text
}

// lines writes the meaning down, a line for each element.
func (e *element) lines(out []string, path string) []string {
	path += "/" + e.name
	line := path
	for _, a := range e.attrs {
		line += " " + strconv.Quote(a)
	}
	if len(e.nodes) == 0 {
		line += " = " + strconv.Quote(e.text)
	}
	out = append(out, line)
	for _, n := range e.nodes {
		out = n.lines(out, path)
	}
	return out
}

// packages calls f for each package of a list.
func packages(from io.Reader, root func(xml.StartElement), f func(*element) error) error {
	dec := xml.NewDecoder(from)
	var stack []*element
	depth := 0
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) && depth == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			depth++
			if depth == 1 {
				root(tok)
				continue
			}
			e := &element{name: tok.Name.Local}
			for _, a := range tok.Attr {
				if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
					e.attrs = append(e.attrs, a.Name.Local+"="+a.Value)
				}
			}
			slices.Sort(e.attrs)
			stack = append(stack, e)
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].text += string(tok)
			}
		case xml.EndElement:
			depth--
			if len(stack) == 0 {
				continue
			}
			e := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if len(stack) > 0 {
				stack[len(stack)-1].nodes = append(stack[len(stack)-1].nodes, e)
			} else if err := f(e); err != nil {
				return err
			}
		}
	}
}
