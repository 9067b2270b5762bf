package cli

import "github.com/kura-build/kura/client/hubtest"

type m = map[string]any
type l = []any

// record gives a hub the answers of a small distribution.
func record(h *hubtest.Hub) {
	const start = 1_799_990_000.5
	bash := m{"build_id": 77, "id": 77, "package_id": 5, "package_name": "bash", "name": "bash", "version": "5.3", "release": "1.fc43",
		"epoch": nil, "nvr": "bash-5.3-1.fc43", "state": 1, "task_id": 12, "owner_id": 3, "owner_name": "ann", "volume_name": "DEFAULT",
		"source": "git+https://src.example/rpms/bash#0123456789", "start_ts": start, "completion_ts": start + 75, "creation_ts": start, "tag_name": "f43"}
	zsh := m{"build_id": 78, "package_id": 6, "package_name": "zsh", "version": "5.9", "release": "2.fc43", "nvr": "zsh-5.9-2.fc43",
		"state": 3, "task_id": 20, "owner_name": "ben", "completion_ts": start + 100, "tag_name": "f42"}
	rpms := l{
		m{"id": 500, "name": "bash", "version": "5.3", "release": "1.fc43", "arch": "x86_64", "size": 1900000, "build_id": 77, "payloadhash": "00ff", "buildtime": 1799990040},
		m{"id": 501, "name": "bash", "version": "5.3", "release": "1.fc43", "arch": "src", "size": 900, "build_id": 77},
	}
	tag := m{"id": 9, "name": "f43-build", "arches": "x86_64 aarch64", "perm": nil, "perm_id": nil, "locked": false, "extra": m{"rpm.macro.dist": ".fc43", "mock.new_chroot": 1}}
	one := func(v any) func(hubtest.Call) (any, error) {
		return func(c hubtest.Call) (any, error) {
			if len(c.Args) > 0 && (c.Args[0] == "nothing" || c.Args[0] == int64(404)) {
				return nil, nil
			}
			return v, nil
		}
	}
	h.Answer("getBuild", func(c hubtest.Call) (any, error) {
		switch c.Args[0] {
		case "image-43-1":
			return m{"build_id": 80, "package_name": "image", "version": "43", "release": "1", "nvr": "image-43-1", "state": 1}, nil
		case "zsh-5.9-2.fc43,draft_79":
			return m{"build_id": 79, "package_name": "zsh", "version": "5.9", "release": "2.fc43,draft_79", "nvr": "zsh-5.9-2.fc43,draft_79", "state": 1, "draft": true}, nil
		}
		return one(bash)(c)
	})
	h.Answer("listBuilds", l{zsh, bash})
	h.Answer("listTagged", l{bash, zsh})
	h.Answer("listRPMs", rpms)
	h.Answer("listTaggedRPMS", l{rpms, l{bash}})
	h.Answer("getRPM", one(rpms[0]))
	h.Answer("queryRPMSigs", func(c hubtest.Call) (any, error) {
		if c.Args[0] == int64(500) {
			return l{m{"sigkey": "", "rpm_id": 500}, m{"sigkey": "7bb90722", "rpm_id": 500}}, nil
		}
		return l{}, nil
	})
	h.Answer("listTags", l{m{"name": "f43-build", "arches": "x86_64 aarch64", "locked": false}, m{"name": "f42", "perm": "admin", "locked": true}})
	h.Answer("getTag", one(tag))
	h.Answer("getInheritanceData", l{m{"parent_id": 8, "name": "f43", "priority": 0, "maxdepth": nil, "intransitive": false, "noconfig": false, "pkg_filter": ""}})
	h.Answer("getFullInheritance", l{
		m{"name": "f43", "parent_id": 8, "currdepth": 1, "maxdepth": nil}, m{"name": "f43-base", "currdepth": 2, "maxdepth": nil, "noconfig": true},
		m{"name": "f43-keys", "currdepth": 2, "maxdepth": 1}, m{"name": "f42", "currdepth": 1, "maxdepth": nil}})
	h.Answer("setInheritanceData", nil)
	h.Answer("getBuildTargets", l{m{"id": 4, "name": "f43", "build_tag_name": "f43-build", "dest_tag_name": "f43-candidate"}})
	h.Answer("getTagExternalRepos", l{m{"external_repo_name": "ga", "url": "https://mirror.example/$arch/", "priority": 10, "merge_mode": "bare", "tag_name": "f43-build"}})
	h.Answer("listExternalRepos", l{m{"id": 1, "name": "ga", "url": "https://mirror.example/$arch/"}})
	h.Answer("getRepo", m{"id": 33, "create_ts": start, "state": 1})
	h.Answer("getTagGroups", l{m{"name": "build", "packagelist": l{m{"package": "bash"}, m{"package": "gcc"}}}, m{"name": "srpm-build", "packagelist": l{}}})
	h.Answer("listPackages", l{m{"package_name": "bash", "tag_name": "f43", "owner_name": "ann", "extra_arches": nil, "blocked": false},
		m{"package_name": "sendmail", "tag_name": "f43", "owner_name": "ben", "extra_arches": "i686", "blocked": true}})
	h.Answer("listHosts", l{m{"id": 1, "name": "builder1.example", "enabled": true, "ready": true, "task_load": 1.5, "capacity": 4.0, "arches": "x86_64 i686", "update_ts": start},
		m{"id": 2, "name": "builder2.example", "enabled": true, "ready": false, "task_load": 0.0, "capacity": 2.0, "arches": "aarch64", "update_ts": nil},
		m{"id": 3, "name": "old.example", "enabled": false, "ready": false, "task_load": 0.0, "capacity": 2.0, "arches": "ppc64"}})
	h.Answer("getHost", one(m{"id": 1, "name": "builder1.example", "enabled": true, "ready": true, "task_load": 1.5, "capacity": 4.0, "arches": "x86_64 i686", "comment": nil}))
	h.Answer("listUsers", l{m{"id": 4, "name": "ben", "status": 1}, m{"id": 3, "name": "ann", "status": 0}})
	h.Answer("getUser", one(m{"id": 3, "name": "ann", "status": 0, "krb_principals": l{}}))
	h.Answer("getLoggedInUser", m{"id": 3, "name": "ann"})
	h.Answer("getPerms", l{"admin", "tag"})
	h.Answer("getUserPerms", l{"admin", "tag"})
	h.Answer("getKojiVersion", "1.35.3")
	h.Answer("getPackageID", one(5))
	h.Answer("kura.listKeys", l{m{"name": "release", "keyid": "7bb90722", "kind": "rsa4096", "public": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "created": start}})
	h.Answer("kura.createKey", m{"name": "release", "keyid": "7bb90722", "kind": "rsa4096"})
	h.Answer("kura.signBuild", l{"bash-5.3-1.fc43.x86_64", "bash-5.3-1.fc43.src"})
	h.Answer("kura.whyWaiting", m{"reason": "all hosts for aarch64 are full", "place": 3, "estimate": 95.0})
	h.Answer("downloadTaskOutput", "")
	for _, method := range []string{"createTag", "editTag2", "deleteTag", "untagBuild", "createBuildTarget", "editBuildTarget", "deleteBuildTarget",
		"packageListAdd", "packageListBlock", "packageListUnblock", "packageListRemove", "groupListAdd", "groupListRemove", "groupPackageListAdd", "groupPackageListRemove",
		"createExternalRepo", "editExternalRepo", "deleteExternalRepo", "addExternalRepoToTag", "removeExternalRepoFromTag",
		"enableHost", "disableHost", "editHost", "addHost", "addHostToChannel", "createUser", "grantPermission", "revokePermission",
		"cancelTask", "cancelBuild", "importRPM", "createEmptyBuild"} {
		h.Answer(method, nil)
	}
	tasks(h)
	recordMore(h)
}

