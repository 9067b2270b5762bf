package farm

// Call is a call that a client's command, or the web, makes of a hub. Where
// it may be slow, why says what for.
type Call struct {
	Name   string
	Method string
	Params func(f Item) []any
	Why    string
}

// named are keyword arguments.
func named(pairs ...any) map[string]any {
	m := map[string]any{"__starstar": true}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return m
}

// options are what a query's answer is to be like.
func options(pairs ...any) map[string]any {
	m := named(pairs...)
	delete(m, "__starstar")
	return m
}

// page is how the web asks for the first page of a list, by number.
func page(order string) map[string]any { return options("offset", 0, "limit", 50, "order", order) }

// always is a call without parts that change.
func always(p ...any) func(Item) []any { return func(Item) []any { return p } }

// Calls are what people, and the web, ask every day.
func Calls() []Call {
	var all []Call
	for _, some := range [][]Call{buildCalls(), tagCalls(), taskCalls(), rpmCalls(), searchCalls(), otherCalls()} {
		all = append(all, some...)
	}
	return all
}

func buildCalls() []Call {
	return []Call{
		{"getBuild of a name", "getBuild", func(f Item) []any { return []any{f.nvr()} }, ""},
		{"getBuild of a number", "getBuild", func(f Item) []any { return []any{f.build} }, ""},
		{"getBuildLogs", "getBuildLogs", func(f Item) []any { return []any{f.build} }, ""},
		{"getBuildType", "getBuildType", func(f Item) []any { return []any{f.build} }, ""},
		{"getNextRelease", "getNextRelease", func(f Item) []any {
			return []any{options("name", f.name, "version", f.version, "release", f.release)}
		}, ""},
		{"getAverageBuildDuration", "getAverageBuildDuration", func(f Item) []any { return []any{f.name} }, ""},
		{"getAverageBuildDuration of two years", "getAverageBuildDuration", func(f Item) []any { return []any{f.name, 24} }, ""},
		{"listBuilds of a package", "listBuilds", func(f Item) []any { return []any{named("packageID", f.pkg)} }, ""},
		{"listBuilds of a package, a page", "listBuilds", func(f Item) []any {
			return []any{named("packageID", f.pkg, "queryOpts", page("-completion_time"))}
		}, ""},
		{"listBuilds of a task", "listBuilds", func(f Item) []any { return []any{named("taskID", f.task)} }, ""},
		{"listBuilds of an owner, a page", "listBuilds", func(f Item) []any {
			return []any{named("userID", f.userID, "queryOpts", page("-completion_time"))}
		}, ""},
		{"listBuilds of an owner, their number", "listBuilds", func(f Item) []any {
			return []any{named("userID", f.userID, "queryOpts", options("countOnly", true))}
		}, ""},
		{"listBuilds of a state, building", "listBuilds", always(named("state", 0)), ""},
		{"listBuilds of a state, a page by number", "listBuilds", always(named("state", 1, "queryOpts", page("-build_id"))), ""},
		{"listBuilds of a state, a page by time", "listBuilds", always(named("state", 3, "queryOpts", page("-completion_time"))), ""},
		{"listBuilds of all, a page by time", "listBuilds", always(named("queryOpts", page("-completion_time"))), ""},
		{"listBuilds of all, a page by number", "listBuilds", always(named("queryOpts", page("-build_id"))), ""},
		{"listBuilds of all, a page by name", "listBuilds", always(named("queryOpts", page("nvr"))), ""},
		{"listBuilds of all, their number", "listBuilds", always(named("queryOpts", options("countOnly", true))), ""},
		{"listBuilds of a prefix, a page", "listBuilds", func(f Item) []any {
			return []any{named("prefix", f.name[:3], "queryOpts", page("-completion_time"))}
		}, ""},
		{"listBuilds of a letter, a page", "listBuilds", func(f Item) []any {
			return []any{named("prefix", f.name[:1], "queryOpts", page("-build_id"))}
		}, ""},
		{"listBuilds of a pattern", "listBuilds", func(f Item) []any { return []any{named("pattern", f.name+"-1*")} }, ""},
		{"listBuilds of a source", "listBuilds", func(f Item) []any {
			return []any{named("source", "git+https://src.example.org/rpms/"+f.name+"*")}
		}, ""},
		{"listBuilds completed within a day", "listBuilds", func(f Item) []any {
			return []any{named("completeAfter", f.time-86400, "completeBefore", f.time)}
		}, ""},
		{"listBuilds completed within the last day", "listBuilds", func(f Item) []any {
			return []any{named("completeAfter", f.last-86400, "state", 1)}
		}, ""},
		{"listBuilds created within a day", "listBuilds", func(f Item) []any {
			return []any{named("createdAfter", f.time-86400, "createdBefore", f.time)}
		}, ""},
		{"listBuilds created within the last day", "listBuilds", func(f Item) []any {
			return []any{named("createdAfter", f.last-86400)}
		}, ""},
		{"untaggedBuilds of a name", "untaggedBuilds", func(f Item) []any { return []any{f.name} }, ""},
		{"checkTagPackage", "checkTagPackage", func(f Item) []any { return []any{f.tag, f.name} }, ""},
	}
}

