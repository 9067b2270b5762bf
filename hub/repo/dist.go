package repo

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/tag"
)

// Signing is what a distribution repository needs of hub/sign, which stands
// above this room.
type Signing struct {
	// Write makes the signed copy of an rpm with a key's kept signature.
	Write func(ctx context.Context, rpmID int64, key string) error
	// Metadata signs repomd.xml with the first of the keys that the signer
	// holds; it gives nothing when it holds none of them.
	Metadata func(ctx context.Context, keys []string, repository string, repomd []byte) ([]byte, error)
}

// BeginDist makes the record of a distribution repository; its task fills it.
func BeginDist(ctx context.Context, tx *db.Tx, ref tag.Ref, keys []string, o DistOpts, task int64) (*Repo, error) {
	const op = "repo.BeginDist"
	if r, err := ofTask(ctx, tx, task); err != nil || r != nil {
		return r, kura.E(op, err)
	}
	t, err := tag.Get(ctx, tx, ref, o.Event)
	if err != nil {
		return nil, kura.E(op, err)
	}
	conf, err := tag.GetBuildConfig(ctx, tx, tag.ByID(t.ID), o.Event)
	if err != nil {
		return nil, kura.E(op, err)
	}
	if _, err := o.arches(canonical(conf.Arches)); err != nil {
		return nil, kura.E(op, err)
	}
	at := o.Event
	if at == 0 {
		last, err := event.Last(ctx, tx, 0)
		if err != nil {
			return nil, kura.E(op, err)
		}
		at = last.ID
	}
	opts, err := json.Marshal(struct {
		DistOpts
		Keys []string `json:"keys"`
	}{o, keys})
	if err != nil {
		return nil, kura.E(op, err)
	}
	id, err := tx.Insert(ctx, `INSERT INTO repo (tag_id, create_event, create_time, state_time, state, dist, opts, task_id, tag_name)
		VALUES ($1, $2, $3, $3, 0, TRUE, $4, $5, $6) RETURNING id`, t.ID, at, db.Now(), string(opts), task, t.Name)
	if err != nil {
		return nil, kura.E(op, err)
	}
	r, err := Get(ctx, tx, id)
	return r, kura.E(op, err)
}

// Dist fills a distribution repository: for each architecture the packages
// themselves, signed with the first of the keys that there is, and metadata.
func (m *Maker) Dist(ctx context.Context, r *Repo, keys []string, o DistOpts, s Signing) (*Repo, error) {
	const op = "repo.Dist"
	if r.State != Init {
		return r, nil
	}
	var c *content
	err := m.db.View(ctx, func(tx *db.Tx) (err error) {
		c, err = m.read(ctx, tx, tag.ByID(r.TagID), r.CreateEvent, o.latest(), o.Inherit == nil || *o.Inherit)
		return err
	})
	if err != nil {
		return nil, kura.E(op, err)
	}
	out := &tree{store: m.blobs}
	d := dist{
		Maker: m, out: out, repo: r, content: c, keys: keys, opts: o, sign: s,
		chosen: map[string][]member{},
	}
	if d.arches, err = o.arches(c.arches); err != nil {
		return nil, kura.E(op, err)
	}
	for _, b := range c.builds {
		if b.Draft {
			return nil, kura.Errorf(op, kura.Conflict, "Draft build: %s is not allowed", b.NVR())
		}
	}
	if err := d.write(ctx); err != nil {
		return nil, kura.E(op, err)
	}
	return m.publish(ctx, out, r.ID)
}

// dist is one distribution repository while it is written.
type dist struct {
	*Maker
	*content
	out    *tree
	repo   *Repo
	keys   []string
	opts   DistOpts
	sign   Signing
	arches []string
	chosen map[string][]member // by architecture
	comps  []byte
}

func (d *dist) write(ctx context.Context) error {
	info, err := json.MarshalIndent(map[string]any{
		"id": d.repo.ID, "tag": d.repo.TagName, "tag_id": d.repo.TagID, "keys": d.keys, "volume": d.opts.Volume, "task_opts": d.opts,
	}, "", "  ")
	if err != nil {
		return err
	}
	if err := d.out.put(ctx, "repo.json", bytes.NewReader(append(info, '\n'))); err != nil {
		return err
	}
	if d.comps, err = d.groups(ctx); err != nil {
		return err
	}
	if err := d.out.put(ctx, "groups/comps.xml", bytes.NewReader(d.comps)); err != nil {
		return err
	}
	for _, arch := range d.arches {
		if err := d.arch(ctx, arch); err != nil {
			return fmt.Errorf("%s: %w", arch, err)
		}
	}
	return nil
}

