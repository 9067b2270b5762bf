package policy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/account"
)

// Set is all policies of an installation, by name.
type Set struct{ rules map[string]*Rules }

// NewSet reads an installation's policies; those that it does not have are
// Koji's defaults. All mistakes are told at once.
func NewSet(texts map[string]string, tests Tests) (*Set, error) {
	all := maps.Clone(defaults)
	maps.Copy(all, texts)
	s := &Set{rules: map[string]*Rules{}}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r, err := Parse(name, all[name], tests)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s.rules[name] = r
	}
	return s, errors.Join(errs...)
}

// Eval asks a policy what to do.
func (s *Set) Eval(name string, d *Data) (Result, error) {
	r := s.rules[name]
	if r == nil {
		return Result{}, kura.Errorf("policy.Eval", kura.NotFound, "no such policy: %s", name)
	}
	if d.running[name] {
		return Result{}, fmt.Errorf("encountered policy loop at policy %s", name)
	}
	if d.running == nil {
		d.running = map[string]bool{}
	}
	if d.Facts == nil {
		d.Facts = map[string]any{}
	}
	outer := d.set
	d.set, d.running[name] = s, true
	defer func() { d.set = outer; delete(d.running, name) }()
	return r.Eval(d)
}

// Check asks a policy whether to allow something, and why (not). What no rule
// covers is denied unless the data say otherwise, as is an action that is neither allow nor deny; a policy
// that nobody wrote allows. force lets admins past; forced says that it had to.
func (s *Set) Check(name string, d *Data, force bool) (ok, forced bool, reason string, err error) {
	if s.rules[name] == nil {
		return true, false, "missing policy", nil
	}
	r, err := s.Eval(name, d)
	if err != nil {
		return false, false, "", err
	}
	word, reason, _ := strings.Cut(r.Action, " ")
	reason = strings.TrimSpace(reason)
	if !r.Matched {
		word, reason = cmp.Or(d.Uncovered, "deny"), "not covered by policy"
	}
	switch {
	case strings.EqualFold(word, "allow"):
		return true, false, reason, nil
	case !strings.EqualFold(word, "deny"):
		reason = "error in policy"
	}
	if force && d.User.Has(account.Admin) {
		return true, true, reason, nil
	}
	return false, false, reason, nil
}

// Assert is Check as an error.
func (s *Set) Assert(name string, d *Data, force bool) error {
	ok, _, reason, err := s.Check(name, d, force)
	if err != nil || ok {
		return err
	}
	return Violation(name, reason)
}

// Violation is the refusal of what a policy does not allow.
func Violation(name, reason string) error {
	if reason != "" {
		reason = ": " + reason
	}
	return kura.Errorf("policy.Assert", kura.Denied, "policy violation (%s)%s", name, reason)
}

// defaults decide as Koji's do, but that a package's owner may build from a
// source package too: the sources are the owner's to change.
var defaults = map[string]string{
	"build_rpm": `all :: allow`,
	"build_from_srpm": `
		has_perm admin :: allow
		may_change_sources :: allow
		all :: deny who neither owns the package nor is an administrator builds from its dist-git
	`,
	"build_from_repo_id": `
		has_perm admin :: allow
		all :: deny only an admin may build against a chosen repository here
	`,
	"build_from_scm": `
		has_perm admin :: allow
		# match scm_type GIT GIT+SSH && match scm_host git.example.org && match scm_repository /example/* :: allow
		all :: deny only an admin may build until this policy names the allowed sources
	`,
	"package_list": `
		has_perm admin :: allow
		has_perm tag :: allow
		all :: deny changing package lists needs the permission admin or tag
	`,
	"tag": `all :: allow`,
	"dist_repo": `
		has_perm admin dist-repo :: allow
		all :: deny making a repository for distribution needs the permission admin or dist-repo
	`,
	"channel": `
		has req_channel :: req
		is_child_task :: parent
		all :: use default
	`,
	"vm": `
		has_perm admin win-admin :: allow
		all :: deny building for Windows needs the permission admin or win-admin
	`,
	"cg_import": `all :: allow`,
	"volume":    `all :: DEFAULT`,
	"priority":  `all :: stay`,
	"draft_promotion": `
		has_perm draft-promoter :: allow
		is_build_owner :: allow
		all :: deny only the build's owner, or who has the permission draft-promoter, may promote it
	`,
}
