package flow

import (
	"context"
	"fmt"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/cgmeta"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
)

// match finds the components that the hub knows. The others are left out, and
// the log tells so: they came from somewhere else.
func (i *cgImport) match(ctx context.Context, tx *db.Tx, all []cgmeta.Component) (rpms []*build.RPM, archives []int64, err error) {
	const op = "flow.ImportGenerated"
	for n := range all {
		c := &all[n]
		switch c.Type {
		case "rpm":
			r, err := i.matchRPM(ctx, tx, c)
			if err != nil {
				return nil, nil, err
			}
			if r != nil {
				rpms = append(rpms, r)
			}
		case "file":
			id, err := i.matchFile(ctx, tx, c)
			if err != nil {
				return nil, nil, err
			}
			if id != 0 {
				archives = append(archives, id)
			}
		case "kojifile":
			if err := matchKojifile(ctx, tx, c); err != nil {
				return nil, nil, err
			}
			archives = append(archives, c.Archive)
		default:
			return nil, nil, kura.Errorf(op, kura.Invalid, "No such component type: %s", c.Type)
		}
	}
	return rpms, archives, nil
}

func (i *cgImport) matchRPM(ctx context.Context, tx *db.Tx, c *cgmeta.Component) (*build.RPM, error) {
	const op = "flow.ImportGenerated"
	switch {
	case c.Location != nil:
		return nil, kura.Errorf(op, kura.Invalid, "External rpms not allowed")
	case c.ID != nil:
		return nil, kura.Errorf(op, kura.Invalid, "Unexpected 'id' field in component")
	}
	name := rpm.NVRA{NVR: rpm.NVR{Name: c.Name, Version: c.Version, Release: c.Release}, Arch: c.Arch}
	found, err := build.FindRPMs(ctx, tx, name)
	if err != nil {
		return nil, err
	}
	for _, r := range found {
		if r.BuildID == nil || r.Draft {
			continue
		}
		if r.PayloadHash != c.SigMD5 {
			fmt.Fprintf(&i.log, "rpm component %s has another md5 than the hub's: %s\n", name, c.SigMD5)
		}
		return r, nil
	}
	fmt.Fprintf(&i.log, "IGNORING unmatched rpm component: %s, md5 %s\n", name, c.SigMD5)
	return nil, nil
}

func (i *cgImport) matchFile(ctx context.Context, tx *db.Tx, c *cgmeta.Component) (int64, error) {
	found, err := build.Archives(ctx, tx, build.ArchiveFilter{Filename: &c.Filename, Size: c.Size})
	if err != nil {
		return 0, err
	}
	for _, a := range found {
		if kind, ok := checksums[c.ChecksumType]; ok && a.ChecksumType == kind && a.Checksum == c.Checksum {
			return a.ID, nil
		}
	}
	fmt.Fprintf(&i.log, "IGNORING unmatched archive: %s, %s %s\n", c.Filename, c.ChecksumType, c.Checksum)
	return 0, nil
}

// matchKojifile compares what is said of an archive with the hub's record.
func matchKojifile(ctx context.Context, tx *db.Tx, c *cgmeta.Component) error {
	const op = "flow.ImportGenerated"
	a, err := build.GetArchive(ctx, tx, c.Archive)
	if err != nil {
		return err
	}
	b, err := build.Get(ctx, tx, a.BuildID)
	if err != nil {
		return err
	}
	for name, v := range map[string]string{"nvr": c.NVR, "filename": c.Filename} {
		if v == "" {
			return kura.Errorf(op, kura.Invalid, "%s field missing for component, archive_id=%d", name, a.ID)
		}
	}
	size := a.Size
	if c.Size != nil {
		size = *c.Size
	}
	kind := ""
	for name, k := range checksums {
		if k == a.ChecksumType {
			kind = name
		}
	}
	for _, f := range [][3]string{
		{"nvr", b.NVR(), c.NVR}, {"filename", a.Filename, c.Filename}, {"filesize", fmt.Sprint(a.Size), fmt.Sprint(size)},
		{"checksum", a.Checksum, c.Checksum}, {"checksum_type", kind, c.ChecksumType},
	} {
		if f[2] != "" && f[1] != f[2] {
			return kura.Errorf(op, kura.Invalid, "Component field %s does not match for archive_id=%d: %s != %s", f[0], a.ID, f[1], f[2])
		}
	}
	return nil
}
