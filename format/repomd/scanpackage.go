package repomd

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The texts of an Item, by their place in packageReader.texts.
const (
	inPkgID = iota
	inName
	inArch
	inEpoch
	inVersion
	inRelease
	inChecksumType
	inSourceRPM
	inHref
	inBase
	inSummary
	texts
	noText = -1
)

// The numbers of an Item.
const (
	inSize = iota
	inInstalled
	inFileTime
	inBuildTime
	inHeaderStart
	inHeaderEnd
	numbers
)

// packageReader reads packages. Whatever it lets through can be joined to any
// document of its kind and means there what it meant here: it is well-formed, it
// has no prefixes but those of such documents, no comments, CDATA sections or
// processing instructions (so each "<" in it begins a tag), and says once only
// what packages are known by.
type packageReader struct {
	kind    Kind
	tag     tag
	open    [maxDepth][]byte // the names of the elements that it is in
	depth   int              // how many, the first element of the document left out
	format  bool             // it is in <format>
	want    int              // the text that is being read
	texts   [texts]attribute
	numbers [numbers]int64
	seen    uint
	scratch []byte
}

// read reads a package, from its "<" to its end.
func (p *packageReader) read(b []byte) (end int, err error) {
	p.depth, p.format, p.want, p.seen = 0, false, noText, 0
	p.texts, p.numbers = [texts]attribute{}, [numbers]int64{}
	i, err := p.start(b, 0)
	for err == nil && p.depth > 0 {
		var verbatim bool
		begin := i
		if i, verbatim, err = text(b, i); err != nil {
			return 0, orShort(err, b, begin)
		}
		if i-begin > maxToken {
			return 0, short(b[:i], begin)
		}
		switch {
		case i+1 == len(b):
			return 0, errShort
		case b[i+1] == '/':
			if p.want != noText {
				p.texts[p.want] = attribute{value: b[begin:i], verbatim: verbatim, text: true}
				p.want = noText
			}
			begin = i
			p.depth--
			if i, err = closing(b, i+2, p.open[p.depth]); err != nil {
				return 0, orShort(err, b, begin)
			}
			p.format = p.format && p.depth > 1
		case p.want == noText && len(b)-i > len(file) && string(b[i:i+len(file)]) == file && p.depth+2 <= maxDepth:
			// What nine tenths of all metadata is made of.
			p.open[p.depth] = b[i+1 : i+len(file)-1]
			p.depth++
			i += len(file)
		default:
			i, err = p.start(b, i)
		}
	}
	return i, err
}

const file = "<file>"

// start reads a start tag.
func (p *packageReader) start(b []byte, i int) (int, error) {
	if b[i+1] == '!' || b[i+1] == '?' {
		return 0, errors.New("it has a comment, a CDATA section or a processing instruction in it")
	}
	if p.want != noText {
		return 0, fmt.Errorf("<%s> has elements in it", p.open[p.depth-1])
	}
	if p.depth+2 > maxDepth {
		return 0, fmt.Errorf("it is nested deeper than %d elements", maxDepth)
	}
	end, err := p.tag.start(b, i+1)
	if err != nil {
		return 0, orShort(err, b, i)
	}
	if end-i > maxToken {
		return 0, short(b[:end], i)
	}
	switch {
	case p.depth == 0:
		err = p.begin()
	case p.depth == 1:
		err = p.child()
	case p.depth == 2 && p.format:
		err = p.formatChild()
	}
	if err != nil {
		return 0, err
	}
	if p.tag.empty {
		p.want = noText
		p.format = p.format && p.depth > 1
		return end, nil
	}
	p.open[p.depth] = p.tag.name
	p.depth++
	return end, nil
}

// begin is for the tag of the package itself.
func (p *packageReader) begin() error {
	if string(p.tag.name) != "package" {
		return fmt.Errorf("it has <%s> where a package should be", p.tag.name)
	}
	if p.tag.empty {
		return errors.New("it is empty")
	}
	if p.kind != Primary {
		p.texts[inPkgID] = p.tag.get("pkgid")
		p.texts[inName] = p.tag.get("name")
		p.texts[inArch] = p.tag.get("arch")
	}
	return nil
}

