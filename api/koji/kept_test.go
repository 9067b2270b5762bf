package koji

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
)

// spoil writes something else into all kept answers, so that it shows who is
// answered with one.
func (k *keep) spoil(t *testing.T) {
	t.Helper()
	other := func(data []byte) []byte { return bytes.ReplaceAll(data, []byte("hello"), []byte("HELLO")) }
	k.small.mu.Lock()
	defer k.small.mu.Unlock()
	k.large.mu.Lock()
	defer k.large.mu.Unlock()
	n := len(k.small.by) + len(k.large.by)
	for _, e := range k.small.by {
		v := e.Value.(*place)
		data := make([]byte, v.size)
		_, err := k.small.file.ReadAt(data, v.at)
		if err == nil {
			_, err = k.small.file.WriteAt(other(data), v.at)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range k.large.by {
		a := e.Value.(*answer)
		z, err := gzip.NewReader(io.NewSectionReader(a.file, 0, a.size))
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		packed := (&keep{}).pack(other(data))
		a.file.Close()
		k.large.size += packed.size - a.size
		a.file, a.size = packed.file, packed.size
	}
	if n == 0 {
		t.Fatal("nothing is kept")
	}
}

// An answer that is kept is given again, and no more once anything has changed
// that it might tell.
func TestAnswersAreKept(t *testing.T) {
	for _, from := range []int64{1, keepFile} { // as large ones, and as small ones
		t.Run(fmt.Sprint(from), func(t *testing.T) { answersAreKept(t, from) })
	}
}

// ofBuilds are changes of builds and of what is in tags, of which lists of packages say
// nothing. Of signatures lists say nothing but those that tell of signatures.
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
				unconcerned := q.method == "listPackages" && ofBuilds[after] || q.method != "listTaggedRPMS" && after == "kura.signBuild"
				if kept(h.anon.must(q.method, q.params...)) != unconcerned {
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
			t.Error("an entry of a multicall is answered with what is kept if that is small, and in no other way")
		}
		if diff := cmp.Diff(id, pick(multi.([]any)[0], "build_id")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestQuestionsAreToldApart(t *testing.T) {
	seen := map[string]any{}
	for _, v := range []any{nil, "", "1", int64(1), 1.0, true, list(), list(list()), list("1"), list(int64(1)), list("1", "2"), list("12"), list("1", list("2")),
		map[string]any{}, map[string]any{"a": "1"}, map[string]any{"a": int64(1)}, []byte("1"), map[string]any{"a": "1", "b": "2"}, list("a", "1"), false, int64(11), list("a", `"1:1`), list(`a"1:1`), list(list(), list()), list(list(list()))} {
		text := string(mark(nil, v))
		if was, ok := seen[text]; ok {
			t.Errorf("%#v and %#v are the same: %s", was, v, text)
		}
		seen[text] = v
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

// Small answers lie in one file, each where it was put until others need its place: the
// oldest go first, and what is left says what was put.
func TestSmallAnswersHaveBounds(t *testing.T) {
	k := newKeep()
	k.small.most = 64 << 10
	reads := readOthers(t)
	data := func(n int) []byte { return bytes.Repeat([]byte{byte(n)}, 1+n*37%3000) }
	at := func(n int) db.State { return db.State{Others: int64(n)} }
	all := 1000
	for n := range all {
		k.put(&answer{question: question{byte(n), byte(n >> 8)}, reads: reads, state: at(n), data: data(n)})
		if n%7 == 0 { // some are answered anew
			k.put(&answer{question: question{byte(n), byte(n >> 8)}, reads: reads, state: at(n + 1), data: data(n + 1)})
		}
		var taken, found int64
		for back := range min(n, 200) {
			m := n - back
			want, state := data(m), at(m)
			if m%7 == 0 {
				want, state = data(m+1), at(m+1)
			}
			got := k.small.find(question{byte(m), byte(m >> 8)}, state)
			if got == nil {
				break
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("after %d answers the one of %d is another one", n, m)
			}
			taken += int64(len(got)) + keptCosts
			found++
		}
		if len(k.small.by) != k.small.order.Len() || taken > k.small.most {
			t.Fatalf("%d answers, %d in order, take %d bytes", len(k.small.by), k.small.order.Len(), taken)
		}
		if n > 200 && (taken < k.small.most/2 || found != int64(len(k.small.by))) {
			t.Fatalf("after %d answers %d are left, in %d bytes, of which the newest %d stand together", n, len(k.small.by), taken, found)
		}
	}
	if size, err := k.small.file.Seek(0, io.SeekEnd); err != nil || size > k.small.most {
		t.Errorf("the file has %d bytes (%v)", size, err)
	}
	if k.small.find(question{byte(all - 1), byte((all - 1) >> 8)}, at(all)) != nil {
		t.Error("an answer of another state was found")
	}
	last := all - 1
	q := question{byte(last), byte(last >> 8)}
	large := &answer{question: q, reads: reads, state: at(all), size: 1}
	var err error
	if large.file, err = nameless("kura-test-"); err != nil {
		t.Fatal(err)
	}
	k.put(large)
	if k.find(q, at(last)) != nil || k.find(q, large.state) != large {
		t.Error("an answer that grew large is there twice")
	}
}

// A multicall of what is kept holds little of it at once.
func TestMulticallsHoldLittleAtOnce(t *testing.T) {
	text := strings.Repeat("x", 30<<10)
	f := newFront(t, Handlers{"listVolumes": func(context.Context, *Call) (any, error) { return text, nil }})
	f.anonymous().must("listVolumes")
	for entries, want := range map[int]bool{2: true, 30: true, 40: false, 20000: false} {
		var calls []any
		for range entries {
			calls = append(calls, map[string]any{"methodName": "listVolumes", "params": []any{}})
		}
		q := &request{method: "multiCall", params: []any{calls}, known: true, looked: true}
		done, err := f.server.atOnce(q, &reply{w: httptest.NewRecorder()})
		if err != nil || done != want {
			t.Errorf("%d answers of %d bytes at once: %v, %v", entries, len(text), done, err)
		}
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
