package repo

import (
	"context"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
)

// content is what a repository of a tag consists of at an event.
type content struct {
	tag    tag.Tag
	event  int64
	arches []string // canonical
	builds []*build.Tagged
	byID   map[int64]*build.Tagged
	rpms   []*packaged
	groups []tag.Group
	blocks []string // names of packages that the tag blocks
	// compression is that of the metadata.
	compression repomd.Compression
	// external are the repositories that the packages are merged with.
	external []External
}

// read collects what a tag holds at an event.
func (m *Maker) read(ctx context.Context, tx *db.Tx, ref tag.Ref, at int64, latest int, inherit bool) (*content, error) {
	const op = "repo.read"
	t, err := tag.Get(ctx, tx, ref, at)
	if err != nil {
		return nil, kura.E(op, err)
	}
	c := &content{tag: t, event: at}
	conf, err := tag.GetBuildConfig(ctx, tx, tag.ByID(t.ID), at)
	if err != nil {
		return nil, kura.E(op, err)
	}
	c.arches = canonical(conf.Arches)
	if c.compression, err = compressionOf(t.Name, conf.Extra); err != nil {
		return nil, kura.E(op, err)
	}
	if c.builds, c.rpms, err = m.members.tagged(ctx, tx, build.TaggedQuery{Tag: tag.ByID(t.ID), At: at, Inherit: inherit, Latest: latest}); err != nil {
		return nil, kura.E(op, err)
	}
	c.byID = make(map[int64]*build.Tagged, len(c.builds))
	for _, b := range c.builds {
		c.byID[b.ID] = b
	}
	listed, err := tag.ListedPackages(ctx, tx, tag.ListQuery{Tag: t.ID, At: at, Inherit: true, NoOwners: true, SomeBlocked: true})
	if err != nil {
		return nil, kura.E(op, err)
	}
	for _, p := range listed {
		if p.Blocked {
			c.blocks = append(c.blocks, p.PackageName)
		}
	}
	slices.Sort(c.blocks)
	if c.groups, err = tag.Groups(ctx, tx, tag.GroupQuery{Tag: t.ID, At: at, Packages: true, Groups: true}); err != nil {
		return nil, kura.E(op, err)
	}
	return c, nil
}

// compressionSetting is the tag's setting of how its repositories' metadata is
// compressed: zstd, or gzip for systems as old as EL 7. Tags inherit it.
const compressionSetting = "repo.compression"

func compressionOf(name string, extra map[string]any) (repomd.Compression, error) {
	switch v := extra[compressionSetting]; v {
	case nil, "zstd":
		return repomd.Zstd, nil
	case "gzip", "gz":
		return repomd.Gzip, nil
	default:
		return "", kura.Errorf("repo.compression", kura.Invalid, "tag %s has %s = %v: set it to zstd or gzip", name, compressionSetting, v)
	}
}

// isDebuginfo reports whether a package holds what debuggers want.
func isDebuginfo(name string) bool {
	return strings.HasSuffix(name, "-debuginfo") || strings.HasSuffix(name, "-debugsource") || strings.Contains(name, "-debuginfo-")
}

// pick gives the packages of one architecture's repository. A noarch package
// stands in each.
func (c *content) pick(arch string, o Opts) []*packaged {
	var out []*packaged
	for _, r := range c.rpms {
		source := r.Arch == "src" || r.Arch == "nosrc"
		switch {
		case !o.Debuginfo && isDebuginfo(r.Name):
		case source && (o.Src || arch == "src"):
			out = append(out, r)
		case !source && (r.Arch == "noarch" && arch != "src" || rpm.CanonArch(r.Arch) == arch):
			out = append(out, r)
		}
	}
	return out
}

var decoder, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(1<<30))

func unpack(b []byte) ([]byte, error) { return decoder.DecodeAll(b, nil) }

// list lists packages as they were described at import. Where packages of other
// repositories come to them, all is told by which they are chosen from.
func (m *Maker) list(rpms []*packaged, whole bool) *repomd.List {
	l := &repomd.List{Entries: make([]repomd.Entry, len(rpms))}
	for i, r := range rpms {
		e := &l.Entries[i]
		e.ID, e.Name = r.id, r.Name
		if whole {
			e.Arch, e.Version, e.Release, e.Epoch, e.Source = r.Arch, r.Version, r.Release, epoch(r.RPM), r.of.build.NVR()+".src.rpm"
		}
	}
	l.Load = func(ctx context.Context, want []int) ([]repomd.Loaded, error) {
		asked := make([]*build.RPM, len(want))
		for i, n := range want {
			asked[i] = rpms[n].RPM
		}
		var rows map[int64]repomd.Fragments
		err := m.db.View(ctx, func(tx *db.Tx) (err error) {
			rows, err = load(ctx, tx, asked)
			return err
		})
		if err != nil {
			return nil, err
		}
		out := make([]repomd.Loaded, len(want))
		for i, r := range asked {
			f, ok := rows[r.ID]
			if !ok {
				return nil, kura.Errorf("repo.list", kura.Other, "the metadata of %s is missing", r.NVRA())
			}
			out[i].Fragments = f
		}
		return out, nil
	}
	return l
}

func epoch(r *build.RPM) string {
	if r.Epoch == nil {
		return "0"
	}
	return strconv.FormatInt(*r.Epoch, 10)
}

// identity names the fragments of a file at a place. how is which of this
// room's ways made them.
func identity(how, sum, href string) repomd.ID {
	b := make([]byte, 0, 512)
	for _, s := range []string{"hub 1", how, sum, href} {
		b = append(append(b, s...), '\n')
	}
	return sha256.Sum256(b)
}

type stored struct {
	id int64
	f  repomd.Fragments
}

func load(ctx context.Context, tx *db.Tx, rpms []*build.RPM) (map[int64]repomd.Fragments, error) {
	ids := make([]int64, len(rpms))
	for i, r := range rpms {
		ids[i] = r.ID
	}
	var q db.Builder
	q.Add("SELECT rpm_id, primary_, filelists, other FROM rpm_header WHERE")
	db.In(&q, "rpm_id", ids)
	rows, err := db.Find(ctx, tx, func(s db.Scanner) (v stored, err error) {
		var parts [3][]byte
		if err = s.Scan(&v.id, &parts[0], &parts[1], &parts[2]); err != nil {
			return v, err
		}
		for i, out := range []*[]byte{&v.f.Primary, &v.f.Filelists, &v.f.Other} {
			if *out, err = unpack(parts[i]); err != nil {
				return v, err
			}
		}
		return v, nil
	}, &q)
	out := make(map[int64]repomd.Fragments, len(rows))
	for _, v := range rows {
		out[v.id] = v.f
	}
	return out, err
}
