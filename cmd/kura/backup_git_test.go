package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/kura-build/kura/hub/source"
)

// A repository that is committed to, and packed, while it is backed up comes
// back sound, with all that a reference named at that time.
func TestRepositoryThatMoves(t *testing.T) {
	o := newOld(t, false)
	path, err := source.NewRepositories(filepath.Join(o.conf.Data, "git")).Path("hello")
	o.must(err)
	ctx, stop := context.WithCancel(o.ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		tree := o.git(path, "hash-object", "-t", "tree", "-w", "/dev/null")
		for i := 0; ctx.Err() == nil; i++ {
			head := o.git(path, "rev-parse", "refs/heads/main")
			next := o.git(path, "-c", "user.name=alice", "-c", "user.email=alice@example.org", "commit-tree", "-p", head, "-m", fmt.Sprint(i), tree)
			o.git(path, "update-ref", "refs/heads/main", next)
			if i%10 == 0 {
				o.git(path, "gc", "--quiet", "--prune=now")
			}
		}
	})
	to := t.TempDir()
	for range 4 {
		_, err := Backup(o.ctx, o.conf, to, BackupOptions{HostKey: true})
		if err != nil {
			t.Error(err)
			break
		}
		r, err := Restore(o.ctx, to, filepath.Join(t.TempDir(), "data"), RestoreOptions{})
		if err != nil {
			t.Error(err)
			break
		}
		repo := filepath.Join(r.Config.Data, "git", "rpms", "hello.git")
		o.git(repo, "fsck", "--strict", "--connectivity-only")
		o.git(repo, "rev-list", "--objects", "--all")
	}
	stop()
	wg.Wait()
}
