package farm

func taskCalls() []Call {
	live := []any{0, 1, 4}
	tasks := func(order string, opts ...any) []any {
		return []any{options(append([]any{"decode", true}, opts...)...), page(order)}
	}
	return []Call{
		{"getTaskInfo", "getTaskInfo", func(f Item) []any { return []any{f.task, named("request", true)} }, ""},
		{"getTaskRequest", "getTaskRequest", func(f Item) []any { return []any{f.task} }, ""},
		{"getTaskResult", "getTaskResult", func(f Item) []any { return []any{f.task, named("raise_fault", false)} }, ""},
		{"getTaskChildren", "getTaskChildren", func(f Item) []any { return []any{f.task, named("request", true)} }, ""},
		{"getTaskDescendents", "getTaskDescendents", func(f Item) []any { return []any{f.task, named("request", true)} }, ""},
		{"listTaskOutput", "listTaskOutput", func(f Item) []any { return []any{f.task + 2, named("stat", true)} }, ""},
		{"listTasks that live", "listTasks", always(options("decode", true, "state", live), options("order", "priority,create_time")), "1,334 tasks are told of, with what was asked of them"},
		{"listTasks that live, of an owner", "listTasks", func(f Item) []any {
			return []any{options("decode", true, "state", live, "owner", f.userID), options("order", "priority,create_time")}
		}, ""},
		{"listTasks that live, of a host", "listTasks", func(f Item) []any {
			return []any{options("decode", true, "state", live, "host_id", f.host), options("order", "priority,create_time")}
		}, ""},
		{"listTasks that live, of an arch and a method", "listTasks", func(f Item) []any {
			return []any{options("decode", true, "state", live, "arch", []any{"x86_64"}, "method", "buildArch"), options("order", "priority,create_time")}
		}, ""},
		{"listTasks of an owner without parents, a page", "listTasks", func(f Item) []any { return tasks("-id", "owner", f.userID, "parent", nil) }, ""},
		{"listTasks of an owner, a page", "listTasks", func(f Item) []any { return tasks("-id", "owner", f.userID) }, ""},
		{"listTasks of an owner that failed, a page", "listTasks", func(f Item) []any {
			return tasks("-completion_time", "owner", f.userID, "state", []any{5})
		}, ""},
		{"listTasks of an owner, their number", "listTasks", func(f Item) []any {
			return []any{options("owner", f.userID, "parent", nil), options("countOnly", true)}
		}, ""},
		{"listTasks without parents, a page", "listTasks", always(tasks("-id", "parent", nil)...), ""},
		{"listTasks without parents that live, a page", "listTasks", always(tasks("-id", "parent", nil, "state", live)...), ""},
		{"listTasks without parents that failed, a page", "listTasks", always(tasks("-id", "parent", nil, "state", []any{5})...), ""},
		{"listTasks without parents that were canceled, a page", "listTasks", always(tasks("-id", "parent", nil, "state", []any{3})...), ""},
		{"listTasks without parents, a page by end", "listTasks", always(tasks("-completion_time", "parent", nil)...), ""},
		{"listTasks of a method, a page", "listTasks", always(tasks("-id", "method", "newRepo")...), ""},
		{"listTasks of a rare method, a page", "listTasks", always(tasks("-id", "method", "image")...), ""},
		{"listTasks of a method and an owner, a page", "listTasks", func(f Item) []any {
			return tasks("-id", "method", "buildArch", "owner", f.userID)
		}, ""},
		{"listTasks of a host, a page", "listTasks", func(f Item) []any { return tasks("-id", "host_id", f.host) }, ""},
		{"listTasks of a channel, a page", "listTasks", always(tasks("-id", "channel_id", 2)...), ""},
		{"listTasks of an unused channel, a page", "listTasks", always(tasks("-id", "channel_id", 3)...), ""},
		{"listTasks of a parent", "listTasks", func(f Item) []any { return []any{options("parent", f.task)} }, ""},
		{"listTasks created within an hour", "listTasks", func(f Item) []any {
			return []any{options("decode", true, "createdAfter", f.time-3600, "createdBefore", f.time), options("order", "priority,create_time")}
		}, ""},
		{"listTasks started within an hour", "listTasks", func(f Item) []any {
			return []any{options("decode", true, "startedAfter", f.time-3600, "startedBefore", f.time), options("order", "priority,create_time")}
		}, ""},
		{"listTasks completed within an hour", "listTasks", func(f Item) []any {
			return []any{options("decode", true, "completeAfter", f.time-3600, "completeBefore", f.time), options("order", "priority,create_time")}
		}, ""},
		{"listTasks that live, their number", "listTasks", always(options("state", live), options("countOnly", true)), ""},
		{"listTasks without parents, their number", "listTasks", always(options("parent", nil), options("countOnly", true)), ""},
		{"listHosts", "listHosts", always(), ""},
		{"listHosts of a channel", "listHosts", always(named("channelID", 1)), ""},
		{"getHost", "getHost", func(f Item) []any { return []any{f.host} }, ""},
		{"getLastHostUpdate", "getLastHostUpdate", func(f Item) []any { return []any{f.host} }, ""},
		{"listChannels of a host", "listChannels", func(f Item) []any { return []any{f.host} }, ""},
		{"scheduler.getTaskRuns", "scheduler.getTaskRuns", func(f Item) []any { return []any{[]any{[]any{"task_id", f.task + 2}}} }, ""},
		{"scheduler.getTaskRuns of a host", "scheduler.getTaskRuns", func(f Item) []any {
			return []any{[]any{[]any{"host_id", f.host}}, nil, options("order", "-id", "limit", 50)}
		}, ""},
		{"scheduler.getTaskRuns of a state", "scheduler.getTaskRuns", func(f Item) []any {
			return []any{[]any{[]any{"state", 5}}, nil, options("order", "-id", "limit", 50)}
		}, ""},
		{"scheduler.getTaskRuns of a state, open", "scheduler.getTaskRuns", func(f Item) []any {
			return []any{[]any{[]any{"state", 1}}, nil, options("order", "-id", "limit", 50)}
		}, ""},
		{"scheduler.getTaskRuns of a state, free", "scheduler.getTaskRuns", func(f Item) []any {
			return []any{[]any{[]any{"state", 0}}, nil, options("order", "-id", "limit", 50)}
		}, ""},
		{"scheduler.getLogMessages", "scheduler.getLogMessages", func(f Item) []any { return []any{[]any{[]any{"task_id", f.task}}} }, ""},
		{"scheduler.getTaskRefusals", "scheduler.getTaskRefusals", func(f Item) []any { return []any{[]any{[]any{"task_id", f.task}}} }, ""},
		{"scheduler.getHostData", "scheduler.getHostData", always(), ""},
	}
}

