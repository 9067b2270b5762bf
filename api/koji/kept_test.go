package koji

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// spoil writes something else into all kept answers, so that it shows who is
// answered with one.
func (k *keep) spoil(t *testing.T) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.by) == 0 {
		t.Fatal("nothing is kept")
	}
	for _, e := range k.by {
		a := e.Value.(*answer)
		data, err := io.ReadAll(io.NewSectionReader(a.file, 0, a.size))
		if err == nil {
			_, err = a.file.WriteAt(bytes.ReplaceAll(data, []byte("hello"), []byte("HELLO")), 0)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// An answer that is kept is given again, and no more once anything has changed
// that it might tell.
func TestAnswersAreKept(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.server.kept.from = 1
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
		}
		kept := func(v any) bool {
			rows := v.([]any)
			if inner, ok := rows[0].([]any); ok {
				rows = inner
			}
			return pick(rows[0], "name") == "HELLO"
		}
		check := func(after string) {
			t.Helper()
			for _, q := range ask {
				if kept(h.anon.must(q.method, q.params...)) {
					t.Errorf("%s%v after %s: an old answer", q.method, q.params, after)
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
		if kept(multi) {
			t.Error("a multicall was answered with what is kept")
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

// What is too much is forgotten, the longest unasked first; what is still being
// sent stays open until then.
func TestKeepingHasBounds(t *testing.T) {
	var k keep
	add := func(n byte, state int64) *answer {
		tee := &tee{out: io.Discard, from: 1}
		if _, err := tee.Write([]byte{n}); err != nil {
			t.Fatal(err)
		}
		f, size := tee.take()
		a := &answer{question: question{n, byte(state)}, state: state, file: f, size: size}
		k.put(a)
		return a
	}
	first := add(0, 1)
	if k.find(first.question, 2) != nil {
		t.Error("an answer of another state was found")
	}
	used := k.find(first.question, 1)
	for n := range keepFiles {
		add(byte(n), 2)
	}
	if len(k.by) != keepFiles || k.order.Len() != keepFiles || k.find(first.question, 1) != nil {
		t.Errorf("%d answers are kept, %d in order", len(k.by), k.order.Len())
	}
	if b := make([]byte, 1); used != first {
		t.Error("the answer was not found")
	} else if _, err := used.file.ReadAt(b, 0); err != nil {
		t.Errorf("an answer that is being sent was closed: %v", err)
	}
	k.letGo(used)
	if _, err := used.file.ReadAt(make([]byte, 1), 0); err == nil {
		t.Error("an answer that nobody needs is still open")
	}
	if k.size != keepFiles {
		t.Errorf("%d bytes are counted of %d", k.size, keepFiles)
	}
}
