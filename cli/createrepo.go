package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/createrepo"
	"github.com/kura-build/kura/format/repomd"
)

func newCreaterepo(a *app) *cobra.Command {
	o := &createrepoFlags{}
	c := &cobra.Command{
		Use:   "createrepo DIRECTORY",
		Short: "Make the repository of a directory of packages",
		Long: "Make the repository of a directory of packages, as createrepo_c does, with its\n" +
			"common options. No hub is needed.\n\n" +
			"What is known of the packages stays beside the metadata, in repodata/.kura-index:\n" +
			"the next run reads only packages that were written to since, and compresses only\n" +
			"what changed. With --update, a package of the same size and time is the same, and\n" +
			"metadata that another program has written is used too. Two runs at once wait for\n" +
			"each other; a reader finds the old repository or the new one.\n\n" +
			"Packages that cannot be listed are named and left out; the exit status is 1 then.\n" +
			"Options of createrepo_c that ask for nothing here (--workers, --database, --pretty\n" +
			"and the like) are taken.",
		Example: "  kura createrepo /srv/repo\n  kura createrepo --update --pkglist packages.txt --groupfile comps.xml --general-compress-type gz /srv/repo",
		Args:    want(1, 1, "a directory"),
	}
	o.declare(c)
	c.RunE = run(func(ctx context.Context, args []string) error { return a.createrepo(ctx, args[0], o) }).cobra()
	return c
}

// createrepoFlags are the options as they are written.
type createrepoFlags struct {
	createrepo.Options
	metadataFlags
	pkgList, readList string
	includePkgs       []string
	recycle, verbose  bool
	database, unused  bool
	unusedText        string
	unusedNumber      int
}

// metadataFlags are those that createrepo and mergerepo share.
type metadataFlags struct {
	compress, general, age string
	simple, unique         bool
	distro                 []string
}

func (m *metadataFlags) declare(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&m.general, "general-compress-type", "", "compression of all metadata: zstd (the default) or gz")
	f.StringVar(&m.compress, "compress-type", "", "compression of further metadata, such as the groups: zstd or gz")
	f.BoolVar(&m.simple, "simple-md-filenames", false, "file names without checksums")
	f.BoolVar(&m.unique, "unique-md-filenames", false, "file names with checksums (the default)")
}

func (o *createrepoFlags) declare(c *cobra.Command) {
	f := c.Flags()
	o.metadataFlags.declare(c)
	f.StringVarP(&o.OutputDir, "outputdir", "o", "", "where repodata goes, if not into the directory")
	f.StringVarP(&o.pkgList, "pkglist", "i", "", "file that lists the packages, one a line, relative to the directory")
	f.StringArrayVarP(&o.includePkgs, "includepkg", "n", nil, "a package to list, relative to the directory; may be given again")
	f.BoolVar(&o.recycle, "recycle-pkglist", false, "list what the last repository lists")
	f.StringArrayVarP(&o.Excludes, "excludes", "x", nil, "pattern of file names or paths to leave out; may be given again")
	f.BoolVarP(&o.SkipSymlinks, "skip-symlinks", "S", false, "leave out packages that are symbolic links")
	f.BoolVar(&o.Update, "update", false, "use metadata of other programs, and keep groups and the like")
	f.StringArrayVar(&o.UpdateMDPath, "update-md-path", nil, "a further directory whose repodata is used; may be given again")
	f.BoolVar(&o.SkipStat, "skip-stat", false, "a file of a known name is as it was")
	f.BoolVar(&o.NoCache, "no-cache", false, "read every package again")
	f.StringVarP(&o.GroupFile, "groupfile", "g", "", "comps.xml to publish with the repository")
	f.StringVarP(&o.BaseURL, "baseurl", "u", "", "address of the packages, if they lie elsewhere (xml:base)")
	f.StringVar(&o.LocationPrefix, "location-prefix", "", "what to write before each package's path")
	f.IntVar(&o.CutDirs, "cut-dirs", 0, "leading directories of each package's path to leave out")
	f.StringVarP(&o.Checksum, "checksum", "s", "", "sha256 (the default), sha512, sha384, sha224, sha1 or md5")
	f.IntVar(&o.ChangelogLimit, "changelog-limit", 10, "newest changes of each package that are told; negative: all")
	f.IntVar(&o.RetainOldMD, "retain-old-md", 0, "earlier generations of the lists to keep")
	f.StringVar(&o.age, "retain-old-md-by-age", "", "keep earlier lists that are younger: 90m, 12h, 30d")
	f.BoolVar(&o.DiscardExtras, "discard-additional-metadata", false, "do not keep groups and the like on --update")
	f.BoolVar(&o.Private, "no-open-checksums", false, "leave out checksums of the uncompressed lists, which clients do not need")
	f.StringVar(&o.Revision, "revision", "", "revision in repomd.xml, if not the time")
	f.BoolVar(&o.FixTimestamps, "set-timestamp-to-revision", false, "the revision is also the time of all files")
	f.StringArrayVar(&o.distro, "distro", nil, "distribution, as CPE,TEXT or TEXT; may be given again")
	f.StringArrayVar(&o.Tags.Content, "content", nil, "tag of the contents; may be given again")
	f.StringArrayVar(&o.Tags.Repo, "repo", nil, "tag of the repository; may be given again")
	f.StringVar(&o.readList, "read-pkgs-list", "", "file to write the names of the packages to that were read")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "name the packages that were read")
	// What asks for nothing here, so that command lines need no change.
	f.BoolVarP(&o.database, "database", "d", false, "")
	_ = f.MarkHidden("database")
	for _, name := range []string{"no-database", "pretty", "no-pretty", "keep-all-metadata", "error-exit-val", "local-sqlite", "compatibility"} {
		f.BoolVar(&o.unused, name, false, "")
		_ = f.MarkHidden(name)
	}
	f.IntVar(&o.unusedNumber, "workers", 0, "")
	f.StringVar(&o.unusedText, "cachedir", "", "")
	_ = f.MarkHidden("workers")
	_ = f.MarkHidden("cachedir")
}

