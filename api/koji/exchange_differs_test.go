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
	{`getAllPerms|getArchiveTypes?|getArchive|listArchives`, `description$`, ``, "descriptions of permissions and of types of archives are kura's own; those that people write are theirs"},
	{`getTaskInfo|listTasks|host\.openTask|repo\.checkRequest`, `\.phase$`, ``, "a task says how far it is: `phase`, one member more"},
	{`getTaskInfo|listTasks|repo\.checkRequest|host\.openTask`, `\.weight$`, `not 1\.0`, "what a task weighs is known when it is made, not when a builder takes it"},
	{`getTaskInfo|listTasks`, `_time$`, `dateTime`, "times in the parameters of tasks are texts, as everywhere"},
	{`_listapi|system\.listMethods`, ``, ``, "the methods are kura's, with some of its own"},
	{`queryHistory`, `host_config$`, ``, "a change that changes nothing makes no new version of a host"},
	{`queryHistory`, `group_req_listing$`, ``, "a group's history has what it requires, not only what requires it"},
	{`moveBuild|build`, `fault`, `^(1003, build \S+ not in tag|1004, policy violation \(build_from_repo_id\))`, "what would make the task fail is said at once"},
	{`listTasks`, `^(\[2\]\[0\])?$`, ``, "tasks that were refused at once (8) are in no list"},
	{`createTag|groupPackageListUnblock|addRPMSig|getRPM|setTaskPriority|repo\.checkRequest|getChannel|repoInfo|getEvent|` +
		`addBType|addExternalRPM|getRPMChecksums|getArchiveType|removeVolume|renameChannel|repoExpire|repoProblem|repoDelete|repo\.setState|` +
		`host\.(refuseTask|complete(Build|MavenBuild)|moveBuildToScratch|setBuildRootList|updateBuildRootList|initWinBuild|completeImageBuild|importArchive|writeSignedRPM)`, `fault`, `^1000, .*not 1000, `, "a fault says more: which object, what was expected"},
	{`packageListAdd|winBuild|promoteBuild|host\.checkPolicy|host\.assertPolicy`, `fault|^\[1\]$`, `policy violation|^is "only .*, not "Only `, "the reasons that default policies give are in kura's words"},
	{`buildImage|newRepo`, `fault`, `permission required`, "where one of several permissions would do, another one of them is named"},
	{`distRepo`, `fault`, `policy violation \(dist_repo\)`, "who may make repositories for distribution is decided by a default policy, where Koji's allows all as long as nobody writes one"},
	{`search`, `fault`, `Invalid regular expression`, "a broken regular expression is a fault of its own, not the database's"},
	{`scheduler\.getTaskRuns|getLastHostUpdate|tagChangedSinceEvent|listBuilds|getNextRelease|fault|CGInitBuild|CGRefundBuild|filterResults|getArchive|listTasks|repo\.setState|sslLogin|` +
		`host\.(createMavenBuild|move(Image|Maven|Win)BuildToScratch|newBuildRoot|setBuildRootState)`, `fault`, `not 1, `, "a wrong argument is a fault that says so, not an exception of the hub's language or its database"},
	{`getTag|getBuildTarget|repo\.query|massTag|evalPolicy|CGRefundBuild|addArchiveType|host\.importWrapperRPMs|repo\.get|repo\.setExternalRepoData|repo\.setRequestPriority|saveFailedTree`, `fault`, `^1000, Invalid type for argument.* not 10`, "a wrong argument is named, with its method and what it should be, before anything else is looked at"},
	{`CGImport`, `fault`, `Buildroot id not used`, "what content generators say is looked at before who says it"},
	{`addVolume|getVolume|listVolumes|removeVolume`, ``, `\bnewvol\b`, "a volume needs no directory that somebody makes before"},
	{`assignTask|getTaskInfo`, `^$|state$`, `is false, not true|is 3, not 4`, "a task that has ended is assigned to nobody, not even by force"},
	{`scheduler\.getTaskRuns`, `^$`, `^is \[`, "a task that was not assigned again (19) has no other run"},
	{`scheduler\.getLogMessages`, `^$`, ``, "what the scheduler notes is in words of its own"},
	{`repo\.request|repo\.queryQueue|repo\.checkRequest`, `opts\.(src|debuginfo|separate_src|maven)$`, `which is more`, "a request for a repository names every option, those too that nobody asked for"},
	{`repo\.request|repo\.queryQueue`, `task_id$|task_state$|tries$`, ``, "the task that makes a repository is there at once, not on the next pass of a daemon"},
	{`getActiveRepos|repo\.query`, `^$`, `^is \[`, "repositories for distribution are as many as were asked for"},
	{`getArchiveType|addArchiveType`, `fault`, `already exists$|multiple matches`, "an extension of files is of one type: it is not given to a second one, after which Koji's hub knows neither"},
	{`getRPMChecksums`, `md5$|fault`, `^is null|sha512`, "SHA-512 can be asked for, too, and what is known without reading the file is SHA-256"},
	{`getSessionInfo|sharedSession|subsession|logoutChild`, `fault`, `^1004, you must be logged in`, "who is not logged in is told so, by every method in the same way"},
	{`showSession`, ``, ``, "a session is shown without its key"},
	{`repo\.setRequestPriority`, `fault`, `^1000, No such request`, "that a request is not there is said to who wants to change it"},
	{`repo\.checkRequest`, `task\.priority$`, ``, "the task of a request gets the priority that the request gets"},
	{`getTaskInfo|listTasks|host\.openTask`, `(awaited|waiting)$`, `is null, not false`, "that a task does not wait, or nobody for it, is null, also when it was otherwise before"},
	{`host\.taskWait`, `fault`, `^1004, host \d+ does not own task`, "what a task waits for is told to the builder that runs it"},
	{`scheduler\.getTaskRuns`, `active$`, `is false, not true`, "a run is over when its task is, not when the scheduler looks for the next time"},
	{`host\.checkPolicy`, `^\[[01]\]$`, `^is true, not false|^is "", not `, "who may change a package may build it from sources that are uploaded"},
	{`host\.repo(Init|Done)`, `fault`, `kura's hubs make repositories themselves`, "builders make no repositories: hubs do"},
	{`getRepo|repoInfo`, `opts\.maven$`, ``, "repositories are of rpms only"},
	{`listRPMs|getBuildrootListing`, `is_update$`, ``, "what came into a root later is not told from what it began with"},
	{`listArchives|getArchive`, `^$|buildroot_id$`, `not null$|^is \[.*, not \[\]$`, "an archive says in which root it was made"},
	{`host\.(getTasks|openTask|tagBuild|closeTask|subtask|taskSetWait|initBuild|completeBuild|moveBuildToScratch)|untagBuildBypass`, `^$|fault`,
		`"method":"(tagBuild|build)"|^1004, host \d+ does not own task \d+(, not 1000, No such .*)?$|^1003, build wrap-1\.0-1 not in tag d41`, "hubs carry builds through and tag them themselves: builders are given no task for it"},
	{`host\.openTask`, `^$`, `^is null.*"method":"sleep"`, "a host that is disabled begins no task"},
	{`sslLogin|getSessionInfo`, `fault|exclusive$`, `people is a group|is true, not null`, "no group logs in, and a session that is to be exclusive is so from its start"},
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
