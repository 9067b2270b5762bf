package koji

import (
	"context"
	"errors"
	"testing"

	"github.com/kura-build/kura/db"
)

// asking has no transactions for what reads.
type asking struct{ *db.DB }

func (asking) View(context.Context, func(*db.Tx) error) error {
	return errors.New("a transaction was begun")
}

// What is marked so asks the database one question.
func TestOnce(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		id := h.importHello("hello", "1", "src")["build_id"]
		task := h.root.must("makeTask", "sleep", []any{1}, map[string]any{"__starstar": true, "arch": "noarch"})
		h.root.must("createTag", "base")
		h.root.must("createBuildTarget", "target", "base", "base")
		h.root.must("createExternalRepo", "ext", "http://example.org/repo")
		host := h.root.must("addHost", "host1.example.org", []any{"x86_64"})
		args := map[string][]any{
			"findBuildID": {"hello-2.10-1"}, "getBuild": {"hello-2.10-1"}, "getRPM": {"hello-2.10-1.src"},
			"getArchiveType": {nil, "jar"}, "getVolume": {"DEFAULT"}, "listRPMs": {id}, "untaggedBuilds": nil,
			"search": {"hello", "package", "glob"}, "getAllPerms": nil,
			"getPackage": {"hello"}, "getPackageID": {"hello"}, "getTagID": {"base"}, "getBuildTarget": {"target"},
			"getExternalRepo": {"ext"}, "listExternalRepos": nil, "getEvent": {1}, "getLastEvent": nil,
			"getChannel": {"default"}, "listChannels": nil, "getHost": {"host1.example.org"}, "getLastHostUpdate": {host},
			"getTaskInfo": {task}, "listTasks": nil, "taskFinished": {task}, "repoInfo": {1}, "getActiveRepos": nil,
		}
		h.server.DB = asking{h.db}
		for name, m := range h.server.api.methods {
			if !m.Once {
				continue
			}
			if a, ok := args[name]; !ok {
				t.Errorf("%s is marked to ask once and is not tried", name)
			} else if v, err := h.anon.call(name, a...); err != nil {
				t.Errorf("%s%v: %v %v", name, a, v, err)
			}
		}
	})
}

// quiet answers no questions.
type quiet struct{ asking }

func (quiet) Ask(context.Context, func(*db.Tx) error) error {
	return errors.New("a question was asked")
}

// What is marked so asks the database nothing, whoever calls.
func TestStill(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.root.must("getLoggedInUser") // is known from now on
		h.server.DB = quiet{asking{h.db}}
		n := 0
		for name, m := range h.server.api.methods {
			if !m.Still {
				continue
			}
			n++
			for who, c := range map[string]*client{"anonymous": h.anon, "root": h.root} {
				if v, err := c.call(name); err != nil {
					t.Errorf("%s, %s: %v %v", name, who, v, err)
				}
			}
		}
		if n == 0 {
			t.Error("no method is marked")
		}
		if _, err := h.anon.call("listTags"); err == nil {
			t.Error("a question was answered")
		}
		err := db.Nothing().Row(t.Context(), "SELECT 1").Scan(&n)
		if err == nil {
			t.Error("nothing answered a question")
		}
	})
}
