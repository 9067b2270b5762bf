package comps

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxSize bounds what is read: the decoder holds a whole text in memory.
const (
	maxSize  = 64 << 20
	maxDepth = 16
)

// Read reads the groups of a comps.xml. A document type may name a DTD, as all
// such files do, but not declare anything.
func Read(r io.Reader) ([]Group, error) {
	x := &reader{dec: xml.NewDecoder(&limited{r, maxSize})}
	groups, err := x.comps()
	if err != nil {
		return nil, fmt.Errorf("reading comps.xml: %w", err)
	}
	return groups, nil
}

// limited gives an error, not an end, where too much comes.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("it is longer than %d bytes", maxSize)
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

type reader struct {
	dec   *xml.Decoder
	depth int
}

func (x *reader) next() (xml.Token, error) {
	t, err := x.dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case xml.Directive:
		if strings.ContainsAny(string(t), "[<") || !strings.HasPrefix(string(t), "DOCTYPE") {
			return nil, errors.New("its document type declares something, which is not allowed")
		}
	case xml.StartElement:
		if x.depth++; x.depth > maxDepth {
			return nil, fmt.Errorf("it is nested deeper than %d elements", maxDepth)
		}
	case xml.EndElement:
		x.depth--
	}
	return t, nil
}

func (x *reader) comps() (groups []Group, err error) {
	root := false
	for {
		t, err := x.next()
		if errors.Is(err, io.EOF) {
			if !root {
				return nil, io.ErrUnexpectedEOF
			}
			return groups, nil
		}
		if err != nil {
			return nil, err
		}
		s, ok := t.(xml.StartElement)
		switch {
		case !ok:
		case !root && s.Name.Local != "comps":
			return nil, fmt.Errorf("it begins with <%s> and not with <comps>", s.Name.Local)
		case !root:
			root = true
		case s.Name.Local == "group" && x.depth == 2:
			g, err := x.group()
			if err != nil {
				return nil, err
			}
			groups = append(groups, g)
		}
	}
}

func (x *reader) group() (g Group, err error) {
	for depth := x.depth; ; {
		t, err := x.next()
		if err != nil {
			return g, unexpected(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if err := x.field(&g, t); err != nil {
				return g, fmt.Errorf("group %q: %w", g.ID, unexpected(err))
			}
		case xml.EndElement:
			if x.depth < depth {
				if g.ID == "" {
					return g, errors.New("a group has no id")
				}
				return g, nil
			}
		}
	}
}

func (x *reader) field(g *Group, s xml.StartElement) error {
	switch s.Name.Local {
	case "grouplist", "packagelist":
		return nil // their elements come next
	}
	text, err := x.text()
	if err != nil {
		return err
	}
	translated := attr(s, "lang") != ""
	switch s.Name.Local {
	case "id":
		g.ID = text
	case "name":
		if !translated {
			g.Name = text
		}
	case "description":
		if !translated {
			g.Description = text
		}
	case "default":
		g.Default = isTrue(text)
	case "uservisible":
		g.UserVisible = isTrue(text)
	case "biarchonly":
		g.BiArchOnly = isTrue(text)
	case "langonly":
		g.LangOnly = text
	case "groupreq", "metapkg":
		g.Groups = append(g.Groups, GroupReq{ID: text, Type: attr(s, "type"), Meta: s.Name.Local == "metapkg"})
	case "packagereq":
		kind := attr(s, "type")
		if kind == "" {
			kind = "mandatory"
		}
		g.Packages = append(g.Packages, PackageReq{Name: text, Type: kind, BaseArchOnly: isTrue(attr(s, "basearchonly")), Requires: attr(s, "requires")})
	}
	return nil
}

// text reads the text of the element that was just begun, to its end.
func (x *reader) text() (string, error) {
	var b strings.Builder
	for depth := x.depth; ; {
		t, err := x.next()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.EndElement:
			if x.depth < depth {
				return strings.TrimSpace(b.String()), nil
			}
		}
	}
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func isTrue(s string) bool { return strings.EqualFold(s, "true") || s == "1" }

func attr(s xml.StartElement, name string) string {
	for _, a := range s.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
