package koji

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
)

// draft is a complete draft of hello 2.10-1 with its source and one package,
// which differ from those of any other.
func (h *buildHub) draft(t *testing.T, source bool) int64 {
	t.Helper()
	ctx := context.Background()
	var incoming []*build.Incoming
	for _, arch := range []string{"src", "x86_64"} {
		if arch == "src" && !source {
			continue
		}
		stored, err := h.blobs.Put(ctx, bytes.NewReader(hello(t, "hello", "1", arch)), nil)
		if err != nil {
			t.Fatal(err)
		}
		in, err := build.Inspect(ctx, h.blobs, blob.Info{Sum: stored.Sum, Size: stored.Size}, "hello-2.10-1."+arch+".rpm")
		if err != nil {
			t.Fatal(err)
		}
		incoming = append(incoming, in)
	}
	var b *build.Build
	h.update(func(ctx context.Context, tx *db.Tx) (err error) {
		ada, err := account.Get(ctx, tx, account.ByName("ada"))
		if err != nil {
			return err
		}
		if b, err = build.Begin(ctx, tx, build.New{Name: "hello", Version: "2.10", Release: "1", OwnerID: ada.ID, Draft: true}); err != nil {
			return err
		}
		for _, in := range incoming {
			if _, err := build.Attach(ctx, tx, b, in, nil); err != nil {
				return err
			}
		}
		b, err = build.SetState(ctx, tx, b.ID, build.Complete)
		return err
	})
	return b.ID
}

