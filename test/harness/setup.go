package harness

import (
	"context"

	"github.com/kura-build/kura/client"
)

// Setup is what a hub needs before anything is built there.
type Setup struct {
	Tag      string              // destination; the build tag is Tag-build, the target is Tag
	Base     string              // address of the external repository
	Groups   map[string][]string // packages of the groups build and srpm-build
	Packages []string
	Owner    string
}

// Make makes tags, a target, groups, packages and the external repository.
func (s Setup) Make(ctx context.Context, h *client.Hub) error {
	build := s.Tag + "-build"
	calls := []client.Invocation{
		client.Do("createTag", s.Tag, client.Keywords{"arches": "x86_64"}),
		client.Do("createTag", build, client.Keywords{"parent": s.Tag, "arches": "x86_64"}),
		client.Do("createExternalRepo", s.Tag+"-base", s.Base),
		client.Do("addExternalRepoToTag", build, s.Tag+"-base", 5),
		client.Do("createBuildTarget", s.Tag, build, s.Tag),
	}
	for _, g := range []string{"build", "srpm-build"} {
		calls = append(calls, client.Do("groupListAdd", build, g))
		for _, p := range s.Groups[g] {
			calls = append(calls, client.Do("groupPackageListAdd", build, g, p))
		}
	}
	for _, p := range s.Packages {
		calls = append(calls, client.Do("packageListAdd", s.Tag, p, s.Owner))
	}
	return All(ctx, h, calls...)
}

// All makes many calls in one journey; the first that fails is the answer.
func All(ctx context.Context, h *client.Hub, calls ...client.Invocation) error {
	out, err := h.Multi(ctx, calls...)
	if err != nil {
		return err
	}
	for _, o := range out {
		if o.Err != nil {
			return o.Err
		}
	}
	return nil
}
