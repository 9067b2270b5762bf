package koji

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
)

// repoDone waits for a request as Koji's clients do, and gives the repository.
func (h *buildHub) repoDone(req any) map[string]any {
	h.t.Helper()
	for {
		check := h.anon.must("repo.checkRequest", req).(map[string]any)
		if r, ok := check["repo"].(map[string]any); ok {
			return r
		}
		if pick(check["request"], "active") != true {
			h.t.Fatalf("the request ended with nothing: %v", check)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestRepositoriesAreAskedFor(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		h.imported("1")
		h.root.must("tagBuildBypass", "f41", "hello-2.10-1")
		h.anon.fault(1004, "", "repo.request", "f41-build")
		h.ada.fault(1000, "No such tagInfo: 'f99'", "repo.request", "f99")
		h.ada.fault(1019, "The min_event and at_event options conflict", "repo.request", "f41-build", 1, 1)
		h.ada.fault(1019, "Invalid event: 999", "repo.request", "f41-build", 999)
		h.ada.fault(1019, "Invalid repo option: colour", "repo.request", "f41-build", kw("opts", map[string]any{"colour": true}))
		h.ada.fault(1000, "Maven support not enabled", "repo.request", "f41-build", kw("opts", map[string]any{"maven": true}))
		h.ada.fault(1004, "only admins may create high-priority requests", "repo.request", "f41-build", kw("priority", -1))
		if v := h.anon.must("repo.get", "f41-build"); v != nil {
			t.Error(v)
		}

		first := h.ada.must("repo.request", "f41-build").(map[string]any)
		req := first["request"].(map[string]any)
		if first["repo"] != nil || first["duplicate"] != false || req["active"] != true || req["task_state"] != int64(0) || req["owner_name"] != "ada" {
			t.Error(first)
		}
		last := h.anon.must("tagLastChangeEvent", "f41-build")
		want := map[string]any{"id": req["id"], "tag_id": pick(h.anon.must("getTag", "f41-build"), "id"), "tag_name": "f41-build",
			"priority": int64(20), "at_event": nil, "min_event": last, "tries": int64(1), "repo_id": nil,
			"opts": map[string]any{"src": false, "debuginfo": false, "separate_src": false, "maven": false}}
		names := []string{}
		for name := range want {
			names = append(names, name)
		}
		if diff := cmp.Diff(any(want), pick(any(req), names...)); diff != "" {
			t.Error(diff)
		}
		again := h.ada.must("repo.request", "f41-build", kw("min_event", "last")).(map[string]any)
		if again["duplicate"] != true || pick(again["request"], "id") != req["id"] {
			t.Error(again)
		}
		h.root.must("repo.request", "f41-build", kw("priority", -5))
		if v := pick(h.anon.must("getTaskInfo", req["task_id"]), "priority"); v != int64(10) {
			t.Errorf("the task's priority is %v", v)
		}
		if v := pick(h.anon.must("repo.checkRequest", req["id"]), "task"); pick(v, "id") != req["task_id"] {
			t.Error(v)
		}

		h.run()
		r := h.repoDone(req["id"])
		info := h.anon.must("repoInfo", r["id"]).(map[string]any)
		if diff := cmp.Diff(r, info); diff != "" {
			t.Error(diff)
		}
		if r["state"] != int64(1) || r["tag_name"] != "f41-build" || r["dist"] != false || r["task_id"] != req["task_id"] || r["create_event"].(int64) < last.(int64) {
			t.Error(r)
		}
		for _, name := range []string{"creation_time", "creation_ts", "state_time", "state_ts", "create_ts", "begin_event", "opts", "task_state"} {
			if r[name] == nil {
				t.Errorf("%s is nil", name)
			}
		}
		for _, args := range [][]any{list("f41-build"), list("f41-build", kw("min_event", last)), list("f41-build", kw("at_event", last)), list("f41-build", kw("opts", map[string]any{"src": false}))} {
			if v := pick(h.anon.must("repo.get", args...), "id"); v != r["id"] {
				t.Errorf("%v: %v", args, v)
			}
			got := h.ada.must("repo.request", args...).(map[string]any)
			if pick(got["repo"], "id") != r["id"] || got["request"] != nil {
				t.Errorf("%v: %v", args, got)
			}
		}
		if v := h.anon.must("repo.get", "f41-build", kw("opts", map[string]any{"src": true})); v != nil {
			t.Error(v)
		}
		if v := h.anon.must("repo.queryQueue", kw("clauses", list(list("active", "=", false)), "fields", list("id", "repo_id"))); !cmp.Equal(v, any(list(map[string]any{"id": req["id"], "repo_id": r["id"]}))) {
			t.Error(v)
		}
		h.anon.fault(1000, "No such request", "repo.checkRequest", 77)

		// The tag changes: what there is will not do any more.
		h.imported("2")
		h.root.must("tagBuildBypass", "f41", "hello-2.10-2")
		next := pick(h.ada.must("repo.request", "f41-build"), "request")
		if newer := h.repoDone(pick(next, "id")); newer["id"] == r["id"] {
			t.Error("the old repository was given for the changed tag")
		}
		old := h.ada.must("repo.request", "f41-build", kw("at_event", last)).(map[string]any)
		if pick(old["repo"], "id") != r["id"] {
			t.Errorf("at event %v: %v", last, old)
		}
	})
}

func TestACancelledRequestIsOver(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		req := pick(h.ada.must("repo.request", "f41"), "request").(map[string]any)
		under := list(list("active", "IS", true))
		if v := pick(h.anon.must("repo.queryQueue", under), "id"); !cmp.Equal(v, any(list(req["id"]))) {
			t.Error(v)
		}
		h.ada.must("cancelTask", req["task_id"])
		if v := h.anon.must("repo.queryQueue", under).([]any); len(v) > 0 {
			t.Error(v)
		}
		if got := pick(h.anon.must("repo.checkRequest", req["id"]), "request"); pick(got, "active") != false || pick(got, "task_state") != int64(3) {
			t.Error(got)
		}
		if again := h.ada.must("repo.request", "f41"); pick(again, "duplicate") != false {
			t.Error(again)
		}
	})
}

