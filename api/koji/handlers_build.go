package koji

import (
	"context"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/task"
)

// Builds carries out what concerns builds, their packages and their roots,
// and what starts them.
type Builds struct {
	DB    *db.DB
	Blobs blob.Store
	Tasks *task.Room
	Flow  *flow.Flow
	Known *build.Known // nil is nothing

	lists *lists
}

// Handlers are the methods.
func (h Builds) Handlers() Handlers {
	if h.lists == nil {
		h.lists = newLists(piecedFrom, pieceMean)
	}
	return Handlers{
		"build":      h.build,
		"chainBuild": h.chain,

		"tagBuild":          h.tag,
		"moveBuild":         h.move,
		"moveAllBuilds":     h.moveAll,
		"tagBuildBypass":    h.tagBypass,
		"massTag":           h.massTag,
		"snapshotTag":       h.snapshot,
		"snapshotTagModify": h.snapshotModify,
		"untagBuild":        h.untag,
		"untagBuildBypass":  h.untagBypass,

		"listTagged":      h.listTagged,
		"listTaggedRPMS":  h.listTaggedRPMs,
		"getLatestBuilds": h.latest,
		"getLatestRPMS":   h.latestRPMs,

		"getBuild":                h.get,
		"findBuildID":             h.find,
		"listBuilds":              h.list,
		"untaggedBuilds":          h.untagged,
		"getBuildLogs":            h.logs,
		"getBuildType":            h.buildType,
		"listBTypes":              h.btypes,
		"listVolumes":             h.volumes,
		"getVolume":               h.volume,
		"addVolume":               h.addVolume,
		"removeVolume":            h.removeVolume,
		"changeBuildVolume":       h.changeVolume,
		"applyVolumePolicy":       h.applyVolume,
		"buildReferences":         h.references,
		"getAverageBuildDuration": h.averageDuration,
		"getNextRelease":          h.nextRelease,
		"search":                  h.search,

		"cancelBuild":       h.cancel,
		"deleteBuild":       h.delete,
		"resetBuild":        h.reset,
		"createEmptyBuild":  h.createEmpty,
		"promoteBuild":      h.promote,
		"setBuildOwner":     h.setOwner,
		"setBuildTimestamp": h.setTimestamp,

		"grantCGAccess":  h.grantGenerator,
		"revokeCGAccess": h.revokeGenerator,
		"listCGs":        h.generators,
		"CGInitBuild":    h.reserve,
		"CGRefundBuild":  h.refund,
		"CGImport":       h.importGenerated,

		"getRPM":              h.rpm,
		"listRPMs":            h.rpms,
		"listBuildRPMs":       h.buildRPMs,
		"listRPMFiles":        h.rpmFiles,
		"getRPMFile":          h.rpmFile,
		"getRPMDeps":          h.rpmDeps,
		"getRPMHeaders":       h.rpmHeaders,
		"getRPMChecksums":     h.rpmChecksums,
		"getChangelogEntries": h.changelog,
		"importRPM":           h.importRPM,
		"addExternalRPM":      h.addExternal,
		"mergeScratch":        h.merge,

		"listBuildroots":      h.roots,
		"getBuildroot":        h.root,
		"getBuildrootListing": h.rootListing,

		"kura.whyWaiting": h.whyWaiting,
	}
}

// buildBase is what all of Koji's structs of builds have.
var buildBase = xmlrpc.Shape[*build.Build]{
	xmlrpc.NewField("build_id", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.Int(b.ID) }),
	xmlrpc.NewField("name", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.Text(b.Name) }),
	xmlrpc.NewField("package_id", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.Int(b.PackageID) }),
	xmlrpc.NewField("package_name", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.Text(b.Name) }),
	xmlrpc.NewField("version", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.Text(b.Version) }),
	xmlrpc.NewField("release", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.Text(b.Release) }),
	xmlrpc.NewField("epoch", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.OptInt(b.Epoch) }),
	xmlrpc.NewField("nvr", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.Text(b.NVR()) }),
	xmlrpc.NewField("draft", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.Bool(b.Draft) }),
	xmlrpc.NewField("state", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.Int(int64(b.State)) }),
	xmlrpc.NewField("task_id", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.OptInt(b.TaskID) }),
	xmlrpc.NewField("owner_id", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.Int(b.OwnerID) }),
	xmlrpc.NewField("owner_name", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.Text(b.OwnerName) }),
	xmlrpc.NewField("volume_id", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.Int(b.VolumeID) }),
	xmlrpc.NewField("volume_name", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.Text(b.VolumeName) }),
	xmlrpc.NewField("creation_event_id", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.Int(b.CreateEvent) }),
	xmlrpc.NewField("creation_time", func(b *build.Build) xmlrpc.Scalar { return timeText(&b.CreateTime) }),
	xmlrpc.NewField("start_time", func(b *build.Build) xmlrpc.Scalar { return timeText(b.StartTime) }),
	xmlrpc.NewField("completion_time", func(b *build.Build) xmlrpc.Scalar { return timeText(b.CompletionTime) }),
	xmlrpc.NewField("promotion_time", func(b *build.Build) xmlrpc.Scalar { return timeText(b.PromotionTime) }),
	xmlrpc.NewField("promoter_id", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.OptInt(b.PromoterID) }),
	xmlrpc.NewField("promoter_name", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.OptText(b.PromoterName) }),
}

