package koji

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// partly is a build that the hub carries through, of which one of Koji's builders
// makes the parts.
type partly struct {
	*buildHub
	b    *client
	task any
}

// part has the builder make the child of a method, and gives its number, its
// directory and its root.
func (p *partly) part(t *testing.T, repo any, method string) (id any, dir string, root any) {
	t.Helper()
	for id == nil {
		for _, k := range p.anon.must("getTaskChildren", p.task).([]any) {
			if pick(k, "method") == method {
				id = pick(k, "id")
			}
		}
		if p.anon.must("taskFinished", p.task) == true {
			t.Fatal(p.anon.call("getTaskResult", p.task))
		}
		time.Sleep(time.Millisecond)
	}
	p.b.must("host.updateHost", 0.0, true, map[string]any{"methods": list("buildSRPMFromSCM", "buildArch"), "maxjobs": 9})
	p.b.must("host.getTasks")
	if p.b.must("host.openTask", id) == nil {
		t.Fatalf("the builder cannot open task %v", id)
	}
	return id, p.bring(p.b, id, "build.log", []byte("said")), p.b.must("host.newBuildRoot", repo, "x86_64", kw("task_id", id))
}

func TestKojisBuildersMakePartsOfBuilds(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.run()
		h.tags()
		repo := h.done(h.root.must("newRepo", "f41-build")).([]any)[0]
		b := h.builder("b1")
		// made is how a build ends whose source package the builder made from an
		// address, and whose packages and source packages of the one arch are those.
		made := func(release, address string, srpms ...string) (task, root any) {
			t.Helper()
			p := partly{h, b, h.root.must("build", "git://example.org/hello#main", "f41", map[string]any{"skip_tag": true, "repo_id": repo})}
			name := "hello-2.10-" + release
			id, log, _ := p.part(t, repo, "buildSRPMFromSCM")
			srpm := h.bring(b, id, name+".src.rpm", hello(t, "hello", release, "src"))
			b.must("host.closeTask", id, response(t, map[string]any{"srpm": srpm, "logs": list(log), "brootid": 0,
				"source": map[string]any{"url": "git://example.org/hello#main", "source": address}}))
			id, log, root = p.part(t, repo, "buildArch")
			var sent []any
			for _, s := range srpms {
				sent = append(sent, h.bring(b, id, "hello-2.10-"+s+".src.rpm", hello(t, "hello", s, "src")))
			}
			rpm := h.bring(b, id, name+".x86_64.rpm", hello(t, "hello", release, "x86_64"))
			b.must("host.closeTask", id, response(t, map[string]any{"rpms": list(rpm), "srpms": append(list(), sent...), "logs": list(log), "brootid": root}))
			return h.ended(p.task), root
		}
		rootOf := func(nvra string) any { return pick(h.anon.must("getRPM", nvra), "buildroot_id") }

		_, root := made("1", "git://example.org/hello#"+commit, "1")
		if diff := cmp.Diff(any(map[string]any{"state": int64(1), "source": "git://example.org/hello#" + commit,
			"extra": map[string]any{"source": map[string]any{"original_url": "git://example.org/hello#main"}}}),
			pick(h.anon.must("getBuild", "hello-2.10-1"), "state", "source", "extra")); diff != "" {
			t.Error(diff)
		}
		if src, bin := rootOf("hello-2.10-1.src"), rootOf("hello-2.10-1.x86_64"); src != root || bin != root {
			t.Errorf("source and package come from the roots %v and %v, not %v", src, bin, root)
		}

		made("2", "git://elsewhere.example.org/hello#main")
		if got := pick(h.anon.must("getBuild", "hello-2.10-2"), "source"); got != nil {
			t.Errorf("a branch is the source of a build: %v", got)
		}
		if src := rootOf("hello-2.10-2.src"); src != nil {
			t.Errorf("a source package that no arch made anew comes from root %v", src)
		}

		wrong, _ := made("3", "", "4")
		h.root.fault(1005, "x86_64 sent hello-2.10-4.src.rpm, which is not the source package hello-2.10-3.src.rpm", "getTaskResult", wrong)
		twice, _ := made("5", "", "5", "5")
		h.root.fault(1005, "x86_64 sent the source package a second time", "getTaskResult", twice)
	})
}
