package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/format/mergerepo"
	"github.com/kura-build/kura/format/repomd/merge"
)

func newMergerepo(a *app) *cobra.Command {
	o := &mergerepoFlags{}
	c := &cobra.Command{
		Use:   "mergerepo --repo ADDRESS --repo ADDRESS...",
		Short: "Make one repository of several",
		Long: "Make one repository of several, as mergerepo_c does, with its common options. No\n" +
			"hub is needed. Packages stay where they are: each says in which repository it lies.\n\n" +
			"What the repositories show is kept in .kura-mergerepo beside the merged one: the\n" +
			"next run reads only those that changed.\n\n" +
			"Without --koji or --all, of packages of one name and architecture the first is\n" +
			"taken, or with --method ts the youngest and with --method nvr the highest. With\n" +
			"--koji all packages of a source package come from the first repository that has\n" +
			"any, and of its newest version; --simple takes all packages.",
		Example: "  kura mergerepo --all --repo /srv/ours --repo https://mirror.example.org/f43/x86_64/os/ -o merged\n" +
			"  kura mergerepo --koji --archlist x86_64 --blocked blocked.txt --repo /srv/ours --repo /srv/base -o merged",
		Args: want(0, 0, "nothing"),
	}
	o.declare(c)
	c.RunE = run(func(ctx context.Context, _ []string) error { return a.mergerepo(ctx, o) }).cobra()
	return c
}

type mergerepoFlags struct {
	mergerepo.Options
	metadataFlags
	arches, blocked, method, output string
	all, koji, simpleMode           bool
	open, unused                    bool
}

func (o *mergerepoFlags) declare(c *cobra.Command) {
	f := c.Flags()
	o.metadataFlags.declare(c)
	f.StringArrayVarP(&o.Repos, "repo", "r", nil, "a repository, by its address or directory; give it again for each")
	f.StringVarP(&o.output, "outputdir", "o", "merged_repo", "where the merged repository goes")
	f.StringVarP(&o.arches, "archlist", "a", "", "architectures to take, separated by commas; noarch is always taken")
	f.BoolVar(&o.Expand, "arch-expand", false, "take what these architectures run as well")
	f.BoolVar(&o.all, "all", false, "take all versions of a package")
	f.StringVar(&o.method, "method", "repo", "which package of a name and architecture is taken: repo, ts or nvr")
	f.BoolVarP(&o.koji, "koji", "k", false, "merge as Koji does")
	f.BoolVar(&o.simpleMode, "simple", false, "with --koji: take all packages, even of the same version")
	f.StringVarP(&o.blocked, "blocked", "b", "", "with --koji: file with names of source packages to leave out, one a line")
	f.BoolVar(&o.PkgOrigins, "pkgorigins", false, "tell Koji's builders where each package comes from")
	f.BoolVar(&o.OmitBaseURL, "omit-baseurl", false, "do not tell where packages lie that do not say so")
	f.StringVarP(&o.GroupFile, "groupfile", "g", "", "comps.xml to publish in place of the repositories' own")
	f.BoolVar(&o.NoGroups, "nogroups", false, "publish no groups")
	f.BoolVar(&o.NoUpdateinfo, "noupdateinfo", false, "publish no updates")
	f.BoolVar(&o.Private, "no-open-checksums", false, "leave out checksums of the uncompressed lists, as --koji does: clients do not need them")
	f.BoolVar(&o.open, "open-checksums", false, "with --koji: write them")
	f.BoolVar(&o.unused, "no-database", false, "")
	_ = f.MarkHidden("no-database")
}

func (o *mergerepoFlags) fill() (err error) {
	if o.general == "" {
		o.general = o.compress
	}
	if o.Compression, err = compressionOf(o.general); err != nil {
		return err
	}
	if o.SimpleNames = o.simple; o.simple && o.unique {
		return usagef("file names are either simple or unique")
	}
	o.OutputDir = o.output
	o.Arches = strings.FieldsFunc(o.arches, func(r rune) bool { return r == ',' || r == ';' })
	switch {
	case o.koji && o.simpleMode:
		o.Mode = merge.Simple
	case o.koji:
		o.Mode = merge.Koji
	case o.simpleMode:
		return usagef("--simple is a way of --koji: give both")
	case o.all:
		o.Mode = merge.Bare
	case o.method == "repo" || o.method == "ts" || o.method == "nvr":
		o.Mode = merge.Mode(o.method)
	default:
		return usagef("%q is no method: use repo, ts or nvr", o.method)
	}
	o.Private = o.Private || o.koji && !o.open
	if o.Expand && len(o.Arches) == 0 {
		return usagef("--arch-expand needs an --archlist")
	}
	if o.blocked == "" {
		return nil
	}
	if !o.koji {
		return usagef("--blocked is a part of --koji: give both")
	}
	b, err := os.ReadFile(o.blocked)
	o.Blocked = map[string]bool{}
	for _, name := range strings.Fields(string(b)) {
		o.Blocked[name] = true
	}
	return err
}

func (a *app) mergerepo(ctx context.Context, o *mergerepoFlags) error {
	if len(o.Repos) == 0 {
		return usagef("kura mergerepo needs the repositories: --repo ADDRESS for each")
	}
	if err := o.fill(); err != nil {
		return err
	}
	line, end := a.counting("packages")
	o.Progress = line
	began := a.Now()
	r, err := mergerepo.Run(ctx, o.Options)
	end()
	if err != nil {
		return err
	}
	return a.repositoryMade(r.Repomd, r.Packages, fmt.Sprintf("%d of %d repositories read", len(r.Read), len(o.Repos)), began)
}
