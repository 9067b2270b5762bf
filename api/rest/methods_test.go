package rest

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// compatFile lists all methods that Koji's clients can call here; a test of
// api/koji keeps it so.
const compatFile = "../../docs/koji-compat.md"

const (
	byPages   = "lists come in pages, with what is asked for as parameters"
	bySession = "there are no sessions: each request is one, with a token or a certificate"
	byPath    = "objects are called by their names"
	toLearn   = "it is there to try the protocol"
	byDaemon  = "kura makes repositories without kojira, and only that calls it"
	byDoc     = "/api/v1/openapi.json says so"
	atOnce    = "what belongs together is one operation, carried out whole; others are asked for side by side"
)

// methods are those of Koji's hub: the operations that do what they do, or why
// there are none. Those of builders, host.*, are api/worker's.
var methods = []command{
	{"CGImport", "import-build", ""},
	{"CGInitBuild", "reserve-build", ""},
	{"CGRefundBuild", "refund-build", ""},
	{"_listapi system.listMethods system.methodHelp system.methodSignature getAPIVersion getKojiVersion", "", byDoc},
	{"addArchiveType", "create-archive-type", ""},
	{"addBType", "put-build-type", ""},
	{"addChannel", "create-channel", ""},
	{"addExternalRPM", "put-external-rpm", ""},
	{"addExternalRepoToTag editTagExternalRepo", "attach-external-repo", ""},
	{"addGroupMember", "add-member", ""},
	{"addHost", "create-host", ""},
	{"addHostToChannel", "add-host-channel", ""},
	{"addRPMSig", "add-rpm-signature", ""},
	{"addUserKrbPrincipal", "add-principal", ""},
	{"addVolume", "put-volume", ""},
	{"applyVolumePolicy", "settle-build-volume", ""},
	{"assignTask", "assign-task", ""},
	{"build", "start-build", ""},
	{"buildImage", "start-live-image", ""},
	{"buildImageIndirection", "start-indirection-image", ""},
	{"buildImageOz", "start-image", ""},
	{"buildReferences", "list-build-references", ""},
	{"cancelBuild", "cancel-build", ""},
	{"cancelTask", "cancel-task", ""},
	{"cancelTaskChildren", "cancel-task-children", ""},
	{"cancelTaskFull", "cancel-task-tree", ""},
	{"chainBuild", "start-chain-build", ""},
	{"chainMaven", "start-maven-chain", ""},
	{"changeBuildVolume", "set-build-volume", ""},
	{"checkTagAccess", "check-tag-access", ""},
	{"checkTagPackage getPackageConfig", "get-tag-package", ""},
	{"checkUpload", "get-upload", ""},
	{"count countAndFilterResults filterResults", "", byPages},
	{"createBuildTarget editBuildTarget", "put-target", ""},
	{"createEmptyBuild", "create-build", ""},
	{"createExternalRepo editExternalRepo", "put-external-repo", ""},
	{"createImageBuild", "put-image-build", ""},
	{"createMavenBuild", "put-maven-build", ""},
	{"createNotification", "create-notification", ""},
	{"createNotificationBlock", "create-notification-block", ""},
	{"createSideTag", "create-side-tag", ""},
	{"createTag", "create-tag", ""},
	{"createUser", "create-user", ""},
	{"createWinBuild", "put-windows-build", ""},
	{"deleteBuild", "delete-build", ""},
	{"deleteBuildTarget", "delete-target", ""},
	{"deleteExternalRepo", "delete-external-repo", ""},
	{"deleteNotification", "delete-notification", ""},
	{"deleteNotificationBlock", "delete-notification-block", ""},
	{"deleteRPMSig", "delete-rpm-signature", ""},
	{"deleteTag", "delete-tag", ""},
	{"disableChannel enableChannel", "set-channel-status", ""},
	{"disableHost enableHost editHost", "edit-host", ""},
	{"disableUser enableUser", "set-user-status", ""},
	{"distRepo", "start-dist-repo", ""},
	{"downloadTaskOutput", "list-task-files", byFiles},
	{"dropGroupMember", "drop-member", ""},
	{"dudBuild", "start-driver-disk", ""},
	{"echo error fault", "", toLearn},
	{"editChannel renameChannel", "edit-channel", ""},
	{"editPermission", "put-permission", ""},
	{"editSideTag", "edit-side-tag", ""},
	{"editTag editTag2", "edit-tag", ""},
	{"editUser", "rename-user add-principal remove-principal", ""},
	{"evalPolicy", "evaluate-policy", ""},
	{"exclusiveSession sharedSession subsession login logout logoutChild sslLogin getSessionInfo showSession", "", bySession},
	{"findBuildID", "get-build", ""},
	{"freeTask", "free-task", ""},
	{"getActiveRepos", "list-repos", ""},
	{"getAllArches", "list-arches", ""},
	{"getAllPerms", "list-permissions", ""},
	{"getArchive getImageArchive getMavenArchive getWinArchive", "get-archive", ""},
	{"getArchiveFile", "get-archive-file", ""},
	{"getArchiveType getArchiveTypes", "list-archive-types", ""},
	{"getAverageBuildDuration", "get-average-build-duration", ""},
	{"getBuild", "get-build", ""},
	{"getBuildConfig", "get-build-config", ""},
	{"getBuildLogs", "list-build-logs", ""},
	{"getBuildNotification", "get-notification", ""},
	{"getBuildNotificationBlock", "get-notification-block", ""},
	{"getBuildNotificationBlocks", "list-notification-blocks", ""},
	{"getBuildNotifications", "list-notifications", ""},
	{"getBuildTarget", "get-target", ""},
	{"getBuildTargets", "list-targets", ""},
	{"getBuildType getImageBuild", "list-types-of-build", ""},
	{"getBuildroot", "get-buildroot", ""},
	{"getBuildrootListing", "list-buildroot-rpms", ""},
	{"getChangelogEntries", "get-build-changelog get-rpm-changelog get-task-rpm-headers", "of a package that a task left, the entries are the headers changelogname, changelogtime and changelogtext"},
	{"getChannel", "get-channel", ""},
	{"getEvent", "get-moment", ""},
	{"getExternalRepo", "get-external-repo", ""},
	{"getExternalRepoList getTagExternalRepos", "list-tag-external-repos list-external-repo-tags", ""},
	{"getFullInheritance getInheritanceData", "get-inheritance", ""},
	{"getGroupMembers", "list-members", ""},
	{"getHost getLastHostUpdate", "get-host", ""},
	{"getLastEvent", "get-last-moment", ""},
	{"getLatestBuilds", "list-tagged", ""},
	{"getLatestMavenArchives", "list-latest-maven-archives", ""},
	{"getLatestRPMS", "list-tagged-rpms", ""},
	{"getLoggedInUser getPerms hasPerm hello", "whoami", ""},
	{"getMavenBuild", "get-maven-build", ""},
	{"getNextRelease", "get-next-release", ""},
	{"getPackage", "get-package", ""},
	{"getPackageID getTagID", "get-package get-tag", byPath},
	{"getRPM", "get-rpm search", ""},
	{"getRPMChecksums", "list-rpm-checksums", ""},
	{"getRPMDeps", "list-rpm-dependencies", ""},
	{"getRPMFile", "get-rpm-file", ""},
	{"getRPMHeaders", "get-rpm-headers get-task-rpm-headers", ""},
	{"getRepo repo.get", "find-repo", ""},
	{"getTag", "get-tag", ""},
	{"getTagGroups", "list-groups get-group", ""},
	{"getTaskChildren getTaskInfo getTaskRequest getTaskResult taskFinished", "get-task", ""},
	{"getTaskDescendents", "list-task-descendants", ""},
	{"getUser getUserGroups", "get-user", ""},
	{"getUserPerms getUserPermsInheritance", "list-user-permissions", ""},
	{"getVolume listVolumes", "list-volumes", ""},
	{"getWinBuild", "get-windows-build", ""},
	{"grantCGAccess", "grant-content-generator", ""},
	{"grantPermission", "grant-permission", ""},
	{"groupListAdd groupListBlock groupListUnblock", "put-group", ""},
	{"groupListRemove", "remove-group", ""},
	{"groupPackageListAdd groupPackageListBlock groupPackageListUnblock", "put-group-package", ""},
	{"groupPackageListRemove", "remove-group-package", ""},
	{"groupReqListAdd groupReqListBlock groupReqListUnblock", "put-group-requirement", ""},
	{"groupReqListRemove", "remove-group-requirement", ""},
	{"importArchive", "import-archive", ""},
	{"importRPM", "import-rpm", ""},
	{"kiwiBuild", "start-kiwi-image", ""},
	{"kura.createKey", "create-key", ""},
	{"kura.createToken", "create-token", ""},
	{"kura.listKeys", "list-keys get-key", ""},
	{"kura.listTokens", "list-tokens", ""},
	{"kura.revokeToken", "revoke-token", ""},
	{"kura.setPassword", "set-password", ""},
	{"kura.signBuild", "sign-build", ""},
	{"kura.whyWaiting", "why-task-waits", ""},
	{"listArchiveFiles", "list-archive-files", ""},
	{"listArchives", "list-archives list-build-archives list-buildroot-archives list-archive-components", ""},
	{"listBTypes", "list-build-types", ""},
	{"listBuildRPMs", "list-build-rpms", ""},
	{"listBuildroots", "list-buildroots", ""},
	{"listBuilds untaggedBuilds", "list-builds", ""},
	{"listCGs", "list-content-generators", ""},
	{"listChannels", "list-channels list-host-channels", ""},
	{"listExternalRepos", "list-external-repos", ""},
	{"listHosts", "list-hosts", ""},
	{"listPackages", "list-tag-packages list-package-tags list-user-packages list-packages", ""},
	{"listPackagesSimple", "list-packages", ""},
	{"listRPMFiles", "list-rpm-files", ""},
	{"listRPMs", "list-build-rpms list-buildroot-rpms list-archive-rpms", ""},
	{"listSideTags", "list-side-tags", ""},
	{"listTagged", "list-tagged", ""},
	{"listTaggedArchives", "list-tagged-archives", ""},
	{"listTaggedRPMS", "list-tagged-rpms", ""},
	{"listTags", "list-tags list-build-tags", ""},
	{"listTaskOutput", "list-task-files", ""},
	{"listTasks", "list-tasks", ""},
	{"listUsers", "list-users", ""},
	{"makeTask", "make-task", ""},
	{"massTag", "mass-tag", ""},
	{"mavenBuild", "start-maven-build", ""},
	{"mavenEnabled winEnabled", "", "who starts such a build where there are none is told so"},
	{"mergeScratch", "merge-scratch-build", ""},
	{"moveAllBuilds", "move-package", ""},
	{"moveBuild", "move-build", ""},
	{"newGroup", "create-user-group", ""},
	{"newRepo", "start-repo", ""},
	{"osbuildImage", "start-osbuild-image", ""},
	{"packageListAdd packageListBlock packageListSetArches packageListSetOwner packageListUnblock", "put-tag-package", ""},
	{"packageListRemove", "remove-tag-package", ""},
	{"promoteBuild", "promote-build", ""},
	{"queryHistory", "list-history", ""},
	{"queryRPMSigs", "list-rpm-signatures list-signed-rpms", ""},
	{"removeExternalRepoFromTag", "detach-external-repo", ""},
	{"removeHostFromChannel", "remove-host-channel", ""},
	{"removeSideTag", "remove-side-tag", ""},
	{"removeUserKrbPrincipal", "remove-principal", ""},
	{"removeVolume", "remove-volume", ""},
	{"repo.autoRequests repo.checkQueue repo.getExternalRepoData repo.setExternalRepoData repo.updateEndEvents", "", byDaemon},
	{"repo.checkRequest", "get-repo-request", ""},
	{"repo.query", "list-repos", ""},
	{"repo.queryQueue", "list-repo-requests", ""},
	{"repo.references", "list-repo-users", ""},
	{"repo.request", "request-repo", ""},
	{"repo.setRequestPriority", "set-repo-request-priority", ""},
	{"repo.setState repoDelete repoExpire repoProblem", "set-repo-state", ""},
	{"repoInfo", "get-repo", ""},
	{"resetBuild", "reset-build", ""},
	{"restartHosts", "restart-hosts", ""},
	{"resubmitTask", "resubmit-task", ""},
	{"revokeCGAccess", "revoke-content-generator", ""},
	{"revokePermission", "revoke-permission", ""},
	{"runroot", "start-runroot", ""},
	{"saveFailedTree", "save-failed-tree", ""},
	{"scheduler.doRun", "", "kura's scheduler runs when there is something for it to do"},
	{"scheduler.getHostData", "get-host-data", ""},
	{"scheduler.getLogMessages", "list-scheduler-messages", ""},
	{"scheduler.getTaskRefusals", "list-task-refusals", ""},
	{"scheduler.getTaskRuns", "list-task-runs", ""},
	{"search", "search list-packages list-tags list-targets list-users list-hosts list-archives", ""},
	{"setBuildOwner", "set-build-owner", ""},
	{"setBuildTimestamp", "set-build-completion", ""},
	{"setInheritanceData", "set-parent remove-parent", ""},
	{"setTaskPriority", "set-task-priority", ""},
	{"snapshotTag snapshotTagModify", "copy-tag", ""},
	{"tagBuild tagBuildBypass", "tag-build mass-tag", ""},
	{"tagChangedSinceEvent tagFirstChangeEvent tagLastChangeEvent", "get-tag-changes", ""},
	{"untagBuild untagBuildBypass", "untag-build", ""},
	{"updateNotification", "edit-notification", ""},
	{"uploadFile", "put-upload", ""},
	{"winBuild", "start-windows-build", ""},
	{"wrapperRPM", "start-wrapper-rpm", ""},
	{"writeSignedRPM", "write-signed-rpm", ""},
	{"multiCall system.multicall", "", atOnce},
}

