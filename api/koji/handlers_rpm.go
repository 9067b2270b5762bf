package koji

import (
	"context"
	"slices"
	"strconv"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/build"
)

// rpmShape is how Koji shows an rpm.
var rpmShape = xmlrpc.Shape[*build.RPM]{
	xmlrpc.NewField("id", func(r *build.RPM) xmlrpc.Scalar { return xmlrpc.Int(r.ID) }),
	xmlrpc.NewField("name", func(r *build.RPM) xmlrpc.Scalar { return xmlrpc.Text(r.Name) }),
	xmlrpc.NewField("version", func(r *build.RPM) xmlrpc.Scalar { return xmlrpc.Text(r.Version) }),
	xmlrpc.NewField("release", func(r *build.RPM) xmlrpc.Scalar { return xmlrpc.Text(r.Release) }),
	xmlrpc.NewField("arch", func(r *build.RPM) xmlrpc.Scalar { return xmlrpc.Text(r.Arch) }),
	xmlrpc.NewField("epoch", func(r *build.RPM) xmlrpc.Scalar { return xmlrpc.OptInt(r.Epoch) }),
	xmlrpc.NewField("draft", func(r *build.RPM) xmlrpc.Scalar { return rpmDraft(r) }),
	xmlrpc.NewField("payloadhash", func(r *build.RPM) xmlrpc.Scalar { return xmlrpc.Text(r.PayloadHash) }),
	xmlrpc.NewField("size", func(r *build.RPM) xmlrpc.Scalar { return xmlrpc.Int(r.Size) }),
	xmlrpc.NewField("buildtime", func(r *build.RPM) xmlrpc.Scalar { return xmlrpc.Int(r.BuildTime) }),
	xmlrpc.NewField("build_id", func(r *build.RPM) xmlrpc.Scalar { return xmlrpc.OptInt(r.BuildID) }),
	xmlrpc.NewField("buildroot_id", func(r *build.RPM) xmlrpc.Scalar { return xmlrpc.OptInt(r.BuildrootID) }),
	xmlrpc.NewField("external_repo_id", func(r *build.RPM) xmlrpc.Scalar { return xmlrpc.Int(r.ExternalRepoID) }),
	xmlrpc.NewField("external_repo_name", func(r *build.RPM) xmlrpc.Scalar { return xmlrpc.Text(r.ExternalRepoName) }),
	xmlrpc.NewField("metadata_only", func(r *build.RPM) xmlrpc.Scalar { return xmlrpc.Bool(r.MetadataOnly) }),
	xmlrpc.NewField("extra", func(r *build.RPM) xmlrpc.Scalar { return xmlrpc.Any(rpmExtra(r)) }),
}

// rpmRow is an rpm as lists show it.
var rpmRow = append(slices.Clip(rpmShape), xmlrpc.NewField("nvr", func(r *build.RPM) xmlrpc.Scalar { return xmlrpc.Text(r.NVR()) }))

// rpmDraft is nil for what is of no build here: it is neither.
func rpmDraft(r *build.RPM) xmlrpc.Scalar {
	if r.BuildID == nil {
		return xmlrpc.Scalar{}
	}
	return xmlrpc.Bool(r.Draft)
}

func rpmExtra(r *build.RPM) (any, error) {
	if r.Extra == nil {
		return nil, nil
	}
	return stored([]byte(*r.Extra))
}

// findRPMs gives the rpms that a client names: by id, by
// name-version-release.arch[@location], or by a struct with these. The first
// is the best one.
func findRPMs(ctx context.Context, tx *db.Tx, v any) ([]*build.RPM, error) {
	const op = "koji.rpm"
	var n rpm.NVRA
	switch v := v.(type) {
	case int64:
		return rpmByID(ctx, tx, v)
	case string:
		if id, err := strconv.ParseInt(v, 10, 64); err == nil {
			return rpmByID(ctx, tx, id)
		}
		var err error
		if n, err = rpm.ParseNVRA(v); err != nil {
			return nil, kura.Errorf(op, kura.Invalid, "%w", err)
		}
	case map[string]any:
		if id, ok := v["id"].(int64); ok {
			return rpmByID(ctx, tx, id)
		}
		var named [4]bool
		n.Name, named[0] = v["name"].(string)
		n.Version, named[1] = v["version"].(string)
		n.Release, named[2] = v["release"].(string)
		n.Arch, named[3] = v["arch"].(string)
		n.Location, _ = v["location"].(string)
		if named != [4]bool{true, true, true, true} {
			return nil, kura.Errorf(op, kura.Invalid, "did not provide name, version, release, and arch")
		}
	default:
		return nil, kura.Errorf(op, kura.Invalid, "Invalid type for rpminfo: want id, name-version-release.arch or struct, got %s", typeName(v))
	}
	return build.FindRPMs(ctx, tx, n)
}

