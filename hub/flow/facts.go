package flow

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/policy"
	"github.com/kura-build/kura/hub/source"
	"github.com/kura-build/kura/hub/tag"
)

// data makes a policy's data of what Koji's callers say: fields name tags,
// builds and the like by number or name, and what the tests ask about those is
// looked up when one does.
func data(ctx context.Context, tx *db.Tx, by account.Actor, about map[string]any) (*policy.Data, error) {
	f := &facts{ctx: ctx, tx: tx, about: about, given: map[string]any{}}
	if v := about["user_id"]; v != nil {
		r, err := refOf("user", v)
		if err != nil {
			return nil, err
		}
		// The same caller keeps what a token's scopes leave him.
		if r.ID == 0 || r.ID != by.ID {
			if by, err = account.Load(ctx, tx, r); err != nil {
				return nil, err
			}
		}
	}
	for name, v := range about {
		f.given[name] = plain(v)
	}
	return &policy.Data{User: by, Facts: f.given, Derived: map[string]policy.Lazy{
		"tag": f.tagName("tag"), "fromtag": f.tagName("fromtag"),
		"package": f.pkg, "new_package": f.newPackage, "version": f.version, "release": f.release,
		"source": f.source, "volume": f.volume, "draft": f.draft, "imported": f.imported, "build_owner": f.owner,
		"tags": f.tags, "btypes": f.types, "cg_list": f.generators,
		"may_change_sources": func() (any, error) { return f.mayPush(by) },
		"build_tags":         f.buildTags, "build_tag_parents": f.buildTagParents,
	}}, nil
}

// plain keeps of a foreign value what tests understand.
func plain(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = fmt.Sprint(x)
	}
	return out
}

// facts finds out about what a policy is asked about.
type facts struct {
	ctx   context.Context
	tx    *db.Tx
	about map[string]any
	given map[string]any
	b     *build.Build
}

// refOf is a number or a name.
func refOf(what string, v any) (account.Ref, error) {
	switch v := v.(type) {
	case int64:
		return account.ByID(v), nil
	case string:
		return account.ByName(v), nil
	}
	return account.Ref{}, kura.Errorf("flow.policy", kura.Invalid, "Invalid type for a %s: want a number or a name, got %.80s", what, fmt.Sprint(v))
}

// maxNames bounds what anybody may have looked up with one question.
const maxNames = 100

// names is a list that is said; none is empty.
func (f *facts) names(field string) ([]any, error) {
	list, _ := f.about[field].([]any)
	if len(list) > maxNames {
		return nil, kura.Errorf("flow.policy", kura.Invalid, "%s has %d entries: a policy is asked about at most %d", field, len(list), maxNames)
	}
	return list, nil
}

func (f *facts) tag(v any) (tag.Tag, error) {
	r, err := refOf("tag", v)
	if err != nil {
		return tag.Tag{}, err
	}
	return tag.Get(f.ctx, f.tx, r, 0)
}

// tagName is the name of a tag; one that there is not matches nothing.
func (f *facts) tagName(field string) policy.Lazy {
	return func() (any, error) {
		v := f.about[field]
		if v == nil {
			return nil, nil
		}
		t, err := f.tag(v)
		if kura.Is(err, kura.NotFound) {
			return nil, nil
		}
		return t.Name, err
	}
}

// theBuild is the build that is asked about; nil for none.
func (f *facts) theBuild() (*build.Build, error) {
	v := f.about["build"]
	if v == nil || f.b != nil {
		return f.b, nil
	}
	var err error
	switch v := v.(type) {
	case int64:
		f.b, err = build.Get(f.ctx, f.tx, v)
	case string:
		var n rpm.NVR
		if n, err = rpm.ParseNVR(v); err == nil {
			f.b, err = build.ByNVR(f.ctx, f.tx, n)
		}
	default:
		err = kura.Errorf("flow.policy", kura.Invalid, "Invalid type for a build: want a number or name-version-release, got %.80s", fmt.Sprint(v))
	}
	return f.b, err
}

// of gives what is said of something, or what its build says. A policy that
// asks where neither is known was asked about the wrong thing.
func (f *facts) of(field string, ask func(*build.Build) any) (any, error) {
	if v, ok := f.given[field]; ok {
		return v, nil
	}
	b, err := f.theBuild()
	if err != nil {
		return nil, err
	}
	if b == nil {
		return nil, kura.Errorf("flow.policy", kura.Invalid, "policy requires %s data", field)
	}
	return ask(b), nil
}

func (f *facts) lookupPackage() (name string, known bool, err error) {
	v, err := f.of("package", func(b *build.Build) any { return b.Name })
	if err != nil {
		return "", false, err
	}
	r, err := refOf("package", v)
	if err != nil {
		return "", false, err
	}
	p, err := tag.GetPackage(f.ctx, f.tx, r)
	if kura.Is(err, kura.NotFound) && r.Name != "" {
		return r.Name, false, nil // about to be added
	}
	return p.Name, err == nil, err
}

func (f *facts) pkg() (any, error) {
	name, _, err := f.lookupPackage()
	return name, err
}

