package tag_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/tag"
)

func TestTargets(t *testing.T) {
	run(t, func(w *world) {
		ids := w.tags("f36", "f36-build", "f37")
		var made tag.Target
		first := w.do(func(tx *db.Tx) (err error) {
			made, err = tag.CreateTarget(ctx, tx, root, "f36", ref("f36-build"), ref("f36"))
			return err
		})
		want := tag.Target{ID: made.ID, Name: "f36", BuildTag: ids["f36-build"], BuildTagName: "f36-build", DestTag: ids["f36"], DestTagName: "f36"}
		if diff := cmp.Diff(want, made); diff != "" {
			w.Error(diff)
		}
		create := func(name, build, dest string) error {
			return w.try(func(tx *db.Tx) error {
				_, err := tag.CreateTarget(ctx, tx, root, name, ref(build), ref(dest))
				return err
			})
		}
		w.want(create("f36", "f36-build", "f36"), kura.Exists, "A build target with the name 'f36' already exists")
		w.want(create("x", "no", "f36"), kura.NotFound, "build tag 'no' does not exist")
		w.want(create("x", "f36", "no"), kura.NotFound, "destination tag 'no' does not exist")
		if err := create("other", "f36-build", "f37"); err != nil {
			w.Fatal(err)
		}
		edit := func(ref_, name, build, dest string) error {
			return w.try(func(tx *db.Tx) error { return tag.EditTarget(ctx, tx, root, ref(ref_), name, ref(build), ref(dest)) })
		}
		if err := edit("f36", "other", "f36-build", "f37"); !kura.Is(err, kura.Exists) {
			w.Errorf("renamed to a name that is taken: %v", err)
		}
		if err := edit("f36", "f36-candidate", "f36-build", "f37"); err != nil {
			w.Fatal(err)
		}
		list := func(q tag.TargetQuery) (out []string) {
			for _, x := range see(w, func(tx *db.Tx) ([]tag.Target, error) { return tag.ListTargets(ctx, tx, q) }) {
				out = append(out, x.Name+" "+x.BuildTagName+" "+x.DestTagName)
			}
			return out
		}
		for name, c := range map[string]struct {
			q    tag.TargetQuery
			want []string
		}{
			"all":     {tag.TargetQuery{}, []string{"f36-candidate f36-build f37", "other f36-build f37"}},
			"by dest": {tag.TargetQuery{DestTag: ids["f36"]}, nil},
			"then":    {tag.TargetQuery{At: first}, []string{"f36-candidate f36-build f36"}},
		} {
			if diff := cmp.Diff(c.want, list(c.q)); diff != "" {
				w.Error(name, diff)
			}
		}
		w.do(func(tx *db.Tx) error { return tag.DeleteTarget(ctx, tx, root, ref("other")) })
		err := w.try(func(tx *db.Tx) error { return tag.DeleteTarget(ctx, tx, root, ref("other")) })
		w.want(err, kura.NotFound, "No such build target: other")
		w.do(func(tx *db.Tx) error { return tag.Delete(ctx, tx, root, ref("f37")) })
		if got := list(tag.TargetQuery{}); len(got) != 0 {
			w.Errorf("targets outlive their tag: %v", got)
		}
	})
}

func TestExternalRepos(t *testing.T) {
	run(t, func(w *world) {
		ids := w.tags("child", "base")
		w.links(ids, "child>base")
		for _, n := range []string{"one", "two", "three"} {
			w.do(func(tx *db.Tx) error {
				_, err := tag.CreateExternalRepo(ctx, tx, root, n, "https://example.org/"+n+"/$arch")
				return err
			})
		}
		attach := func(t, r string, prio int, mode string) func(tx *db.Tx) error {
			return func(tx *db.Tx) error {
				return tag.Attach(ctx, tx, root, ref(t), ref(r), prio, mode, ptr("x86_64,aarch64"))
			}
		}
		w.do(attach("base", "one", 1, "bare"), attach("base", "two", 2, ""), attach("child", "two", 9, "simple"))
		early := w.do(attach("child", "three", 3, ""))
		w.want(w.try(attach("child", "two", 4, "")), kura.Exists, "tag child already associated with external repo two")
		w.want(w.try(attach("child", "one", 9, "")), kura.Conflict, "tag child already associated with an external repo at priority 9")
		w.want(w.try(attach("child", "one", 10, "odd")), kura.Invalid, "No such merge mode: odd")
		w.want(w.try(attach("child", "four", 10, "")), kura.NotFound, "No such repo: four")
		list := func(at int64) (out []string) {
			for _, a := range see(w, func(tx *db.Tx) ([]tag.Attachment, error) { return tag.ExternalRepos(ctx, tx, ids["child"], at) }) {
				out = append(out, a.RepoName+" "+a.TagName+" "+a.MergeMode+" "+a.URL+" "+*a.Arches)
			}
			return out
		}
		then := []string{"three child koji https://example.org/three/$arch/ x86_64 aarch64", "two child simple https://example.org/two/$arch/ x86_64 aarch64",
			"one base bare https://example.org/one/$arch/ x86_64 aarch64"}
		if diff := cmp.Diff(then, list(0)); diff != "" {
			w.Error(diff)
		}
		w.do(func(tx *db.Tx) error {
			changed, err := tag.EditAttachment(ctx, tx, root, ref("child"), ref("two"), ptr(1), nil, ptr("x86_64"))
			if !changed {
				w.Error("nothing changed")
			}
			return err
		}, func(tx *db.Tx) error {
			return tag.EditExternalRepo(ctx, tx, root, ref("one"), "uno", "http://mirror.example.org/")
		},
			func(tx *db.Tx) error { return tag.Detach(ctx, tx, root, ref("child"), ref("three")) })
		now := []string{"two child simple https://example.org/two/$arch/ x86_64", "uno base bare http://mirror.example.org/ x86_64 aarch64"}
		if diff := cmp.Diff(now, list(0)); diff != "" {
			w.Error(diff)
		}
		then[2] = "uno base bare https://example.org/one/$arch/ x86_64 aarch64" // names are not versioned
		if diff := cmp.Diff(then, list(early)); diff != "" {
			w.Error("then", diff)
		}
		err := w.try(func(tx *db.Tx) error { return tag.Detach(ctx, tx, root, ref("child"), ref("three")) })
		w.want(err, kura.NotFound, "external repo three not associated with tag child")
		w.do(func(tx *db.Tx) error { return tag.DeleteExternalRepo(ctx, tx, root, ref("two")) })
		if diff := cmp.Diff(now[1:], list(0)); diff != "" {
			w.Error("two deleted", diff)
		}
		for _, bad := range []string{"file:///etc", "ftp://x/", "not a url", "https://user:pw@example.org/", ""} {
			err := w.try(func(tx *db.Tx) error { _, err := tag.CreateExternalRepo(ctx, tx, root, "bad", bad); return err })
			if !kura.Is(err, kura.Invalid) {
				w.Errorf("address %q: %v", bad, err)
			}
		}
	})
}
