package koji

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/spliced"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
)

// withLists is a server that makes lists with what is known of them.
func (h *buildHub) withLists(l *lists, k *build.Known) *Server {
	h.t.Helper()
	s, err := New(Config{DB: h.db, Sessions: account.NewSessions()}, Builds{DB: h.db, Blobs: h.blobs, Tasks: h.tasks, Flow: h.flow, Known: k, lists: l}.Handlers())
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// made gives an answer that is made anew, open; compressed on its way if it is to be.
func (h *buildHub) made(s *Server, packed bool, method string, params ...any) []byte {
	h.t.Helper()
	rec := httptest.NewRecorder()
	err := h.db.View(context.Background(), func(tx *db.Tx) error {
		out := &reply{w: rec, gzip: packed}
		defer func() { _ = out.end(true) }()
		if packed { // small answers are not
			if err := out.start(); err != nil {
				return err
			}
		}
		if err := s.answerKept(context.Background(), tx, &request{method: method, params: params}, account.Actor{}, out); err != nil {
			return err
		}
		out.finish()
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	if !packed {
		return rec.Body.Bytes()
	}
	z, err := gzip.NewReader(rec.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	doc, err := io.ReadAll(z)
	if err != nil {
		h.t.Fatal(err)
	}
	return doc
}

// A list that is made of pieces says what one says that is read whole, after changes of
// all kinds.
func TestListsInPieces(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.many(24)
		at := h.anon.must("getLastEvent").(map[string]any)["id"]
		lists := [][]any{
			{"listTagged", "f41"},
			{"listTagged", "f41", kw("extra", true)},
			{"listTagged", "f41-build", kw("inherit", true, "latest", true)},
			{"listTagged", "f41", kw("latest", 2, "event", at)},
			{"listTagged", "f41", kw("owner", "ada")},
			{"listTagged", "f41-build"},
			{"getLatestBuilds", "f41-build"},
			{"listTaggedRPMS", "f41"},
			{"listTaggedRPMS", "f41", kw("extra", false)},
			{"listTaggedRPMS", "f41", kw("rpmsigs", true)},
			{"getLatestRPMS", "f41-build"},
			{"getLatestRPMS", "f41", kw("arch", list("x86_64", "noarch"))},
			{"getLatestRPMS", "f41", kw("arch", "x86_64 noarch")},
			{"getLatestRPMS", "f41", kw("type", "rpm")},
		}
		plain, pieced := h.withLists(newLists(1<<30, 1), &build.Known{Few: 1 << 30}), h.withLists(h.lists, &build.Known{Few: 1})
		same := func(after string) {
			t.Helper()
			for _, l := range lists {
				whole := h.made(plain, false, l[0].(string), l[1:]...)
				for _, packed := range []bool{false, true} {
					if got := h.made(pieced, packed, l[0].(string), l[1:]...); !bytes.Equal(got, whole) {
						t.Fatalf("after %s: %v (compressed: %v) is\n%s\nand not\n%s", after, l, packed, got, whole)
					}
				}
			}
		}
		same("nothing")
		nvr := func(i int) string { return fmt.Sprintf("package%05d-2.10-1", i) }
		id := func(i int) any { return h.anon.must("getBuild", nvr(i)).(map[string]any)["id"] }
		h.root.must("createUser", "bea")
		h.root.must("addVolume", "far", kw("strict", false))
		for _, change := range []struct {
			name string
			do   func()
		}{
			{"a build that is gone", func() { h.root.must("untagBuildBypass", "f41", nvr(3)) }},
			{"a build that comes back", func() { h.root.must("tagBuildBypass", "f41", nvr(3)) }},
			{"the newest build is gone", func() { h.root.must("untagBuildBypass", "f41", nvr(3)) }},
			{"the newest build comes back, later", func() { h.root.must("tagBuildBypass", "f41", nvr(3)) }},
			{"a build that comes into two tags at once", func() {
				h.root.must("packageListAdd", "f41-build", "package00010", "ada")
				h.root.must("untagBuildBypass", "f41", nvr(10))
				call := func(tag string) map[string]any {
					return map[string]any{"methodName": "tagBuildBypass", "params": list(tag, nvr(10))}
				}
				h.root.must("multiCall", list(call("f41"), call("f41-build")))
			}},
			{"a build in the tag above", func() {
				h.root.must("packageListAdd", "f41-build", "package00004", "ada")
				h.root.must("tagBuildBypass", "f41-build", nvr(4))
			}},
			{"another owner", func() { h.root.must("setBuildOwner", nvr(5), "bea") }},
			{"another time", func() { h.root.must("setBuildTimestamp", nvr(6), 1234567890) }},
			{"another volume", func() { h.root.must("changeBuildVolume", id(7), "far") }},
			{"a user's new name", func() { h.root.must("editUser", "bea", kw("name", "cleo")) }},
			{"a tag's new name", func() {
				h.root.must("editTag2", "f41-build", kw("name", "f41-root"))
				for _, l := range lists {
					if l[1] == "f41-build" {
						l[1] = "f41-root"
					}
				}
			}},
			{"a blocked package", func() { h.root.must("packageListBlock", "f41", "package00008") }},
			{"a package that is listed again", func() { h.root.must("packageListUnblock", "f41", "package00008") }},
			{"a build that is not complete any more", func() { h.root.must("resetBuild", id(9)) }},
			{"a new build, and packages that join it", func() {
				h.imported("1")
				h.root.must("tagBuildBypass", "f41", "hello-2.10-1")
			}},
			{"one more package of a build", func() { h.importHello("hello", "1", "aarch64") }},
			{"a newer build", func() {
				h.imported("2")
				h.root.must("tagBuildBypass", "f41", "hello-2.10-2")
			}},
		} {
			change.do()
			same(change.name)
		}
	})
}

// After a change most of a list is sent as it was kept.
func TestPiecesAreKept(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.many(40)
		pieces := func() int { return h.lists.pieces.order.Len() }
		s := h.withLists(h.lists, nil)
		ask := func(method, tag string) []byte { t.Helper(); return h.made(s, true, method, tag) }
		ask("getLatestRPMS", "f41")
		all := pieces()
		if all < 24 || all > 60 {
			t.Fatalf("two lists of 40 builds are in %d pieces", all)
		}
		h.root.must("untagBuildBypass", "f41", "package00020-2.10-1")
		ask("getLatestRPMS", "f41")
		// In each list a piece without the build, with what was the next one at most.
		if more := pieces() - all; more < 1 || more > 4 {
			t.Errorf("a build less makes %d more pieces", more)
		}
		all = pieces()
		ask("getLatestRPMS", "f41-build")
		if pieces() != all {
			t.Errorf("what a tag inherits is %d more pieces", pieces()-all)
		}
		for q := range h.lists.pieces.by {
			p, err := spliced.Pack([]byte("[kept]"))
			if err != nil {
				t.Fatal(err)
			}
			h.lists.pieces.forget(q, db.State{Builds: 1})
			h.lists.pieces.put(&answer{question: q, data: p.Bytes()})
		}
		// The rpms' pieces, and those of the builds.
		if n := bytes.Count(ask("getLatestRPMS", "f41"), []byte("[kept]")); n < 20 || n > pieces() {
			t.Errorf("of %d pieces %d are sent as they are kept", pieces(), n)
		}
	})
}

