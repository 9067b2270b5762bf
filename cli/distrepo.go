package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
)

func newDistRepo(a *app) *cobra.Command {
	var o distRepoOptions
	var nowait bool
	c := &cobra.Command{
		Use:   "dist-repo TAG [KEY...]",
		Short: "Make a repository for users, of signed packages",
		Long: "Make a repository of a tag's packages that are signed with one of the keys; of two\n" +
			"the first counts. Keys are named, or given by their id.\n\n" +
			"With --multilib, the repository of x86_64 also holds the libraries and development\n" +
			"files of i686 (of ppc64: ppc, of s390x: s390), and what those need. The file is\n" +
			"python-multilib's: its sections [runtime] and [devel] list in \"white\" which packages\n" +
			"are taken in any case, and in \"black\" which are not.",
		Example: "  kura dist-repo f43 release --with-src --split-debuginfo --write-signed-rpms\n" +
			"  kura dist-repo f43 release --arch x86_64 --arch i686 --multilib multilib.conf",
		Args: want(1, -1, "a tag"),
	}
	f := c.Flags()
	f.BoolVar(&o.withSrc, "with-src", false, "with the source packages")
	f.BoolVar(&o.split, "split-debuginfo", false, "debuginfo in a repository of its own")
	f.BoolVar(&o.write, "write-signed-rpms", false, "make signed copies that are missing")
	f.BoolVar(&o.allow, "allow-missing-signatures", false, "take unsigned packages too")
	f.BoolVar(&o.skip, "skip-missing-signatures", false, "leave out unsigned packages")
	f.BoolVar(&o.nonLatest, "non-latest", false, "all builds, not only the latest of each package")
	f.BoolVar(&o.noInherit, "no-inherit", false, "leave out what the tag inherits")
	f.BoolVar(&o.zck, "zck", false, "with zchunk metadata, if the hub makes it")
	f.StringVar(&o.comps, "comps", "", "groups of packages from this comps.xml, not the tag's")
	f.StringVar(&o.multilib, "multilib", "", "with packages of the 32-bit arches beside the 64-bit ones, as this configuration says")
	f.StringSliceVar(&o.arches, "arch", nil, "only these arches; without it, the tag's")
	f.Int64Var(&o.event, "event", 0, "as the tag was at this event")
	f.BoolVar(&nowait, "nowait", false, "do not wait for the repository")
	c.RunE = run(func(ctx context.Context, args []string) error {
		if o.allow && o.skip {
			return usagef("unsigned packages are either taken or left out: --allow-missing-signatures and --skip-missing-signatures exclude each other")
		}
		if len(args) == 1 && !o.allow {
			return usagef("name a key, or allow unsigned packages with --allow-missing-signatures")
		}
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		tag, err := h.Tag(ctx, args[0])
		if err != nil {
			return err
		}
		if err := o.chooseArches(ctx, h, tag); err != nil {
			return err
		}
		keys, err := keyIDs(ctx, h, args[1:])
		if err != nil {
			return err
		}
		for _, file := range []*string{&o.comps, &o.multilib} {
			if *file == "" {
				continue
			}
			if *file, err = a.uploadFile(ctx, h, "cli-dist-repo", *file); err != nil {
				return err
			}
		}
		id, err := h.Int(ctx, "distRepo", tag.Name, keys, o.keywords())
		if err != nil {
			return err
		}
		return a.started(ctx, h, id, nowait)
	}).cobra()
	return c
}

// distRepoOptions are the flags of dist-repo.
type distRepoOptions struct {
	withSrc, split, write, allow, skip bool
	nonLatest, noInherit, zck          bool
	arches                             []string
	event                              int64
	comps, multilib                    string // files, once they are uploaded: their names there
}

// chooseArches completes the arches: those that were asked for, else the tag's,
// else those of the nearest tag above it that has some. Sources are an
// architecture, and noarch is none: it is in each.
func (o *distRepoOptions) chooseArches(ctx context.Context, h *client.Hub, tag client.Tag) error {
	arches := o.arches
	if len(arches) == 0 {
		arches = strings.Fields(tag.Arches)
	}
	if len(arches) == 0 {
		above, err := h.Maps(ctx, "getFullInheritance", tag.ID)
		if err != nil {
			return err
		}
		for _, step := range above {
			parent, err := h.Tag(ctx, step.Str("name"))
			if err != nil {
				return err
			}
			if arches = strings.Fields(parent.Arches); len(arches) > 0 {
				break
			}
		}
	}
	o.arches = nil
	for _, a := range arches {
		if a != "noarch" {
			o.arches = append(o.arches, a)
		}
	}
	if len(o.arches) == 0 {
		return kura.Errorf("cli.distRepo", kura.Invalid, "tag %s has no arches: name them with --arch", tag.Name)
	}
	if o.withSrc && !slices.Contains(o.arches, "src") {
		o.arches = append(o.arches, "src")
	}
	return nil
}

// keywords gives all options that hubs look at; some insist on each of them.
func (o *distRepoOptions) keywords() client.Keywords {
	kw := client.Keywords{
		"arch": o.arches, "split_debuginfo": o.split, "write_signed_rpms": o.write,
		"allow_missing_signatures": o.allow, "skip_missing_signatures": o.skip,
		"latest": !o.nonLatest, "inherit": !o.noInherit, "zck": o.zck, "zck_dict_dir": nil,
		"comps": nil, "multilib": nil, "delta": []any{}, "volume": nil, "event": nil,
	}
	if o.comps != "" {
		kw["comps"] = o.comps
	}
	if o.multilib != "" {
		kw["multilib"] = o.multilib
	}
	if o.event != 0 {
		kw["event"] = o.event
	}
	return kw
}

// keyIDs turns names of keys into ids. What looks like an id is one.
func keyIDs(ctx context.Context, h *client.Hub, args []string) ([]string, error) {
	ids := make([]string, len(args))
	var known []client.Map
	for i, arg := range args {
		if isKeyID(arg) {
			ids[i] = strings.ToLower(arg)
			continue
		}
		if known == nil {
			var err error
			if known, err = h.Maps(ctx, "kura.listKeys"); err != nil {
				return nil, kura.Errorf("cli.key", kura.KindOf(err), "find the key %s: %w; give its id instead", arg, err)
			}
		}
		k := findKey(known, arg)
		if k == nil {
			return nil, kura.Errorf("cli.key", kura.NotFound, "there is no key %s: see `kura key list`", arg)
		}
		ids[i] = k.Str("keyid")
	}
	return ids, nil
}

func isKeyID(s string) bool {
	return (len(s) == 8 || len(s) == 16) && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

func findKey(keys []client.Map, name string) client.Map {
	for _, k := range keys {
		if k.Str("name") == name || strings.EqualFold(k.Str("keyid"), name) {
			return k
		}
	}
	return nil
}