func (f *facts) newPackage() (any, error) {
	_, known, err := f.lookupPackage()
	return !known, err
}

func (f *facts) mayPush(by account.Actor) (any, error) {
	name, _, err := f.lookupPackage()
	if err != nil {
		return nil, err
	}
	err = source.MayPush(f.ctx, f.tx, by, name)
	if kura.Is(err, kura.Denied) || kura.Is(err, kura.Unauthenticated) {
		return false, nil
	}
	return err == nil, err
}

func (f *facts) version() (any, error) {
	return f.of("version", func(b *build.Build) any { return b.Version })
}

func (f *facts) release() (any, error) {
	return f.of("release", func(b *build.Build) any { return b.Release })
}

func (f *facts) source() (any, error) {
	if v, ok := f.given["source"]; ok {
		return v, nil
	}
	b, err := f.theBuild()
	if err != nil || b == nil || b.Source == nil {
		return nil, err
	}
	return *b.Source, nil
}

func (f *facts) volume() (any, error) {
	v, given := f.about["volume"]
	if !given {
		b, err := f.theBuild()
		if err != nil || b == nil {
			return nil, err
		}
		return b.VolumeName, nil
	}
	volumes, err := build.Volumes(f.ctx, f.tx)
	for _, x := range volumes {
		if v == x.Name || v == x.ID {
			return x.Name, nil
		}
	}
	return nil, err
}

func (f *facts) owner() (any, error) {
	b, err := f.theBuild()
	if err != nil || b == nil {
		return nil, err
	}
	return b.OwnerID, nil
}

func (f *facts) draft() (any, error) {
	if v, ok := f.given["draft"]; ok {
		return v, nil
	}
	b, err := f.theBuild()
	return b != nil && b.Draft, err
}

// imported: some rpm of the build came out of no root.
func (f *facts) imported() (any, error) {
	b, err := f.theBuild()
	if err != nil {
		return nil, err
	}
	if b == nil {
		return nil, kura.Errorf("flow.policy", kura.Invalid, "policy data must contain a build")
	}
	roots, err := build.Roots(f.ctx, f.tx, b.ID)
	return slices.ContainsFunc(roots, func(r build.RootOf) bool { return r.ID == 0 }), err
}

// tags are all that hold the build now.
func (f *facts) tags() (any, error) {
	b, err := f.theBuild()
	if err != nil || b == nil {
		return nil, err
	}
	got, err := build.TagsOf(f.ctx, f.tx, b.ID, 0)
	names := make([]string, len(got))
	for i, t := range got {
		names[i] = t.Name
	}
	return names, err
}

func (f *facts) types() (any, error) {
	if v, ok := f.given["btypes"]; ok {
		return v, nil
	}
	b, err := f.theBuild()
	if err != nil || b == nil {
		return nil, err
	}
	return build.Types(f.ctx, f.tx, b.ID)
}

// generators are the content generators that made a build's parts.
func (f *facts) generators() (any, error) {
	list, err := f.names("cg_list")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, v := range list {
		r, err := refOf("content generator", v)
		if err != nil {
			return nil, err
		}
		g, err := build.GetGenerator(f.ctx, f.tx, r)
		if err != nil {
			return nil, err
		}
		names = append(names, g.Name)
	}
	return names, nil
}

// tagAt is a tag as a root saw it.
type tagAt struct{ id, at int64 }

// inBuildTags are the tags in whose roots something is, or was, built: those
// that are named, a target's, or those of the build's roots.
func (f *facts) inBuildTags() (map[string]tagAt, error) {
	out := map[string]tagAt{}
	named, err := f.names("build_tags")
	if err != nil {
		return nil, err
	}
	if v := f.about["build_tag"]; v != nil {
		named = []any{v}
	}
	for _, v := range named {
		t, err := f.tag(v)
		if err != nil {
			return nil, err
		}
		out[t.Name] = tagAt{t.ID, 0}
	}
	if v := f.about["target"]; v != nil && len(out) == 0 {
		r, err := refOf("target", v)
		if err != nil {
			return nil, err
		}
		t, err := tag.GetTarget(f.ctx, f.tx, r, 0)
		switch {
		case err == nil:
			out[t.BuildTagName] = tagAt{t.BuildTag, 0}
		case !kura.Is(err, kura.NotFound):
			return nil, err
		}
	}
	b, err := f.theBuild()
	if err != nil || b == nil || len(out) > 0 {
		return out, err
	}
	roots, err := build.Roots(f.ctx, f.tx, b.ID)
	for _, r := range roots {
		if r.TagID != 0 {
			out[r.TagName] = tagAt{r.TagID, r.Event}
		}
	}
	return out, err
}

func (f *facts) buildTags() (any, error) {
	tags, err := f.inBuildTags()
	return slices.Sorted(maps.Keys(tags)), err
}

func (f *facts) buildTagParents() (any, error) {
	tags, err := f.inBuildTags()
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, t := range tags {
		steps, err := tag.Inheritance(f.ctx, f.tx, t.id, t.at)
		if err != nil {
			return nil, err
		}
		for _, s := range steps {
			names[s.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}
