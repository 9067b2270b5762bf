package koji

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/task"
)

func TestBuildsAreStarted(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		h.anon.fault(1004, "", "build", "cli-build/1/hello-2.10-1.src.rpm", "f41")
		h.ada.fault(1000, "unknown build target", "build", "cli-build/1/hello-2.10-1.src.rpm", nil)
		h.ada.fault(1004, "only admins may create high-priority tasks", "build", "cli-build/1/x.src.rpm", "f41", nil, -5)
		h.ada.fault(1000, "Invalid type for option repo_id: want int64, got string", "build", "cli-build/1/x.src.rpm", "f41", map[string]any{"repo_id": "seven"})
		h.ada.fault(1000, "Invalid type for argument src", "build", 5, "f41")
		id := h.ada.must("build", "cli-build/1/x.src.rpm", "f41", map[string]any{"scratch": true, "fail_fast": true}, 5)
		info := h.anon.must("getTaskInfo", id, true)
		want := map[string]any{"method": "build", "priority": int64(25), "state": int64(0),
			"request": list("cli-build/1/x.src.rpm", "f41", map[string]any{"scratch": true, "fail_fast": true})}
		if diff := cmp.Diff(any(want), pick(info, "method", "priority", "state", "request")); diff != "" {
			t.Error(diff)
		}
		why := h.anon.must("kura.whyWaiting", id).(map[string]any)
		if why["reason"] == "" || why["code"] == "" {
			t.Error(why)
		}
		h.anon.fault(1000, "99", "kura.whyWaiting", 99)

		h.ada.fault(1004, "sources come from /rpms", "build", "git+https://closed.example.org/forks/a?#1", "f41")
		h.ada.fault(1004, "sources come from /rpms", "chainBuild", list(list("git+https://closed.example.org/forks/a?#1")), "f41")
		h.ada.fault(1004, "is not in the list of allowed SCMs", "chainBuild", list(list("git+https://example.com/a?#1")), "f41")
		h.ada.must("build", "git+https://closed.example.org/rpms/a?#1", "f41")
		h.root.fault(1000, "too far from the usual one", "build", "cli-build/1/x.src.rpm", "f41", nil, int64(math.MaxInt64))
		h.ada.fault(1000, "too far from the usual one", "chainBuild", list(list("git+https://example.org/a?#1")), "f41", nil, int64(math.MaxInt64))

		groups := list(list("git+https://example.org/a?#1"), list("git+https://example.org/b?#2"))
		h.anon.fault(1004, "", "chainBuild", groups, "f41")
		h.ada.fault(1000, "unknown build target: f99", "chainBuild", groups, "f99")
		h.ada.fault(1000, "No such build: 'hello-2.10-1'", "chainBuild", list(list("hello-2.10-1")), "f41")
		h.ada.fault(1000, "at least one group", "chainBuild", list(), "f41")
		h.ada.fault(1000, "want a list of lists", "chainBuild", list("a"), "f41")
		chain := h.ada.must("chainBuild", groups, "f41")
		want = map[string]any{"method": "chainbuild", "request": list(groups, "f41", map[string]any{})}
		if diff := cmp.Diff(any(want), pick(h.anon.must("getTaskInfo", chain, true), "method", "request")); diff != "" {
			t.Error(diff)
		}
	})
}

// A build that is to see another one waits until that is in the build tag, and
// gives up if it never will be.
func TestBuildsWaitForBuilds(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		h.imported("1")
		h.begun("2")
		waiting := func(nvr string) any {
			return h.root.must("build", "cli-build/1/x.src.rpm", "f41", map[string]any{"scratch": true, "wait_builds": list(nvr)})
		}
		id, chain := waiting("hello-2.10-1"), h.root.must("chainBuild", list(list("hello-2.10-1"), list("git://example.org/a#1")), "f41")
		h.run()
		time.Sleep(time.Second)
		kids := func(id any) (methods []any) {
			for _, k := range h.anon.must("getTaskChildren", id).([]any) {
				methods = append(methods, pick(k, "method"))
			}
			return methods
		}
		if got := kids(id); got != nil {
			t.Errorf("a build that is to wait goes on with %v", got)
		}
		build := h.anon.must("getTaskChildren", chain).([]any)
		if len(build) != 1 {
			t.Fatalf("a chain of one source has the children %v", build)
		}
		opts := h.anon.must("getTaskRequest", pick(build[0], "id")).([]any)[2]
		if diff := cmp.Diff(any(list("hello-2.10-1")), pick(opts, "wait_builds")); diff != "" {
			t.Error(diff)
		}
		h.root.must("tagBuildBypass", "f41", "hello-2.10-1")
		for range 200 {
			if kids(id) != nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if kids(id) == nil {
			t.Error("a build waits for one that is there")
		}
		h.root.must("cancelBuild", "hello-2.10-2")
		h.root.fault(1005, "hello-2.10-2 is to be waited for, and is CANCELED", "getTaskResult", h.ended(waiting("hello-2.10-2")))
	})
}

