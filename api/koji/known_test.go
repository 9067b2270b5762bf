package koji

import (
	"slices"
	"testing"
)

// What somebody may do is what they may do now: also of somebody who has just called.
func TestRightsAreOfNow(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		has := func(perms any) bool { return slices.Contains(perms.([]any), any("tag")) }
		perms := func() any { return h.ada.must("getPerms") }
		h.root.must("grantPermission", "ada", "tag", kw("create", true))
		for range 2 { // she is known from the first call on
			if !has(perms()) {
				t.Fatal("ada was given no permission")
			}
		}
		h.root.must("revokePermission", "ada", "tag")
		if has(perms()) {
			t.Error("ada has a permission that was taken from her")
		}
		other := h.login("ada")
		if has(other.must("getPerms")) {
			t.Error("another session has it")
		}
		perms()
		h.root.must("disableUser", "ada")
		h.ada.fault(1002, "logins by ada are not allowed", "getPerms")
		other.fault(1002, "logins by ada are not allowed", "getTag", "f41")
		h.root.must("enableUser", "ada")
		perms()
		h.ada.must("logout")
		h.ada.fault(1002, "Invalid session", "getPerms")
	})
}
