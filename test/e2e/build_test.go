package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/client"
)

// compiled is a package with a program in C, and so with debug information.
func compiled(name string) spec {
	return spec{name: name, arch: true, build: `printf '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n' > hello.c
gcc -g -O2 -o hello hello.c
cp hello %{SOURCE0}`}
}

func TestFromSourceToTag(t *testing.T) {
	t.Parallel()
	p := sharedSite(t)
	p.list("hello")
	task := p.build(p.push("hello", compiled("hello")), nil)
	p.closed(task)
	b := p.buildOf("hello-1-1.e2e")
	if b.State != client.BuildComplete || b.Task != task || b.OwnerName != "koji-user" {
		t.Errorf("the build is %s, of task %d, %s's", b.State, b.Task, b.OwnerName)
	}
	if !regexp.MustCompile(`/rpms/hello\.git\?#[0-9a-f]{40}$`).MatchString(b.Source) {
		t.Errorf("its source is %q, and not one commit", b.Source)
	}
	tags, err := p.admin.Maps(p.ctx, "listTags", client.Keywords{"build": b.NVR})
	p.must(err)
	if len(tags) != 1 || tags[0].Str("name") != tag {
		t.Errorf("it is in %v", tags)
	}
	rpms, err := p.admin.Maps(p.ctx, "listRPMs", client.Keywords{"buildID": b.ID})
	p.must(err)
	for _, r := range rpms { // the source package, too, is what the arch made
		if r["buildroot_id"] == nil {
			t.Errorf("%s.%s comes from no root", r.Str("nvr"), r.Str("arch"))
		}
	}
	const dir = "/kojifiles/packages/hello/1/1.e2e"
	want := []string{
		"hello-1-1.e2e.x86_64.rpm", "hello-debuginfo-1-1.e2e.x86_64.rpm", "hello-debugsource-1-1.e2e.x86_64.rpm",
		"hello-1-1.e2e.src.rpm", "build.log", "root.log",
	}
	got := append(p.dir(dir+"/x86_64/"), append(p.dir(dir+"/src/"), p.dir(dir+"/data/logs/x86_64/")...)...)
	for _, w := range want {
		if !strings.Contains(" "+strings.Join(got, " ")+" ", " "+w+" ") {
			t.Errorf("there is no %s among %v", w, got)
		}
	}
	out := p.program("rpm", "-qp", "--qf", "%{NAME} %{BUILDHOST} %{SOURCERPM}", p.download(dir+"/x86_64/hello-1-1.e2e.x86_64.rpm"))
	if out != "hello builder1 hello-1-1.e2e.src.rpm" {
		t.Errorf("rpm reads %q", out)
	}
}

