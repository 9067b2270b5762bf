package koji

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
)

// spoil writes something else into all kept answers, so that it shows who is
// answered with one.
func (k *keep) spoil(t *testing.T) {
	t.Helper()
	n := 0
	for _, s := range []*shelf{&k.small, &k.large} {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, e := range s.by {
			n++
			a := e.Value.(*answer)
			if a.file == nil {
				a.data = bytes.ReplaceAll(a.data, []byte("hello"), []byte("HELLO"))
				continue
			}
			z, err := gzip.NewReader(io.NewSectionReader(a.file, 0, a.size))
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			other := (&keep{}).pack(bytes.ReplaceAll(data, []byte("hello"), []byte("HELLO")))
			a.file.Close()
			s.size += other.size - a.size
			a.file, a.size = other.file, other.size
		}
	}
	if n == 0 {
		t.Fatal("nothing is kept")
	}
}

// An answer that is kept is given again, and no more once anything has changed
// that it might tell.
func TestAnswersAreKept(t *testing.T) {
	for _, from := range []int64{1, keepFile} { // in files, and in memory
		t.Run(fmt.Sprint(from), func(t *testing.T) { answersAreKept(t, from) })
	}
}

// ofBuilds are changes of builds and of what is in tags, of which lists of packages say
// nothing.
var ofBuilds = map[string]bool{
	"setBuildOwner": true, "untagBuildBypass": true, "tagBuildBypass": true, "kura.signBuild": true,
}

