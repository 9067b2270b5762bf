package rest

import (
	"net/http"

	"github.com/kura-build/kura/hub/account"
)

// Needs that the table is written in. Who may change an object of somebody is
// known to the room that does it, behind a mere login.
var (
	anyone = account.Anyone
	login  = account.LoggedIn
	perm   = account.Perm
)

// table is all that may be called, and by whom.
var table = []operation{
	{"whoami", http.MethodGet, "/whoami", anyone, "users", "Who is logged in, and what they may do"},
	{"list-users", http.MethodGet, "/users", anyone, "users", "People, hosts and groups"},
	{"get-user", http.MethodGet, "/users/{user}", anyone, "users", "Somebody, with permissions and groups"},
	{"create-user", http.MethodPost, "/users", perm("admin"), "users", "Make somebody known"},
	{"set-user-status", http.MethodPut, "/users/{user}/status", perm("admin"), "users", "Block somebody, or let them in again"},
	{"grant-permission", http.MethodPut, "/users/{user}/permissions/{permission}", perm("admin"), "users", "Give a permission"},
	{"revoke-permission", http.MethodDelete, "/users/{user}/permissions/{permission}", perm("admin"), "users", "Take a permission away"},
	{"list-permissions", http.MethodGet, "/permissions", anyone, "users", "What may be given"},

	{"list-tags", http.MethodGet, "/tags", anyone, "tags", "Tags, by name"},
	{"get-tag", http.MethodGet, "/tags/{tag}", anyone, "tags", "A tag's settings, now or at an event"},
	{"create-tag", http.MethodPost, "/tags", perm("tag"), "tags", "Make a tag"},
	{"edit-tag", http.MethodPatch, "/tags/{tag}", perm("tag"), "tags", "Change a tag's settings; what is not named stays"},
	{"delete-tag", http.MethodDelete, "/tags/{tag}", perm("tag"), "tags", "Delete a tag; its history stays"},
	{"get-inheritance", http.MethodGet, "/tags/{tag}/inheritance", anyone, "tags", "All that a tag inherits from, in the order in which it is searched"},
	{"set-parent", http.MethodPut, "/tags/{tag}/parents/{parent}", perm("tag"), "tags", "Inherit from a tag, or otherwise than before"},
	{"remove-parent", http.MethodDelete, "/tags/{tag}/parents/{parent}", perm("tag"), "tags", "Inherit from a tag no more"},
	{"list-targets", http.MethodGet, "/targets", anyone, "tags", "Build targets, by name"},
	{"get-target", http.MethodGet, "/targets/{target}", anyone, "tags", "A build target"},
	{"put-target", http.MethodPut, "/targets/{target}", perm("target"), "tags", "Make a build target, or change it"},
	{"delete-target", http.MethodDelete, "/targets/{target}", perm("target"), "tags", "Delete a build target"},
	{"list-external-repos", http.MethodGet, "/external-repos", anyone, "tags", "Repositories that others make, by name"},
	{"put-external-repo", http.MethodPut, "/external-repos/{repo}", perm("admin"), "tags", "Make an external repository known, or change its address"},
	{"delete-external-repo", http.MethodDelete, "/external-repos/{repo}", perm("admin"), "tags", "Forget an external repository"},
	{"list-tag-external-repos", http.MethodGet, "/tags/{tag}/external-repos", anyone, "tags", "The external repositories of a tag, inherited ones too"},
	{"attach-external-repo", http.MethodPut, "/tags/{tag}/external-repos/{repo}", perm("tag"), "tags", "Have a tag's repositories show an external one"},
	{"detach-external-repo", http.MethodDelete, "/tags/{tag}/external-repos/{repo}", perm("tag"), "tags", "Have them show it no more"},

	{"list-side-tags", http.MethodGet, "/side-tags", anyone, "tags", "Side tags, by name"},
	{"create-side-tag", http.MethodPost, "/side-tags", login, "tags", "Make a tag for builds of one's own, with a target of its name"},
	{"edit-side-tag", http.MethodPatch, "/side-tags/{tag}", login, "tags", "Change a side tag of one's own"},
	{"remove-side-tag", http.MethodDelete, "/side-tags/{tag}", login, "tags", "Delete a side tag of one's own, with its target"},

	{"list-groups", http.MethodGet, "/tags/{tag}/groups", anyone, "groups", "The comps groups of a tag, by name"},
	{"get-group", http.MethodGet, "/tags/{tag}/groups/{group}", anyone, "groups", "A comps group as it counts in a tag, with what is blocked in it"},
	{"put-group", http.MethodPut, "/tags/{tag}/groups/{group}", perm("tag"), "groups", "Put a group into a tag, change its settings there, or block it"},
	{"remove-group", http.MethodDelete, "/tags/{tag}/groups/{group}", perm("tag"), "groups", "Take a tag's own entry of a group away"},
	{"put-group-package", http.MethodPut, "/tags/{tag}/groups/{group}/packages/{package}", perm("tag"), "groups", "Put a package into a group, or block it there"},
	{"remove-group-package", http.MethodDelete, "/tags/{tag}/groups/{group}/packages/{package}", perm("tag"), "groups", "Take a package out of a group"},
	{"put-group-requirement", http.MethodPut, "/tags/{tag}/groups/{group}/requirements/{requirement}", perm("tag"), "groups", "Have a group bring another one, or block that"},
	{"remove-group-requirement", http.MethodDelete, "/tags/{tag}/groups/{group}/requirements/{requirement}", perm("tag"), "groups", "Have a group bring another one no more"},

	{"list-packages", http.MethodGet, "/packages", anyone, "packages", "Packages, by name"},
	{"list-tag-packages", http.MethodGet, "/tags/{tag}/packages", anyone, "packages", "The package list of a tag"},
	{"put-tag-package", http.MethodPut, "/tags/{tag}/packages/{package}", login, "packages", "List a package in a tag, or change its entry"},
	{"remove-tag-package", http.MethodDelete, "/tags/{tag}/packages/{package}", login, "packages", "Take a package from a tag's list"},

	{"list-builds", http.MethodGet, "/builds", anyone, "builds", "Builds, the newest first"},
	{"get-build", http.MethodGet, "/builds/{build}", anyone, "builds", "A build, by number or name-version-release"},
	{"list-build-rpms", http.MethodGet, "/builds/{build}/rpms", anyone, "builds", "The packages of a build"},
	{"list-build-archives", http.MethodGet, "/builds/{build}/archives", anyone, "builds", "The other files of a build"},
	{"list-build-tags", http.MethodGet, "/builds/{build}/tags", anyone, "builds", "The tags that hold a build"},
	{"cancel-build", http.MethodPost, "/builds/{build}/cancel", login, "builds", "Stop a build"},
	{"promote-build", http.MethodPost, "/builds/{build}/promote", login, "builds", "Make a draft the build of its name"},
	{"list-tagged", http.MethodGet, "/tags/{tag}/builds", anyone, "builds", "The builds in a tag"},
	{"tag-build", http.MethodPut, "/tags/{tag}/builds/{build}", login, "builds", "Tag a build"},
	{"move-build", http.MethodPost, "/tags/{tag}/builds/{build}/move", login, "builds", "Take a build from a tag to another one"},
	{"untag-build", http.MethodDelete, "/tags/{tag}/builds/{build}", login, "builds", "Take a build out of a tag"},
	{"get-rpm", http.MethodGet, "/rpms/{rpm}", anyone, "builds", "A package, by number or name-version-release.arch"},

	{"list-rpm-files", http.MethodGet, "/rpms/{rpm}/files", anyone, "builds", "The files of a package"},
	{"list-rpm-dependencies", http.MethodGet, "/rpms/{rpm}/dependencies", anyone, "builds", "What a package requires, provides and the like"},
	{"get-rpm-changelog", http.MethodGet, "/rpms/{rpm}/changelog", anyone, "builds", "The changes of a package, the newest first"},
	{"get-build-changelog", http.MethodGet, "/builds/{build}/changelog", anyone, "builds", "The changes of a build's source package, the newest first"},
	{"get-archive", http.MethodGet, "/archives/{archive}", anyone, "builds", "A file of a build that is no package"},
	{"list-archive-files", http.MethodGet, "/archives/{archive}/files", anyone, "builds", "What is in an archive"},

	{"list-keys", http.MethodGet, "/keys", anyone, "signatures", "The public sides of the signing keys, by name"},
	{"get-key", http.MethodGet, "/keys/{key}", anyone, "signatures", "The public side of a signing key"},
	{"create-key", http.MethodPost, "/keys", perm("admin"), "signatures", "Have the signer make a key"},
	{"sign-build", http.MethodPost, "/builds/{build}/sign", perm("sign"), "signatures", "Sign all packages of a complete build, and write the signed copies"},
	{"list-rpm-signatures", http.MethodGet, "/rpms/{rpm}/signatures", anyone, "signatures", "The signatures that are kept of a package"},
	{"add-rpm-signature", http.MethodPost, "/rpms/{rpm}/signatures", perm("sign"), "signatures", "Keep a signature that was made elsewhere"},
	{"write-signed-rpm", http.MethodPut, "/rpms/{rpm}/signatures/{key}/copy", perm("sign"), "signatures", "Write the signed copy of a package, if there is none"},
	{"delete-rpm-signature", http.MethodDelete, "/rpms/{rpm}/signatures/{key}", perm("admin"), "signatures", "Forget a signature, with the signed copy"},

	{"start-build", http.MethodPost, "/tasks/build", login, "tasks", "Build a source"},
	{"list-tasks", http.MethodGet, "/tasks", anyone, "tasks", "Tasks, the newest first"},
	{"get-task", http.MethodGet, "/tasks/{task}", anyone, "tasks", "A task, with its result and its children"},
	{"cancel-task", http.MethodPost, "/tasks/{task}/cancel", login, "tasks", "Stop a task and its children"},

	{"list-repos", http.MethodGet, "/repos", anyone, "repos", "Repositories, the newest first"},
	{"get-repo", http.MethodGet, "/repos/{id}", anyone, "repos", "A repository"},
	{"find-repo", http.MethodGet, "/tags/{tag}/repo", anyone, "repos", "The best repository of a tag that is ready"},
	{"list-repo-users", http.MethodGet, "/repos/{id}/users", anyone, "repos", "The roots that are being made from a repository"},
	{"set-repo-state", http.MethodPut, "/repos/{id}/state", perm("repo"), "repos", "Let a repository expire, delete it, or say that something is wrong with it"},
	{"start-repo", http.MethodPost, "/tasks/repo", account.AnyOf(perm("repo"), perm("regen-repo")), "repos", "Make a repository of a tag"},
	{"start-dist-repo", http.MethodPost, "/tasks/dist-repo", perm("dist-repo"), "repos", "Make a repository of a tag for people, with signed packages"},
	{"list-repo-requests", http.MethodGet, "/repo-requests", anyone, "repos", "Who asked for repositories, the oldest first"},
	{"get-repo-request", http.MethodGet, "/repo-requests/{id}", anyone, "repos", "What became of a request for a repository"},
	{"request-repo", http.MethodPost, "/repo-requests", login, "repos", "Ask for a repository: one that there is, or one that is made"},
	{"set-repo-request-priority", http.MethodPut, "/repo-requests/{id}/priority", perm("admin"), "repos", "Make a request, and its task, more or less urgent"},

	{"list-hosts", http.MethodGet, "/hosts", anyone, "hosts", "Build hosts, by name"},
	{"get-host", http.MethodGet, "/hosts/{host}", anyone, "hosts", "A build host"},
	{"edit-host", http.MethodPatch, "/hosts/{host}", perm("host"), "hosts", "Change a build host: enable it, say what it can"},
	{"list-channels", http.MethodGet, "/channels", anyone, "hosts", "Channels, by name"},

	{"list-history", http.MethodGet, "/history", anyone, "history", "What was changed, when and by whom; the oldest first"},
	{"get-tag-changes", http.MethodGet, "/tags/{tag}/changes", anyone, "history", "The first and the last event at which a tag changed"},
	{"get-last-moment", http.MethodGet, "/moments/last", anyone, "history", "The newest event by which histories are told, or the newest before a time"},
	{"get-moment", http.MethodGet, "/moments/{event}", anyone, "history", "When an event was"},
	{"follow-events", http.MethodGet, "/events", anyone, "events", "What happens, as it happens (server-sent events)"},
}
