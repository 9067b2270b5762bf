package koji

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/task"
)

// scratched puts a task's files where those of scratch builds are found.
func (h Hosted) scratched(ctx context.Context, c *Call, files map[string]string) (any, error) {
	var host *task.Host
	if err := h.DB.View(ctx, func(tx *db.Tx) (err error) {
		host, err = caller(ctx, tx, c)
		return err
	}); err != nil {
		return nil, err
	}
	return nothing(h.Flow.Scratch(ctx, host.ID, c.Args.Int("task_id"), files))
}

func (h Hosted) scratch(ctx context.Context, c *Call) (any, error) {
	a := c.Args
	held, srpm, rpms, logs := a.Int("task_id"), a.String("srpm"), a.Strings("rpms"), optReader{opts: a.Map("logs")}
	if err := a.Err(); err != nil {
		return nil, err
	}
	top := fmt.Sprintf("task_%d", held)
	files := map[string]string{}
	for _, name := range append([]string{srpm}, rpms...) {
		if to := file.Join(top, path.Base(name)); files[to] == "" { // of noarch packages, the first
			files[to] = name
		}
	}
	for arch := range logs.opts {
		for _, name := range logs.strings(arch) {
			files[file.Join(top, "logs", arch, path.Base(name))] = name
		}
	}
	if logs.err != nil {
		return nil, logs.err
	}
	return h.scratched(ctx, c, files)
}

// wrapped adds the files of packages that wrap others.
func wrapped(files map[string]string, top string, results map[string]any) error {
	if len(results) == 0 {
		return nil
	}
	r := optReader{opts: results}
	of := r.int("task_id")
	for _, name := range slices.Concat([]string{r.string("srpm")}, r.strings("rpms"), r.strings("logs")) {
		files[file.Join(top, "rpms", name)] = below(of, name)
	}
	return r.err
}

func (h Hosted) scratchMaven(ctx context.Context, c *Call) (any, error) {
	if err := h.Flow.Wanted("maven"); err != nil {
		return nil, err
	}
	held, r, wraps := c.Args.Int("task_id"), optReader{opts: c.Args.Map("results")}, c.Args.Map("rpm_results")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	top, files := fmt.Sprintf("task_%d", held), map[string]string{}
	of, dirs := r.int("task_id"), optReader{opts: r.structure("files")}
	for dir := range dirs.opts {
		for _, name := range dirs.strings(dir) {
			files[file.Join(top, dir, name)] = below(of, file.Join(dir, name))
		}
	}
	for _, name := range r.strings("logs") {
		files[file.Join(top, name)] = below(of, name)
	}
	if err := firstOf(r.err, dirs.err, wrapped(files, top, wraps)); err != nil {
		return nil, err
	}
	return h.scratched(ctx, c, files)
}

func (h Hosted) scratchWin(ctx context.Context, c *Call) (any, error) {
	if err := h.Flow.Wanted("win"); err != nil {
		return nil, err
	}
	held, r, wraps := c.Args.Int("task_id"), optReader{opts: c.Args.Map("results")}, c.Args.Map("rpm_results")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	top, files := fmt.Sprintf("task_%d", held), map[string]string{}
	of := r.int("task_id")
	for _, name := range slices.Concat(slices.Collect(maps.Keys(r.structure("output"))), r.strings("logs")) {
		files[file.Join(top, name)] = below(of, name)
	}
	if err := firstOf(r.err, wrapped(files, top, wraps)); err != nil {
		return nil, err
	}
	return h.scratched(ctx, c, files)
}

func (h Hosted) scratchImage(ctx context.Context, c *Call) (any, error) {
	all := optReader{opts: c.Args.Map("results")}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	files := map[string]string{}
	for name := range all.opts {
		r := optReader{opts: all.structure(name)}
		if r.opts["task_id"] == nil {
			continue
		}
		of := r.int("task_id")
		top := fmt.Sprintf("task_%d", of)
		for _, name := range slices.Concat(r.strings("files"), r.strings("logs")) {
			files[file.Join(top, name)] = below(of, name)
		}
		if err := firstOf(r.err, wrapped(files, top, r.structure("rpmresults"))); err != nil {
			return nil, err
		}
	}
	if all.err != nil {
		return nil, all.err
	}
	return h.scratched(ctx, c, files)
}