func TestRepositoriesAndTheirStates(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.run()
		h.tags()
		h.imported("1")
		h.root.must("tagBuildBypass", "f41", "hello-2.10-1")
		h.ada.fault(1004, "repo", "newRepo", "f41")
		made := h.done(h.root.must("newRepo", "f41", kw("src", true))).([]any)
		id := made[0]
		if v := pick(h.anon.must("getRepo", "f41"), "id"); v != id {
			t.Error(v)
		}
		if v := pick(pick(h.anon.must("getRepo", "f41"), "opts"), "src"); v != true {
			t.Error(v)
		}
		if v := h.anon.must("getRepo", "f41", kw("dist", true)); v != nil {
			t.Error(v)
		}
		if v := h.anon.must("repo.query", list(list("tag_name", "f41"), list("state", "IN", list(0, 1))), list("id", "state")); !cmp.Equal(v, any(list(map[string]any{"id": id, "state": int64(1)}))) {
			t.Error(v)
		}
		h.anon.fault(1019, "Invalid field for query colour", "repo.query", list(list("colour", 1)))
		var root int64
		h.update(func(ctx context.Context, tx *db.Tx) (err error) {
			root, err = build.RecordRoot(ctx, tx, build.NewRoot{Arch: "x86_64", RepoID: id.(int64)})
			return err
		})
		if diff := cmp.Diff(any(list(root)), pick(h.anon.must("repo.references", id), "id")); diff != "" {
			t.Error(diff)
		}
		if v := pick(h.anon.must("listBuildroots", kw("tagID", pick(h.anon.must("getTag", "f41"), "id"))), "id", "tag_name", "repo_id"); !cmp.Equal(v, any(list(map[string]any{"id": root, "tag_name": "f41", "repo_id": id}))) {
			t.Error(v)
		}
		var other int64
		h.update(func(ctx context.Context, tx *db.Tx) (err error) {
			other, err = build.RecordRoot(ctx, tx, build.NewRoot{Arch: "i686", RepoID: id.(int64)})
			return err
		})
		for _, roots := range []struct {
			opts map[string]any
			want any
		}{
			{map[string]any{"order": "-id"}, list(other, root)}, {map[string]any{"order": "id", "limit": 1, "offset": 1}, list(other)},
			{map[string]any{"order": "-id", "limit": 1}, list(other)}, {map[string]any{"limit": 1}, list(root)}, {map[string]any{"limit": 0}, list()},
			{map[string]any{"order": "-arch"}, list(root, other)}, {map[string]any{"order": "-arch", "limit": 1}, list(root)},
			{map[string]any{"countOnly": true}, int64(2)}, {map[string]any{"countOnly": true, "offset": 1}, int64(1)},
		} {
			got := h.anon.must("listBuildroots", kw("repoID", id, "queryOpts", roots.opts))
			if _, counted := got.(int64); !counted {
				got = pick(got, "id")
			}
			if diff := cmp.Diff(roots.want, got); diff != "" {
				t.Errorf("%v: %s", roots.opts, diff)
			}
		}
		h.update(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "DELETE FROM buildroot WHERE arch = 'i686'")
			return err
		})
		h.root.must("packageListAdd", "f41", "bash", "ada")
		h.root.must("repo.updateEndEvents")
		if v := pick(h.anon.must("repoInfo", id), "end_event"); v != h.anon.must("tagLastChangeEvent", "f41") {
			t.Errorf("end_event %v", v)
		}
		h.ada.fault(1004, "repo", "repoExpire", id)
		h.root.must("repoExpire", id)
		h.root.fault(1000, "Invalid repo state transition", "repo.setState", id, 1)
		h.root.fault(1019, "Unknown repo state: 9", "repo.setState", id, 9)
		if v := h.root.must("repoDelete", id); v != int64(1) {
			t.Errorf("a repository in use: %v", v)
		}
		h.update(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE buildroot SET retire_event = create_event")
			return err
		})
		if v := h.root.must("repoDelete", id); v != int64(0) {
			t.Error(v)
		}
		if v := h.anon.must("getActiveRepos"); len(v.([]any)) != 0 {
			t.Error(v)
		}
		if v := pick(h.anon.must("repoInfo", id), "state"); v != int64(3) {
			t.Error(v)
		}
		if v := h.anon.must("repoInfo", 99); v != nil {
			t.Error(v)
		}
		h.anon.fault(1000, "No such repo: 99", "repoInfo", 99, true)

		h.root.must("editTag2", "f41", kw("extra", map[string]any{"repo.auto": true}))
		h.root.must("repo.autoRequests")
		h.root.must("repo.autoRequests")
		queue := h.anon.must("repo.queryQueue").([]any)
		if len(queue) != 1 {
			t.Fatalf("%d requests", len(queue))
		}
		h.repoDone(pick(queue[0], "id"))
	})
}

