package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/format/rpm"
)

type downloadOptions struct {
	arches               []string
	key, dir, latestFrom string
	debuginfo, logs      bool
}

func newDownload(a *app) *cobra.Command {
	var o downloadOptions
	c := &cobra.Command{
		Use:   "download BUILD|TASK",
		Short: "Fetch the files of a build or a task",
		Long: "Fetch the packages of a build, or what a task has made, and check them against\n" +
			"their own digests. A number is that of a task. Files that are here and whole are\n" +
			"not fetched again, and what was interrupted goes on where it stopped.",
		Example: "  kura download bash-5.3-1 --arch x86_64 --arch noarch\n" +
			"  kura download bash --latest-from f43 --key 7bb90722\n" +
			"  kura download 4711 --logs",
		Args: want(1, 1, "a build or the number of a task"),
	}
	f := c.Flags()
	f.StringSliceVar(&o.arches, "arch", nil, "only these arches (src is one)")
	f.StringVar(&o.key, "key", "", "the copies that are signed with this key")
	f.BoolVar(&o.debuginfo, "debuginfo", false, "debuginfo packages too")
	f.BoolVar(&o.logs, "logs", false, "logs too")
	f.StringVarP(&o.dir, "dir", "d", ".", "put the files here")
	f.StringVar(&o.latestFrom, "latest-from", "", "BUILD is a package: take its latest build in this tag")
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.hub()
		if err != nil {
			return err
		}
		var files []remote
		if id, e := strconv.ParseInt(args[0], 10, 64); e == nil && o.latestFrom == "" {
			files, err = taskFiles(ctx, h, id, &o)
		} else {
			files, err = buildFiles(ctx, h, args[0], &o)
		}
		if err != nil {
			return err
		}
		if len(files) == 0 {
			return kura.Errorf("cli.download", kura.NotFound, "%s has no files like that", args[0])
		}
		return a.fetch(ctx, h, files, o.dir)
	}).cobra()
	return c
}

// remote is a file to fetch.
type remote struct {
	path string // below topurl
	size int64  // 0: not known
}

func (o *downloadOptions) wants(name, arch string) bool {
	if !o.debuginfo && (strings.Contains(name, "-debuginfo-") || strings.Contains(name, "-debugsource-")) {
		return false
	}
	return len(o.arches) == 0 || slices.Contains(o.arches, arch)
}

func buildFiles(ctx context.Context, h *client.Hub, name string, o *downloadOptions) ([]remote, error) {
	b, err := findBuild(ctx, h, name, o.latestFrom)
	if err != nil {
		return nil, err
	}
	dir, err := b.Dir()
	if err != nil {
		return nil, kura.Errorf("cli.download", kura.Invalid, "build %s: %w", b.NVR, err)
	}
	rpms, err := h.Maps(ctx, "listRPMs", b.ID)
	if err != nil {
		return nil, err
	}
	var files []remote
	for _, m := range rpms {
		r := client.RPMOf(m)
		if !o.wants(r.File(), r.Arch) {
			continue
		}
		path, err := r.Path(o.key)
		if err != nil {
			return nil, kura.Errorf("cli.download", kura.Invalid, "build %s: %w", b.NVR, err)
		}
		size := r.Size
		if o.key != "" {
			size = 0 // signatures add to it
		}
		files = append(files, remote{dir + "/" + path, size})
	}
	if !o.logs {
		return files, nil
	}
	logs, err := h.Maps(ctx, "getBuildLogs", b.ID)
	for _, m := range logs {
		files = append(files, remote{strings.TrimPrefix(m.Str("path"), "/"), 0})
	}
	return files, err
}

func findBuild(ctx context.Context, h *client.Hub, name, tag string) (client.Build, error) {
	if tag == "" {
		return h.Build(ctx, name)
	}
	list, err := h.Maps(ctx, "listTagged", tag, client.Keywords{"latest": true, "inherit": true, "package": name})
	if err != nil {
		return client.Build{}, err
	}
	if len(list) == 0 {
		return client.Build{}, kura.Errorf("cli.download", kura.NotFound, "tag %s has no build of %s", tag, name)
	}
	return h.Build(ctx, list[0].Str("nvr"))
}

func taskFiles(ctx context.Context, h *client.Hub, id int64, o *downloadOptions) ([]remote, error) {
	tasks, err := h.Trees(ctx, id)
	if err != nil {
		return nil, err
	}
	var files []remote
	seen := map[string]bool{}
	for _, t := range tasks {
		out, err := h.Outputs(ctx, t.ID)
		if err != nil {
			return nil, err
		}
		for _, f := range out {
			isRPM, isLog := strings.HasSuffix(f.Name, ".rpm"), strings.HasSuffix(f.Name, ".log")
			arch := ""
			if isRPM {
				arch = nameArch(f.Name)
			}
			if isRPM && (seen[f.Name] || !o.wants(f.Name, arch)) || isLog && !o.logs || !isRPM && !isLog && len(o.arches) > 0 {
				continue
			}
			seen[f.Name] = true
			files = append(files, remote{client.TaskPath(t.ID, f.Name), f.Size})
		}
	}
	return files, nil
}

// nameArch is the arch that a package's file name ends with.
func nameArch(name string) string {
	name = strings.TrimSuffix(name, ".rpm")
	return name[strings.LastIndexByte(name, '.')+1:]
}

// fetch gets files into a directory, one after the other. Two that have one
// name, as the logs of several arches, get their arch or task before it.
func (a *app) fetch(ctx context.Context, h *client.Hub, files []remote, dir string) error {
	names := map[string]int{}
	for _, f := range files {
		names[filepath.Base(f.path)]++
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return kura.Errorf("cli.download", kura.Other, "download: %w", err)
	}
	var got []any
	for _, f := range files {
		name := filepath.Base(f.path)
		if err := client.CheckName(name); err != nil {
			return kura.Errorf("cli.download", kura.Invalid, "the hub's list: %w", err)
		}
		if names[name] > 1 {
			name = filepath.Base(filepath.Dir(f.path)) + "-" + name
		}
		dest := filepath.Join(dir, name)
		there := whole(dest, f.size)
		if !there {
			show, end := a.progress("fetching", name)
			err := h.Download(ctx, f.path, dest, show)
			end()
			if err != nil {
				return err
			}
			if strings.HasSuffix(name, ".rpm") && !whole(dest, 0) {
				return kura.Errorf("cli.download", kura.Other, "%s does not match its own digests: it was harmed on its way, or on the hub", dest)
			}
		}
		got = append(got, map[string]any{"file": dest, "there": there})
		if !a.json && !a.quiet {
			fmt.Fprintln(a.Out, clean(dest))
		}
	}
	if a.json {
		return a.writeJSON(got)
	}
	return nil
}

// whole reports whether a package is here, unharmed.
func whole(path string, size int64) bool {
	f, err := os.Open(path)
	if err != nil || !strings.HasSuffix(path, ".rpm") {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || size > 0 && info.Size() != size {
		return false
	}
	_, err = rpm.Verify(f, info.Size())
	return err == nil
}
