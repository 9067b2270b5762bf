package build

import (
	"context"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
)

// ArchiveType is what a file of a build can be that is no rpm.
type ArchiveType struct {
	ID          int64
	Name        string
	Description string
	Extensions  string  // ends of names, without the leading dot, separated by spaces
	Compression *string // zip or tar: its contents can be listed
}

// ArchiveTypes gives all, oldest first.
func ArchiveTypes(ctx context.Context, tx *db.Tx) ([]ArchiveType, error) {
	got, err := db.All(ctx, tx, func(s db.Scanner) (t ArchiveType, err error) {
		return t, s.Scan(&t.ID, &t.Name, &t.Description, &t.Extensions, &t.Compression)
	}, "SELECT id, name, description, extensions, compression_type FROM archivetypes ORDER BY id")
	return got, kura.E("build.ArchiveTypes", err)
}

func (t *ArchiveType) has(end string) bool {
	return slices.ContainsFunc(strings.Fields(t.Extensions), func(e string) bool { return strings.EqualFold(e, end) })
}

// TypeOfFile gives the type by the end of a file's name, shortest end first:
// found is false for a name that no type has.
func TypeOfFile(types []ArchiveType, name string) (t ArchiveType, found bool) {
	for i := len(name); i >= 0; {
		i = strings.LastIndexByte(name[:i], '.')
		if n := slices.IndexFunc(types, func(t ArchiveType) bool { return t.has(name[i+1:]) }); n >= 0 {
			return types[n], true
		}
	}
	return t, false
}

// AddArchiveType makes a type. No two types have an end of a name in common.
func AddArchiveType(ctx context.Context, tx *db.Tx, t ArchiveType) error {
	const op = "build.AddArchiveType"
	if err := account.CheckName(t.Name); err != nil {
		return err
	}
	if t.Compression != nil && *t.Compression != "zip" && *t.Compression != "tar" {
		return kura.Errorf(op, kura.Invalid, "Unsupported compression type %s", *t.Compression)
	}
	all, err := ArchiveTypes(ctx, tx)
	if err != nil {
		return err
	}
	for _, e := range strings.Split(t.Extensions, " ") {
		if !isExtension(e) {
			return kura.Errorf(op, kura.Invalid, "No such %s file extension", e)
		}
		for _, other := range all {
			if other.Name == t.Name {
				return kura.Errorf(op, kura.Exists, "archivetype %s already exists", t.Name)
			}
			if other.has(e) {
				return kura.Errorf(op, kura.Exists, "file extension %s already exists", e)
			}
		}
	}
	_, err = tx.Exec(ctx, "INSERT INTO archivetypes (name, description, extensions, compression_type) VALUES ($1, $2, $3, $4)",
		t.Name, t.Description, t.Extensions, t.Compression)
	return kura.E(op, err)
}

// isExtension: letters and digits, with dots between them.
func isExtension(e string) bool {
	for part := range strings.SplitSeq(e, ".") {
		if part == "" || strings.ContainsFunc(part, func(r rune) bool {
			return r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a' || r > 'z'
		}) {
			return false
		}
	}
	return true
}

// AddBType makes a type of builds.
func AddBType(ctx context.Context, tx *db.Tx, name string) error {
	const op = "build.AddBType"
	if err := account.CheckName(name); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, "INSERT INTO btype (name) VALUES ($1) ON CONFLICT (name) DO NOTHING", name)
	if err == nil && n == 0 {
		err = kura.Errorf(op, kura.Exists, "btype already exists")
	}
	return kura.E(op, err)
}
