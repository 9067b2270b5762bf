package rest

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/task"
)

// started makes a task and compares what it is to do.
func (s *site) started(user, path, body, method, channel, request string) {
	s.t.Helper()
	got := s.must(user, "POST", path, body)
	var want, is any
	s.update(func(ctx context.Context, tx *db.Tx) error {
		made, err := task.Get(ctx, tx, int64(got.body["id"].(float64)))
		if err != nil {
			return err
		}
		ch, err := task.GetChannel(ctx, tx, task.Ref{ID: *made.ChannelID})
		if err != nil {
			return err
		}
		if made.Method != method || ch.Name != channel {
			s.t.Errorf("%s made %s in %s", path, made.Method, ch.Name)
		}
		if err := json.Unmarshal(made.Request, &is); err != nil {
			return err
		}
		return json.Unmarshal([]byte(request), &want)
	})
	if diff := cmp.Diff(want, is); diff != "" {
		s.t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestTasksForKojisBuilders(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		for _, p := range []string{"image", "livecd", "win-admin", "runroot"} {
			s.must("root", "PUT", "/permissions/"+p, `{}`)
			s.must("root", "PUT", "/users/ada/permissions/"+p, "")
		}
		s.must("root", "POST", "/channels", `{"name": "runroot"}`)
		s.must("root", "POST", "/tags", `{"name": "f41", "arches": ["x86_64"]}`)
		s.must("root", "PUT", "/targets/f41", `{"build_tag": "f41", "dest_tag": "f41"}`)
		b := s.imported("1")

		s.started("tina", "/tasks/maven", `{"source": "git://x?#1", "target": "f41", "options": {"goals": ["a"], "big": 9007199254740993}}`, "maven", "maven", `["git://x?#1", "f41", {"goals": ["a"], "big": 9007199254740993}]`)
		s.refused(403, "only admins may create high-priority tasks", "ada", "POST", "/tasks/maven", `{"source": "git://x?#1", "priority": -1}`)
		s.started("ada", "/tasks/maven-chain", `{"builds": {"a": {"scmurl": "git://a"}}, "target": "f41"}`, "chainmaven", "maven", `[{"a": {"scmurl": "git://a"}}, "f41", null]`)
		s.refused(409, "wrapper rpms for hello-2.10-1 have already been built", "ada", "POST", "/tasks/wrapper-rpm", `{"build": "hello-2.10-1", "source": "git://x", "target": "f41"}`)
		wrapper := s.must("ada", "POST", "/tasks/wrapper-rpm", `{"build": "hello-2.10-1", "source": "git://x", "target": "f41", "scratch": true}`)
		s.update(func(ctx context.Context, tx *db.Tx) error {
			made, err := task.Get(ctx, tx, int64(wrapper.body["id"].(float64)))
			if err != nil {
				return err
			}
			var request []map[string]any
			var parts []json.RawMessage
			if err := json.Unmarshal(made.Request, &parts); err != nil {
				return err
			}
			for _, p := range parts[1:] {
				var m map[string]any
				if err := json.Unmarshal(p, &m); err != nil {
					return err
				}
				request = append(request, m)
			}
			if request[0]["dest_tag_name"] != "f41" || request[1]["id"] != float64(b.ID) || request[1]["nvr"] != "hello-2.10-1" || request[2] != nil || request[3]["scratch"] != true {
				t.Errorf("%s", made.Request)
			}
			return nil
		})
		s.refused(403, "policy violation (vm)", "tina", "POST", "/tasks/windows", `{"vm": "w", "source": "git://x", "target": "f41"}`)
		s.refused(404, "f99", "ada", "POST", "/tasks/windows", `{"vm": "w", "source": "git://x", "target": "f99"}`)
		s.started("ada", "/tasks/windows", `{"vm": "w", "source": "git://x", "target": "f41"}`, "winbuild", "vm", `["w", "git://x", "f41", {}]`)

		const nvt = `"name": "img", "version": "1", "target": "f41", `
		s.refused(403, "livemedia permission required", "ada", "POST", "/tasks/live-image", `{`+nvt+`"kind": "livemedia", "arches": "x86_64", "kickstart": "ks"}`)
		s.refused(400, "needs an architecture", "ada", "POST", "/tasks/live-image", `{`+nvt+`"kind": "livecd", "kickstart": "ks"}`)
		s.started("ada", "/tasks/live-image", `{`+nvt+`"kind": "livecd", "arch": "x86_64", "kickstart": "ks", "options": {"release": "1"}}`, "livecd", "livecd", `["img", "1", "x86_64", "f41", "ks", {"release": "1"}]`)
		s.started("ada", "/tasks/image", `{`+nvt+`"arches": ["x86_64"], "install_tree": "http://tree"}`, "image", "image", `["img", "1", ["x86_64"], "f41", "http://tree", null]`)
		s.refused(403, "must provide url for the indirection template", "ada", "POST", "/tasks/indirection-image", `{"options": {"arch": "x86_64"}}`)
		s.refused(400, "are no object", "ada", "POST", "/tasks/indirection-image", `{"options": [1]}`)
		s.started("ada", "/tasks/indirection-image", `{"arch": "x86_64", "options": {"scratch": true}}`, "indirectionimage", "image", `[{"scratch": true}]`)
		const kiwi = `"target": "f41", "description_url": "git://d", "description_path": "p"`
		s.refused(400, "Architecture can be only", "ada", "POST", "/tasks/kiwi-image", `{`+kiwi+`, "arches": ["x86_64;rm"]}`)
		s.started("ada", "/tasks/kiwi-image", `{`+kiwi+`, "arches": ["x86_64", "aarch64"], "repos": ["http://r"], "scratch": true, "type_attributes": [["a", "b"]]}`,
			"kiwiBuild", "image", `["f41", ["x86_64", "aarch64"], "git://d", "p", {"repos": ["http://r"], "scratch": true, "type_attr": [["a", "b"]]}]`)
		const osbuild = nvt + `"arches": ["x86_64"], "distro": "f41", "image_type": "qcow2"`
		s.refused(400, "there is no option \\\"x\\\"", "ada", "POST", "/tasks/osbuild-image", `{`+osbuild+`, "options": {"x": 1}}`)
		s.refused(400, "skip_tag: want a boolean, got a string", "ada", "POST", "/tasks/osbuild-image", `{`+osbuild+`, "options": {"skip_tag": "yes"}}`)
		s.started("ada", "/tasks/osbuild-image", `{`+osbuild+`, "options": {"skip_tag": true}}`, "osbuildImage", "image", `["img", "1", "f41", "qcow2", "f41", ["x86_64"], {"skip_tag": true}]`)
		s.started("ada", "/tasks/driver-disk", `{`+nvt+`"arches": ["x86_64"], "packages": ["a"], "all_dependencies": true}`, "dudBuild", "image",
			`["img", "1", ["x86_64"], "f41", ["a"], {"scratch": false, "alldeps": true, "scmurl": null, "optional_arches": null}]`)

		s.refused(403, "runroot permission required", "tina", "POST", "/tasks/runroot", `{"tag": "f41", "arch": "x86_64", "command": ["ls"]}`)
		s.refused(404, "f99", "ada", "POST", "/tasks/runroot", `{"tag": "f99", "arch": "x86_64", "command": ["ls"]}`)
		s.started("ada", "/tasks/runroot", `{"tag": "f41", "arch": "x86_64", "command": ["ls", "-l"], "options": {"packages": ["vim"]}}`, "runroot", "runroot",
			`["f41", "x86_64", ["ls", "-l"], {"__starstar": true, "packages": ["vim"]}]`)
		s.refused(404, "", "ada", "POST", "/buildroots/99/save", `{}`)
	})
}
