package xmlrpc

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// DecodeCall reads a methodCall. Parameters are nil, bool, int64, float64,
// string, []byte, DateTime, []any or map[string]any.
func DecodeCall(r io.Reader, lim Limits) (method string, params []any, err error) {
	d, err := newDecoder(r, lim)
	if err != nil {
		return "", nil, err
	}
	root, err := d.root(tagMethodCall)
	if err != nil {
		return "", nil, err
	}
	el, err := d.child(root, tagMethodName)
	if err != nil {
		return "", nil, err
	}
	if method, err = d.str(el); err != nil {
		return "", nil, err
	}
	if err = d.misc(); err != nil {
		return "", nil, err
	}
	if !d.peekEnd() { // <params> may be left out
		if params, err = d.params(root); err != nil {
			return "", nil, err
		}
	}
	return method, params, d.finish(root)
}

// DecodeResponse reads a methodResponse and gives its one value. The fault of
// a peer is returned as *Fault.
func DecodeResponse(r io.Reader, lim Limits) (any, error) {
	d, err := newDecoder(r, lim)
	if err != nil {
		return nil, err
	}
	root, err := d.root(tagMethodResponse)
	if err != nil {
		return nil, err
	}
	if err := d.misc(); err != nil {
		return nil, err
	}
	at := d.pos
	el, err := d.inside(root)
	if err != nil {
		return nil, err
	}
	if el.tag == tagFault {
		f, err := d.fault(el)
		if err == nil {
			err = d.finish(root)
		}
		if err != nil {
			return nil, err
		}
		return nil, f
	}
	d.pos = at
	params, err := d.params(root)
	if err != nil {
		return nil, err
	}
	if len(params) != 1 {
		return nil, d.errf("a response has one value, this one has %d", len(params))
	}
	return params[0], d.finish(root)
}

type decoder struct {
	scanner
	lim     Limits
	depth   int
	values  int
	scratch []byte
	names   map[string]string // member names repeat by the thousand
}

