package repomd

import (
	"bytes"
	"errors"
	"fmt"
)

// tag is a start tag. Its parts are the bytes that were read.
type tag struct {
	name  []byte
	attrs []attribute
	room  [maxAttrs]attribute // of attrs
	empty bool                // <name/>
	// rpm says that the prefix of that name is known here. The prefix xml always
	// is, for attributes; there are no others.
	rpm bool
	// root allows to declare namespaces.
	root bool
}

// attribute is an attribute, or the text of an element.
type attribute struct {
	name     []byte
	value    []byte // as it stands there
	verbatim bool   // and what it means is the same
	text     bool
}

// get is an attribute, an empty one where there is none.
func (t *tag) get(name string) attribute {
	for i := range t.attrs {
		if string(t.attrs[i].name) == name {
			return t.attrs[i]
		}
	}
	return attribute{verbatim: true}
}

func (a attribute) appendTo(to []byte) []byte {
	if a.verbatim {
		return append(to, a.value...)
	}
	return meaning(to, a.value, !a.text)
}

// brief is for messages: what is foreign may be long.
func brief(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}

func (a attribute) String() string { return string(a.appendTo(nil)) }

// name reads a name. colon is where its prefix ends, -1 if it has none.
func name(b []byte, i int) (end, colon int, err error) {
	begin := i
	for colon = -1; ; i++ {
		if i == len(b) {
			return i, colon, errShort
		}
		if special[b[i]]&nameStart == 0 {
			return i, colon, fmt.Errorf("it has the byte %q where a name should begin", b[i])
		}
		for i < len(b) && special[b[i]]&namePart != 0 {
			i++
		}
		if i-begin > maxName {
			return i, colon, fmt.Errorf("it has a name longer than %d bytes", maxName)
		}
		if i == len(b) {
			return i, colon, errShort
		}
		if b[i] != ':' {
			return i, colon, nil
		}
		if colon >= 0 {
			return i, colon, errors.New("it has a name with two colons")
		}
		colon = i
	}
}

// start reads a start tag from behind its "<".
func (t *tag) start(b []byte, i int) (end int, err error) {
	t.attrs, t.empty = t.room[:0], false
	begin := i
	i, colon, err := name(b, i)
	if err != nil {
		return i, err
	}
	t.name = b[begin:i]
	if colon >= 0 && (!t.rpm || string(b[begin:colon]) != "rpm") && !t.root {
		return i, fmt.Errorf("it has <%s>, whose prefix is not one of this file", t.name)
	}
	for {
		next := skipSpace(b, i)
		if next == len(b) {
			return next, errShort
		}
		switch b[next] {
		case '>':
			return next + 1, nil
		case '/':
			if next+1 == len(b) {
				return next, errShort
			}
			if b[next+1] != '>' {
				return next, fmt.Errorf("the tag <%s> has a slash in it", t.name)
			}
			t.empty = true
			return next + 2, nil
		}
		if next == i {
			return i, fmt.Errorf("the tag <%s> has %q where a space or its end should be", t.name, b[i])
		}
		if i, err = t.attribute(b, next); err != nil {
			return i, err
		}
	}
}

func (t *tag) attribute(b []byte, i int) (end int, err error) {
	begin := i
	i, colon, err := name(b, i)
	if err != nil {
		return i, err
	}
	a := attribute{name: b[begin:i]}
	if err := t.allows(a.name, colon-begin); err != nil {
		return i, err
	}
	for k := range t.attrs {
		if bytes.Equal(t.attrs[k].name, a.name) {
			return i, fmt.Errorf("the tag <%s> has the attribute %s twice", t.name, a.name)
		}
	}
	if len(t.attrs) == maxAttrs {
		return i, fmt.Errorf("the tag <%s> has more than %d attributes", t.name, maxAttrs)
	}
	i = skipSpace(b, i)
	if i < len(b) && b[i] != '=' {
		return i, fmt.Errorf("the tag <%s> has the attribute %s without a value", t.name, a.name)
	}
	if i = skipSpace(b, i+1); i >= len(b) {
		return len(b), errShort
	}
	quote := b[i]
	if quote != '"' && quote != '\'' {
		return i, fmt.Errorf("the tag <%s> has the attribute %s without quotes", t.name, a.name)
	}
	i++
	if end, a.verbatim, err = value(b, i, quote); err != nil {
		return end, err
	}
	a.value = b[i:end]
	t.attrs = append(t.attrs, a)
	return end + 1, nil
}

// allows says whether a name may be given to an attribute here; colon is
// negative where it has no prefix.
func (t *tag) allows(name []byte, colon int) error {
	if t.root || colon < 0 && string(name) != "xmlns" {
		return nil
	}
	switch prefix := string(name[:max(colon, 0)]); {
	case prefix == "rpm" && t.rpm:
	case prefix == "xml" && (string(name) != "xml:base" || string(t.name) == "location"):
	case prefix == "" || prefix == "xmlns":
		return fmt.Errorf("the tag <%s> declares the namespace %s of its own", t.name, name)
	case prefix == "xml":
		return fmt.Errorf("the tag <%s> has xml:base, which is for locations", t.name)
	default:
		return fmt.Errorf("the tag <%s> has the attribute %s, whose prefix is not one of this file", t.name, name)
	}
	return nil
}

// closing reads the end tag of the element of this name from behind its "</".
func closing(b []byte, i int, of []byte) (end int, err error) {
	if rest := b[i:]; len(rest) > len(of) && rest[len(of)] == '>' && bytes.Equal(rest[:len(of)], of) {
		return i + len(of) + 1, nil
	}
	begin := i
	if i, _, err = name(b, i); err != nil {
		return i, err
	}
	if !bytes.Equal(b[begin:i], of) {
		return i, fmt.Errorf("it has </%s> where </%s> should be", b[begin:i], of)
	}
	if i = skipSpace(b, i); i == len(b) {
		return i, errShort
	}
	if b[i] != '>' {
		return i, fmt.Errorf("the end tag </%s> has %q in it", of, b[i])
	}
	return i + 1, nil
}
