package koji

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNotifications(t *testing.T) {
	onHubs(t, func(t *testing.T, f *front) {
		root, ada, anon := f.login("root"), f.login("ada"), f.anonymous()
		root.must("createTag", "f41")
		root.must("packageListAdd", "f41", "hello", "ada")
		me := pick(ada.must("getLoggedInUser"), "id")
		tag, pkg := pick(anon.must("getTag", "f41"), "id"), anon.must("getPackageID", "hello")
		anon.fault(1004, "", "createNotification", me, nil, nil, false)
		anon.fault(1000, "No such user", "getBuildNotifications")
		ada.fault(1000, "user ada cannot create notifications for user root", "createNotification", "root", nil, nil, false)
		ada.fault(1000, "No such user ID: 99", "createNotification", 99, nil, nil, false)
		ada.fault(1000, "No such entry in table tag: f99", "createNotification", me, nil, "f99", false)
		ada.fault(1000, "No such entry in table package: nope", "createNotification", me, "nope", nil, false)
		ada.must("createNotification", me, pkg, "f41", true)
		ada.fault(1000, "notification already exists", "createNotification", me, "hello", tag, true)
		root.must("createNotification", me, nil, nil, false)
		got := ada.must("getBuildNotifications").([]any)
		first := pick(got[0], "id")
		want := map[string]any{"id": first, "user_id": me, "package_id": pkg, "tag_id": tag, "success_only": true, "email": "ada@example.org"}
		if diff := cmp.Diff(any(want), got[0]); diff != "" || len(got) != 2 {
			t.Errorf("%d notifications: %s", len(got), diff)
		}
		if diff := cmp.Diff(any(want), anon.must("getBuildNotification", first)); diff != "" {
			t.Error(diff)
		}
		if v := anon.must("getBuildNotification", 77); v != nil {
			t.Errorf("got %v", v)
		}
		anon.fault(1000, "No notification with ID 77 found", "getBuildNotification", 77, true)
		ada.must("updateNotification", first, nil, tag, true)
		ada.fault(1000, "notification already exists", "updateNotification", first, nil, nil, false)
		if diff := cmp.Diff(any(map[string]any{"package_id": nil, "tag_id": tag}), pick(anon.must("getBuildNotification", first), "package_id", "tag_id")); diff != "" {
			t.Error(diff)
		}
		root.must("createNotification", "root", nil, nil, false)
		other := pick(root.must("getBuildNotifications").([]any)[0], "id")
		ada.fault(1000, "cannot update notifications for user", "updateNotification", other, nil, tag, true)
		ada.fault(1000, "cannot delete notifications for user", "deleteNotification", other)
		root.must("deleteNotification", first)
		ada.fault(1000, "No notification with ID", "deleteNotification", first)

		ada.fault(1000, "user ada cannot create notification blocks for user root", "createNotificationBlock", "root")
		ada.must("createNotificationBlock", me, "hello")
		ada.fault(1000, "notification already exists", "createNotificationBlock", me, pkg, nil)
		blocks := ada.must("getBuildNotificationBlocks", "ada").([]any)
		block := pick(blocks[0], "id")
		if diff := cmp.Diff(any(list(map[string]any{"id": block, "user_id": me, "package_id": pkg, "tag_id": nil})), any(blocks)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(blocks[0], anon.must("getBuildNotificationBlock", block)); diff != "" {
			t.Error(diff)
		}
		f.login("root").must("createNotificationBlock", "root")
		theirs := pick(root.must("getBuildNotificationBlocks").([]any)[0], "id")
		ada.fault(1000, "cannot delete notification blocks for user", "deleteNotificationBlock", theirs)
		ada.must("deleteNotificationBlock", block)
		ada.fault(1000, "No notification block with ID", "deleteNotificationBlock", block)
	})
}
