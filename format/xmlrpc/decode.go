package xmlrpc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
