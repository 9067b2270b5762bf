package flow

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/cgmeta"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
)

// record makes the records of all, in one transaction.
func (i *cgImport) record(ctx context.Context, tx *db.Tx, raw blob.Info) (*build.Build, error) {
	g, err := i.asBuild(ctx, tx)
	if err != nil {
		return nil, err
	}
	b, err := build.BeginGenerated(ctx, tx, *g)
	if err != nil {
		return nil, err
	}
	if err := i.setTypes(ctx, tx, b); err != nil {
		return nil, err
	}
	roots := map[cgmeta.Key]*int64{}
	for _, r := range i.Meta.Buildroots {
		id, err := i.root(ctx, tx, r)
		if err != nil {
			return nil, err
		}
		roots[r.ID] = &id
	}
	for n := range i.files {
		if err := i.add(ctx, tx, b, &i.files[n], roots); err != nil {
			return nil, err
		}
	}
	if err := file.Put(ctx, tx, file.Join(b.Path(), "metadata.json"), raw); err != nil {
		return nil, err
	}
	if b, err = build.EndGenerated(ctx, tx, b, *g); err != nil {
		return nil, err
	}
	if err := i.putLog(ctx, tx, b); err != nil {
		return nil, err
	}
	if err := i.SettleVolume(ctx, tx, i.by, b, false); err != nil {
		return nil, err
	}
	return build.Get(ctx, tx, b.ID)
}

func (i *cgImport) asBuild(ctx context.Context, tx *db.Tx) (*build.Generated, error) {
	const op = "flow.ImportGenerated"
	m := &i.Meta.Build
	task, err := m.TaskID()
	if err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "%w", err)
	}
	owner := i.by.ID
	if m.Owner != "" {
		u, err := account.Get(ctx, tx, account.ByName(m.Owner))
		if err != nil {
			return nil, err
		}
		owner = u.ID
	}
	extra := maps.Clone(m.Extra)
	if extra == nil {
		extra = map[string]json.RawMessage{}
	}
	if extra["typeinfo"], err = json.Marshal(i.types); err != nil {
		return nil, kura.E(op, err)
	}
	text, err := json.Marshal(extra)
	if err != nil {
		return nil, kura.E(op, err)
	}
	return &build.Generated{
		New: build.New{Name: m.Name, Version: m.Version, Release: m.Release, Epoch: m.Epoch, TaskID: task, OwnerID: owner,
			Source: m.Source, Extra: text, StartTime: int64(*m.Start * 1e6)},
		Reserved: m.ID, Token: i.Token, Generator: i.who, Completion: int64(*m.End * 1e6),
	}, nil
}

func (i *cgImport) setTypes(ctx context.Context, tx *db.Tx, b *build.Build) error {
	const op = "flow.ImportGenerated"
	for _, t := range slices.Sorted(maps.Keys(i.types)) {
		var said struct {
			Group    string `json:"group_id"`
			Artifact string `json:"artifact_id"`
			Version  string
			Platform string
		}
		var err error
		if t == "maven" || t == "win" {
			if err := json.Unmarshal(i.types[t], &said); err != nil {
				return kura.Errorf(op, kura.Invalid, "what is said of build %s as one of type %s is not as it should be: %w", b.NVR(), t, err)
			}
		}
		switch {
		case t == "maven" && (said.Group == "" || said.Artifact == "" || said.Version == ""):
			err = kura.Errorf(op, kura.Invalid, "Maven info doesn't have mandatory group_id, artifact_id and version")
		case t == "maven":
			err = build.SetMaven(ctx, tx, b.ID, build.Maven{Group: said.Group, Artifact: said.Artifact, Version: said.Version})
		case t == "win" && said.Platform == "":
			err = kura.Errorf(op, kura.Invalid, "Windows info doesn't have mandatory platform key")
		case t == "win":
			err = build.SetWin(ctx, tx, b.ID, said.Platform)
		default:
			err = build.AddType(ctx, tx, b.ID, t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (i *cgImport) root(ctx context.Context, tx *db.Tx, r cgmeta.Buildroot) (int64, error) {
	e := build.Elsewhere{
		External: build.External{CGID: i.who.ID, CGVersion: r.ContentGenerator.Version, ContainerType: r.Container.Type, HostOS: r.Host.OS, HostArch: r.Host.Arch},
		Arch:     r.Container.Arch, Extra: r.Extra, Tools: map[string]string{},
	}
	for _, t := range r.Tools {
		e.Tools[t.Name] = t.Version
	}
	var err error
	if e.RPMs, e.Archives, err = i.match(ctx, tx, r.Components); err != nil {
		return 0, err
	}
	return build.RecordElsewhere(ctx, tx, e)
}

// add makes one file the build's.
func (i *cgImport) add(ctx context.Context, tx *db.Tx, b *build.Build, f *brought, roots map[cgmeta.Key]*int64) error {
	switch {
	case f.rpm != nil:
		r, err := build.Attach(ctx, tx, b, f.rpm, roots[f.Buildroot])
		if err != nil || f.Extra == nil {
			return err
		}
		extra, err := json.Marshal(f.Extra)
		if err != nil {
			return kura.E("flow.ImportGenerated", err)
		}
		return build.SetRPMExtra(ctx, tx, r, extra)
	case f.archive == nil && f.MetadataOnly: // of a log there is nothing to say
		return nil
	case f.archive == nil:
		return file.Put(ctx, tx, file.Join(b.Path(), "data/logs", f.Subdir, f.Filename), f.info)
	}
	a := *f.archive
	a.BuildrootID = roots[f.Buildroot]
	if err := build.AddArchive(ctx, tx, b, &a, f.stored); err != nil {
		return err
	}
	rpms, archives, err := i.match(ctx, tx, f.Components)
	if err != nil {
		return err
	}
	ids := make([]int64, len(rpms))
	for n, r := range rpms {
		ids[n] = r.ID
	}
	return build.Contains(ctx, tx, a.ID, ids, archives)
}

// putLog keeps what there was to tell beside the build's logs.
func (i *cgImport) putLog(ctx context.Context, tx *db.Tx, b *build.Build) error {
	if i.log.Len() == 0 {
		return nil
	}
	i.log.WriteString("CG import was SUCCESSFUL.\n")
	info, err := i.blobs.Put(ctx, strings.NewReader(i.log.String()), nil)
	if err != nil {
		return kura.E("flow.ImportGenerated", err)
	}
	return file.Put(ctx, tx, file.Join(b.Path(), "data/logs/cg_import.log"), info)
}