// members gives the packages of an architecture's repository, without those
// of the other one that it may hold too.
func (d *dist) members(ctx context.Context, arch string) ([]member, error) {
	if got, ok := d.chosen[arch]; ok {
		return got, nil
	}
	var rpms []*build.RPM
	for _, r := range d.pick(arch, Opts{Src: arch == "src", Debuginfo: true}) {
		if r.Arch != "nosrc" { // Koji's have none: their sources may not be passed on
			rpms = append(rpms, r.RPM)
		}
	}
	got, err := d.choose(ctx, rpms)
	d.chosen[arch] = got
	return got, err
}

func (d *dist) arch(ctx context.Context, arch string) error {
	members, err := d.members(ctx, arch)
	if err == nil {
		members, err = d.multilib(ctx, arch, members)
	}
	if err != nil {
		return err
	}
	var manifest strings.Builder
	enc := json.NewEncoder(&manifest)
	var main, debug []member
	for _, m := range members {
		d.out.files = append(d.out.files, named{path: file.Join(arch, href(m.rpm)), info: m.info()})
		if err := enc.Encode(map[string]any{"id": m.rpm.ID, "nvra": m.rpm.NVRA(), "build_id": m.rpm.BuildID, "sigkey": m.key, "payloadhash": m.rpm.PayloadHash}); err != nil {
			return err
		}
		if d.opts.SplitDebuginfo && isDebuginfo(m.rpm.Name) {
			debug = append(debug, m)
		} else {
			main = append(main, m)
		}
	}
	if err := d.out.put(ctx, file.Join(arch, "rpmlist.jsonl"), strings.NewReader(manifest.String())); err != nil {
		return err
	}
	if err := d.list(ctx, arch, arch, "", main, d.comps); err != nil {
		return err
	}
	if !d.opts.SplitDebuginfo || arch == "src" {
		return nil
	}
	return d.list(ctx, arch, file.Join(arch, "debug"), "../", debug, nil)
}

// href is where a package lies below its architecture's directory.
func href(r *build.RPM) string {
	return "Packages/" + strings.ToLower(r.Name[:1]) + "/" + r.File()
}

// list writes the package list, the metadata and its signature of one directory.
func (d *dist) list(ctx context.Context, arch, dir, prefix string, members []member, comps []byte) error {
	var pkglist strings.Builder
	for _, m := range members {
		fmt.Fprintln(&pkglist, prefix+href(m.rpm))
	}
	if err := d.out.put(ctx, file.Join(dir, "pkglist"), strings.NewReader(pkglist.String())); err != nil {
		return err
	}
	known := d.newBases(ctx)
	defer known.close()
	from, err := known.of(d.repo.TagID, d.repo.CreateEvent, true, dir)
	if err != nil {
		return err
	}
	md, err := d.out.metadata(ctx, dir, d.signed(prefix, members), repomd.Options{
		Compression: d.compression, OpenChecksums: true,
		Revision: fmt.Sprint(d.repo.ID), Timestamp: time.Now().Unix(), Comps: comps, Bases: from,
	}, nil)
	if err != nil {
		return err
	}
	asc, err := d.sign.Metadata(ctx, d.keys, file.Join(d.repo.Path(), dir), md)
	if err != nil || asc == nil {
		return err
	}
	return d.out.put(ctx, file.Join(dir, "repodata/repomd.xml.asc"), bytes.NewReader(asc))
}

// signed lists packages as the files show them that stand in the repository: a
// signed copy has another checksum and size than the import. Only files that no
// earlier repository has listed are read.
func (d *dist) signed(prefix string, members []member) *repomd.List {
	l := &repomd.List{Entries: make([]repomd.Entry, len(members))}
	for i, m := range members {
		sum, place := m.file.Sum.String(), prefix+href(m.rpm)
		l.Entries[i] = repomd.Entry{
			ID: identity("file", sum, place), Name: m.rpm.Name, Arch: m.rpm.Arch, Version: m.rpm.Version, Release: m.rpm.Release, Epoch: epoch(m.rpm),
			Source: d.byID[*m.rpm.BuildID].NVR() + ".src.rpm", Href: place,
		}
	}
	l.Load = func(ctx context.Context, want []int) ([]repomd.Loaded, error) {
		out := make([]repomd.Loaded, len(want))
		for i, n := range want {
			f, err := d.describe(ctx, members[n], l.Entries[n].Href)
			if err != nil {
				return nil, err
			}
			out[i].Fragments = *f
		}
		return out, nil
	}
	return l
}

// describe reads a package's header from its file.
func (d *dist) describe(ctx context.Context, m member, place string) (*repomd.Fragments, error) {
	f, err := d.blobs.Open(ctx, m.file.Sum)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := rpm.Read(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", m.rpm.File(), err)
	}
	if got := hex.EncodeToString(p.PayloadMD5()); got != m.rpm.PayloadHash {
		return nil, kura.Errorf("repo.Dist", kura.Other, "%s holds another package than was imported", m.file.Path())
	}
	return repomd.NewFragments(repomd.Source{Package: p, PkgID: m.file.Sum.String(), Size: m.file.Size, FileTime: m.rpm.BuildTime, Href: place})
}
