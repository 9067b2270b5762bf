package xmlrpc

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func one(v Scalar) iter.Seq2[Scalar, error] {
	return func(yield func(Scalar, error) bool) { yield(v, nil) }
}

var alone = Shape[Scalar]{NewField("a<b", func(v Scalar) Scalar { return v }), NewField("end", func(Scalar) Scalar { return Int(7) })}

// A table is written as its structs are, byte for byte.
func TestTablesAreWrittenAsStructsAre(t *testing.T) {
	n, s := int64(5), "text"
	for _, v := range []Scalar{
		{}, Int(0), Int(-1), Int(math.MaxInt32), Int(math.MaxInt32 + 1), Int(math.MinInt32), Int(math.MinInt32 - 1), Int(math.MaxInt64), Int(math.MinInt64),
		Text(""), Text("a & b <c> \r\n\t"), Text("\x00\xff\uffff žlutý"), Text(strings.Repeat("long & ", flushAt)), Bool(true), Bool(false),
		Double(0), Double(1.5), Double(-1e300), Double(math.Inf(1)), OptInt(nil), OptInt(&n), OptText(nil), OptText(&s),
		Any(nil, nil), Any([]any{int64(1), "x"}, nil), Any(map[string]any{"k": []byte{1}}, nil),
	} {
		table := NewTable(one(v), alone)
		var rows []Struct
		for x, err := range table.Structs() {
			must(t, err)
			rows = append(rows, x.(Struct))
		}
		var want, got bytes.Buffer
		must(t, EncodeResponse(&want, rows))
		must(t, EncodeResponse(&got, table))
		if diff := cmp.Diff(want.String(), got.String()); diff != "" {
			t.Errorf("%v: %s", rows, diff)
		}
		embedded := Embed(alone, func(v *Scalar) Scalar { return *v })
		x, err := embedded.Struct(&v)
		must(t, err)
		if diff := cmp.Diff(rows, []Struct{x}); diff != "" {
			t.Errorf("as a part: %s", diff)
		}
	}
}

// What goes wrong with a row or with a value ends the table, whoever looks at it.
func TestTablesFail(t *testing.T) {
	lost := errors.New("lost")
	for name, table := range map[string]Table{
		"a value": NewTable(one(Any(nil, lost)), alone),
		"a row":   NewTable(func(yield func(Scalar, error) bool) { yield(Scalar{}, lost) }, alone),
	} {
		if err := EncodeResponse(io.Discard, []any{table, 1}); !errors.Is(err, lost) {
			t.Errorf("%s: written with %v", name, err)
		}
		var errs []error
		for _, err := range table.Structs() {
			errs = append(errs, err)
		}
		if !slices.Equal(errs, []error{lost}) {
			t.Errorf("%s: looked at with %v", name, errs)
		}
	}
	dead := &shortWriter{100 << 10}
	endless := func(yield func(Scalar, error) bool) {
		for yield(Text("some text that fills the buffer"), nil) {
		}
	}
	if err := EncodeResponse(dead, NewTable(endless, alone)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a dead peer: %v", err)
	}
}

func BenchmarkEncodeTable(b *testing.B) {
	shape := Shape[*row]{
		NewField("id", func(r *row) Scalar { return Int(r.id) }), NewField("name", func(r *row) Scalar { return Text(r.name) }),
		NewField("epoch", func(*row) Scalar { return Scalar{} }), NewField("draft", func(*row) Scalar { return Bool(false) }),
		NewField("ts", func(*row) Scalar { return Double(1.5) }),
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := EncodeResponse(io.Discard, NewTable(rows(20000, nil), shape)); err != nil {
			b.Fatal(err)
		}
	}
}