func rpmCalls() []Call {
	return []Call{
		{"getRPM of a name", "getRPM", func(f Item) []any { return []any{f.rpmName} }, ""},
		{"getRPM of a number", "getRPM", func(f Item) []any { return []any{f.rpm} }, ""},
		{"getRPMHeaders", "getRPMHeaders", func(f Item) []any { return []any{named("rpmID", f.rpm, "headers", []any{"summary"})} }, ""},
		{"getRPMDeps", "getRPMDeps", func(f Item) []any { return []any{f.rpm} }, ""},
		{"listRPMFiles", "listRPMFiles", func(f Item) []any { return []any{f.rpm} }, ""},
		{"listRPMs of a build", "listRPMs", func(f Item) []any { return []any{named("buildID", f.build)} }, ""},
		{"listRPMs of a root", "listRPMs", func(f Item) []any { return []any{named("buildrootID", f.root)} }, ""},
		{"listRPMs in a root, a page", "listRPMs", func(f Item) []any {
			return []any{named("componentBuildrootID", f.root, "queryOpts", page("nvr"))}
		}, ""},
		{"listBuildRPMs", "listBuildRPMs", func(f Item) []any { return []any{f.build} }, ""},
		{"queryRPMSigs", "queryRPMSigs", func(f Item) []any { return []any{named("rpm_id", f.rpm)} }, ""},
		{"getBuildroot", "getBuildroot", func(f Item) []any { return []any{f.root} }, ""},
		{"getBuildrootListing", "getBuildrootListing", func(f Item) []any { return []any{f.root} }, ""},
		{"listBuildroots of a task", "listBuildroots", func(f Item) []any { return []any{named("taskID", f.task+2)} }, ""},
		{"listBuildroots of a repository", "listBuildroots", func(f Item) []any { return []any{named("repoID", f.build)} }, ""},
		{"listBuildroots of a host that are built in", "listBuildroots", func(f Item) []any {
			return []any{named("hostID", f.host, "state", []any{0, 1, 2})}
		}, ""},
		{"listBuildroots of a host, the last ones", "listBuildroots", func(f Item) []any {
			return []any{named("hostID", f.host, "queryOpts", page("-id"))}
		}, ""},
		{"listBuildroots with an rpm, their number", "listBuildroots", func(f Item) []any {
			return []any{named("rpmID", f.rpm, "queryOpts", options("countOnly", true))}
		}, ""},
		{"listBuildroots with an rpm, a page", "listBuildroots", func(f Item) []any {
			return []any{named("rpmID", f.rpm, "queryOpts", page("-id"))}
		}, ""},
		{"listBuildroots of a tag that are built in", "listBuildroots", func(f Item) []any {
			return []any{named("tagID", 24, "state", []any{0, 1, 2})}
		}, ""},
		{"listArchives of a build", "listArchives", func(f Item) []any { return []any{named("buildID", f.build)} }, ""},
	}
}

