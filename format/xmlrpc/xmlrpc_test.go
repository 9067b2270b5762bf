package xmlrpc

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func call(params string) string {
	return "<methodCall><methodName>m</methodName><params>" + params + "</params></methodCall>"
}

func TestFaultComesBackAsError(t *testing.T) {
	var out bytes.Buffer
	must(t, EncodeFault(&out, &Fault{1005, "No such build: 'x'"}))
	_, err := DecodeResponse(&out, Limits{})
	var f *Fault
	if !errors.As(err, &f) || f.Code != 1005 || f.String != "No such build: 'x'" {
		t.Fatalf("got %v", err)
	}
}

func TestLimits(t *testing.T) {
	deep := strings.Repeat("<value><array><data>", 65) + strings.Repeat("</data></array></value>", 65)
	many := "<value><array><data>" + strings.Repeat("<value/>", 20) + "</data></array></value>"
	long := "<value>" + strings.Repeat("x", 100) + "</value>"
	for name, c := range map[string]struct {
		doc string
		lim Limits
	}{
		"depth":       {deep, Limits{}},
		"values":      {many, Limits{Values: 20}},
		"string":      {long, Limits{String: 99}},
		"slow string": {strings.Replace(long, "x", "&amp;", 1), Limits{String: 99}},
		"bytes":       {long, Limits{Bytes: 99}},
	} {
		_, _, err := DecodeCall(strings.NewReader(call("<param>"+c.doc+"</param>")), c.lim)
		var le *LimitError
		if !errors.As(err, &le) {
			t.Errorf("%s: want a limit, got %v", name, err)
		}
	}
}

func TestForbiddenCharactersAreReplaced(t *testing.T) {
	var out bytes.Buffer
	must(t, EncodeResponse(&out, "a\x1b[0m\x00 \xff \uffff \ud7ff\r\n"))
	got, err := DecodeResponse(&out, Limits{})
	must(t, err)
	if want := "a\uFFFD[0m\uFFFD \uFFFD \uFFFD \ud7ff\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type row struct {
	id   int64
	name string
}

func (r *row) encode(e *Encoder) error {
	e.BeginStruct()
	e.IntMember("id", r.id)
	e.StringMember("name", r.name)
	e.NilMember("epoch")
	e.BoolMember("draft", false)
	e.DoubleMember("ts", 1.5)
	e.EndStruct()
	return nil
}

func rows(n int, fail error) iter.Seq2[*row, error] {
	return func(yield func(*row, error) bool) {
		for i := range n {
			if !yield(&row{int64(i), "kernel"}, nil) {
				return
			}
		}
		if fail != nil {
			yield(nil, fail)
		}
	}
}

func encodeRow(e *Encoder, r *row) error { return r.encode(e) }

func TestStreams(t *testing.T) {
	want := []any{map[string]any{"id": int64(0), "name": "kernel", "epoch": nil, "draft": false, "ts": 1.5}}
	untyped := Stream(func(yield func(any, error) bool) { yield(want[0], nil) })
	for _, v := range []any{Each(rows(1, nil), encodeRow), untyped, want} {
		var out bytes.Buffer
		must(t, EncodeResponse(&out, v))
		got, err := DecodeResponse(&out, Limits{})
		must(t, err)
		if diff := cmp.Diff(any(want), got); diff != "" {
			t.Errorf("%T: %s", v, diff)
		}
	}
}

func TestStreamFailsInTheMiddle(t *testing.T) {
	lost := errors.New("the database is gone")
	untyped := Stream(func(yield func(any, error) bool) { yield(1, nil); yield(nil, lost) })
	for _, v := range []any{Each(rows(3, lost), encodeRow), untyped, []any{untyped, 1}} {
		if err := EncodeResponse(io.Discard, v); !errors.Is(err, lost) {
			t.Errorf("%T: got %v", v, err)
		}
	}
}

type shortWriter struct{ room int }

func (w *shortWriter) Write(p []byte) (int, error) {
	if w.room -= len(p); w.room < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestDeadPeerEndsTheStream(t *testing.T) {
	pulled := 0
	endless := Stream(func(yield func(any, error) bool) {
		for yield("some text that fills the buffer", nil) {
			pulled++
		}
	})
	if err := EncodeResponse(&shortWriter{100 << 10}, endless); !errors.Is(err, io.ErrClosedPipe) {
		t.Fatalf("got %v after %d rows", err, pulled)
	}
}

func TestUnknownTypesAndCyclesAreErrors(t *testing.T) {
	cycle := map[string]any{}
	cycle["me"] = cycle
	for _, v := range []any{struct{}{}, uint64(1 << 63), map[int]int{}, cycle} {
		if err := EncodeResponse(io.Discard, v); err == nil {
			t.Errorf("a %T was written", v)
		}
	}
}

func FuzzDecode(f *testing.F) {
	o := readOracle(f)
	for _, c := range o.Encode {
		f.Add([]byte(c.Doc))
	}
	f.Add([]byte(o.Fault))
	f.Add([]byte(o.Call))
	f.Add([]byte(call("<param><value>&#13;<![CDATA[\r]]></value></param>")))
	f.Fuzz(func(t *testing.T, doc []byte) {
		lim := Limits{Bytes: 1 << 16}
		_, _ = DecodeResponse(bytes.NewReader(doc), lim)
		method, params, err := DecodeCall(bytes.NewReader(doc), lim)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := EncodeCall(&out, method, params...); err != nil {
			t.Fatal(err)
		}
		method2, params2, err := DecodeCall(&out, Limits{})
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if nan := cmp.Comparer(func(a, b float64) bool { return a == b || a != a && b != b }); method != method2 ||
			!cmp.Equal(params, params2, nan) {
			t.Fatal(cmp.Diff(params, params2, nan))
		}
	})
}

func FuzzEncodeString(f *testing.F) {
	f.Add("a<b>&\r\n\x00\xff")
	f.Fuzz(func(t *testing.T, s string) {
		var out bytes.Buffer
		must(t, EncodeResponse(&out, s))
		if _, err := DecodeResponse(&out, Limits{}); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
	})
}

func BenchmarkEncodeRows(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if err := EncodeResponse(io.Discard, Each(rows(20000, nil), encodeRow)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeMaps(b *testing.B) {
	m := map[string]any{"id": int64(7), "name": "kernel", "epoch": nil, "draft": false, "ts": 1.5}
	list := make([]any, 20000)
	for i := range list {
		list[i] = m
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := EncodeResponse(io.Discard, list); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	var doc bytes.Buffer
	must(b, EncodeResponse(&doc, Each(rows(2000, nil), encodeRow)))
	b.SetBytes(int64(doc.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeResponse(bytes.NewReader(doc.Bytes()), Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