func rpmByID(ctx context.Context, tx *db.Tx, id int64) ([]*build.RPM, error) {
	r, err := build.GetRPM(ctx, tx, id)
	if err != nil {
		return nil, missing(err)
	}
	return []*build.RPM{r}, nil
}

// findRPM gives the best of the rpms that a client names.
func findRPM(ctx context.Context, tx *db.Tx, v any) (*build.RPM, error) {
	all, err := findRPMs(ctx, tx, v)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, kura.Errorf("koji.rpm", kura.NotFound, "No such rpm: %s", rpmName(v))
	}
	return all[0], nil
}

// rpmName is what a client called an rpm, for a sentence.
func rpmName(v any) string {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case string:
		return v
	case map[string]any:
		text := func(name string) string { s, _ := v[name].(string); return s }
		return text("name") + "-" + text("version") + "-" + text("release") + "." + text("arch")
	}
	return typeName(v)
}

func (Builds) rpm(ctx context.Context, c *Call) (any, error) {
	v, strict := c.Args.Any("rpminfo"), c.Args.Bool("strict")
	if c.Args.Bool("multi") {
		all, err := findRPMs(ctx, c.Tx, v)
		if err != nil {
			return nil, err
		}
		return tableOf(QueryOpts{Limit: -1}, each(all), rpmShape)
	}
	r, err := findRPM(ctx, c.Tx, v)
	if err != nil {
		return lookedUp(strict, nil, err)
	}
	return rpmShape.Struct(r)
}

// rpms lists the rpms of a build, those made in a root, or those that a root
// held; or all.
func (Builds) rpms(ctx context.Context, c *Call) (any, error) {
	a, o := c.Args, c.Args.QueryOpts()
	component := a.OptInt("componentBuildrootID")
	f := build.RPMFilter{Draft: a.OptBool("draft")}
	none := false
	for name, to := range map[string]*int64{"buildID": &f.BuildID, "buildrootID": &f.BuildrootID, "hostID": &f.HostID, "componentBuildrootID": &f.ComponentOf, "imageID": &f.Image} {
		if n := a.OptInt(name); n != nil {
			*to = *n
			none = none || *n <= 0
		}
	}
	if a.Any("arches") != nil {
		if f.Arches = a.Strings("arches"); f.Arches == nil {
			none = true
		}
	}
	if err := a.Err(); err != nil {
		return nil, err
	}
	if none {
		return o.Apply(nil)
	}
	shape := rpmRow
	if component != nil {
		shape = append(slices.Clip(shape), xmlrpc.NewField("component_buildroot_id", func(*build.RPM) xmlrpc.Scalar { return xmlrpc.Int(*component) }),
			xmlrpc.NewField("is_update", func(*build.RPM) xmlrpc.Scalar { return xmlrpc.Bool(false) }))
	}
	return tableOf(o, build.StreamRPMs(ctx, c.Tx, f), shape)
}

func (Builds) buildRPMs(ctx context.Context, c *Call) (any, error) {
	v := c.Args.Any("build")
	id, ok := v.(int64)
	if !ok {
		b, err := findBuild(ctx, c.Tx, v)
		if err != nil {
			return nil, err
		}
		id = b.ID
	}
	if id <= 0 {
		return []any{}, nil
	}
	return tableOf(QueryOpts{Limit: -1}, build.StreamRPMs(ctx, c.Tx, build.RPMFilter{BuildID: id}), rpmRow)
}