func TestDrafts(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		one, two := h.draft(t, true), h.draft(t, true)
		nvr := fmt.Sprintf("hello-2.10-1,draft_%d", one)
		if got := h.anon.must("getBuild", nvr); pick(got, "id") != one || pick(got, "draft") != true {
			t.Errorf("%s is %v", nvr, got)
		}
		if got := h.anon.must("getBuild", "hello-2.10-1"); got != nil {
			t.Errorf("a draft has the name already: %v", got)
		}
		for draft, n := range map[any]int{nil: 2, true: 2, false: 0} {
			if got := h.anon.must("listBuilds", kw("draft", draft)).([]any); len(got) != n {
				t.Errorf("%d builds with draft %v", len(got), draft)
			}
		}
		if got := pick(h.anon.must("getRPM", "hello-2.10-1.x86_64"), "build_id"); got != two {
			t.Errorf("of two drafts' rpms that of build %v is shown, not of the newer, %d", got, two)
		}
		if got := h.anon.must("getRPM", "hello-2.10-1.x86_64", kw("multi", true)).([]any); len(got) != 2 {
			t.Errorf("%d rpms have the name", len(got))
		}
		for _, id := range []int64{one, two} {
			if !h.there(fmt.Sprintf("packages/hello/2.10/1,draft_%d/src/hello-2.10-1.src.rpm", id)) {
				t.Errorf("draft %d has no files", id)
			}
		}
		h.root.must("tagBuildBypass", "f41", nvr)
		before := h.anon.must("tagLastChangeEvent", "f41")

		h.anon.fault(1004, "", "promoteBuild", one)
		h.pat.fault(1004, "draft-promoter", "promoteBuild", one)
		h.pat.fault(1004, "policy violation", "promoteBuild", one, true)
		h.ada.fault(1000, "No such build", "promoteBuild", 9999)
		got := h.ada.must("promoteBuild", nvr) // the owner
		if diff := cmp.Diff(any(map[string]any{"id": one, "nvr": "hello-2.10-1", "draft": false, "promoter_name": "ada"}), pick(got, "id", "nvr", "draft", "promoter_name")); diff != "" {
			t.Error(diff)
		}
		if pick(got, "promotion_ts") == nil {
			t.Error("it is not known when the build was promoted")
		}
		h.ada.fault(1000, "Cannot promote build hello-2.10-1. Reason: Not a draft build", "promoteBuild", one)
		h.root.fault(1000, "Reason: Target build exists: hello-2.10-1", "promoteBuild", two)
		h.root.fault(1000, "Target build already exists: hello-2.10-1", "createEmptyBuild", "hello", "2.10", "1", nil, nil, true)
		if after := h.anon.must("tagLastChangeEvent", "f41"); after.(int64) <= before.(int64) {
			t.Error("the tag has not changed")
		}
		if got := pick(h.anon.must("getRPM", "hello-2.10-1.x86_64"), "build_id"); got != one {
			t.Errorf("a draft's rpm comes before the promoted build's: %v", got)
		}
		for _, path := range []string{"packages/hello/2.10/1/src/hello-2.10-1.src.rpm", fmt.Sprintf("packages/hello/2.10/1,draft_%d/src/hello-2.10-1.src.rpm", one)} {
			if !h.there(path) {
				t.Errorf("no %s", path)
			}
		}
		h.update(func(ctx context.Context, tx *db.Tx) error { // what lists are put in order by
			names, err := db.All(ctx, tx, db.Column[string], "SELECT nvr FROM build ORDER BY id")
			if diff := cmp.Diff([]string{"hello-2.10-1", fmt.Sprintf("hello-2.10-1,draft_%d", two)}, names); diff != "" {
				t.Error(diff)
			}
			return err
		})
		if got := h.anon.must("listBuilds", kw("promoter", "ada")).([]any); len(got) != 1 {
			t.Errorf("ada promoted %d builds", len(got))
		}
		if got := h.anon.must("listBuilds", kw("promotedBefore", 1)).([]any); len(got) != 0 {
			t.Errorf("%d builds were promoted long ago", len(got))
		}

		// Moved away and gone, they leave no link behind.
		h.root.must("addVolume", "cold")
		h.root.must("changeBuildVolume", one, "cold")
		if !h.there(fmt.Sprintf("packages/hello/2.10/1,draft_%d/src/hello-2.10-1.src.rpm", one)) {
			t.Error("the draft's place leads nowhere")
		}
		h.root.must("untagBuildBypass", "f41", "hello-2.10-1")
		h.root.must("resetBuild", one)
		h.update(func(ctx context.Context, tx *db.Tx) error {
			for _, path := range []string{"packages/hello/2.10/1", fmt.Sprintf("packages/hello/2.10/1,draft_%d", one), "vol/cold/packages/hello/2.10/1"} {
				if n, err := file.Lstat(ctx, tx, path); err == nil {
					t.Errorf("%s is still there: %v", path, n)
				}
			}
			return nil
		})
		// On another volume, the draft's own link goes.
		h.root.must("changeBuildVolume", two, "cold")
		h.root.fault(1000, "Target build exists", "promoteBuild", two) // canceled, but there
	})
}

func TestADraftIsPromotedOnItsVolume(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		h.root.must("addVolume", "cold")
		id := h.draft(t, true)
		h.root.must("changeBuildVolume", id, "cold")
		h.root.must("promoteBuild", id, true)
		// The policy takes it back to DEFAULT; wherever it lies, both names lead there.
		for _, path := range []string{"packages/hello/2.10/1/src/hello-2.10-1.src.rpm", fmt.Sprintf("packages/hello/2.10/1,draft_%d/src/hello-2.10-1.src.rpm", id)} {
			if !h.there(path) {
				t.Errorf("no %s", path)
			}
		}
		empty := h.root.must("createEmptyBuild", "hello", "3", "1", nil, nil, true)
		if got := pick(h.anon.must("getBuild", empty), "nvr"); got != fmt.Sprintf("hello-3-1,draft_%v", empty) {
			t.Errorf("an empty draft is called %v", got)
		}
		h.root.must("promoteBuild", empty)
		h.ada.fault(1000, "leave --scratch or --draft out", "build", "git+https://git.example.org/hello#1", "f41", map[string]any{"draft": true, "scratch": true})
	})
}
