package cli

import (
	"github.com/kura-build/kura/client/hubtest"
	"github.com/kura-build/kura/format/xmlrpc"
)

// recordMore gives a hub what the rarer commands ask for.
func recordMore(h *hubtest.Hub) {
	const start = 1_799_990_000.5
	fault := func(text string) error { return &xmlrpc.Fault{Code: 1000, String: text} }
	h.Answer("createSideTag", m{"id": 9, "name": "f43-build-side-9", "task_id": nil, "request": nil})
	h.Answer("listSideTags", l{m{"id": 9, "name": "f43-build-side-9", "user_id": "3", "user_name": "ann"}})
	h.Answer("removeSideTag", func(c hubtest.Call) (any, error) {
		if c.Args[0] == "f43" {
			return nil, fault("Not a sidetag: f43")
		}
		return nil, nil
	})
	h.Answer("search", func(c hubtest.Call) (any, error) {
		switch c.Args[0] {
		case "nothing":
			return l{}, nil
		case "py*":
			return l{m{"id": 8, "name": "python3"}, m{"id": 9, "name": "python3-rpm"}}, nil
		}
		return l{m{"id": 77, "name": "bash-5.3-1.fc43"}}, nil
	})
	h.Answer("getPackage", m{"id": 5, "name": "bash"})
	h.Answer("getBuildNotifications", l{
		m{"id": 7, "user_id": 3, "package_id": 5, "tag_id": nil, "success_only": true, "email": "ann@example.org"},
		m{"id": 8, "user_id": 3, "package_id": nil, "tag_id": 9, "success_only": false, "email": "ann@example.org"}})
	h.Answer("getBuildNotificationBlocks", l{m{"id": 9, "user_id": 3, "package_id": 5, "tag_id": 404}})
	h.Answer("getBuildNotification", func(c hubtest.Call) (any, error) {
		if c.Args[0] == int64(404) {
			return nil, nil
		}
		return m{"id": 7, "user_id": 3, "package_id": 5, "tag_id": 9, "success_only": true}, nil
	})
	h.Answer("deleteNotification", func(c hubtest.Call) (any, error) {
		if c.Args[0] == int64(99) {
			return nil, fault("No notification with ID 99 found")
		}
		return nil, nil
	})
	h.Answer("getChannel", func(c hubtest.Call) (any, error) {
		if c.Args[0] == "nothing" {
			return nil, nil
		}
		return m{"id": 1, "name": c.Args[0], "enabled": true}, nil
	})
	h.Answer("listChannels", l{m{"id": 1, "name": "default", "enabled": true, "description": nil, "comment": nil},
		m{"id": 2, "name": "createrepo", "enabled": false, "description": "repositories", "comment": "disks"}})
	h.Answer("addChannel", 9)
	h.Answer("resubmitTask", 17)
	h.Answer("assignTask", func(c hubtest.Call) (any, error) { return c.Args[0] == int64(16), nil })
	h.Answer("promoteBuild", m{"build_id": 79, "package_name": "zsh", "version": "5.9", "release": "2.fc43", "nvr": "zsh-5.9-2.fc43", "state": 1, "draft": false})
	repo := m{"id": 33, "tag_id": 9, "tag_name": "f43-build", "state": 1, "dist": false, "create_event": 101, "create_ts": start, "creation_ts": start + 5, "state_ts": start + 60,
		"begin_event": 101, "end_event": 107, "end_ts": start + 600, "task_id": 16, "opts": m{"src": true, "debuginfo": false}}
	h.Answer("getActiveRepos", l{
		m{"id": 31, "tag_id": 8, "tag_name": "f43", "state": 1, "dist": true, "create_event": 100, "create_ts": start - 90, "task_id": nil},
		m{"id": 32, "tag_id": 9, "tag_name": "f43-build", "state": 2, "dist": false, "create_event": 100, "create_ts": start - 60, "task_id": 11}, repo})
	h.Answer("repoInfo", func(c hubtest.Call) (any, error) {
		if c.Args[0] == int64(404) {
			return nil, nil
		}
		return repo, nil
	})
	wish := m{"id": 5, "tag_id": 9, "tag_name": "f43-build", "min_event": 108, "at_event": nil, "priority": 20, "owner_name": "ann", "create_ts": start, "task_id": 16, "repo_id": nil, "active": true}
	h.Answer("repo.queryQueue", l{wish, m{"id": 4, "tag_id": 8, "tag_name": "f43", "at_event": 90, "priority": 15, "owner_name": "kojira", "create_ts": start - 100, "task_id": nil}})
	h.Answer("repo.request", m{"repo": nil, "request": wish, "duplicate": false})
	h.Answer("listArchives", func(c hubtest.Call) (any, error) {
		if c.Keys["buildID"] != int64(80) {
			return l{}, nil
		}
		return l{m{"id": 2, "filename": "disk.qcow2", "size": 3 << 20, "btype": "image", "arch": "x86_64", "checksum": "00ff", "checksum_type": 2},
			m{"id": 1, "filename": "boot.iso", "size": 1000, "btype": "image", "checksum": "aa", "checksum_type": 0}}, nil
	})
	h.Answer("listVolumes", l{m{"id": 1, "name": "archive"}, m{"id": 0, "name": "DEFAULT"}})
	h.Answer("chainBuild", 18)
	h.Answer("getBuildTarget", func(c hubtest.Call) (any, error) {
		t := m{"id": 4, "name": "f43", "build_tag": 9, "build_tag_name": "f43-build", "dest_tag": 8, "dest_tag_name": "f43"}
		switch c.Args[0] {
		case "odd":
			t["dest_tag"], t["dest_tag_name"] = 10, "f42"
		case "nothing":
			return nil, nil
		}
		return t, nil
	})
	for _, method := range []string{"editSideTag", "createNotification", "updateNotification", "createNotificationBlock", "deleteNotificationBlock",
		"editChannel", "enableChannel", "disableChannel", "removeHostFromChannel", "freeTask", "setTaskPriority", "addVolume", "changeBuildVolume"} {
		h.Answer(method, nil)
	}
	h.Answer("queryHistory", func(c hubtest.Call) (any, error) {
		if c.Keys["tag"] == "f99" {
			return nil, fault("No such entry in table tag: f99")
		}
		return past(c.Keys["afterEvent"] != nil), nil
	})
}

