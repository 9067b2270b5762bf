package koji

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/account/accounttest"
	"github.com/kura-build/kura/hub/task"
)

// builder adds a host and logs it in with a session of its own.
func (f *front) builder(name string) *client {
	f.t.Helper()
	f.update(func(ctx context.Context, tx *db.Tx) error {
		if _, err := task.New(nil).AddHost(ctx, tx, account.System, name, []string{"x86_64", "noarch"}); err != nil {
			return err
		}
		u, err := account.Get(ctx, tx, account.ByName(name))
		if err != nil {
			return err
		}
		return accounttest.SetPassword(ctx, tx, u.ID, name+"'s secret")
	})
	c := f.login(name)
	c.must("exclusiveSession")
	return c
}

// lease gives the next task to a host, as kura's own builders take it.
func (f *front) lease(host int64) (got *task.Task) {
	f.t.Helper()
	f.update(func(ctx context.Context, tx *db.Tx) (err error) {
		got, err = task.New(nil).Lease(ctx, tx, task.Offer{Host: host, Free: -1})
		return err
	})
	if got == nil {
		f.t.Fatal("no task to lease")
	}
	return got
}

func TestTasks(t *testing.T) {
	onHubs(t, func(t *testing.T, f *front) {
		root, ada, anon := f.login("root"), f.login("ada"), f.anonymous()
		ada.fault(1004, "admin permission required", "makeTask", "sleep", list(1))
		id := root.must("makeTask", "build", list("cli-build/x.src.rpm", "f41", map[string]any{"scratch": true, "key": []byte("k")}), kw("arch", "x86_64", "priority", 5))
		info := anon.must("getTaskInfo", id, true).(map[string]any)
		if diff := cmp.Diff(any(list("cli-build/x.src.rpm", "f41", map[string]any{"scratch": true, "key": []byte("k")})), info["request"]); diff != "" {
			t.Error(diff)
		}
		want := map[string]any{"id": id, "state": int64(0), "start_time": nil, "start_ts": nil, "completion_time": nil,
			"completion_ts": nil, "channel_id": int64(1), "host_id": nil, "parent": nil, "label": nil, "waiting": nil,
			"awaited": nil, "owner": int64(2), "method": "build", "arch": "x86_64", "priority": int64(5), "weight": 1.0, "phase": ""}
		for _, name := range []string{"request", "create_ts", "create_time"} {
			if info[name] == nil {
				t.Errorf("no %s", name)
			}
			delete(info, name)
		}
		if diff := cmp.Diff(any(want), any(info)); diff != "" {
			t.Error(diff)
		}
		if v := anon.must("getTaskInfo", list(id, 99)).([]any); len(v) != 2 || v[1] != nil {
			t.Error(v)
		}
		anon.fault(1000, "No such task: 99", "getTaskInfo", 99, false, true)
		anon.fault(1000, "is not finished", "getTaskResult", id)
		ada.fault(1004, "not owner", "cancelTask", id)
		root.must("setTaskPriority", id, 7)
		root.must("cancelTask", id)
		anon.fault(1000, "is canceled", "getTaskResult", id)
		if v := anon.must("taskFinished", id); v != true {
			t.Error(v)
		}
		ada.fault(1000, "only the task owner or an admin may resubmit a task", "resubmitTask", id)
		again := root.must("resubmitTask", id)
		if diff := cmp.Diff(any(list(again)), pick(anon.must("listTasks", map[string]any{"state": list(0), "owner": 2}), "id")); diff != "" {
			t.Error(diff)
		}
		rows := anon.must("listTasks", map[string]any{"decode": true, "method": "build", "not_parent": nil}, map[string]any{"order": "-id"})
		if diff := cmp.Diff(any(list()), rows); diff != "" {
			t.Error(diff)
		}
		rows = anon.must("listTasks", map[string]any{"decode": true, "parent": nil, "createdAfter": "2020-01-01 00:00"}, map[string]any{"order": "-id", "limit": 1})
		if diff := cmp.Diff(any(list(map[string]any{"id": again, "owner_name": "root", "owner_type": int64(0), "result": nil})),
			pick(rows, "id", "owner_name", "owner_type", "result")); diff != "" {
			t.Error(diff)
		}
		if n := anon.must("listTasks", map[string]any{}, map[string]any{"countOnly": true}); n != int64(2) {
			t.Error(n)
		}
		raw := pick(anon.must("listTasks").([]any)[0], "request").(string)
		if !strings.HasPrefix(raw, "<?xml") || !strings.Contains(raw, "<methodName>build</methodName>") {
			t.Error(raw)
		}
	})
}