func searchCalls() []Call {
	find := func(kind, how string, terms func(f Item) string) func(f Item) []any {
		return func(f Item) []any { return []any{terms(f), kind, how} }
	}
	paged := func(kind, how string, terms func(f Item) string) func(f Item) []any {
		return func(f Item) []any { return []any{terms(f), kind, how, page("name")} }
	}
	return []Call{
		{"search package, glob", "search", find("package", "glob", func(f Item) string { return "*" + f.name[:4] + "*" }), ""},
		{"search package, regexp", "search", find("package", "regexp", func(f Item) string { return "^" + f.name[:4] }), ""},
		{"search package, exact", "search", find("package", "exact", func(f Item) string { return f.name }), ""},
		{"search tag, glob", "search", find("tag", "glob", func(Item) string { return "f45*" }), ""},
		{"search target, glob", "search", find("target", "glob", func(Item) string { return "f4*" }), ""},
		{"search user, glob", "search", find("user", "glob", func(f Item) string { return f.user[:7] + "*" }), ""},
		{"search host, glob", "search", find("host", "glob", func(Item) string { return "builder1*" }), ""},
		{"search build, exact", "search", find("build", "exact", Item.nvr), ""},
		{"search build, glob that begins with a name", "search", find("build", "glob", func(f Item) string { return f.name + "-*" }), ""},
		{"search build, glob that begins with a name, a page", "search", paged("build", "glob", func(f Item) string { return f.name + "*" }), ""},
		{"search build, glob that begins with anything", "search", find("build", "glob", func(f Item) string { return "*" + f.name + "*" }), ""},
		{"search build, regexp", "search", find("build", "regexp", func(f Item) string { return "^" + f.name + "-1" }), ""},
		{"search rpm, exact", "search", find("rpm", "exact", func(f Item) string { return f.rpmName + ".rpm" }), ""},
		{"search rpm, glob that begins with a name", "search", find("rpm", "glob", func(f Item) string { return f.name + "-*.rpm" }), ""},
		{"search rpm, glob that begins with a name, a page", "search", paged("rpm", "glob", func(f Item) string { return f.name + "*" }), ""},
		{"search rpm, glob that begins with anything", "search", find("rpm", "glob", func(f Item) string { return "*" + f.name + "*" }), ""},
		{"search rpm, regexp", "search", find("rpm", "regexp", func(f Item) string { return "^" + f.name + "-1" }), ""},
	}
}

func otherCalls() []Call {
	return []Call{
		{"getRepo", "getRepo", func(f Item) []any { return []any{f.tag + "-build"} }, ""},
		{"repoInfo", "repoInfo", func(f Item) []any { return []any{f.build} }, ""},
		{"getActiveRepos", "getActiveRepos", always(), ""},
		{"repo.query of a tag", "repo.query", always([]any{[]any{"tag_id", 24}, []any{"state", 1}}, []any{"id"}), ""},
		{"repo.query of what is not deleted", "repo.query", always([]any{[]any{"state", "!=", 3}}, []any{"id", "tag_id"}), ""},
		{"repo.get", "repo.get", always(24), ""},
		{"repo.queryQueue of a tag, its number", "repo.queryQueue", always([]any{[]any{"tag_id", 24}}, nil, options("countOnly", true)), ""},
		{"repo.queryQueue of what is under way", "repo.queryQueue", always([]any{[]any{"active", "IS", true}}, "**", options("order", "-id", "limit", 50)), ""},
		{"repo.queryQueue of what is over", "repo.queryQueue", always([]any{[]any{"active", "IS", false}}, "**", options("order", "-id", "limit", 50)), ""},
		{"getUser", "getUser", func(f Item) []any { return []any{f.user} }, ""},
		{"getUserPerms", "getUserPerms", func(f Item) []any { return []any{f.user} }, ""},
		{"listUsers", "listUsers", always(named("queryOpts", options("order", "name"))), ""},
		{"getLastEvent", "getLastEvent", always(), ""},
		{"getLastEvent before", "getLastEvent", func(f Item) []any { return []any{f.time} }, ""},
		{"getEvent", "getEvent", func(f Item) []any { return []any{f.event} }, ""},
		{"getBuildNotifications", "getBuildNotifications", func(f Item) []any { return []any{f.userID} }, ""},
	}
}
