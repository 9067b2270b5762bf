package xmlrpc

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strconv"
)

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
