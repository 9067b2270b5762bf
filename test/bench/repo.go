package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kura-build/kura/client"
)

// repo compares the hub's own making of a repository with createrepo_c over
// the same packages. The hub has read their headers when they were imported;
// what that cost is a number of its own.
func (b *bench) repo() error {
	all := b.turns(2000, 200)
	dir := filepath.Join(b.dir, "packages")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	return b.each(func(h *hub, db string) error {
		n := all
		if db == "postgres" && !b.quick {
			n /= 4 // importing is what takes the time
		}
		dir := filepath.Join(dir, db)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		if _, err := h.tags(); err != nil {
			return err
		}
		took, work, err := h.importMany(dir, n)
		if err != nil {
			return err
		}
		say(fmt.Sprintf("import: one package of %d, %s", n, db), millis(took)/float64(n), "ms", fmt.Sprintf("four at once; %.1f ms of the hub's processor time", millis(work)/float64(n)))
		mine, wall, err := h.timedRepo(n)
		if err != nil {
			return err
		}
		more, err := h.sourceBuild("more", 0)
		if err == nil {
			err = h.tagAll(more)
		}
		if err != nil {
			return err
		}
		nextMine, nextWall, err := h.timedRepo(n)
		if err != nil {
			return err
		}
		first, again, err := createrepo(dir)
		if err != nil {
			return err
		}
		say(fmt.Sprintf("repo: %d packages, %s", n, db), seconds(wall), "s", "until newRepo's task is closed; upstream 78 s for a tiny tag")
		say(fmt.Sprintf("repo: %d packages, processor time, %s", n, db), seconds(mine), "s",
			fmt.Sprintf("the hub's alone; createrepo_c %.2f, with --update %.2f", seconds(first), seconds(again)))
		say("repo: the next, one build more, "+db, seconds(nextWall), "s", fmt.Sprintf("%.2f s of processor time", seconds(nextMine)))
		if mine > 0 {
			say("repo: createrepo_c's processor time over kura's, "+db, seconds(first)/seconds(mine), "x", fmt.Sprintf("with --update %.1f x", seconds(again)/seconds(mine)))
		}
		return nil
	})
}

// importMany makes n builds of a source package and one binary package, tags
// them, and leaves the binary packages in dir.
func (h *hub) importMany(dir string, n int) (took, work time.Duration, err error) {
	const sides = 4
	callers := make([]*client.Hub, sides)
	for i := range callers {
		if callers[i], err = h.session(true); err != nil {
			return 0, 0, err
		}
		defer callers[i].Close()
	}
	before, began := h.cpu(), time.Now()
	err = h.b.many(sides, n, func(side, i int) error {
		c, name := callers[side], fmt.Sprintf("repo%d", i)
		if _, err := c.Call(h.b.ctx, "createEmptyBuild", name, "1", "1", nil); err != nil {
			return err
		}
		file, data, err := synthetic(name, false)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o644); err != nil {
			return err
		}
		return put(h, c, file, data)
	})
	if err != nil {
		return 0, 0, err
	}
	took, work = time.Since(began), h.cpu()-before
	var nvrs []string
	for i := range n {
		nvrs = append(nvrs, fmt.Sprintf("repo%d-1-1", i))
	}
	return took, work, h.tagAll(nvrs...)
}

// tagAll puts builds into the destination tag, and their packages on its list.
func (h *hub) tagAll(nvrs ...string) error {
	me, err := h.Call(h.b.ctx, "getLoggedInUser")
	if err != nil {
		return err
	}
	var list, tagged []client.Invocation
	for _, nvr := range nvrs {
		list = append(list, client.Do("packageListAdd", "bench", strings.TrimSuffix(nvr, "-1-1"), client.AsMap(me).Str("name")))
		tagged = append(tagged, client.Do("tagBuildBypass", "bench", nvr))
	}
	if err := h.all(list); err != nil {
		return err
	}
	return h.all(tagged)
}

// timedRepo makes a repository and gives what it took, after a look that it
// holds what it should.
func (h *hub) timedRepo(n int) (work, wall time.Duration, err error) {
	before, began := h.cpu(), time.Now()
	if err := h.newRepo(); err != nil {
		return 0, 0, err
	}
	work, wall = h.cpu()-before, time.Since(began)
	v, err := h.Call(h.b.ctx, "getRepo", "bench-build")
	if err != nil {
		return 0, 0, err
	}
	list := filepath.Join(h.dir, "pkglist")
	rel := fmt.Sprintf("repos/bench-build/%d/x86_64/pkglist", client.AsMap(v).Int("id"))
	if err := h.Download(h.b.ctx, rel, list, nil); err != nil {
		return 0, 0, err
	}
	data, err := os.ReadFile(list)
	if got := bytes.Count(data, []byte("\n")); err == nil && got != n {
		err = fmt.Errorf("the repository holds %d packages, not %d", got, n)
	}
	return work, wall, errors.Join(err, os.Remove(list))
}

// createrepo gives the processor time of createrepo_c over a directory, and
// that of a second run that may use what the first one wrote.
func createrepo(dir string) (first, again time.Duration, err error) {
	if err := os.RemoveAll(filepath.Join(dir, "repodata")); err != nil {
		return 0, 0, err
	}
	for i, args := range [][]string{{"-q", dir}, {"-q", "--update", dir}} {
		before := children()
		if out, err := exec.Command("createrepo_c", args...).CombinedOutput(); err != nil {
			return 0, 0, fmt.Errorf("createrepo_c: %w: %s", err, out)
		}
		if i == 0 {
			first = children() - before
		} else {
			again = children() - before
		}
	}
	return first, again, nil
}

// children is the processor time of all programs that this one waited for.
func children() time.Duration {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_CHILDREN, &u) // fails for wrong arguments only
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