func TestDistributionRepositories(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.run()
		h.tags()
		h.imported("1")
		h.root.must("tagBuildBypass", "f41", "hello-2.10-1")
		opts := func(pairs ...any) map[string]any {
			return kw(append(pairs, "allow_missing_signatures", true, "comps", nil, "delta", list(), "event", nil, "inherit", true,
				"latest", true, "multilib", nil, "split_debuginfo", false, "skip_missing_signatures", false, "volume", nil,
				"zck", false, "zck_dict_dir", nil, "write_signed_rpms", false, "skip_requires", false)...)
		}
		h.ada.fault(1004, "dist-repo", "distRepo", "f41", list(), opts("arch", list("x86_64")))
		h.root.fault(1000, "Invalid type for option multilib", "distRepo", "f41", list(), kw("arch", list("x86_64"), "multilib", 1))
		h.root.fault(1000, "No such volume: fast", "distRepo", "f41", list(), kw("arch", list("x86_64"), "volume", "fast"))
		h.root.must("createTag", "bare")
		h.root.fault(1000, "No arches specified nor for the tag", "distRepo", "bare", list(), opts("arch", list()))
		h.root.fault(1000, "Invalid dist repo option: colour", "distRepo", "f41", list(), kw("arch", list("x86_64"), "colour", "red"))
		h.root.fault(1000, "zchunk metadata is not made", "distRepo", "f41", list(), kw("arch", list("x86_64"), "zck", true))
		h.root.fault(1000, "The multilib arch (i686) must be included", "distRepo", "f41", list(), kw("arch", list("x86_64"), "multilib", "cli-dist-repo/1/m.conf"))
		// without the signature that is asked for, the task says in a file what is missing
		task := h.root.must("distRepo", "f41", list("feedbeef"), kw("arch", list("x86_64", "i386"), "multilib", false, "comps", false, "volume", "DEFAULT",
			"createrepo_skip_stat", true, "zck", false, "colour", nil))
		for h.anon.must("taskFinished", task) != true {
			time.Sleep(5 * time.Millisecond)
		}
		h.anon.fault(1000, "signed with none of the keys [feedbeef]: hello-2.10-1.x86_64, hello-doc-2.10-1.noarch. ", "getTaskResult", task)
		log, _ := base64.StdEncoding.DecodeString(h.anon.must("downloadTaskOutput", task, "missing_signatures.log").(string))
		if !strings.Contains(string(log), "\nhello-2.10-1.x86_64\nhello-doc-2.10-1.noarch\n") {
			t.Errorf("%s", log)
		}
		h.done(h.root.must("distRepo", "f41", list(), opts("arch", list("x86_64"))))
		r := h.anon.must("getRepo", "f41", kw("dist", true)).(map[string]any)
		if r["dist"] != true || r["state"] != int64(1) {
			t.Error(r)
		}
	})
}

