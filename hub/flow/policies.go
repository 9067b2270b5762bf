package flow

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/policy"
	"github.com/kura-build/kura/hub/tag"
)

// Policies are an installation's own rules, asked about what the hub holds.
type Policies struct {
	set    *policy.Set
	places bool // there are own ones on where tasks go
	scm    bool // there is an own one on where sources come from
}

// NewPolicies reads rules by their names; those left out are Koji's defaults.
func NewPolicies(texts map[string]string) (*Policies, error) {
	set, err := policy.NewSet(texts, policy.Standard())
	return &Policies{set: set, places: texts["channel"] != "" || texts["priority"] != "", scm: texts["build_from_scm"] != ""}, err
}

// DefaultPolicies are those of an installation that wrote none.
func DefaultPolicies() *Policies {
	p, err := NewPolicies(nil)
	if err != nil {
		panic(err) // texts of hub/policy
	}
	return p
}

// Eval gives the action that a policy names for what Koji's callers say of
// something: "" where no rule applies.
func (p *Policies) Eval(ctx context.Context, tx *db.Tx, by account.Actor, name string, about map[string]any) (string, error) {
	d, err := data(ctx, tx, by, about)
	if err != nil {
		return "", err
	}
	r, err := p.set.Eval(name, d)
	return r.Action, err
}

// Check tells whether a policy allows something, and why (not). A policy that
// nobody wrote allows all; uncovered is the action where no rule applies.
func (p *Policies) Check(ctx context.Context, tx *db.Tx, by account.Actor, name string, about map[string]any, uncovered string) (bool, string, error) {
	d, err := data(ctx, tx, by, about)
	if err != nil {
		return false, "", err
	}
	d.Uncovered = uncovered
	ok, _, reason, err := p.set.Check(name, d, false)
	return ok, reason, err
}

// Assert refuses what a policy does not allow; force lets administrators past.
func (p *Policies) Assert(ctx context.Context, tx *db.Tx, by account.Actor, name string, about map[string]any, force bool) error {
	d, err := data(ctx, tx, by, about)
	if err != nil {
		return err
	}
	return p.set.Assert(name, d, force)
}

// List asks the policy package_list about a change of a tag's package list.
func (p *Policies) List(ctx context.Context, tx *db.Tx, by account.Actor, c tag.ListChange) error {
	return p.Assert(ctx, tx, by, "package_list", map[string]any{
		"tag": c.Tag.ID, "action": c.Action, "package": c.Package, "force": c.Force,
	}, c.Force)
}

// SideTag asks the policy sidetag about another tag of the caller's own.
func (p *Policies) SideTag(ctx context.Context, tx *db.Tx, by account.Actor, base tag.Tag, made int) error {
	return p.Assert(ctx, tx, by, "sidetag", map[string]any{"user_id": by.ID, "tag": base.ID, "number_of_tags": int64(made)}, false)
}

// DistRepo asks the policy dist_repo whether somebody may make a repository of a
// tag for distribution. Who has the permission for it is not asked about.
func (p *Policies) DistRepo(ctx context.Context, tx *db.Tx, by account.Actor, t tag.Tag) error {
	if by.Has("dist-repo") {
		return nil
	}
	return p.Assert(ctx, tx, by, "dist_repo", map[string]any{"tag": t.ID}, false)
}

// Tag asks the policy tag whether a build may go from a tag to another; either
// may be nil.
func (p *Policies) Tag(ctx context.Context, tx *db.Tx, by account.Actor, b *build.Build, from, to *tag.Tag, force bool) error {
	about := map[string]any{"build": b.ID, "tag": nil, "fromtag": nil}
	switch {
	case from == nil && to == nil:
		return kura.Errorf("flow.Policies", kura.Invalid, "a build goes to a tag, or from one")
	case from == nil:
		about["operation"], about["tag"] = "tag", to.ID
	case to == nil:
		about["operation"], about["fromtag"] = "untag", from.ID
	default:
		about["operation"], about["tag"], about["fromtag"] = "move", to.ID, from.ID
	}
	return p.Assert(ctx, tx, by, "tag", about, force)
}

// SettleVolume moves a build to where the policy volume wants it. Where the
// policy names no volume that is there, the build stays; strict refuses that.
func (f *Flow) SettleVolume(ctx context.Context, tx *db.Tx, by account.Actor, b *build.Build, strict bool) error {
	const op = "flow.SettleVolume"
	name, err := f.Policies().Eval(ctx, tx, by, "volume", map[string]any{"build": b.ID})
	if err != nil {
		if strict || kura.KindOf(err) == kura.Canceled || kura.KindOf(err) == kura.Unavailable {
			return err
		}
		return nil
	}
	if name == "" {
		if strict {
			return kura.Errorf(op, kura.Conflict, "No volume policy match for build %s: add a last rule, all :: DEFAULT, to the policy volume", b.NVR())
		}
		return nil
	}
	v, err := build.GetVolume(ctx, tx, tag.ByName(name))
	switch {
	case kura.Is(err, kura.NotFound) && strict:
		return kura.Errorf(op, kura.NotFound, "Policy returned no such volume: %s", name)
	case kura.Is(err, kura.NotFound), err == nil && v.ID == b.VolumeID:
		return nil
	case err != nil:
		return err
	}
	return build.SetVolume(ctx, tx, by, b.ID, v)
}

// Promote makes a draft the build of its name, if the policy draft_promotion
// allows that; force lets administrators past.
func (f *Flow) Promote(ctx context.Context, tx *db.Tx, by account.Actor, b *build.Build, force bool) (*build.Build, error) {
	if err := b.Promotable(ctx, tx); err != nil {
		return nil, err
	}
	about := map[string]any{"build": b.ID, "target_release": b.Target().Release, "user_id": by.ID}
	if err := f.Policies().Assert(ctx, tx, by, "draft_promotion", about, force); err != nil {
		return nil, err
	}
	now, err := build.Promote(ctx, tx, by, b.ID)
	if err != nil {
		return nil, err
	}
	if err := f.SettleVolume(ctx, tx, by, now, false); err != nil {
		return nil, err
	}
	return build.Get(ctx, tx, b.ID)
}
