package client

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/client/hubtest"
)

func TestSubject(t *testing.T) {
	for _, c := range []struct {
		method  string
		request []any
		want    string
	}{
		{"build", []any{"git+https://src.example/rpms/bash#0123456789012345678901234567890123456789", "f43"}, "bash 0123456789, f43"},
		{"build", []any{"git+https://src.example/rpms/bash.git?sub/dir#main", map[string]any{"name": "f43"}}, "bash/sub/dir main, f43"},
		{"build", []any{"cli-build/1.abc/bash-5-1.src.rpm", nil}, "bash-5-1.src.rpm"},
		{"buildArch", []any{"tasks/1/1/bash-5-1.src.rpm", "tag", "x86_64"}, "bash-5-1.src.rpm"},
		{"newRepo", []any{"f43-build"}, "f43-build"},
		{"newRepo", []any{map[string]any{"__starstar": true, "tag": "f43-build"}}, "f43-build"},
		{"build", nil, ""},
		{"tagBuild", []any{int64(1)}, ""},
	} {
		got := (&Task{Method: c.method, Request: c.request}).Subject()
		if got != c.want {
			t.Errorf("%s %v: %q, want %q", c.method, c.request, got, c.want)
		}
	}
}

func TestTrees(t *testing.T) {
	f := hubtest.New(t)
	f.Answer("getTaskInfo", map[string]any{"id": 1, "state": 1, "method": "build", "create_ts": 100.5, "start_ts": 101.0})
	f.Answer("getTaskDescendents", map[string]any{
		"1": []any{map[string]any{"id": 3, "state": 0, "parent": 1}, map[string]any{"id": 2, "state": 2, "parent": 1}},
		"2": []any{map[string]any{"id": 1}}, // a loop, which no hub should send
		"3": []any{},
	})
	tasks, err := open(t, f, nil).Trees(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for _, task := range tasks {
		ids = append(ids, task.ID)
	}
	if d := cmp.Diff([]int64{1, 2, 3}, ids); d != "" {
		t.Error(d)
	}
	if got := tasks[0].Elapsed(time.Unix(111, 0)); got != 10*time.Second {
		t.Errorf("elapsed %v", got)
	}
}

func TestPaths(t *testing.T) {
	b := Build{Name: "a", Version: "1", Release: "2", Volume: "big"}
	if got, err := b.Dir(); got != "vol/big/packages/a/1/2" || err != nil {
		t.Error(got, err)
	}
	b.Version = "../../etc"
	if got, err := b.Dir(); err == nil {
		t.Error(got)
	}
	r := RPM{Name: "a", Version: "1", Release: "2", Arch: "noarch"}
	if got, err := r.Path("abcd1234"); got != "data/signed/abcd1234/noarch/a-1-2.noarch.rpm" || err != nil {
		t.Error(got, err)
	}
}