// buildShape is a build as lists show it.
var buildShape = append(slices.Clip(buildBase),
	xmlrpc.NewField("creation_ts", func(b *build.Build) xmlrpc.Scalar { return timeTS(&b.CreateTime) }),
	xmlrpc.NewField("start_ts", func(b *build.Build) xmlrpc.Scalar { return timeTS(b.StartTime) }),
	xmlrpc.NewField("completion_ts", func(b *build.Build) xmlrpc.Scalar { return timeTS(b.CompletionTime) }),
	xmlrpc.NewField("promotion_ts", func(b *build.Build) xmlrpc.Scalar { return timeTS(b.PromotionTime) }),
	xmlrpc.NewField("source", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.OptText(b.Source) }),
	xmlrpc.NewField("extra", func(b *build.Build) xmlrpc.Scalar { return xmlrpc.Any(stored(b.Extra)) }),
)

// buildStruct is a build as it is shown by itself.
func buildStruct(b *build.Build) (xmlrpc.Struct, error) {
	s, err := buildShape.Struct(b)
	return append(s, record("id", b.ID, "cg_id", deref(b.CGID), "cg_name", deref(b.CGName))...), err
}

// stored gives JSON from a column that may be empty.
func stored(text []byte) (any, error) {
	if len(text) == 0 {
		return nil, nil
	}
	return fromJSON(text)
}

// findBuild gives the build that a client names by id, by name-version-release,
// or by a struct with these three.
func findBuild(ctx context.Context, tx *db.Tx, v any) (*build.Build, error) {
	const op = "koji.build"
	switch v := v.(type) {
	case int64:
		return build.Get(ctx, tx, v)
	case string:
		n, err := rpm.ParseNVR(v)
		if err != nil {
			return nil, kura.Errorf(op, kura.Invalid, "%w", err)
		}
		return build.ByNVR(ctx, tx, n)
	case map[string]any:
		n := rpm.NVR{}
		var named [3]bool
		n.Name, named[0] = v["name"].(string)
		n.Version, named[1] = v["version"].(string)
		n.Release, named[2] = v["release"].(string)
		if named != [3]bool{true, true, true} {
			return nil, kura.Errorf(op, kura.Invalid, "did not provide name, version, and release")
		}
		return build.ByNVR(ctx, tx, n)
	}
	return nil, kura.Errorf(op, kura.Invalid, "Invalid type for a build: want id, name-version-release or struct, got %s", typeName(v))
}

// buildID is the number of a build that a client names by it or by
// name-version-release.
func buildID(ctx context.Context, tx *db.Tx, ref Ref) (int64, error) {
	var b *build.Build
	var err error
	if ref.ID != 0 {
		b, err = build.Get(ctx, tx, ref.ID)
	} else if n, bad := rpm.ParseNVR(ref.Name); bad != nil {
		err = kura.Errorf("koji.build", kura.NotFound, "No such build: %s", ref.Name)
	} else {
		b, err = build.ByNVR(ctx, tx, n)
	}
	if err != nil {
		return 0, err
	}
	return b.ID, nil
}

// buildArg is the build that an argument names.
func buildArg(ctx context.Context, c *Call, name string) (*build.Build, error) {
	v := c.Args.Any(name)
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return findBuild(ctx, c.Tx, v)
}

func (Builds) get(ctx context.Context, c *Call) (any, error) {
	strict := c.Args.Bool("strict")
	b, err := buildArg(ctx, c, "buildInfo")
	if err != nil {
		return lookedUp(strict, nil, err)
	}
	return buildStruct(b)
}