// A piece is of no more than so many builds, whatever their numbers are.
func TestPiecesHaveBounds(t *testing.T) {
	builds := make([]int64, 3000) // alike, so that none of them, or each, ends a piece
	for _, id := range []int64{1, 2, 3, 64, 1 << 40} {
		for i := range builds {
			builds[i] = id
		}
		l := pieced[int64]{lists: newLists(1, pieceMean), n: len(builds), build: func(i int) int64 { return builds[i] },
			mark: func(b []byte, i int) []byte { return addNumber(b, int64(i)) }}
		next := 0
		seen := map[question]bool{}
		for p := range l.cuts {
			if p.from != next || p.to <= p.from || p.to > p.from+4*pieceMean || seen[p.key] {
				t.Fatalf("builds %d: a piece from %d to %d behind %d", id, p.from, p.to, next)
			}
			next, seen[p.key] = p.to, true
		}
		if next != len(builds) {
			t.Errorf("builds %d: %d in pieces", id, next)
		}
	}
}

// Who may write is told what it has written, and what comes to nothing is told to nobody.
func TestPiecesAreOfWhatWasCommitted(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.many(6)
		h.root.must("createUser", "bea")
		owner := func(rows any) any {
			t.Helper()
			for _, b := range rows.([]any) {
				if pick(b, "nvr") == "package00003-2.10-1" {
					return pick(b, "owner_name")
				}
			}
			t.Fatal("the build is not in the list")
			return nil
		}
		if got := owner(h.anon.must("listTagged", "f41")); got != "ada" {
			t.Errorf("the owner is %v at first", got)
		}
		call := func(m string, p ...any) map[string]any { return map[string]any{"methodName": m, "params": p} }
		got := h.root.must("multiCall", list(call("setBuildOwner", "package00003-2.10-1", "bea"), call("listTagged", "f41"))).([]any)
		if got := owner(got[1].([]any)[0]); got != "bea" {
			t.Errorf("who has written is told of %v", got)
		}
		if got := owner(h.anon.must("listTagged", "f41")); got != "bea" {
			t.Errorf("the owner is %v afterwards", got)
		}
		undo := errors.New("undo")
		id := pick(h.anon.must("getBuild", "package00003-2.10-1"), "id").(int64)
		err := h.db.Update(context.Background(), func(tx *db.Tx) error {
			u, err := account.Get(context.Background(), tx, account.ByName("ada"))
			if err != nil {
				return err
			}
			if err := build.SetOwner(context.Background(), tx, id, u.ID); err != nil {
				return err
			}
			q := &request{method: "listTagged", params: []any{"f41"}}
			v, err := h.server.invoke(context.Background(), tx, q, account.Actor{}, q.method, q.params)
			if err == nil {
				err = xmlrpc.EncodeResponse(io.Discard, v)
			}
			return errors.Join(err, undo)
		})
		if !errors.Is(err, undo) {
			t.Fatal(err)
		}
		h.root.must("createTag", "f42") // what was kept whole is old
		if got := owner(h.anon.must("listTagged", "f41")); got != "bea" {
			t.Errorf("the owner is %v, as nobody has made it", got)
		}
	})
}
