package koji

import (
	"context"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
)

// rpmHeaders gives fields of a package by rpm's names. What the stored header
// has is not read from the file again.
func (h Builds) rpmHeaders(ctx context.Context, c *Call) (any, error) {
	const op = "koji.getRPMHeaders"
	a, strict := c.Args, c.Args.Bool("strict")
	names := a.Strings("headers")
	if err := a.Err(); err != nil {
		return nil, err
	}
	var p *rpm.Package
	var err error
	switch {
	case truthy(a.Any("rpmID")):
		p, err = h.headOf(ctx, c, strict, a.Any("headers") == nil || needSignature(names))
	case truthy(a.Any("taskID")):
		p, err = h.taskFile(ctx, c, op)
		if !strict {
			err = missing(err)
		}
	default:
		return nil, kura.Errorf(op, kura.Invalid, "either rpmID or taskID and filepath must be specified")
	}
	if err != nil || p == nil {
		return map[string]any{}, err
	}
	if a.Any("headers") == nil {
		names = p.FieldNames()
	}
	out := map[string]any{}
	for _, name := range names {
		v, ok := p.Field(name)
		if !ok {
			return nil, kura.Errorf(op, kura.Invalid, "No such rpm header field: %s", name)
		}
		out[name] = fieldValue(v)
	}
	return out, nil
}

// fieldValue gives numbers the type that goes over the wire.
func fieldValue(v any) any {
	switch v := v.(type) {
	case uint64:
		return int64(v)
	case []uint64:
		out := make([]any, len(v))
		for i, n := range v {
			out[i] = int64(n)
		}
		return out
	}
	return v
}

// needSignature tells fields that stand in the signature header, which is not
// stored with the main one.
func needSignature(names []string) bool {
	for _, name := range names {
		name = strings.ToUpper(name)
		if strings.HasPrefix(name, "SIG") || strings.HasSuffix(name, "HEADER") || strings.Contains(name, "ARCHIVESIZE") ||
			strings.Contains(name, "VERITY") || name == "LONGSIGSIZE" || name == "OPENPGP" || name == "FILESIGNATURES" {
			return true
		}
	}
	return false
}

// headOf gives the headers of an rpm: from the records, or from its file.
func (h Builds) headOf(ctx context.Context, c *Call, strict, whole bool) (*rpm.Package, error) {
	r, head, err := headerArg(ctx, c, strict)
	if err != nil || head == nil {
		return nil, err
	}
	if !whole {
		return &rpm.Package{Header: head, Sig: noSignature}, nil
	}
	b, err := build.Get(ctx, c.Tx, *r.BuildID)
	if err != nil {
		return nil, err
	}
	return h.packageAt(ctx, c.Tx, file.Join(b.Path(), r.Path()))
}

// noSignature is a signature header with room for signatures and nothing else.
var noSignature = func() *rpm.Header {
	var b rpm.HeaderBuilder
	b.SetBinary(rpm.SigTagReservedSpace, make([]byte, 8))
	h, err := rpm.ParseHeader(b.Encode(0))
	if err != nil {
		panic(err) // a constant
	}
	return h
}()
