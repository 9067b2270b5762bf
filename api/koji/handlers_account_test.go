package koji

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUsers(t *testing.T) {
	onHubs(t, func(t *testing.T, f *front) {
		root, anon := f.login("root"), f.anonymous()
		eve := root.must("createUser", "eve", kw("krb_principal", "eve@EXAMPLE.ORG"))
		want := map[string]any{"id": eve, "name": "eve", "status": int64(0), "usertype": int64(0),
			"krb_principals": list("eve@EXAMPLE.ORG")}
		for _, who := range []any{"eve", eve, "eve@EXAMPLE.ORG", map[string]any{"krb_principal": "eve@EXAMPLE.ORG"}, map[string]any{"name": "eve"}} {
			if diff := cmp.Diff(any(want), anon.must("getUser", who)); diff != "" {
				t.Errorf("getUser(%v): %s", who, diff)
			}
		}
		if v := anon.must("getUser", "nobody"); v != nil {
			t.Error(v)
		}
		anon.fault(1000, "No such user: 'nobody'", "getUser", "nobody", true)
		anon.fault(1000, "No user provided", "getUser")
		root.fault(1000, "user already exists: eve", "createUser", "eve")
		if v := anon.must("getLoggedInUser"); v != nil {
			t.Error(v)
		}
		want = map[string]any{"id": int64(2), "name": "root", "status": int64(0), "usertype": int64(0),
			"krb_principals": list(), "krb_principal": nil, "authtype": int64(0)}
		if diff := cmp.Diff(any(want), root.must("getLoggedInUser")); diff != "" {
			t.Error(diff)
		}
		root.must("disableUser", "eve")
		if v := pick(anon.must("getUser", "eve"), "status"); v != int64(1) {
			t.Error(v)
		}
		root.must("editUser", "eve", kw("name", "eva", "krb_principal_mappings",
			list(map[string]any{"old": "eve@EXAMPLE.ORG", "new": "eva@EXAMPLE.ORG"})))
		got := pick(anon.must("listUsers", kw("prefix", "EV", "queryOpts", map[string]any{"order": "name"})), "name", "krb_principals")
		if diff := cmp.Diff(any(list(map[string]any{"name": "eva", "krb_principals": list("eva@EXAMPLE.ORG")})), got); diff != "" {
			t.Error(diff)
		}
		if n := anon.must("listUsers", kw("queryOpts", map[string]any{"countOnly": true})); n != int64(3) {
			t.Error(n)
		}
	})
}

func TestPermissions(t *testing.T) {
	onHubs(t, func(t *testing.T, f *front) {
		root, ada, anon := f.login("root"), f.login("ada"), f.anonymous()
		ada.fault(1004, "admin permission required (logged in as ada)", "grantPermission", "ada", "admin")
		root.must("grantPermission", "ada", "tag")
		root.fault(1000, "user ada already has permission: tag", "grantPermission", "ada", "tag")
		root.fault(1000, "No such entry in table permissions: wine", "grantPermission", "ada", "wine")
		root.must("grantPermission", "ada", "wine", kw("create", true, "description", "Drink."))
		root.must("newGroup", "cooks")
		root.must("addGroupMember", "cooks", "ada")
		root.must("addGroupMember", "cooks", "ada", false)
		root.fault(1000, "User already in group", "addGroupMember", "cooks", "ada")
		root.must("grantPermission", "cooks", "image")
		if diff := cmp.Diff(any(list("image", "tag", "wine")), ada.must("getPerms")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(list("tag", "wine")), anon.must("getUserPerms", "ada", false)); diff != "" {
			t.Error(diff)
		}
		want := map[string]any{"image": list("cooks"), "tag": list(nil), "wine": list(nil)}
		if diff := cmp.Diff(any(want), anon.must("getUserPermsInheritance", "ada")); diff != "" {
			t.Error(diff)
		}
		perms := anon.must("getAllPerms").([]any)
		if diff := cmp.Diff(any(map[string]any{"id": int64(16), "name": "wine", "description": "Drink."}), perms[len(perms)-1]); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(list("ada")), pick(anon.must("listUsers", kw("perm", "image", "inherited_perm", true)), "name")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(list("ada")), pick(anon.must("getGroupMembers", "cooks"), "name")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(list("cooks")), anon.must("getUser", "ada", kw("groups", true)).(map[string]any)["groups"]); diff != "" {
			t.Error(diff)
		}
		root.must("revokePermission", "ada", "wine")
		if ok := ada.must("hasPerm", "wine"); ok != false {
			t.Error(ok)
		}
		ada.fault(1000, "No such entry in table permissions: beer", "hasPerm", "beer", true)
	})
}

func TestSessionInfo(t *testing.T) {
	onHubs(t, func(t *testing.T, f *front) {
		ada, root := f.login("ada"), f.login("root")
		ada.must("exclusiveSession")
		own := ada.must("getSessionInfo", true).(map[string]any)
		if own["exclusive"] != true || own["user_id"] != int64(1) || own["hostip"] != "127.0.0.1" || own["start_ts"] == nil {
			t.Error(own)
		}
		if v := root.must("getSessionInfo", false, "ada").([]any); len(v) != 1 || pick(v[0], "id") != nil {
			t.Error(v)
		}
		ada.fault(1004, "only admins or owners", "getSessionInfo", false, "root")
	})
}