func TestScratchBuildLeavesNoRecord(t *testing.T) {
	t.Parallel()
	p := sharedSite(t) // in nobody's list: a scratch build needs none
	task := p.build(p.push("tests", spec{name: "scratched"}), map[string]any{"scratch": true})
	p.closed(task)
	v, err := p.admin.Call(p.ctx, "getBuild", "scratched-1-1.e2e")
	p.must(err)
	if v != nil {
		t.Errorf("there is a build: %v", v)
	}
	got := p.dir(fmt.Sprintf("/kojifiles/scratch/koji-user/task_%d/", task))
	want := []string{"logs/", "scratched-1-1.e2e.noarch.rpm", "scratched-1-1.e2e.src.rpm"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFromSourcePackage(t *testing.T) {
	t.Parallel()
	p := sharedSite(t)
	p.list("uploaded")
	p.closed(p.build(p.uploaded(spec{name: "uploaded"}), nil))
	if b := p.buildOf("uploaded-1-1.e2e"); b.State != client.BuildComplete {
		t.Errorf("the build is %s", b.State)
	}
}

func TestGeneratedBuildRequires(t *testing.T) {
	t.Parallel()
	p := sharedSite(t)
	s := spec{name: "generated", generate: "%generate_buildrequires\necho bison\n", build: "bison --version"}
	p.closed(p.build(p.push("tests", s), map[string]any{"scratch": true}))
}

func TestFailuresNameTheirCause(t *testing.T) {
	p := sharedSite(t)
	for name, c := range map[string]struct {
		spec  spec
		phase string
		says  []string
	}{
		"prep":  {spec{name: "badprep", prep: "cd /nonexistent"}, "prep", []string{"%prep of badprep-1-1.e2e failed", "/nonexistent: No such file or directory"}},
		"build": {spec{name: "badbuild", build: "echo 'int main( {' > x.c; gcc x.c; echo after"}, "build", []string{"%build of badbuild-1-1.e2e failed", "x.c:1:", "error: "}},
		"check": {spec{name: "badcheck", check: "echo 'FAIL: addition'; exit 1"}, "check", []string{"%check of badcheck-1-1.e2e failed", "FAIL: addition"}},
		"files": {spec{name: "badfiles", files: "/usr/share/nothing"}, "package", []string{"badfiles-1-1.e2e", "/usr/share/nothing"}},
		"spec":  {spec{name: "badspec", head: "%if"}, "source", []string{"badspec", "Unknown tag: %if"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &place{T: t, ctx: p.ctx, site: p.site, admin: p.admin, user: p.user}
			p.says(p.failed(p.build(p.push("tests", c.spec), map[string]any{"scratch": true})), c.phase, c.says...)
		})
	}
}

func TestUnresolvableBuildRequires(t *testing.T) {
	t.Parallel()
	p := sharedSite(t)
	s := spec{name: "greedy", head: "BuildRequires: nosuch-devel >= 3\nBuildRequires: bison", build: "echo built"}
	task := p.build(p.push("tests", s), map[string]any{"scratch": true})
	f := p.failed(task)
	p.says(f, "buildroot", "nothing provides nosuch-devel >= 3 needed by greedy-1-1.e2e.src")
	if all := p.outputs(task); strings.Contains(all, "Executing(%build)") {
		t.Errorf("something was built:\n%s", all)
	}
}

// What is canceled stops at once, and leaves nothing behind.
func TestCancel(t *testing.T) {
	t.Parallel()
	p := sharedSite(t)
	p.list("canceled")
	s := slow("canceled", "600")
	s.build = "sleep 0.5; : kura-e2e-cancel; " + s.build
	task := p.build(p.push("canceled", s), nil)
	arch := p.kid(task, "buildArch", "build")
	p.until("the first steps", func() bool { return strings.Contains(p.output(arch.ID, "build.log"), "step 2") })
	if b := p.buildOf("canceled-1-1.e2e"); b.State != client.BuildBuilding {
		t.Errorf("while it is built, the build is %s", b.State)
	}
	before := p.scratches(arch.ID)
	if len(before) == 0 {
		t.Errorf("the running build has no scratch directory")
	}
	if _, err := p.user.Call(p.ctx, "cancelTask", task); err != nil {
		t.Fatal(err)
	}
	for _, id := range []int64{task, arch.ID} {
		if got := p.wait(id); got.State != client.TaskCanceled {
			t.Errorf("task %d is %s", id, got.State)
		}
	}
	if b := p.buildOf("canceled-1-1.e2e"); b.State != client.BuildCanceled {
		t.Errorf("the build is %s", b.State)
	}
	p.until("the sandbox's end", func() bool { return len(p.scratches(arch.ID)) == 0 })
	// The same version may be built again.
	p.closed(p.build(p.push("canceled", spec{name: "canceled"}), nil))
}

// A log is read while it is written.
func TestLogsAreFollowed(t *testing.T) {
	t.Parallel()
	p := sharedSite(t)
	task := p.build(p.push("tests", slow("followed", "4")), map[string]any{"scratch": true})
	arch := p.kid(task, "buildArch", "build")
	seen := map[int]bool{}
	var text string
	for !p.task(arch.ID).State.Done() {
		b, err := p.user.ReadOutput(p.ctx, arch.ID, "build.log", int64(len(text)), 1<<20)
		if err != nil && text == "" { // nothing was written yet
			time.Sleep(50 * time.Millisecond)
			continue
		}
		p.must(err)
		text += string(b)
		seen[len(text)] = true
		time.Sleep(50 * time.Millisecond)
	}
	p.closed(task)
	if len(seen) < 5 {
		t.Errorf("the log grew in %d pieces only", len(seen))
	}
	if whole := p.output(arch.ID, "build.log"); !strings.HasPrefix(whole, text) || !strings.Contains(whole, "step 40") {
		t.Errorf("what was followed is not the log's beginning, or the log is not whole:\n%s", whole)
	}
}

// scratches are the directories in which a builder runs a task.
func (p *place) scratches(task int64) []string {
	p.Helper()
	found, err := filepath.Glob(filepath.Join(p.site.Builder, "sandbox", "scratch", "*"))
	p.must(err)
	var out []string
	for _, f := range found {
		if strings.Contains(filepath.Base(f), fmt.Sprint(task)) {
			out = append(out, f)
		}
	}
	return out
}

func (p *place) read(file string) []byte {
	p.Helper()
	b, err := os.ReadFile(file)
	p.must(err)
	return b
}
