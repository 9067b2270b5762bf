package build

import (
	"context"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/file"
)

// Fields gives fields of a package by rpm's names; nil names are all that it has.
func Fields(p *rpm.Package, names []string) (map[string]any, error) {
	if names == nil {
		names = p.FieldNames()
	}
	out := map[string]any{}
	for _, name := range names {
		v, ok := p.Field(name)
		if !ok {
			return nil, kura.Errorf("build.Fields", kura.Invalid, "No such rpm header field: %s", name)
		}
		out[name] = v
	}
	return out, nil
}

// HeadOf gives what Fields needs of an rpm whose main header is known already:
// what stands in that is not read from the file again.
func HeadOf(ctx context.Context, tx *db.Tx, blobs blob.Store, r *RPM, main *rpm.Header, names []string) (*rpm.Package, error) {
	if names != nil && !needSignature(names) {
		return &rpm.Package{Header: main, Sig: noSignature}, nil
	}
	b, err := Get(ctx, tx, *r.BuildID)
	if err != nil {
		return nil, err
	}
	return HeadAt(ctx, tx, blobs, file.Join(b.Path(), r.Path()))
}

// HeadAt reads the headers of the package at a path.
func HeadAt(ctx context.Context, tx *db.Tx, blobs blob.Store, path string) (*rpm.Package, error) {
	content, err := file.Read(ctx, tx, path)
	if err != nil {
		return nil, err
	}
	r := content.Open(ctx, blobs)
	defer r.Close()
	p, err := rpm.Read(r)
	if err != nil {
		return nil, kura.Errorf("build.HeadAt", kura.Invalid, "%s is no RPM: %w", path, err)
	}
	return p, nil
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