func tagCalls() []Call {
	inherited := func(f Item, more ...any) map[string]any { return named(append([]any{"inherit", true}, more...)...) }
	return []Call{
		{"getTag", "getTag", func(f Item) []any { return []any{f.tag} }, ""},
		{"getTag at an event", "getTag", func(f Item) []any { return []any{f.tag + "-build", named("event", f.event)} }, ""},
		{"getBuildConfig", "getBuildConfig", func(f Item) []any { return []any{f.tag + "-build"} }, ""},
		{"getTagGroups", "getTagGroups", func(f Item) []any { return []any{f.tag + "-build"} }, ""},
		{"getInheritanceData", "getInheritanceData", func(f Item) []any { return []any{f.tag + "-build"} }, ""},
		{"getFullInheritance", "getFullInheritance", func(f Item) []any { return []any{f.tag + "-build"} }, ""},
		{"getFullInheritance, reverse", "getFullInheritance", func(f Item) []any { return []any{f.tag + "-build", named("reverse", true)} }, ""},
		{"getBuildTarget", "getBuildTarget", func(f Item) []any { return []any{f.tag} }, ""},
		{"getBuildTargets", "getBuildTargets", always(), ""},
		{"getBuildTargets of a tag", "getBuildTargets", func(f Item) []any { return []any{named("buildTagID", f.tag+"-build")} }, ""},
		{"getPackageConfig", "getPackageConfig", func(f Item) []any { return []any{f.tag + "-build", f.name} }, ""},
		{"listTags", "listTags", always(), ""},
		{"listTags of a build", "listTags", func(f Item) []any { return []any{named("build", f.build)} }, ""},
		{"listTags of a package", "listTags", func(f Item) []any { return []any{named("package", f.name)} }, ""},
		{"listSideTags", "listSideTags", always(named("basetag", "f45-build")), ""},
		{"getLatestBuilds of a package", "getLatestBuilds", func(f Item) []any { return []any{f.tag + "-build", named("package", f.name)} }, ""},
		{"getLatestBuilds", "getLatestBuilds", always("f45"), "25,000 builds are told of, the newest of 95,000"},
		{"listTagged of a package", "listTagged", func(f Item) []any { return []any{f.tag + "-build", inherited(f, "package", f.name)} }, ""},
		{"listTagged of a package at an event", "listTagged", func(f Item) []any {
			return []any{f.tag + "-build", inherited(f, "package", f.name, "event", f.event)}
		}, ""},
		{"listTagged of a package, the latest", "listTagged", func(f Item) []any {
			return []any{f.tag + "-build", inherited(f, "package", f.name, "latest", true)}
		}, ""},
		{"listTagged of candidates", "listTagged", always("f45-updates-candidate"), ""},
		{"listTagged of an owner", "listTagged", func(f Item) []any { return []any{"f45", named("owner", f.user)} }, ""},
		{"listTagged of a prefix", "listTagged", func(f Item) []any { return []any{"f45", named("prefix", f.name[:3])} }, "up to 17,000 builds are told of"},
		{"listTagged", "listTagged", always("f45", named("latest", true)), "25,000 builds are told of, the newest of 95,000"},
		{"listTaggedRPMS of a package", "listTaggedRPMS", func(f Item) []any { return []any{f.tag + "-build", inherited(f, "package", f.name)} }, ""},
		{"getLatestRPMS of a package", "getLatestRPMS", func(f Item) []any { return []any{f.tag + "-build", named("package", f.name)} }, ""},
		{"listPackages of a tag", "listPackages", always(named("tagID", "f45", "inherited", true)), "25,000 entries are told of"},
		{"listPackages of a tag and a package", "listPackages", func(f Item) []any {
			return []any{named("tagID", "f45-build", "pkgID", f.name, "inherited", true)}
		}, ""},
		{"listPackages of a package", "listPackages", func(f Item) []any { return []any{named("pkgID", f.name)} }, ""},
		{"listPackages of an owner", "listPackages", func(f Item) []any { return []any{named("userID", f.userID, "with_dups", true)} }, ""},
		{"listPackages of an owner, their number", "listPackages", func(f Item) []any {
			return []any{named("userID", f.userID, "with_dups", true, "queryOpts", options("countOnly", true))}
		}, ""},
		{"listPackages of a prefix", "listPackages", func(f Item) []any { return []any{named("prefix", f.name[:3])} }, "up to 4,167 packages are told of"},
		{"listPackagesSimple of a prefix", "listPackagesSimple", func(f Item) []any { return []any{f.name[:3]} }, ""},
		{"countAndFilterResults of listPackages of a tag", "countAndFilterResults", func(f Item) []any {
			return []any{"listPackages", named("tagID", f.tag, "inherited", true, "filterOpts", page("package_name"))}
		}, "25,000 names are put in order for a page"},
		{"countAndFilterResults of listTagged", "countAndFilterResults", func(f Item) []any {
			return []any{"listTagged", named("tag", f.tag+"-updates", "filterOpts", page("-completion_time"))}
		}, "up to 39,000 builds are put in order for a page, and the 25,000 packages looked at of which they may be"},
		{"getPackage", "getPackage", func(f Item) []any { return []any{f.name} }, ""},
		{"getPackageID", "getPackageID", func(f Item) []any { return []any{f.name} }, ""},
		{"queryHistory of a build", "queryHistory", func(f Item) []any { return []any{named("build", f.nvr())} }, ""},
		{"queryHistory of a package", "queryHistory", func(f Item) []any { return []any{named("package", f.name)} }, ""},
		{"queryHistory of a tag and a package", "queryHistory", func(f Item) []any {
			return []any{named("tables", []any{"tag_listing"}, "tag", f.tag+"-updates", "package", f.name)}
		}, ""},
		{"queryHistory of a user", "queryHistory", func(f Item) []any { return []any{named("user", f.user)} }, ""},
		{"queryHistory of a tag's last events", "queryHistory", func(f Item) []any {
			return []any{named("tag", "f45-updates", "afterEvent", f.lastEvent-2000)}
		}, ""},
		{"queryHistory of the last day", "queryHistory", func(f Item) []any { return []any{named("after", f.last-86400)} }, ""},
		{"queryHistory after an event", "queryHistory", func(f Item) []any { return []any{named("afterEvent", f.lastEvent-10)} }, ""},
		{"queryHistory of an editor", "queryHistory", func(f Item) []any { return []any{named("editor", f.user)} }, ""},
		{"queryHistory of some day", "queryHistory", func(f Item) []any {
			return []any{named("after", f.time-86400, "before", f.time)}
		}, "what was made before and revoked after is of that day, too: up to 60,000 records"},
		{"queryHistory of a tag", "queryHistory", always(named("tables", []any{"tag_listing"}, "tag", "f45-updates", "active", true)), "39,000 records are told of"},
		{"tagChangedSinceEvent", "tagChangedSinceEvent", func(f Item) []any { return []any{f.event, []any{1, 2, 3}} }, ""},
	}
}
