package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/tag"
)

// Tags carries out what concerns tags and all that hangs on them.
type Tags struct {
	Lists *tag.Lists
	Side  *tag.SideTags
}

// Handlers are the methods.
func (h Tags) Handlers() Handlers {
	return Handlers{
		"createTag":            h.create,
		"editTag":              h.editOld,
		"editTag2":             h.edit,
		"deleteTag":            h.delete,
		"getTag":               h.get,
		"getTagID":             h.id,
		"listTags":             h.list,
		"getBuildConfig":       h.buildConfig,
		"checkTagAccess":       h.checkAccess,
		"tagLastChangeEvent":   h.lastChange,
		"tagFirstChangeEvent":  h.firstChange,
		"tagChangedSinceEvent": h.changedSince,

		"getInheritanceData": h.parents,
		"setInheritanceData": h.setParents,
		"getFullInheritance": h.inheritance,

		"createBuildTarget": h.createTarget,
		"editBuildTarget":   h.editTarget,
		"deleteBuildTarget": h.deleteTarget,
		"getBuildTarget":    h.target,
		"getBuildTargets":   h.targets,

		"createExternalRepo":        h.createRepo,
		"editExternalRepo":          h.editRepo,
		"deleteExternalRepo":        h.deleteRepo,
		"getExternalRepo":           h.repo,
		"listExternalRepos":         h.repos,
		"getExternalRepoList":       h.tagRepos,
		"getTagExternalRepos":       h.attachments,
		"addExternalRepoToTag":      h.attach,
		"editTagExternalRepo":       h.editAttachment,
		"removeExternalRepoFromTag": h.detach,

		"getPackage":           h.pkg,
		"getPackageID":         h.pkgID,
		"listPackagesSimple":   h.packagesSimple,
		"listPackages":         h.packages,
		"getPackageConfig":     h.packageConfig,
		"checkTagPackage":      h.checkPackage,
		"packageListAdd":       h.listAdd,
		"packageListBlock":     h.listChange(h.Lists.Block),
		"packageListUnblock":   h.listChange(h.Lists.Unblock),
		"packageListRemove":    h.listChange(h.Lists.Remove),
		"packageListSetOwner":  h.listSetOwner,
		"packageListSetArches": h.listSetArches,

		"createSideTag": h.createSide,
		"editSideTag":   h.editSide,
		"removeSideTag": h.removeSide,
		"listSideTags":  h.listSide,

		"getTagGroups":            h.groups,
		"groupListAdd":            h.groupAdd,
		"groupListRemove":         h.groupRemove,
		"groupListBlock":          h.groupChange(tag.BlockGroup),
		"groupListUnblock":        h.groupChange(tag.UnblockGroup),
		"groupPackageListAdd":     h.groupPackageAdd,
		"groupPackageListRemove":  h.groupPackageChange(tag.RemoveGroupPackage),
		"groupPackageListBlock":   h.groupPackageChange(tag.BlockGroupPackage),
		"groupPackageListUnblock": h.groupPackageChange(tag.UnblockGroupPackage),
		"groupReqListAdd":         h.groupReqAdd,
		"groupReqListRemove":      h.groupReqChange(tag.RemoveGroupReq),
		"groupReqListBlock":       h.groupReqChange(tag.BlockGroupReq),
		"groupReqListUnblock":     h.groupReqChange(tag.UnblockGroupReq),
	}
}

// tagRef is a tag, target, package or the like, by id, name or struct.
func tagRef(a *Args, name string) tag.Ref { return tag.Ref(a.Ref(name)) }

// archesText is "" for a tag that has none of its own, as Koji makes them.
func archesText(t tag.Tag) string {
	if t.Arches == nil {
		return ""
	}
	return *t.Arches
}

func tagStruct(t tag.Tag) xmlrpc.Struct {
	return record("id", t.ID, "name", t.Name, "perm_id", deref(t.PermID), "perm", deref(t.Perm), "arches", archesText(t),
		"locked", t.Locked, "maven_support", t.MavenSupport, "maven_include_all", t.MavenIncludeAll)
}

// extraWith marks each value: Koji shows so which keys are blocked.
func extraWith(t tag.Tag) map[string]any {
	out := map[string]any{}
	for k, v := range t.Extra {
		out[k] = []any{false, v}
	}
	for _, k := range t.BlockedExtra {
		out[k] = []any{true, nil}
	}
	return out
}

