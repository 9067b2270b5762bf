package koji

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/flow"
)

// houseRules are policies that leave alone what other tests do.
func houseRules(t testing.TB) *flow.Policies {
	t.Helper()
	p, err := flow.NewPolicies(map[string]string{
		"tag": `
			tag guarded && hastag f41 && package hel* && version 2.1* && release 1 && buildtype rpm :: allow
			tag guarded :: deny ask release engineering
			fromtag guarded && operation untag move :: deny what is released stays
			all :: allow
		`,
		"package_list": `
			has_perm admin :: allow
			tag guarded :: deny
			user ada && is_new_package :: deny new packages are named by administrators
			user ada && match action add :: allow
		`,
		"sidetag": `
			compare number_of_tags >= 2 :: deny two are enough
			all :: allow
		`,
		"build_from_scm": `
			match scm_type GIT+HTTPS && match scm_host closed.example.org && match scm_repository /rpms/* :: allow
			match scm_host closed.example.org :: deny sources come from /rpms
			all :: allow
		`,
		"volume": `
			package coldstore :: cold
			package lostthing :: nowhere
			all :: DEFAULT
		`,
		"brought": `imported :: yes`,
		"gapped":  `tag f41 :: allow`,
		"rooted": `
			imported :: brought
			buildtag f41-build && buildtag_inherits_from f41 :: ours
		`,
		"generated": `cg_match_all os* && cg_match_any osbs :: yes`,
		"said": `
			has fromtag && tag f41 :: both
			buildtag_inherits_from f41 && buildtag f41-build :: below
			hastag f41 && imported :: brought
			source git+https://* :: fetched
			volume DEFAULT && is_build_owner :: mine
			volume DEFAULT :: theirs
			user ada :: ada
			bool scratch :: scratch
		`,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPoliciesAreAsked(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.run()
		h.tags()
		one, two := h.imported("1"), h.imported("2")
		h.root.must("createTag", "guarded")
		h.root.must("packageListAdd", "guarded", "hello", "ada")

		h.ada.fault(1004, "policy violation (tag): ask release engineering", "tagBuild", "guarded", one)
		h.root.fault(1004, "policy violation (tag): ask release engineering", "tagBuildBypass", "guarded", two)
		h.done(h.ada.must("tagBuild", "f41", one))
		h.done(h.ada.must("tagBuild", "guarded", one))
		h.ada.fault(1004, "policy violation (tag): what is released stays", "untagBuild", "guarded", one)
		h.ada.fault(1004, "policy violation (tag): what is released stays", "untagBuild", "guarded", one, kw("force", true))
		h.root.must("packageListAdd", "f41-build", "hello", "root")
		h.ada.fault(1004, "policy violation (tag): what is released stays", "moveBuild", "guarded", "f41-build", one)
		h.ada.fault(1004, "policy violation (tag): what is released stays", "moveAllBuilds", "guarded", "f41-build", "hello")
		h.root.fault(1004, "what is released stays", "untagBuild", "guarded", one)
		h.root.must("untagBuild", "guarded", one, kw("force", true))

		h.ada.fault(1004, "policy violation (package_list)", "packageListAdd", "guarded", "hello", "ada")
		h.ada.fault(1004, "new packages are named by administrators", "packageListAdd", "f41-build", "unheard", "ada")
		h.ada.must("packageListAdd", "f41-build", "hello", "ada")
		h.ada.fault(1004, "policy violation (package_list): not covered by policy", "packageListBlock", "f41-build", "hello")

		h.ada.must("createSideTag", "f41-build")
		h.ada.must("createSideTag", "f41-build")
		h.ada.fault(1004, "policy violation (sidetag): two are enough", "createSideTag", "f41-build")
		h.pat.must("createSideTag", "f41-build")
	})
}

func TestPoliciesAreTold(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.run()
		h.tags()
		one, two := h.imported("1"), h.imported("2")
		h.done(h.ada.must("tagBuild", "f41", one))
		about := func(pairs ...any) map[string]any {
			m := map[string]any{}
			for i := 0; i < len(pairs); i += 2 {
				m[pairs[i].(string)] = pairs[i+1]
			}
			return m
		}
		for _, c := range []struct {
			about map[string]any
			want  any
		}{
			{about("tag", "f41", "fromtag", nil, "build", two), "both"}, // what was said, not what follows
			{about("tag", "f42", "fromtag", nil, "scratch", true, "build", one), "brought"},
			{about("build_tag", "f41-build"), "below"},
			{about("target", "f41", "source", "git+https://example.org/x#1"), "below"},
			{about("build", "hello-2.10-1"), "brought"},
			{about("build", two, "source", "git+https://example.org/x#1"), "fetched"},
			{about("build", two, "user_id", "root"), "mine"},
			{about("build", two, "user_id", "ada"), "theirs"},
			{about("build", two), "theirs"},
		} {
			if got := h.anon.must("evalPolicy", "said", c.about); got != c.want {
				t.Errorf("%v: %v, want %v", c.about, got, c.want)
			}
		}
		h.anon.fault(1000, "policy data must contain a build", "evalPolicy", "brought", about("tags", list("f41")))
		h.anon.fault(1000, "No such build", "evalPolicy", "said", about("build", int64(9999)))
		h.anon.fault(1000, "no such policy: unwritten", "evalPolicy", "unwritten", about())
		h.anon.fault(1000, "at most 100", "evalPolicy", "said", about("build_tags", slices.Repeat(list("f41"), 101)))
		h.anon.fault(1000, "Invalid type for a tag", "evalPolicy", "said", about("tag", list(list()), "fromtag", true))
		if got := h.anon.must("evalPolicy", "priority", about("build", one)); got != "stay" {
			t.Error(got)
		}
		h.ada.fault(1002, "is not a host", "host.checkPolicy", "tag", about())
	})
}