func TestTaskTreeAndFaults(t *testing.T) {
	onHubs(t, func(t *testing.T, f *front) {
		root, anon := f.login("root"), f.anonymous()
		f.builder("b1")
		parent := root.must("makeTask", "build", list("x"), kw("arch", "x86_64"))
		run := f.lease(1)
		child := root.must("makeTask", "buildArch", list("x", kw("keep", true)), kw("parent", parent, "label", "x86_64"))
		if diff := cmp.Diff(any(list("x", kw("keep", true))), anon.must("getTaskRequest", child)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(list(child)), pick(anon.must("getTaskChildren", parent), "id")); diff != "" {
			t.Error(diff)
		}
		tree := anon.must("getTaskDescendents", parent, true).(map[string]any)
		if len(tree) != 2 || len(tree["1"].([]any)) != 1 || len(tree["2"].([]any)) != 0 {
			t.Error(tree)
		}
		f.update(func(ctx context.Context, tx *db.Tx) error {
			_, err := task.New(nil).Fail(ctx, tx, task.Hold{Task: run.ID, Host: 1, Epoch: run.Epoch}, task.Fault{Kind: "build",
				Phase: "rpmbuild", Message: "x failed", Cause: "cc: no", Log: "build.log", Line: 12})
			return err
		})
		const text = "rpmbuild: x failed; cc: no; see build.log line 12"
		anon.fault(1005, text, "getTaskResult", parent)
		want := any(map[string]any{"faultCode": int64(1005), "faultString": text})
		if diff := cmp.Diff(want, anon.must("getTaskResult", parent, false)); diff != "" {
			t.Error(diff)
		}
		rows := anon.must("listTasks", map[string]any{"decode": true, "state": list(5)})
		if diff := cmp.Diff(any(list(want)), pick(rows, "result")); diff != "" {
			t.Error(diff)
		}
		root.must("cancelTaskChildren", parent)
		if v := pick(anon.must("getTaskInfo", child), "state"); v != int64(3) {
			t.Error(v)
		}
	})
}

func TestUploadsAndTaskOutput(t *testing.T) {
	onHubs(t, func(t *testing.T, f *front) {
		root, ada, anon := f.login("root"), f.login("ada"), f.anonymous()
		b1 := f.builder("b1")
		put := func(c *client, path, query, body string) (any, error) {
			h := c.header.Clone()
			h.Set("Content-Type", "application/octet-stream")
			h.Set("Koji-Session-Callnum", "999")
			resp, data, err := c.post("/kojihub?filepath="+path+"&"+query, h, strings.NewReader(body))
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Fatal(err, resp)
			}
			return xmlrpc.DecodeResponse(bytes.NewReader(data), filterLimits)
		}
		const first = "filename=x.src.rpm&fileverify=adler32&offset=0"
		for range 2 { // the answer was lost: the same piece comes again
			v, err := put(ada, "cli-build/1.abc", first, "hello ")
			want := map[string]any{"size": int64(6), "fileverify": "adler32", "offset": int64(0), "hexdigest": "08610235"}
			if diff := cmp.Diff(any(want), v); err != nil || diff != "" {
				t.Error(err, diff)
			}
		}
		if _, err := put(ada, "cli-build/1.abc", "filename=x.src.rpm&fileverify=adler32&offset=6", "world"); err != nil {
			t.Error(err)
		}
		got := ada.must("checkUpload", "cli-build/1.abc", "x.src.rpm", kw("verify", "md5"))
		want := map[string]any{"size": int64(11), "sumlength": int64(11), "hexdigest": "5eb63bbbe01eeed093cb22bb8f5acdc3"}
		if diff := cmp.Diff(any(want), pick(got, "size", "sumlength", "hexdigest")); diff != "" {
			t.Error(diff)
		}
		if v := ada.must("checkUpload", "cli-build/1.abc", "y"); v != nil {
			t.Error(v)
		}
		v, err := put(root, "cli-build/1.abc", "filename=y&offset=0", "mine")
		wantFault(t, v, err, 1004, "not owner")
		v, err = put(ada, "cli-build/1.abc", first, "other")
		wantFault(t, v, err, 1000, "upload path exists")
		for _, query := range []string{"filename=../x&offset=0", "filename=.user&offset=0"} {
			v, err = put(ada, "cli-build/1.abc", query, "x")
			wantFault(t, v, err, 1000, "Invalid upload filename")
		}
		v, err = put(ada, "../etc", "filename=x&offset=0", "x")
		wantFault(t, v, err, 1000, "Invalid upload directory")

		id := root.must("makeTask", "build", list("x"), kw("arch", "x86_64"))
		v, err = put(b1, "tasks/1/1", "filename=build.log&offset=0", "line 1\n")
		wantFault(t, v, err, 1004, "host 1 does not own task 1")
		f.lease(1)
		v, err = put(ada, "tasks/1/1", "filename=build.log&offset=0", "line 1\n")
		wantFault(t, v, err, 1002, "is not a host")
		v, err = put(b1, "tasks/2/1", "filename=build.log&offset=0", "line 1\n")
		wantFault(t, v, err, 1000, "Invalid task upload directory")
		if _, err := put(b1, "tasks/1/1", "filename=build.log&offset=0", "line 1\n"); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(any(list("build.log")), anon.must("listTaskOutput", id)); diff != "" {
			t.Error(diff)
		}
		stat := pick(anon.must("listTaskOutput", id, kw("stat", true, "all_volumes", true)), "build.log")
		if v := pick(pick(stat, "DEFAULT"), "st_size"); v != "7" {
			t.Error(stat)
		}
		log := anon.must("downloadTaskOutput", id, "build.log", kw("offset", 5, "size", 100))
		if v, _ := base64.StdEncoding.DecodeString(log.(string)); string(v) != "1\n" {
			t.Errorf("%q", v)
		}
		anon.fault(1000, "no file \"root.log\" output by task 1", "downloadTaskOutput", id, "root.log")
		anon.fault(1000, "Invalid file name", "downloadTaskOutput", id, "../../x")
	})
}