// get answers for a past event too; "auto" is the last state of a deleted tag.
func (Tags) get(ctx context.Context, c *Call) (any, error) {
	ref, strict, blocked := tagRef(c.Args, "tagInfo"), c.Args.Bool("strict"), c.Args.Bool("blocked")
	auto := c.Args.Any("event") == "auto"
	var at, deleted int64
	if !auto {
		at = c.Args.Event("event")
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	var t tag.Tag
	var err error
	if auto {
		t, deleted, err = tag.GetLast(ctx, c.Tx, ref)
	} else {
		t, err = tag.Get(ctx, c.Tx, ref, at)
	}
	if err != nil {
		return lookedUp(strict, nil, err)
	}
	s := tagStruct(t)
	if deleted != 0 {
		s = append(s, xmlrpc.Member{Name: "revoke_event", Value: deleted})
		at = deleted - 1
	}
	extra := t.Extra
	if blocked {
		extra = extraWith(t)
	}
	s = append(s, xmlrpc.Member{Name: "extra", Value: extra})
	if at != 0 {
		s = append(s, xmlrpc.Member{Name: "query_event", Value: at})
	}
	return s, nil
}

func (Tags) id(ctx context.Context, c *Call) (any, error) {
	ref, strict := tagRef(c.Args, "info"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	n, err := tag.Lookup(ctx, c.Tx, ref)
	return lookedUp(strict, n.ID, err)
}

func (Tags) create(ctx context.Context, c *Call) (any, error) {
	a := c.Args
	conf := tag.Config{Name: a.String("name"), Arches: a.OptString("arches"), Locked: a.Bool("locked"),
		MavenSupport: a.Bool("maven_support"), MavenIncludeAll: a.Bool("maven_include_all"), Extra: a.Map("extra")}
	if parent := tagRef(a, "parent"); parent != (tag.Ref{}) {
		conf.Parent = &parent
	}
	if perm := tagRef(a, "perm"); perm != (tag.Ref{}) {
		conf.Perm = &perm
	}
	if err := a.Err(); err != nil {
		return nil, err
	}
	return tag.Create(ctx, c.Tx, c.Actor, conf)
}

// edit changes what the keywords name.
func (Tags) edit(ctx context.Context, c *Call) (any, error) {
	ref := tagRef(c.Args, "tagInfo")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	r := optReader{opts: c.Args.Keywords}
	change := tag.Change{
		Name: r.string("name"), Locked: r.bool("locked"), MavenSupport: r.bool("maven_support"),
		MavenIncludeAll: r.bool("maven_include_all"), Extra: r.structure("extra"),
		BlockExtra: r.strings("block_extra"), RemoveExtra: r.strings("remove_extra"),
	}
	if has(r.opts, "arches") {
		arches := r.string("arches")
		change.Arches = &arches
	}
	for _, name := range []string{"perm_id", "perm"} {
		if change.Perm == nil && has(r.opts, name) {
			change.Perm = permRef(&r, name)
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return nothing(tag.Edit(ctx, c.Tx, c.Actor, ref, change))
}

// permRef is a permission by id or name; nil is none.
func permRef(r *optReader, name string) *tag.Ref {
	switch v := r.opts[name].(type) {
	case nil:
		return &tag.Ref{}
	case int64:
		return &tag.Ref{ID: v}
	case string:
		return &tag.Ref{Name: v}
	default:
		r.wrong(name, v)
	}
	return nil
}

// editOld is edit with positional arguments; all of them count.
func (h Tags) editOld(ctx context.Context, c *Call) (any, error) {
	kw := map[string]any{}
	for _, name := range []string{"name", "arches", "locked"} {
		kw[name] = c.Args.Any(name)
	}
	kw["perm_id"] = c.Args.Any("permissionID")
	if extra := c.Args.Any("extra"); extra != nil {
		kw["extra"] = extra
	}
	c.Args.Keywords = kw
	return h.edit(ctx, c)
}

func (Tags) delete(ctx context.Context, c *Call) (any, error) {
	ref := tagRef(c.Args, "tagInfo")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(tag.Delete(ctx, c.Tx, c.Actor, ref))
}

func (h Tags) list(ctx context.Context, c *Call) (any, error) {
	const op = "koji.listTags"
	build, pkg, perms, opts := c.Args.Ref("build"), tagRef(c.Args, "package"), c.Args.Bool("perms"), c.Args.QueryOpts()
	var q tag.Query
	if p := c.Args.OptString("pattern"); p != nil {
		q.Pattern = *p
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	var entries map[int64]tag.Listed
	var err error
	switch {
	case !build.IsZero() && pkg != (tag.Ref{}):
		return nil, kura.Errorf(op, kura.Invalid, "only one of build and package may be specified")
	case !build.IsZero():
		q.Build, err = buildID(ctx, c.Tx, build)
	case pkg != (tag.Ref{}):
		q.Package, entries, err = entriesOf(ctx, c.Tx, pkg)
	}
	if err != nil {
		return nil, err
	}
	tags, err := tag.List(ctx, c.Tx, q)
	if err != nil {
		return nil, err
	}
	rows := make([]xmlrpc.Struct, len(tags))
	for i, t := range tags {
		rows[i] = record("id", t.ID, "name", t.Name, "arches", archesText(t), "locked", t.Locked,
			"maven_support", t.MavenSupport, "maven_include_all", t.MavenIncludeAll)
		if perms {
			rows[i] = append(rows[i], record("perm_id", deref(t.PermID), "perm", deref(t.Perm))...)
		}
		if entries != nil {
			e := entries[t.ID]
			rows[i] = append(rows[i], record("owner_id", e.OwnerID, "owner_name", e.OwnerName,
				"blocked", e.Blocked, "extra_arches", deref(e.ExtraArches))...)
		}
	}
	return opts.Apply(rows)
}

// entriesOf gives a package's entries by their tags.
func entriesOf(ctx context.Context, tx *db.Tx, ref tag.Ref) (int64, map[int64]tag.Listed, error) {
	p, err := tag.GetPackage(ctx, tx, ref)
	if err != nil {
		return 0, nil, err
	}
	got, err := tag.ListedPackages(ctx, tx, tag.ListQuery{Package: p.ID})
	entries := map[int64]tag.Listed{}
	for _, l := range got {
		entries[l.TagID] = l
	}
	return p.ID, entries, err
}
