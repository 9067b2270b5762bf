package koji

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHostsAndChannels(t *testing.T) {
	onHubs(t, func(t *testing.T, f *front) {
		root, ada, anon := f.login("root"), f.login("ada"), f.anonymous()
		ada.fault(1004, "host permission required", "addHost", "b1.example.org", list("x86_64"))
		id := root.must("addHost", "b1.example.org", list("x86_64", "i686"))
		root.fault(1000, "host already exists: b1.example.org", "addHost", "b1.example.org", list("x86_64"))
		root.fault(1000, "already exists and it is not a host", "addHost", "ada", list("x86_64"))
		if v := root.must("editHost", "b1.example.org", kw("capacity", 4.0, "comment", "rack 3")); v != true {
			t.Error(v)
		}
		if v := root.must("editHost", id, kw("capacity", 4)); v != false {
			t.Error(v)
		}
		want := any(map[string]any{"id": id, "user_id": int64(3), "name": "b1.example.org", "update_ts": nil, "ready": false,
			"task_load": 0.0, "arches": "x86_64 i686", "capacity": 4.0, "description": nil, "comment": "rack 3", "enabled": true})
		if diff := cmp.Diff(want, anon.must("getHost", id)); diff != "" {
			t.Error(diff)
		}
		if v := anon.must("getHost", "b2"); v != nil {
			t.Error(v)
		}
		root.must("addHostToChannel", "b1.example.org", "createrepo")
		root.fault(1000, "already subscribed", "addHostToChannel", "b1.example.org", "createrepo")
		root.must("addHostToChannel", "b1.example.org", "wine", true)
		if diff := cmp.Diff(any(list("default", "createrepo", "wine")), pick(anon.must("listChannels", "b1.example.org"), "name")); diff != "" {
			t.Error(diff)
		}
		root.must("removeHostFromChannel", "b1.example.org", "wine")
		if diff := cmp.Diff(want, anon.must("listHosts", kw("channelID", "createrepo", "arches", list("i686"), "enabled", true)).([]any)[0]); diff != "" {
			t.Error(diff)
		}
		anon.fault(1000, "arches option cannot be empty", "listHosts", list())
		root.must("disableHost", "b1.example.org")
		if diff := cmp.Diff(any(list()), anon.must("listHosts", kw("enabled", true))); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(list("i386", "x86_64")), anon.must("getAllArches")); diff != "" {
			t.Error(diff)
		}
		root.must("disableChannel", "wine", kw("comment", "drunk"))
		root.must("renameChannel", "wine", "beer")
		root.must("editChannel", "beer", kw("description", "Cold."))
		wantChannel := any(map[string]any{"id": int64(9), "name": "beer", "description": "Cold.", "enabled": false, "comment": "drunk"})
		if diff := cmp.Diff(wantChannel, anon.must("getChannel", "beer")); diff != "" {
			t.Error(diff)
		}
		anon.fault(1000, "No such channel: wine", "getChannel", "wine", true)
		if v := anon.must("getLastHostUpdate", id); v != nil {
			t.Error(v)
		}
	})
}
