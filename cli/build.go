package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/format/rpm"
)

// buildOptions are the flags of build.
type buildOptions struct {
	scratch, nowait, skipTag  bool
	failFast, draft, lowerPri bool
	arches                    []string
	repoID                    int64
}

func newBuild(a *app) *cobra.Command {
	var o buildOptions
	c := &cobra.Command{
		Use:   "build TARGET SOURCE",
		Short: "Build a package from its source",
		Long: "Build a package for a target, and wait for it.\n\n" +
			"SOURCE is the address of a repository with what to build of it\n" +
			"(git+https://HOST/PATH#BRANCH-OR-COMMIT), or a .src.rpm file here, which is\n" +
			"uploaded first. The target says with what it is built and which tag gets the\n" +
			"result; \"none\" together with --repo-id builds with that repository alone.\n\n" +
			"`kura chain` builds several that need each other.",
		Example: "  kura build f43 git+https://src.example.org/rpms/bash#main\n" +
			"  kura build f43 bash-5.3-1.src.rpm --scratch --arch x86_64\n" +
			"  kura build f43 ./bash-5.3-1.src.rpm --nowait",
		Args: want(2, 2, "a target and a source"),
	}
	f := c.Flags()
	f.BoolVar(&o.scratch, "scratch", false, "only try: the result is kept for a while, and belongs to no tag")
	f.BoolVar(&o.nowait, "nowait", false, "do not wait for the build")
	f.BoolVar(&o.skipTag, "skip-tag", false, "do not put the build into the target's tag")
	f.StringSliceVar(&o.arches, "arch", nil, "build only for these arches (scratch builds)")
	f.Int64Var(&o.repoID, "repo-id", 0, "build with this repository instead of the newest one")
	f.BoolVar(&o.failFast, "fail-fast", false, "stop the other arches when one fails")
	f.BoolVar(&o.draft, "draft", false, "build a draft, to be promoted later")
	f.BoolVar(&o.lowerPri, "background", false, "let others go first")
	c.RunE = run(func(ctx context.Context, args []string) error { return a.build(ctx, args[0], args[1], &o) }).cobra()
	return c
}

func (o *buildOptions) check() error {
	switch {
	case len(o.arches) > 0 && !o.scratch:
		return usagef("--arch is for scratch builds: a build that is kept is made for all arches of its tag")
	case o.draft && o.scratch:
		return usagef("a scratch build cannot be a --draft: it is not kept")
	}
	return nil
}

func (o *buildOptions) options() map[string]any {
	m := map[string]any{}
	set := func(key string, on bool) {
		if on {
			m[key] = true
		}
	}
	set("scratch", o.scratch)
	set("skip_tag", o.skipTag)
	set("fail_fast", o.failFast)
	set("draft", o.draft)
	if len(o.arches) > 0 {
		m["arch_override"] = strings.Join(o.arches, " ")
	}
	if o.repoID > 0 {
		m["repo_id"] = o.repoID
	}
	return m
}

func (a *app) build(ctx context.Context, target, source string, o *buildOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	local, err := localSource(source)
	if err != nil {
		return err
	}
	h, err := a.session(ctx)
	if err != nil {
		return err
	}
	var to any = target
	if target == "none" && o.repoID > 0 {
		to = nil
	} else if _, err := h.Target(ctx, target); err != nil {
		return err
	}
	if local {
		if source, err = a.uploadFile(ctx, h, "cli-build", source); err != nil {
			return err
		}
	}
	var priority any
	if o.lowerPri {
		priority = int64(5)
	}
	id, err := h.Int(ctx, "build", source, to, o.options(), priority)
	if err != nil {
		return err
	}
	return a.started(ctx, h, id, o.nowait)
}

// localSource reports whether a source is a file here, and looks into it: a
// mistake should show before megabytes are sent.
func localSource(source string) (bool, error) {
	if strings.Contains(source, "://") {
		return false, nil
	}
	f, err := os.Open(source)
	if err != nil {
		return false, usagef("%q is neither the address of a repository (git+https://…#main) nor a file here: %w", source, err)
	}
	defer f.Close()
	p, err := rpm.Read(f)
	if err != nil {
		return false, usagef("%s is no source package: %w", source, err)
	}
	if !p.IsSource() {
		return false, usagef("%s holds %s, which is built already: a source package is wanted", source, clean(p.NEVRA().String()))
	}
	return true, nil
}

// uploadFile sends a file to a new directory of the hub, and gives its name
// there.
func (a *app) uploadFile(ctx context.Context, h *client.Hub, purpose, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", kura.Errorf("cli.upload", kura.NotFound, "upload: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", kura.Errorf("cli.upload", kura.Other, "upload: %w", err)
	}
	dir, name := client.UploadDir(purpose), filepath.Base(path)
	show, end := a.progress("uploading", name)
	err = h.Upload(ctx, dir, name, f, info.Size(), show)
	end()
	return dir + "/" + name, err
}

// started tells of a new task and, unless it should not, waits for it.
func (a *app) started(ctx context.Context, h *client.Hub, id int64, nowait bool) error {
	if !nowait {
		if !a.json && !a.quiet {
			fmt.Fprintf(a.Out, "task %d%s\n", id, a.page(h, "taskinfo?taskID=%d", id))
		}
		return a.follow(ctx, h, id)
	}
	if a.json {
		return a.writeJSON(map[string]any{"task": id})
	}
	if a.quiet {
		fmt.Fprintln(a.Out, id)
		return nil
	}
	fmt.Fprintf(a.Out, "task %d%s\nwatch it with: kura watch %d\n", id, a.page(h, "taskinfo?taskID=%d", id), id)
	return nil
}

// page gives the address of a page about something, if the profile has pages.
func (a *app) page(h *client.Hub, format string, args ...any) string {
	web := h.Profile().WebURL
	if web == "" {
		return ""
	}
	return "  " + clean(web) + "/" + fmt.Sprintf(format, args...)
}