func newDecoder(r io.Reader, lim Limits) (*decoder, error) {
	lim = lim.withDefaults()
	var doc bytes.Buffer
	if l, ok := r.(interface{ Len() int }); ok {
		doc.Grow(min(l.Len(), int(lim.Bytes)) + bytes.MinRead)
	} else {
		doc.Grow(2 * bytes.MinRead) // most calls are small
	}
	n, err := doc.ReadFrom(io.LimitReader(r, lim.Bytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading XML-RPC: %w", err)
	}
	if n > lim.Bytes {
		return nil, &LimitError{"bytes in one document", lim.Bytes}
	}
	if !utf8.Valid(doc.Bytes()) {
		return nil, errors.New("XML-RPC: the document is not UTF-8")
	}
	return &decoder{scanner: scanner{buf: doc.Bytes()}, lim: lim, names: map[string]string{}}, nil
}

func (d *decoder) root(want tag) (element, error) {
	if err := d.prolog(); err != nil {
		return element{}, err
	}
	if err := d.misc(); err != nil {
		return element{}, err
	}
	el, err := d.start()
	if err == nil && el.tag != want {
		err = d.errf("unexpected <%s>", clip(el.raw))
	}
	return el, err
}

// finish reads the end of the root element, after which nothing may follow.
func (d *decoder) finish(root element) error {
	if err := d.close(root); err != nil {
		return err
	}
	if err := d.misc(); err != nil {
		return err
	}
	if d.pos != len(d.buf) {
		return d.errf("garbage after the document")
	}
	return nil
}

// inside reads the start tag of a child of parent.
func (d *decoder) inside(parent element) (element, error) {
	if parent.empty {
		return element{}, d.errf("<%s> is empty", clip(parent.raw))
	}
	if err := d.misc(); err != nil {
		return element{}, err
	}
	return d.start()
}

func (d *decoder) child(parent element, want tag) (element, error) {
	el, err := d.inside(parent)
	if err == nil && el.tag != want {
		err = d.errf("<%s> does not belong into <%s>", clip(el.raw), clip(parent.raw))
	}
	return el, err
}

// more reports whether parent has another child.
func (d *decoder) more(parent element) (bool, error) {
	if parent.empty {
		return false, nil
	}
	err := d.misc()
	return err == nil && !d.peekEnd(), err
}

// close skips white space and reads the end tag of el.
func (d *decoder) close(el element) error {
	if el.empty {
		return nil
	}
	if err := d.misc(); err != nil {
		return err
	}
	return d.end(el)
}

func (d *decoder) params(root element) ([]any, error) {
	list, err := d.child(root, tagParams)
	if err != nil {
		return nil, err
	}
	var params []any
	for {
		more, err := d.more(list)
		if err != nil {
			return nil, err
		}
		if !more {
			return params, d.close(list)
		}
		el, err := d.child(list, tagParam)
		if err != nil {
			return nil, err
		}
		v, err := d.value(el)
		if err == nil {
			err = d.close(el)
		}
		if err != nil {
			return nil, err
		}
		params = append(params, v)
	}
}

func (d *decoder) fault(el element) (*Fault, error) {
	v, err := d.value(el)
	if err == nil {
		err = d.close(el)
	}
	if err != nil {
		return nil, err
	}
	m, _ := v.(map[string]any)
	code, ok1 := m["faultCode"].(int64)
	text, ok2 := m["faultString"].(string)
	if !ok1 || !ok2 {
		return nil, d.errf("a fault needs an integer faultCode and a string faultString")
	}
	return &Fault{Code: int(code), String: text}, nil
}

// value reads the <value> inside parent.
func (d *decoder) value(parent element) (any, error) {
	el, err := d.child(parent, tagValue)
	if err != nil {
		return nil, err
	}
	if d.values++; d.values > d.lim.Values {
		return nil, &LimitError{"values in one document", int64(d.lim.Values)}
	}
	if el.empty {
		return "", nil
	}
	text, err := d.text()
	if err != nil {
		return nil, err
	}
	if d.peekEnd() { // no element: the text is a string
		s := string(text)
		return s, d.end(el)
	}
	if len(bytes.TrimSpace(text)) != 0 {
		return nil, d.errf("text beside an element in <value>")
	}
	typ, err := d.start()
	if err != nil {
		return nil, err
	}
	v, err := d.typed(typ)
	if err != nil {
		return nil, err
	}
	return v, d.close(el)
}

func (d *decoder) typed(el element) (any, error) {
	switch el.tag {
	case tagString:
		return d.str(el)
	case tagArray:
		return d.array(el)
	case tagStruct:
		return d.structure(el)
	case tagNil:
		return nil, d.close(el)
	}
	text, err := d.leaf(el)
	if err != nil {
		return nil, err
	}
	switch el.tag {
	case tagInt:
		n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
		if err != nil {
			return nil, d.errf("%q is not an integer of 64 bits", clip(text))
		}
		return n, nil
	case tagBool:
		if len(text) == 1 && (text[0] == '0' || text[0] == '1') {
			return text[0] == '1', nil
		}
		return nil, d.errf("%q is not a boolean: 0 or 1", clip(text))
	case tagDouble:
		return d.double(text)
	case tagBase64:
		return d.base64(text)
	case tagDateTime:
		return DateTime(bytes.TrimSpace(text)), nil
	}
	return nil, d.errf("<%s> is not a type", clip(el.raw))
}

func (d *decoder) double(text []byte) (any, error) {
	s := string(bytes.TrimSpace(text))
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || bytes.ContainsAny(text, "xX_") {
		return nil, d.errf("%q is not a double", clip(text))
	}
	return f, nil
}

// base64 is lenient about line breaks, which the encoding of the field has.
func (d *decoder) base64(text []byte) (any, error) {
	compact := make([]byte, 0, len(text))
	for _, c := range text {
		if !isSpace(c) {
			compact = append(compact, c)
		}
	}
	n, err := base64.StdEncoding.Decode(compact, compact)
	if err != nil {
		return nil, d.errf("malformed base64")
	}
	return compact[:n:n], nil
}

// leaf reads the text of an element that has no children.
func (d *decoder) leaf(el element) ([]byte, error) {
	if el.empty {
		return nil, nil
	}
	text, err := d.text()
	if err != nil {
		return nil, err
	}
	return text, d.end(el)
}

func (d *decoder) str(el element) (string, error) {
	text, err := d.leaf(el)
	return string(text), err
}

func (d *decoder) enter() error {
	if d.depth++; d.depth > d.lim.Depth {
		return &LimitError{"levels of nesting", int64(d.lim.Depth)}
	}
	return nil
}

func (d *decoder) array(el element) (any, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	data, err := d.child(el, tagData)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for {
		more, err := d.more(data)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		v, err := d.value(data)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	d.depth--
	if err := d.close(data); err != nil {
		return nil, err
	}
	return list, d.close(el)
}

func (d *decoder) structure(el element) (any, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	m := map[string]any{}
	for {
		more, err := d.more(el)
		if err != nil {
			return nil, err
		}
		if !more {
			d.depth--
			return m, d.close(el)
		}
		if err := d.member(el, m); err != nil {
			return nil, err
		}
	}
}

// member reads one field; a name that comes twice takes the later value.
func (d *decoder) member(parent element, m map[string]any) error {
	el, err := d.child(parent, tagMember)
	if err != nil {
		return err
	}
	n, err := d.child(el, tagName)
	if err != nil {
		return err
	}
	text, err := d.leaf(n)
	if err != nil {
		return err
	}
	name, ok := d.names[string(text)]
	if !ok {
		name = string(text)
		d.names[name] = name
	}
	v, err := d.value(el)
	if err != nil {
		return err
	}
	m[name] = v
	return d.close(el)
}