// tasks is a build that failed on one arch.
func tasks(h *hubtest.Hub) {
	const start = 1_799_999_900.0
	all := map[int64]m{
		12: {"id": 12, "parent": nil, "method": "build", "arch": "noarch", "state": 5, "owner": 3, "owner_name": "ann", "host_id": 1, "priority": 20,
			"request": l{"git+https://src.example/rpms/bash#main", "f43", m{}}, "create_ts": start, "start_ts": start + 1, "completion_ts": start + 76},
		13: {"id": 13, "parent": 12, "method": "buildSRPMFromSCM", "arch": "noarch", "state": 2, "request": l{"git+https://src.example/rpms/bash#main", m{"name": "f43-build"}, m{}},
			"create_ts": start + 1, "start_ts": start + 2, "completion_ts": start + 14},
		14: {"id": 14, "parent": 12, "method": "buildArch", "arch": "x86_64", "state": 5, "request": l{"tasks/13/13/bash-5.3-1.fc43.src.rpm", "f43-build", "x86_64"},
			"create_ts": start + 14, "start_ts": start + 15, "completion_ts": start + 70},
		15: {"id": 15, "parent": 12, "method": "buildArch", "arch": "aarch64", "state": 3, "request": l{"tasks/13/13/bash-5.3-1.fc43.src.rpm", "f43-build", "aarch64"},
			"create_ts": start + 14, "start_ts": nil, "completion_ts": start + 71},
		16: {"id": 16, "parent": nil, "method": "newRepo", "arch": "noarch", "state": 0, "request": l{"f43-build"}, "create_ts": start, "owner_name": "kojira"},
	}
	h.Answer("getTaskInfo", func(c hubtest.Call) (any, error) {
		if t, ok := all[c.Args[0].(int64)]; ok {
			return t, nil
		}
		return nil, nil
	})
	h.Answer("getTaskDescendents", func(c hubtest.Call) (any, error) {
		if c.Args[0] == int64(12) {
			return m{"12": l{all[13], all[14], all[15]}, "13": l{}, "14": l{}, "15": l{}}, nil
		}
		return m{}, nil
	})
	h.Answer("listTasks", l{all[16], all[14], all[12]})
	h.Answer("listTaskOutput", func(c hubtest.Call) (any, error) {
		if c.Args[0] == int64(14) {
			return m{"build.log": m{"st_size": "120"}, "root.log": m{"st_size": "30"}}, nil
		}
		return m{}, nil
	})
	h.Answer("downloadTaskOutput", func(c hubtest.Call) (any, error) {
		text := "gcc -c builtins.c\nbuiltins.c:12: warning: unused\nbuiltins.c:40:7: error: 'x' undeclared\nmake: *** [Makefile:9: all] Error 1\n\x1b[31mred\n"
		offset := min(c.Keys["offset"].(int64), int64(len(text)))
		return hubtest.Base64(text[offset:]), nil
	})
	h.Answer("getTaskResult", func(c hubtest.Call) (any, error) {
		return m{"faultCode": 1005, "faultString": "BuildError: error building package (arch x86_64), mock exited with status 1; see build.log for more information"}, nil
	})
}