var methodRow = regexp.MustCompile("(?m)^\\| `([a-zA-Z_.0-9]+)` \\|")

// Each method that people call has operations that do the same, or there is a
// reason why it has none.
func TestMethods(t *testing.T) {
	text, err := os.ReadFile(compatFile)
	if err != nil {
		t.Fatal(err)
	}
	_, rows, found := strings.Cut(string(text), "\n## Methods\n")
	if !found {
		t.Fatalf("%s has no list of methods", compatFile)
	}
	have := map[string]bool{}
	for _, m := range methods {
		for name := range strings.FieldsSeq(m.name) {
			if have[name] {
				t.Errorf("%s is there twice", name)
			}
			have[name] = true
		}
	}
	for _, m := range methodRow.FindAllStringSubmatch(rows, -1) {
		if name := m[1]; !strings.HasPrefix(name, "host.") && !have[name] {
			t.Errorf("%s has neither operations nor a reason: it is not in the list", name)
		}
		delete(have, m[1])
	}
	delete(have, "multiCall") // these two are no methods of the list: what is
	delete(have, "system.multicall")
	if len(have) > 0 {
		t.Errorf("there are no such methods: %v", have)
	}
}

// methodsTable is the list as docs/rest-commands.md shows it.
func methodsTable(t *testing.T, known map[string]string) string {
	var b strings.Builder
	b.WriteString("\n## Methods\n\nAnd these are the methods that programs call, with those of builders (`host.*`) left out.\n\n| method | operations | |\n|---|---|---|\n")
	for _, m := range methods {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", "`"+strings.Join(strings.Fields(m.name), "`, `")+"`", m.cell(t, known), m.why)
	}
	return b.String()
}
