package koji

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kura-build/kura/format/xmlrpc"
)

func response(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	if err := xmlrpc.EncodeResponse(&b, v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func failure(t *testing.T, code int, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := xmlrpc.EncodeFault(&b, &xmlrpc.Fault{Code: code, String: text}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestKojisBuilder goes the way of a build host that runs a task with children.
func TestKojisBuilder(t *testing.T) {
	onHubs(t, func(t *testing.T, f *front) {
		root, ada, anon := f.login("root"), f.login("ada"), f.anonymous()
		b1 := f.builder("b1")
		ada.fault(1002, "is not a host", "host.getID")
		f.login("b1").fault(1006, "User locked by another session", "host.getID")
		host := b1.must("host.getID")
		parent := root.must("makeTask", "waittest", list(2, kw("seconds", 1.0)), kw("arch", "noarch"))
		b1.must("host.updateHost", 0.0, true, map[string]any{"methods": list("waittest", "sleep"), "maxjobs": 5})
		got := b1.must("host.getTasks")
		if diff := cmp.Diff(any(list(map[string]any{"id": parent, "state": int64(4), "host_id": host, "method": "waittest"})),
			pick(got, "id", "state", "host_id", "method")); diff != "" {
			t.Error(diff)
		}
		opened := b1.must("host.openTask", parent).(map[string]any)
		method, params, err := xmlrpc.DecodeCall(strings.NewReader(opened["request"].(string)), xmlrpc.Limits{})
		if diff := cmp.Diff(list(int64(2), kw("seconds", 1.0)), params); err != nil || method != "waittest" || diff != "" {
			t.Error(method, err, diff)
		}
		if v := b1.must("host.openTask", parent); v != nil {
			t.Error("opened twice:", v)
		}
		b1.must("host.setTaskWeight", parent, 1.5)
		b1.fault(1004, "The owner option is not allowed here", "host.subtask", "sleep", list(1), parent, kw("owner", 1))
		one := b1.must("host.subtask", "sleep", list(1), parent, kw("label", "one"))
		if v := b1.must("host.subtask", "sleep", list(1), parent, kw("label", "one")); v != one {
			t.Error("another child of the same label:", v)
		}
		two := b1.must("host.subtask2", parent, map[string]any{"label": "two", "priority": 3}, "sleep", 5, kw("x", "y"))
		if diff := cmp.Diff(any(list(int64(5), kw("x", "y"))), anon.must("getTaskRequest", two)); diff != "" {
			t.Error(diff)
		}
		b1.must("host.taskSetWait", parent, list(one, two))
		if diff := cmp.Diff(any(list(list(), list(one, two))), b1.must("host.taskWait", parent)); diff != "" {
			t.Error(diff)
		}
		for _, id := range []any{two, one} {
			b1.must("host.getTasks")
			if b1.must("host.openTask", id) == nil {
				t.Fatalf("task %v not opened", id)
			}
		}
		b1.must("host.closeTask", one, response(t, map[string]any{"rpms": list("a.rpm"), "n": 1.0}))
		b1.fault(1004, "host 1 does not own task", "host.closeTask", one, response(t, nil))
		b1.must("host.failTask", two, failure(t, 1005, "mock exited with status 1"))
		open := b1.must("host.getHostTasks")
		if diff := cmp.Diff(any(list(map[string]any{"id": parent, "waiting": true, "weight": 1.5, "alert": true})), open); diff != "" {
			t.Error(diff)
		}
		b1.fault(1005, "mock exited with status 1", "host.taskWaitResults", parent, list(one, two))
		want := any(list(
			list(one, map[string]any{"rpms": list("a.rpm"), "n": 1.0}),
			list(two, map[string]any{"faultCode": int64(1005), "faultString": "mock exited with status 1"})))
		if diff := cmp.Diff(want, b1.must("host.taskWaitResults", parent, nil, list(two))); diff != "" {
			t.Error(diff)
		}
		b1.must("host.freeTasks", list(parent, one))
		b1.must("host.getTasks")
		b1.must("host.refuseTask", parent, kw("soft", false, "msg", "no"))
		if v := pick(anon.must("getTaskInfo", parent), "state"); v != int64(0) {
			t.Error(v)
		}
		refused := anon.must("scheduler.getTaskRefusals", list(list("task_id", parent)), list("host_name", "msg", "soft"))
		if diff := cmp.Diff(any(list(map[string]any{"host_name": "b1", "msg": "no", "soft": false})), refused); diff != "" {
			t.Error(diff)
		}
		runs := anon.must("scheduler.getTaskRuns", kw("clauses", list(list("state", 5)), "fields", list("task_id", "active")))
		if diff := cmp.Diff(any(list(map[string]any{"task_id": two, "active": false})), runs); diff != "" {
			t.Error(diff)
		}
	})
}

// A host acts in the name of whoever owns what it builds: it must not lend
// itself what that person may do.
func TestKojisBuilderStartsNoTasksOfTheHub(t *testing.T) {
	onHubs(t, func(t *testing.T, f *front) {
		root, b1 := f.login("root"), f.builder("b1")
		parent := root.must("makeTask", "waittest", list(1), kw("arch", "noarch"))
		b1.must("host.updateHost", 0.0, true, map[string]any{"methods": list("waittest"), "maxjobs": 5})
		b1.must("host.getTasks")
		b1.must("host.openTask", parent)
		for _, method := range []string{"build", "newRepo", "distRepo", "chainbuild"} {
			b1.fault(1004, "may not start a "+method+" task", "host.subtask", method, list("x", "f41", map[string]any{}), parent)
			b1.fault(1004, "may not start a "+method+" task", "host.subtask2", parent, map[string]any{}, method, "x")
		}
		b1.fault(1004, "without force", "host.subtask", "tagBuild", list("f41", 1, true), parent)
		b1.fault(1004, "no keyword arguments", "host.subtask", "tagBuild", list("f41", 1), parent, kw("kwargs", map[string]any{"force": true}))
		b1.fault(1000, "No such build", "host.subtask", "tagBuild", list("f41", 1, false, nil, true), parent)
	})
}