// compressions are the names that people give them.
var compressions = map[string]repomd.Compression{
	"": "", "gz": repomd.Gzip, "gzip": repomd.Gzip, "zstd": repomd.Zstd, "zst": repomd.Zstd, "none": repomd.None,
}

func compressionOf(name string) (repomd.Compression, error) {
	c, ok := compressions[name]
	if !ok {
		return "", usagef("metadata is not compressed with %q: use zstd, or gz for systems as old as EL 7", name)
	}
	return c, nil
}

// fill reads what takes more than one word.
func (o *createrepoFlags) fill(dir string) (err error) {
	if o.Compression, err = compressionOf(o.general); err != nil {
		return err
	}
	if o.ExtraCompression, err = compressionOf(o.compress); err != nil {
		return err
	}
	switch {
	case o.ChangelogLimit < 0:
		o.ChangelogLimit = repomd.AllChangelogs
	case o.ChangelogLimit == 0:
		o.ChangelogLimit = repomd.NoChangelogs
	}
	if o.SimpleNames = o.simple; o.simple && o.unique {
		return usagef("file names are either simple or unique")
	}
	if o.RetainOldMD < 0 || o.CutDirs < 0 {
		return usagef("--retain-old-md and --cut-dirs take a number from 0 on")
	}
	if _, err := repomd.NewHash(o.Checksum); err != nil {
		return &usage{err}
	}
	if o.FixTimestamps && o.Revision == "" {
		return usagef("--set-timestamp-to-revision needs a --revision")
	}
	if o.age != "" {
		if o.RetainOldMDByAge, err = ageOf(o.age); err != nil {
			return err
		}
	}
	for _, d := range o.distro {
		cpe, text, ok := strings.Cut(d, ",")
		if !ok {
			cpe, text = "", d
		}
		o.Tags.Distro = append(o.Tags.Distro, repomd.DistroTag{CPE: cpe, Text: text})
	}
	if o.GroupFile != "" && !filepath.IsAbs(o.GroupFile) {
		if _, err := os.Stat(o.GroupFile); err != nil { // createrepo_c looks in the directory
			o.GroupFile = filepath.Join(dir, o.GroupFile)
		}
	}
	switch {
	case o.pkgList != "":
		b, err := os.ReadFile(o.pkgList)
		if err != nil {
			return err
		}
		o.PkgList = append(strings.Split(string(b), "\n"), o.includePkgs...)
	case o.includePkgs != nil:
		o.PkgList = o.includePkgs
	case o.recycle:
		if o.PkgList, err = createrepo.Listed(dir, o.OutputDir); err != nil {
			return err
		}
	}
	return nil
}

// ageOf reads 90m, 12h or 30d.
func ageOf(s string) (time.Duration, error) {
	units := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	if s != "" {
		n, err := strconv.Atoi(s[:len(s)-1])
		if unit, ok := units[s[len(s)-1:]]; ok && err == nil && n >= 0 {
			return time.Duration(n) * unit, nil
		}
	}
	return 0, usagef("%q is no age: use 90m, 12h or 30d", s)
}

func (a *app) createrepo(ctx context.Context, dir string, o *createrepoFlags) error {
	if dir == "" {
		return usagef("the directory of the packages is an empty word: is a variable of your script not set?")
	}
	if err := o.fill(dir); err != nil {
		return err
	}
	if o.database {
		fmt.Fprintln(a.Err, "kura: no sqlite databases are made: dnf, zypper and libsolv read the lists")
	}
	line, end := a.counting("packages")
	o.Progress = line
	o.Warn = func(path string, err error) {
		end()
		fmt.Fprintf(a.Err, "kura: %s: %s\n", clean(path), clean(err.Error()))
	}
	began := a.Now()
	r, err := createrepo.Run(ctx, dir, o.Options)
	end()
	if errors.Is(err, createrepo.ErrNoDirectory) {
		err = &kura.Error{Op: "cli.createrepo", Kind: kura.NotFound, Err: err}
	}
	if err != nil {
		return err
	}
	if o.readList != "" {
		if err := os.WriteFile(o.readList, []byte(strings.Join(r.ReadList, "\n")+"\n"), 0o644); err != nil {
			return err
		}
	}
	if err := a.repositoryMade(r.Repomd, r.Packages, fmt.Sprintf("%d read", r.Read), began); err != nil {
		return err
	}
	if o.verbose && !a.json {
		for _, p := range r.ReadList {
			fmt.Fprintln(a.Out, clean(p))
		}
	}
	if r.Failed > 0 {
		return fmt.Errorf("the repository was made, without what is named above (%d)", r.Failed)
	}
	return nil
}

// repositoryMade tells what was made.
func (a *app) repositoryMade(md *repomd.Repomd, packages int, done string, began time.Time) error {
	if a.quiet && !a.json {
		return nil
	}
	var size int64
	files := map[string]any{}
	for _, d := range md.Data {
		size += d.Size
		files[d.Type] = map[string]any{"href": d.Href, "size": d.Size, "checksum": d.Checksum}
	}
	answer := map[string]any{"packages": packages, "revision": md.Revision, "files": files}
	return a.show(answer, func(t *table) {
		noun := "packages"
		if packages == 1 {
			noun = "package"
		}
		t.line("%d %s, %s; %s of metadata in %.2f s", packages, noun, done, bytesText(size), a.Now().Sub(began).Seconds())
	})
}