// child is for the elements of a package.
func (p *packageReader) child() error {
	if p.kind != Primary && string(p.tag.name) != "version" {
		return nil
	}
	switch string(p.tag.name) {
	case "version":
		p.texts[inEpoch] = p.tag.get("epoch")
		p.texts[inVersion] = p.tag.get("ver")
		p.texts[inRelease] = p.tag.get("rel")
		return p.once(0)
	case "name":
		p.want = inName
		return p.once(1)
	case "arch":
		p.want = inArch
		return p.once(2)
	case "checksum":
		if v := p.tag.get("pkgid"); len(v.value) > 0 && v.String() != "YES" {
			return fmt.Errorf("it has a checksum that it is not known by, pkgid=%q", brief(v.String()))
		}
		p.want = inPkgID
		p.texts[inChecksumType] = p.tag.get("type")
		return p.once(3)
	case "summary": // one for each language; the last counts
		p.want = inSummary
	case "location":
		p.texts[inHref] = p.tag.get("href")
		p.texts[inBase] = p.tag.get("xml:base")
		if err := p.once(4); err != nil {
			return err
		}
		if err := checkHref(p.texts[inHref].String()); err != nil {
			return err
		}
		return checkBase(p.texts[inBase].String())
	case "time":
		err := p.once(5)
		p.number(&err, inFileTime, "file", minTime, maxTime)
		p.number(&err, inBuildTime, "build", minTime, maxTime)
		return err
	case "size":
		err := p.once(6)
		p.number(&err, inSize, "package", 0, maxSize)
		p.number(&err, inInstalled, "installed", 0, maxSize)
		return err
	case "format":
		p.format = true
		return p.once(7)
	}
	return nil
}

// formatChild is for the elements of <format>.
func (p *packageReader) formatChild() error {
	switch string(p.tag.name) {
	case "rpm:sourcerpm":
		p.want = inSourceRPM
		return p.once(8)
	case "rpm:header-range":
		err := p.once(9)
		p.number(&err, inHeaderStart, "start", 0, maxSize)
		p.number(&err, inHeaderEnd, "end", 0, maxSize)
		return err
	}
	return nil
}

// once refuses what is said twice: readers differ in which of them they believe.
func (p *packageReader) once(bit uint) error {
	if p.seen&(1<<bit) != 0 {
		return fmt.Errorf("it has <%s> twice", p.tag.name)
	}
	p.seen |= 1 << bit
	return nil
}

// Bounds of numbers that can be meant.
const (
	maxSize = 1 << 50
	minTime = -1 << 40
	maxTime = 1 << 40
)

func (p *packageReader) number(err *error, into int, name string, least, most int64) {
	a := p.tag.get(name)
	if len(a.value) == 0 || *err != nil {
		return
	}
	p.scratch = a.appendTo(p.scratch[:0])
	n, e := strconv.ParseInt(string(p.scratch), 10, 64)
	switch {
	case e != nil:
		*err = fmt.Errorf("the attribute %s=%q of <%s> is refused: %w", name, brief(string(p.scratch)), p.tag.name, errors.Unwrap(e))
	case n < least || n > most:
		*err = fmt.Errorf("the attribute %s=%q of <%s> is refused: it is out of bounds", name, brief(string(p.scratch)), p.tag.name)
	}
	p.numbers[into] = n
}

// item is the package that was read.
func (p *packageReader) item() (*Item, error) {
	it := &Item{
		Size: p.numbers[inSize], Installed: p.numbers[inInstalled],
		FileTime: p.numbers[inFileTime], BuildTime: p.numbers[inBuildTime],
		HeaderStart: p.numbers[inHeaderStart], HeaderEnd: p.numbers[inHeaderEnd],
	}
	into := [...]*string{
		&it.PkgID, &it.Name, &it.Arch, &it.Epoch, &it.Version, &it.Release, &it.ChecksumType, &it.SourceRPM, &it.Href, &it.Base, &it.Summary,
	}
	// One string holds them all, which is a good deal faster than one for each.
	var ends [texts]int
	p.scratch = p.scratch[:0]
	for i, t := range p.texts {
		p.scratch = t.appendTo(p.scratch)
		ends[i] = len(p.scratch)
	}
	all, begin := string(p.scratch), 0
	for i, s := range into {
		*s = all[begin:ends[i]]
		if len(*s) > maxField && i != inSummary {
			return nil, fmt.Errorf("one of its fields is longer than %d bytes: %q", maxField, brief(*s))
		}
		begin = ends[i]
	}
	if p.kind == Primary {
		for _, s := range []*string{&it.PkgID, &it.Name, &it.Arch, &it.SourceRPM} {
			*s = strings.Trim(*s, " \t\r\n")
		}
	}
	if it.PkgID == "" || it.Name == "" || it.Arch == "" {
		return nil, errors.New("it lacks its name, architecture or checksum")
	}
	if i := strings.IndexFunc(it.PkgID, notHex); i >= 0 || len(it.PkgID) > maxPkgID {
		return nil, fmt.Errorf("it has the checksum %q, which is none", brief(it.PkgID))
	}
	if p.kind == Primary && it.Href == "" {
		return nil, errors.New("it lacks its location")
	}
	return it, nil
}

const (
	maxPkgID = 128  // SHA-512
	maxField = 4096 // what a package is known by, and its place
)

func notHex(r rune) bool { return (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'f') }