func answersAreKept(t *testing.T, from int64) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.server.kept.from = from
		h.tags()
		id := h.imported("1")
		h.root.must("tagBuildBypass", "f41", "hello-2.10-1")
		at := pick(h.anon.must("getLastEvent"), "id")
		ask := []struct {
			method string
			params []any
		}{
			{"listTagged", list("f41")},
			{"listTagged", list("f41", at)},
			{"listTagged", list("f41", kw("inherit", true))},
			{"getLatestBuilds", list("f41")},
			{"listTaggedRPMS", list("f41", kw("rpmsigs", true))},
			{"getLatestRPMS", list("f41")},
			{"listPackages", list(kw("tagID", "f41"))},
		}
		kept := func(v any) bool {
			rows := v.([]any)
			if inner, ok := rows[0].([]any); ok {
				rows = inner
			}
			return pick(rows[0], "name") == "HELLO" || pick(rows[0], "package_name") == "HELLO"
		}
		check := func(after string) {
			t.Helper()
			for _, q := range ask {
				if unconcerned := q.method == "listPackages" && ofBuilds[after]; kept(h.anon.must(q.method, q.params...)) != unconcerned {
					t.Errorf("%s%v after %s: an old answer: %v", q.method, q.params, after, !unconcerned)
				}
			}
			h.server.kept.spoil(t)
			for _, q := range ask {
				if !kept(h.anon.must(q.method, q.params...)) || !kept(h.ada.must(q.method, q.params...)) {
					t.Errorf("%s%v after %s: the answer was not kept", q.method, q.params, after)
				}
			}
		}
		check("start")
		h.root.must("makeTask", "sleep", list(1))
		for _, q := range ask {
			if !kept(h.anon.must(q.method, q.params...)) {
				t.Errorf("%s: a task made the answer old", q.method)
			}
		}
		if kept(h.anon.must("listTagged", "f41", kw("owner", "root"))) {
			t.Error("another question has the same answer")
		}
		for _, change := range []struct {
			method string
			params []any
		}{
			{"createTag", list("f99")},
			{"setBuildOwner", list("hello-2.10-1", "ada")},
			{"editUser", list("ada", "ada2")},
			{"editUser", list("ada2", "ada")},
			{"untagBuildBypass", list("f41", "hello-2.10-1")},
			{"tagBuildBypass", list("f41", "hello-2.10-1")},
			{"kura.createKey", list("f41", "ed25519")},
			{"kura.signBuild", list("hello-2.10-1", "f41")},
			{"editTag2", list("f41", kw("name", "f41x"))},
			{"editTag2", list("f41x", kw("name", "f41"))},
		} {
			h.root.must(change.method, change.params...)
			if change.method == "untagBuildBypass" || change.params[0] == "f41" && len(change.params) == 2 && change.method == "editTag2" {
				continue // there is no such tag, or nothing in it, until the next
			}
			check(change.method)
		}
		multi := h.anon.must("multiCall", list(map[string]any{"methodName": "listTagged", "params": list("f41")})).([]any)[0].([]any)[0]
		if kept(multi) != (from > 1) {
			t.Error("an entry of a multicall is answered with what is kept in memory, and in no other way")
		}
		if diff := cmp.Diff(id, pick(multi.([]any)[0], "build_id")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestQuestionsAreToldApart(t *testing.T) {
	seen := map[string]any{}
	for _, v := range []any{nil, "", "1", int64(1), 1.0, true, list(), list(list()), list("1"), list(int64(1)), list("1", "2"), list("12"), list("1", list("2")),
		map[string]any{}, map[string]any{"a": "1"}, map[string]any{"a": int64(1)}, []byte("1"), map[string]any{"a": "1", "b": "2"}, list("a", "1")} {
		var b bytes.Buffer
		mark(&b, v)
		if was, ok := seen[b.String()]; ok {
			t.Errorf("%#v and %#v are the same: %s", was, v, &b)
		}
		seen[b.String()] = v
	}
}

// readOthers is what somebody has read who read neither builds nor what is in tags.
func readOthers(t *testing.T) (r db.Reads) {
	t.Helper()
	ctx := context.Background()
	err := dbtest.SQLite(t).View(ctx, func(tx *db.Tx) error {
		var n int
		err := tx.Row(ctx, "SELECT count(*) FROM tag").Scan(&n)
		r = tx.Reads()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What is too much is forgotten, the longest unasked first; what is still being
// sent stays open until then.
func TestKeepingHasBounds(t *testing.T) {
	k := newKeep()
	k.from = 1
	reads := readOthers(t)
	add := func(n byte, state int64) *answer {
		a := k.pack([]byte{n})
		a.question, a.reads, a.state = question{n, byte(state)}, reads, db.State{Others: state}
		k.put(a)
		return a
	}
	first := add(0, 1)
	if k.find(first.question, db.State{Others: 2}) != nil {
		t.Error("an answer of another state was found")
	}
	used := k.find(first.question, db.State{Others: 1})
	for n := range keepFiles {
		add(byte(n), 2)
	}
	if s := &k.large; len(s.by) != keepFiles || s.order.Len() != keepFiles || k.find(first.question, db.State{Others: 1}) != nil {
		t.Errorf("%d answers are kept, %d in order", len(s.by), s.order.Len())
	}
	if b := make([]byte, 1); used != first {
		t.Error("the answer was not found")
	} else if _, err := used.file.ReadAt(b, 0); err != nil {
		t.Errorf("an answer that is being sent was closed: %v", err)
	}
	if want := (keepFiles + 1) * first.size; k.large.size != want {
		t.Errorf("%d bytes are counted of %d", k.large.size, want)
	}
	used.letGo()
	if _, err := used.file.ReadAt(make([]byte, 1), 0); err == nil {
		t.Error("an answer that nobody needs is still open")
	}
	if want := keepFiles * first.size; k.large.size != want {
		t.Errorf("%d bytes are counted of %d", k.large.size, want)
	}
}

// Small answers lie in memory, and their costs count.
func TestSmallAnswersHaveBounds(t *testing.T) {
	k := newKeep()
	for n := range 2 * keepMemory / keepCosts {
		k.put(&answer{question: question{byte(n), byte(n >> 8), byte(n >> 16)}, data: []byte{1}, size: 1})
	}
	if s := &k.small; s.size > keepMemory || len(s.by) < keepMemory/(2*keepCosts) || len(s.by) != s.order.Len() {
		t.Errorf("%d answers take %d bytes", len(s.by), s.size)
	}
	last := 2*keepMemory/keepCosts - 1
	q := question{byte(last), byte(last >> 8), byte(last >> 16)}
	large := &answer{question: q, reads: readOthers(t), state: db.State{Others: 1}, size: 1}
	var err error
	if large.file, err = nameless("kura-test-"); err != nil {
		t.Fatal(err)
	}
	k.put(large)
	if k.find(q, db.State{}) != nil || k.find(q, large.state) != large {
		t.Error("an answer that grew large is there twice")
	}
}

// What reads tables of motion is not kept, whatever is said of its method.
func TestMotionIsNotKept(t *testing.T) {
	made := 0
	counts := func(read func(ctx context.Context, tx *db.Tx) error) Handler {
		return func(ctx context.Context, c *Call) (any, error) {
			made++
			return made, read(ctx, c.Tx)
		}
	}
	var n int
	f := newFront(t, Handlers{
		"listVolumes": counts(func(ctx context.Context, tx *db.Tx) error { return tx.Row(ctx, "SELECT count(*) FROM tag").Scan(&n) }),
		"listBTypes":  counts(func(ctx context.Context, tx *db.Tx) error { return tx.Row(ctx, "SELECT count(*) FROM task").Scan(&n) }),
	})
	c := f.anonymous()
	if first, second := c.must("listVolumes"), c.must("listVolumes"); first != second {
		t.Errorf("an answer of records was made again: %v, %v", first, second)
	}
	if first, second := c.must("listBTypes"), c.must("listBTypes"); first == second {
		t.Errorf("an answer of tasks was kept: %v, %v", first, second)
	}
}
