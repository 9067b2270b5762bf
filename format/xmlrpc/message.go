package xmlrpc

import "io"

const (
	header = "<?xml version='1.0'?>\n"
	before = header + "<methodResponse>\n<params>\n<param>\n"
	behind = "</param>\n</params>\n</methodResponse>\n"
)

// EncodeCall writes a methodCall.
func EncodeCall(w io.Writer, method string, params ...any) error {
	e := NewEncoder(w)
	e.raw(header + "<methodCall>\n<methodName>")
	e.escape(method)
	e.raw("</methodName>\n<params>\n")
	for _, p := range params {
		e.raw("<param>\n")
		_ = e.Value(p) // sticks
		e.raw("</param>\n")
	}
	e.raw("</params>\n</methodCall>\n")
	return e.Flush()
}

// EncodeResponse writes a methodResponse with one value. After an error what
// reached w is not a document.
func EncodeResponse(w io.Writer, v any) error {
	e := NewEncoder(w)
	e.raw(before)
	_ = e.Value(v) // sticks
	e.raw(behind)
	return e.Flush()
}

// ValueOf gives the value of a document that EncodeResponse wrote, as Raw takes it.
func ValueOf(response []byte) []byte { return response[len(before) : len(response)-len(behind)] }

// EncodeFault writes a methodResponse that reports a failure.
func EncodeFault(w io.Writer, f *Fault) error {
	e := NewEncoder(w)
	e.raw(header + "<methodResponse>\n<fault>\n")
	_ = e.Value(Struct{{"faultCode", f.Code}, {"faultString", f.String}})
	e.raw("</fault>\n</methodResponse>\n")
	return e.Flush()
}
