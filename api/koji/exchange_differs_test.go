package koji

import "regexp"

// differs is a way in which answers differ from Koji's on purpose.
type differs struct {
	methods string // their names, as a regular expression
	at      string // where in the answer; likewise
	what    string // and what is there
	why     string // as docs/koji-compat.md says it
}

// allowed are the ways in which answers differ. What differs otherwise fails
// TestExchanges, and so does a way that nothing takes any more.
var allowed = []differs{
	{`getAllPerms|getArchiveTypes|listArchives`, `description$`, ``, "descriptions of permissions and of types of archives are kura's own; those that people write are theirs"},
	{`getTaskInfo|listTasks`, `\.phase$`, ``, "a task says how far it is: `phase`, one member more"},
	{`getTaskInfo|listTasks`, `\.weight$`, `not 1\.0`, "what a task weighs is known when it is made, not when a builder takes it"},
	{`getTaskInfo|listTasks`, `_time$`, `dateTime`, "times in the parameters of tasks are texts, as everywhere"},
	{`_listapi`, ``, ``, "the methods are kura's, with some of its own"},
	{`queryHistory`, `host_config$`, ``, "a change that changes nothing makes no new version of a host"},
	{`queryHistory`, `group_req_listing$`, ``, "a group's history has what it requires, not only what requires it"},
	{`moveBuild|build`, `fault`, `^(1003, build \S+ not in tag|1004, policy violation \(build_from_repo_id\))`, "what would make the task fail is said at once"},
	{`listTasks`, `^(\[2\]\[0\])?$`, ``, "tasks that were refused at once (8) are in no list"},
	{`createTag|groupPackageListUnblock|addRPMSig|getRPM|setTaskPriority|repo\.checkRequest|getChannel|repoInfo|getEvent`, `fault`, `^1000, .*not 1000, `, "a fault says more: which object, what was expected"},
	{`packageListAdd|winBuild`, `fault`, `policy violation`, "the reasons that default policies give are in kura's words"},
	{`buildImage`, `fault`, `permission required`, "where one of several permissions would do, another one of them is named"},
	{`distRepo`, `fault`, `policy violation \(dist_repo\)`, "who may make repositories for distribution is decided by a default policy, where Koji's allows all as long as nobody writes one"},
	{`search`, `fault`, `Invalid regular expression`, "a broken regular expression is a fault of its own, not the database's"},
	{`scheduler\.getTaskRuns|getLastHostUpdate|tagChangedSinceEvent|listBuilds|getNextRelease|fault`, `fault`, `not 1, `, "a wrong argument is a fault that says so, not an exception of the hub's language or its database"},
	{`getTag|getBuildTarget|repo\.query|massTag|evalPolicy|tagChangedSinceEvent`, `fault`, `^1000, Invalid type for argument`, "a wrong argument is named, with its method and what it should be, before anything else is looked at"},
	{`CGImport`, `fault`, `Buildroot id not used`, "what content generators say is looked at before who says it"},
	{`addVolume|getVolume|listVolumes`, ``, ``, "a volume needs no directory that somebody makes before"},
	{`assignTask|getTaskInfo`, `^$|state$`, `is false, not true|is 3, not 4`, "a task that has ended is assigned to nobody, not even by force"},
	{`scheduler\.getTaskRuns`, `^$`, `^is \[`, "a task that was not assigned again (19) has no other run"},
	{`scheduler\.getLogMessages`, `^$`, ``, "what the scheduler notes is in words of its own"},
	{`repo\.request|repo\.queryQueue`, `opts\.(src|debuginfo|separate_src|maven)$`, `which is more`, "a request for a repository names every option, those too that nobody asked for"},
	{`repo\.request|repo\.queryQueue`, `task_id$|task_state$|tries$`, ``, "the task that makes a repository is there at once, not on the next pass of a daemon"},
	{`getActiveRepos`, ``, ``, "repositories for distribution are as many as were asked for"},
}

// excuse gives why an answer may differ.
func excuse(d difference) (which int, ok bool) {
	for i, a := range allowed {
		if regexp.MustCompile(`^(`+a.methods+`)$`).MatchString(d.method) && regexp.MustCompile(a.at).MatchString(d.At) && regexp.MustCompile(a.what).MatchString(d.What) {
			return i, true
		}
	}
	return 0, false
}