// What kojira notes of an external repository makes tags that read it newer.
func TestExternalRepositoriesAreLookedAt(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		id := pick(h.root.must("createExternalRepo", "else", "https://mirror.example.org/else"), "id")
		h.root.must("addExternalRepoToTag", "f41-build", "else", 10)
		if v := h.anon.must("repo.getExternalRepoData", id); v != nil {
			t.Errorf("nothing was noted, got %v", v)
		}
		h.ada.fault(1004, "repo", "repo.setExternalRepoData", id, map[string]any{"max_ts": 1})
		h.root.fault(1000, "No such entry in table external_repo", "repo.setExternalRepoData", 9999, map[string]any{"max_ts": 1})
		h.root.fault(1000, "want struct", "repo.setExternalRepoData", id, "now")
		last, other := h.anon.must("tagLastChangeEvent", "f41-build"), h.anon.must("tagLastChangeEvent", "f41")
		for _, ts := range []int{1700000000, 1700000001} {
			h.root.must("repo.setExternalRepoData", id, map[string]any{"max_ts": ts})
			if diff := cmp.Diff(any(map[string]any{"max_ts": int64(ts)}), h.anon.must("repo.getExternalRepoData", "else")); diff != "" {
				t.Error(diff)
			}
			now := h.anon.must("tagLastChangeEvent", "f41-build")
			if now.(int64) <= last.(int64) {
				t.Errorf("the tag's last change was %v, and is %v", last, now)
			}
			if first := h.anon.must("tagFirstChangeEvent", "f41-build", kw("after", last)); first != now {
				t.Errorf("the first change after %v is %v, not %v", last, first, now)
			}
			last = now
		}
		told := h.anon.must("queryHistory", list("external_repo_data"), kw("external_repo", "else")).(map[string]any)
		want := list(map[string]any{"external_repo.name": "else", "data": map[string]any{"max_ts": int64(1700000000)}, "active": nil},
			map[string]any{"external_repo.name": "else", "data": map[string]any{"max_ts": int64(1700000001)}, "active": true})
		if diff := cmp.Diff(any(want), pick(told["external_repo_data"], "external_repo.name", "data", "active")); diff != "" {
			t.Error(diff)
		}
		if now := h.anon.must("tagLastChangeEvent", "f41"); now != other {
			t.Errorf("a tag without the repository changed at %v", now)
		}
	})
}