// What a token may not do is said when a task is made, not when all else is done.
func TestNarrowTokensStartNothingWide(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		h.root.must("grantPermission", "ada", "release", true)
		h.root.must("editTag2", "f41", kw("perm", "release"))
		done, sleep := h.ada.must("build", "git://example.org/a#1", "f41"), h.root.must("makeTask", "sleep", list(1))
		h.ada.must("cancelTask", done)
		h.root.must("cancelTask", sleep)
		h.update(func(ctx context.Context, tx *db.Tx) error {
			wide, err := account.Load(ctx, tx, account.ByName("ada"))
			if err != nil {
				return err
			}
			narrow := wide
			narrow.Token, narrow.Perms = 1, map[string]bool{}
			build := func(by account.Actor, o flow.BuildOpts) error {
				_, err := h.flow.StartBuild(ctx, tx, by, "git://example.org/a#1", "f41", o, nil, "")
				return err
			}
			chain := func(by account.Actor) error {
				_, err := h.flow.StartChain(ctx, tx, by, [][]string{{"git://example.org/a#1"}}, "f41", []byte("{}"), nil, "")
				return err
			}
			if err := errors.Join(build(wide, flow.BuildOpts{}), chain(wide), build(narrow, flow.BuildOpts{Scratch: true}), build(narrow, flow.BuildOpts{SkipTag: true})); err != nil {
				t.Error(err)
			}
			if err := build(narrow, flow.BuildOpts{}); !kura.Is(err, kura.Denied) {
				t.Errorf("a build: %v", err)
			}
			if err := chain(narrow); !kura.Is(err, kura.Denied) {
				t.Errorf("a chain: %v", err)
			}
			root, err := account.Load(ctx, tx, account.ByName("root"))
			if err != nil {
				return err
			}
			root.Token, root.Perms = 1, map[string]bool{}
			if _, err := h.tasks.Resubmit(ctx, tx, root, sleep.(int64)); !kura.Is(err, kura.Denied) {
				t.Errorf("a task of another kind: %v", err)
			}
			_, err = h.tasks.Resubmit(ctx, tx, narrow, done.(int64))
			return err
		})
		many := make([]any, 101)
		for i := range many {
			many[i] = "hello-2.10-1"
		}
		h.ada.fault(1000, "waits for 100 builds at most", "build", "git://example.org/a#1", "f41", map[string]any{"scratch": true, "wait_builds": many})
	})
}

// A task does with its owner's name what the token might that made it, and so do
// its children, and the task that is made of it anew.
func TestATaskMayWhatItsTokenMight(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		hello := h.imported("1")
		h.root.must("grantPermission", "ada", "release", true)
		h.root.must("grantPermission", "ada", "tag")
		h.root.must("editTag2", "f41", kw("perm", "release"))
		f41 := pick(h.anon.must("getTag", "f41"), "id").(int64)
		request, err := json.Marshal([]any{f41, hello})
		if err != nil {
			t.Fatal(err)
		}
		var all []*task.Task
		h.update(func(ctx context.Context, tx *db.Tx) error {
			wide, err := account.Load(ctx, tx, account.ByName("ada"))
			if err != nil {
				return err
			}
			all = nil
			for _, by := range []account.Actor{wide.Narrow([]string{}), wide.Narrow([]string{"tag"}), wide} {
				parent, err := h.tasks.Make(ctx, tx, task.Spec{Method: "waittest"}.For(by))
				if err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, "UPDATE task SET state = 1 WHERE id = $1", parent.ID); err != nil {
					return err
				}
				own, err := h.tasks.Make(ctx, tx, task.Spec{Method: "tagBuild", Request: request, Hub: true}.For(by))
				if err != nil {
					return err
				}
				child, err := h.tasks.Make(ctx, tx, task.Spec{Method: "tagBuild", Request: request, Hub: true, Parent: parent.ID, Label: "tag"})
				if err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, "UPDATE task SET state = 3 WHERE id = $1", parent.ID); err != nil {
					return err
				}
				again, err := h.tasks.Resubmit(ctx, tx, wide, parent.ID)
				if err != nil {
					return err
				}
				for _, made := range []*task.Task{own, child, again} {
					kept, err := task.Get(ctx, tx, made.ID)
					if err != nil {
						return err
					}
					if diff := cmp.Diff(by.Scopes, kept.Scopes); diff != "" {
						t.Errorf("%s: %s", made.Method, diff)
					}
				}
				all = append(all, own, child)
			}
			return nil
		})
		h.run()
		for _, made := range all[:4] {
			h.anon.fault(1004, "release", "getTaskResult", h.ended(made.ID))
		}
		for _, made := range all[4:] { // one finds that the other has tagged it
			h.ended(made.ID)
		}
		if tags := pick(h.anon.must("listTags", hello), "name"); !cmp.Equal(tags, any(list("f41"))) {
			t.Errorf("her own tasks: %v", tags)
		}
	})
}