// past is what a hub remembers of f43; marked when it was asked for what ann
// did since event 103.
func past(marked bool) m {
	version := func(made, revoked int, more m) m {
		v := m{"create_event": made, "create_ts": 1_799_990_000.5 + float64(made), "creator_id": 3, "creator_name": "ann", "active": true,
			"revoke_event": nil, "revoke_ts": nil, "revoker_id": nil, "revoker_name": nil, "tag_id": 8, "tag.name": "f43"}
		if revoked != 0 {
			v["active"], v["revoke_event"], v["revoke_ts"], v["revoker_id"], v["revoker_name"] = nil, revoked, 1_799_990_000.5+float64(revoked), 4, "ben"
		}
		if marked {
			v["_created_by"], v["_created_after_event"] = true, made > 103
			v["_revoked_by"], v["_revoked_after_event"] = nil, nil
			if revoked != 0 {
				v["_revoked_by"], v["_revoked_after_event"] = false, revoked > 103
			}
		}
		for key, x := range more {
			v[key] = x
		}
		return v
	}
	config := func(made, revoked int, arches string, locked bool) m {
		return version(made, revoked, m{"arches": arches, "locked": locked, "perm_id": nil, "permission.name": nil})
	}
	return m{
		"tag_config": l{config(100, 104, "x86_64", false), config(104, 104, "x86_64 i686", false), config(104, 0, "x86_64 aarch64", true)},
		"tag_listing": l{version(102, 105, m{"build_id": 77, "name": "bash", "version": "5.3", "release": "1.fc43", "epoch": nil, "build.state": 1}),
			version(106, 0, m{"build_id": 78, "name": "zsh", "version": "5.9", "release": "2.fc43", "epoch": nil, "build.state": 1})},
		"tag_packages": l{version(101, 0, m{"package_id": 5, "package.name": "bash", "blocked": false, "extra_arches": ""}),
			version(101, 0, m{"package_id": 6, "package.name": "sendmail", "blocked": true, "extra_arches": ""})},
		"tag_package_owners": l{version(101, 103, m{"package_id": 5, "package.name": "bash", "owner": 3, "owner.name": "ann"}),
			version(103, 107, m{"package_id": 5, "package.name": "bash", "owner": 4, "owner.name": "ben"}),
			version(107, 0, m{"package_id": 5, "package.name": "bash", "owner": 4, "owner.name": "ben"})},
		"tag_moons": l{version(108, 109, m{"moon": "full"})}, // a table of a hub to come
	}
}
