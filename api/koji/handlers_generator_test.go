package koji

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestContentGenerators(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.ada.fault(1004, "admin permission required", "grantCGAccess", "ada", "osbuild", true)
		h.root.fault(1000, "No such entry in table content_generator: osbuild", "grantCGAccess", "ada", "osbuild")
		h.root.fault(1000, "No such user: 'eve'", "grantCGAccess", "eve", "osbuild", true)
		h.root.must("grantCGAccess", "ada", "osbuild", true)
		h.root.fault(1000, "User already has access to content generator osbuild", "grantCGAccess", "ada", "osbuild")
		h.root.must("grantCGAccess", "pat", "osbuild")
		all := h.anon.must("listCGs").(map[string]any)
		if diff := cmp.Diff(any(list("ada", "pat")), pick(all["osbuild"], "users")); diff != "" || len(all) != 1 {
			t.Errorf("%v: %s", all, diff)
		}
		nvr := map[string]any{"name": "image", "version": "1", "release": "1"}
		h.root.fault(1002, "Content generator access required (osbuild)", "CGInitBuild", "osbuild", nvr)
		h.anon.fault(1004, "", "CGInitBuild", "osbuild", nvr)
		h.ada.fault(1000, "", "CGInitBuild", "osbuild", map[string]any{"name": "image", "version": "1"})
		h.ada.fault(1000, "raft", "CGInitBuild", "osbuild", map[string]any{"name": "image", "version": "1", "release": "1", "draft": true})
		got := h.ada.must("CGInitBuild", "osbuild", nvr).(map[string]any)
		id, token := got["build_id"], got["token"]
		if diff := cmp.Diff(any(map[string]any{"state": int64(0), "owner_name": "ada", "nvr": "image-1-1"}), pick(h.anon.must("getBuild", id), "state", "owner_name", "nvr")); diff != "" {
			t.Error(diff)
		}
		h.ada.fault(1000, "already reserved", "CGInitBuild", "osbuild", nvr)
		h.ada.fault(1000, "Only FAILED/CANCELED build states are allowed", "CGRefundBuild", "osbuild", id, token, 1)
		h.ada.fault(1000, "Token doesn't match build ID", "CGRefundBuild", "osbuild", id, "guessed")
		h.root.must("grantCGAccess", "ada", "other", true)
		h.ada.fault(1000, "is not reserved by this CG", "CGRefundBuild", "other", id, token)
		h.ada.must("CGRefundBuild", "osbuild", id, token, 4)
		if s := pick(h.anon.must("getBuild", id), "state"); s != int64(4) {
			t.Errorf("its state is %v", s)
		}
		h.ada.fault(1000, "is not in BUILDING state", "CGRefundBuild", "osbuild", id, token)
		again := h.ada.must("CGInitBuild", "osbuild", nvr).(map[string]any)
		if again["build_id"] != id || again["token"] == token {
			t.Errorf("reserved again: %v after %v", again, got)
		}
		h.root.must("revokeCGAccess", "ada", "osbuild")
		h.ada.fault(1002, "Content generator access required", "CGRefundBuild", "osbuild", id, again["token"])

		told := h.anon.must("queryHistory", kw("cg", "osbuild", "user", "ada")).(map[string]any)
		want := list(map[string]any{"user.name": "ada", "content_generator.name": "osbuild", "active": nil, "creator_name": "root", "revoker_name": "root"})
		if diff := cmp.Diff(any(want), pick(told["cg_users"], "user.name", "content_generator.name", "active", "creator_name", "revoker_name")); diff != "" {
			t.Error(diff)
		}
		if len(told) != 1 {
			t.Errorf("other tables are about no content generator: %v", told)
		}
		h.anon.fault(1000, "No such entry in table content_generator: lorax", "queryHistory", kw("cg", "lorax"))
	})
}
