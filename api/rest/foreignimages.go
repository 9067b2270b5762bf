package rest

import (
	"context"
	"encoding/json"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// ImageName says how an image is called, and for what it is made.
type ImageName struct {
	Name    string `json:"name" minLength:"1"`
	Version string `json:"version" minLength:"1"`
	Target  string `json:"target" minLength:"1" doc:"whose packages it is made of, and whose tag it goes to"`
}

// ImageArches are the architectures of an image.
type ImageArches struct {
	Arches []string `json:"arches" minItems:"1" doc:"an image for each"`
}

// values gives JSON of what cannot fail to be some.
func values[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}

// imageStarts registers the starts of images that Koji's builders make.
func (s *Server) imageStarts() {
	type live struct {
		Urgency
		Options
		ImageName
		Kind      string `json:"kind" enum:"livecd,appliance,livemedia" doc:"each has a permission of its name"`
		Arch      string `json:"arch,omitempty" doc:"of livecd and appliance"`
		Arches    string `json:"arches,omitempty" doc:"of livemedia: with spaces between them"`
		Kickstart string `json:"kickstart" minLength:"1" doc:"the file's path in the repository that options.ksurl names, or of an upload"`
	}
	startImage(s, "start-live-image", func(ctx context.Context, c *call, b *live) (*task.Task, error) {
		a, err := b.asked(c)
		if err != nil {
			return nil, err
		}
		arch, a2 := any(b.Arch), b.Arch
		if b.Kind == "livemedia" {
			arch, a2 = b.Arches, ""
		}
		if arch == "" {
			return nil, kura.Errorf("rest.startLive", kura.Invalid, "a %s image needs an architecture: arch for livecd and appliance, arches for livemedia", b.Kind)
		}
		text, err := json.Marshal(arch)
		if err != nil {
			return nil, err
		}
		a.Arch = a2
		return s.Flow.StartLive(ctx, c.tx, c.by, flow.Live{Kind: b.Kind, Name: b.Name, Version: b.Version, Arch: text, Target: tag.ByName(b.Target), Kickstart: b.Kickstart, Opts: b.Options.Options}, a)
	})
	type image struct {
		Urgency
		Options
		ImageName
		ImageArches
		Tree string `json:"install_tree" minLength:"1" doc:"the address of the tree that is installed from, with $arch"`
	}
	startImage(s, "start-image", func(ctx context.Context, c *call, b *image) (*task.Task, error) {
		a, err := b.asked(c)
		if err != nil {
			return nil, err
		}
		arches, err := json.Marshal(b.Arches)
		if err != nil {
			return nil, err
		}
		return s.Flow.StartImage(ctx, c.tx, c.by, flow.Image{Name: b.Name, Version: b.Version, Arches: arches, Target: tag.ByName(b.Target), Tree: b.Tree, Opts: b.Options.Options}, a)
	})
	type indirection struct {
		Urgency
		Arch    string          `json:"arch,omitempty"`
		Options json.RawMessage `json:"options" doc:"an object, passed on to the builder: name, version, arch, target, base_image_task or base_image_build, indirection_template, indirection_template_url, scratch"`
	}
	startImage(s, "start-indirection-image", func(ctx context.Context, c *call, b *indirection) (*task.Task, error) {
		a, err := b.asked(c)
		if err != nil {
			return nil, err
		}
		a.Arch = b.Arch
		return s.Flow.StartIndirection(ctx, c.tx, c.by, b.Options, a)
	})
	type kiwi struct {
		Urgency
		ImageArches
		Target              string     `json:"target" minLength:"1"`
		URL                 string     `json:"description_url" minLength:"1" doc:"an SCM address"`
		Path                string     `json:"description_path" minLength:"1" doc:"of the description in it"`
		OptionalArches      []string   `json:"optional_arches,omitempty" doc:"those of arches that may fail"`
		Profile             string     `json:"profile,omitempty"`
		Version             string     `json:"version,omitempty"`
		Release             string     `json:"release,omitempty"`
		Releasever          string     `json:"releasever,omitempty"`
		BundleName          string     `json:"bundle_name_format,omitempty"`
		Type                string     `json:"type,omitempty"`
		TypeAttr            [][]string `json:"type_attributes,omitempty" doc:"pairs of a name and a value"`
		Repos               []string   `json:"repos,omitempty" doc:"addresses of repositories besides"`
		Scratch             bool       `json:"scratch,omitempty"`
		Prepare             bool       `json:"prepare,omitempty" doc:"prepare what is needed for the build in a step of its own"`
		WithBuildrootsRepos bool       `json:"buildroot_repo,omitempty" doc:"the repository of the build tag as well"`
	}
	startImage(s, "start-kiwi-image", func(ctx context.Context, c *call, b *kiwi) (*task.Task, error) {
		a, err := b.asked(c)
		if err != nil {
			return nil, err
		}
		k := flow.Kiwi{Target: tag.ByName(b.Target), URL: b.URL, Path: b.Path, Profile: b.Profile, Version: b.Version, Release: b.Release, Releasever: b.Releasever,
			BundleName: b.BundleName, Type: b.Type, Repos: values(b.Repos), TypeAttr: values(b.TypeAttr), Scratch: b.Scratch, Prepare: b.Prepare, WithBuildrootsRepos: b.WithBuildrootsRepos}
		if k.Arches, err = flow.Arches(b.Arches...); err != nil {
			return nil, err
		}
		if len(b.OptionalArches) > 0 {
			if k.OptionalArches, err = flow.Arches(b.OptionalArches...); err != nil {
				return nil, err
			}
		}
		return s.Flow.StartKiwi(ctx, c.tx, c.by, k, a)
	})
	type osbuild struct {
		Urgency
		ImageName
		ImageArches
		Distro    string         `json:"distro" minLength:"1" doc:"as osbuild calls the distribution: fedora-41"`
		ImageType string         `json:"image_type" minLength:"1" doc:"as osbuild calls it: qcow2"`
		Options   map[string]any `json:"options,omitempty" doc:"repo, release, skip_tag, customizations, ostree, upload_options, as Koji's plugin has them; anything else is refused"`
	}
	startImage(s, "start-osbuild-image", func(ctx context.Context, c *call, b *osbuild) (*task.Task, error) {
		a, err := b.asked(c)
		if err != nil {
			return nil, err
		}
		if b.Options == nil {
			b.Options = map[string]any{}
		}
		var o flow.Osbuild
		for dest, v := range map[*json.RawMessage]any{&o.Name: b.Name, &o.Version: b.Version, &o.Distro: b.Distro, &o.ImageType: b.ImageType, &o.Target: b.Target, &o.Arches: b.Arches, &o.Opts: b.Options} {
			if *dest, err = json.Marshal(v); err != nil {
				return nil, err
			}
		}
		return s.Flow.StartOsbuild(ctx, c.tx, c.by, o, a)
	})
	type driverDisk struct {
		Urgency
		ImageName
		ImageArches
		Packages       []string `json:"packages" minItems:"1" doc:"with the drivers"`
		OptionalArches []string `json:"optional_arches,omitempty" doc:"those of arches that may fail"`
		Source         *string  `json:"source,omitempty" doc:"an SCM address with files besides"`
		AllDeps        bool     `json:"all_dependencies,omitempty" doc:"with all that the packages require"`
		Scratch        bool     `json:"scratch,omitempty"`
	}
	startImage(s, "start-driver-disk", func(ctx context.Context, c *call, b *driverDisk) (*task.Task, error) {
		a, err := b.asked(c)
		if err != nil {
			return nil, err
		}
		d := flow.DriverDisk{Name: b.Name, Version: b.Version, Target: tag.ByName(b.Target), Opts: flow.DriverDiskOpts{Scratch: b.Scratch, AllDeps: b.AllDeps, SCM: b.Source}}
		for dest, v := range map[*json.RawMessage]any{&d.Arches: b.Arches, &d.Packages: b.Packages, &d.Opts.OptionalArches: b.OptionalArches} {
			if *dest, err = json.Marshal(v); err != nil {
				return nil, err
			}
		}
		return s.Flow.StartDriverDisk(ctx, c.tx, c.by, d, a)
	})
}