// What Koji's builders ask before they do what a policy is about.
func TestPoliciesForKojisBuilders(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.run()
		h.tags()
		b1 := h.builder("b1")
		f41, other := map[string]any{"tag": "f41"}, map[string]any{"tag": "f41-build"}
		for _, c := range []struct {
			args []any
			want any
		}{
			{list("gapped", f41), list(true, "")},
			{list("gapped", other), list(false, "not covered by policy")},
			{list("gapped", other, "allow"), list(true, "not covered by policy")},
			{list("unwritten", other), list(true, "missing policy")},
			{list("package_list", map[string]any{"tag": "f41", "user_id": "root"}), list(true, "")},
			{list("package_list", map[string]any{"tag": "f41"}), list(false, "not covered by policy")},
		} {
			if diff := cmp.Diff(c.want, b1.must("host.checkPolicy", c.args...)); diff != "" {
				t.Errorf("%v: %s", c.args, diff)
			}
		}
		b1.fault(1004, "policy violation (gapped): not covered by policy", "host.checkPolicy", "gapped", other, kw("strict", true))
		b1.fault(1004, "policy violation (gapped): not covered by policy", "host.assertPolicy", "gapped", other)
		b1.must("host.assertPolicy", "gapped", other, "allow")
		b1.must("host.assertPolicy", "gapped", f41)
		if got := b1.must("host.evalPolicy", "gapped", f41); got != "allow" {
			t.Error(got)
		}
		if got := b1.must("host.evalPolicy", "gapped", other); got != nil {
			t.Error(got)
		}

		h.root.must("grantCGAccess", "ada", "osbs", kw("create", true))
		if got := h.anon.must("evalPolicy", "generated", map[string]any{"cg_list": list("osbs")}); got != "yes" {
			t.Error(got)
		}
		h.anon.fault(1000, "nosuch", "evalPolicy", "generated", map[string]any{"cg_list": list("osbs", "nosuch")})

		id := h.imported("1")
		rooted := func() any { return h.anon.must("evalPolicy", "rooted", map[string]any{"build": id}) }
		if got := rooted(); got != "brought" {
			t.Error(got)
		}
		repo := h.done(h.root.must("newRepo", "f41-build")).([]any)[0]
		root := b1.must("host.newBuildRoot", repo, "x86_64")
		h.update(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE rpminfo SET buildroot_id = $1 WHERE build_id = $2", root, id)
			return err
		})
		if got := rooted(); got != "ours" {
			t.Error(got)
		}
	})
}
