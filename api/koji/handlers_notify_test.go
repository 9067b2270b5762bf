package koji

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/event"
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

// What people are to hear of a tagging is said once, by whoever tags.
func TestTaggingsAreTold(t *testing.T) {
	onBuildHubs(t, func(t *testing.T, h *buildHub) {
		h.tags()
		h.imported("1")
		told := func() (out []string) {
			h.update(func(ctx context.Context, tx *db.Tx) error {
				got, err := event.After(ctx, tx, 0, 1000)
				out = nil
				for _, m := range got {
					if m.Topic == "notice.tag" {
						out = append(out, string(m.Body))
					}
				}
				return err
			})
			return out
		}
		more := func(want ...string) {
			t.Helper()
			got := told()
			h.update(func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, "DELETE FROM outbox")
				return err
			})
			if len(got) != len(want) {
				t.Fatalf("told were %v", got)
			}
			for i, w := range want {
				if !strings.Contains(got[i], w) {
					t.Errorf("told was %s, without %s", got[i], w)
				}
			}
		}
		h.root.must("tagBuildBypass", "f41", "hello-2.10-1")
		more()
		h.root.must("untagBuildBypass", "f41", "hello-2.10-1")
		more()
		h.root.must("tagBuildBypass", "f41", "hello-2.10-1", false, true)
		more(`"by":"root"`)
		h.root.must("untagBuildBypass", "f41", "hello-2.10-1", true, false, true)
		more(`"tag":null`)
		first, second := h.ada.must("tagBuild", "f41", "hello-2.10-1"), h.ada.must("tagBuild", "f41", "hello-2.10-1")
		h.run()
		h.ended(first)
		h.ended(second)
		more(`"by":"ada","failure":""`, `"failure":"build hello-2.10-1 already tagged`)
		h.ada.must("untagBuild", "f41", "hello-2.10-1")
		more(`"failure":""`)
		b := h.builder("told")
		b.must("host.tagNotification", true, nil, nil, "hello-2.10-1", "ada", true)
		b.must("host.tagNotification", true, nil, nil, "nothere-1-1", "ada")
		more()
		b.fault(1000, "No such tag", "host.tagNotification", true, 99, nil, "hello-2.10-1", "ada")
		more()
		tag := pick(h.anon.must("getTag", "f41"), "id")
		b.must("host.tagNotification", false, tag, nil, "hello-2.10-1", "ada", true, "it is locked")
		more(`"failure":"it is locked"`)
	})
}
