package rest

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kura-build/kura/test/exchange"
)

const commandsFile = "../../docs/rest-commands.md"

var writeCommands = flag.Bool("commands", false, "write docs/rest-commands.md anew")

// command is one of Koji's client: the operations that do what it does, or why
// there are none.
type command struct{ name, operations, why string }

const byFiles = "the bytes lie below /kojifiles, at the paths that these give"

// commands are all that Koji's client has, with those of its plugins that kura
// knows, by name.
var commands = []command{
	{"add-channel", "create-channel", ""},
	{"add-external-repo", "put-external-repo attach-external-repo", ""},
	{"add-group", "put-group", ""},
	{"add-group-pkg", "put-group-package", ""},
	{"add-group-req", "put-group-requirement", ""},
	{"add-host", "create-host", ""},
	{"add-host-to-channel", "add-host-channel create-channel", ""},
	{"add-notification", "create-notification", ""},
	{"add-pkg", "put-tag-package", ""},
	{"add-sidetag", "create-side-tag", ""},
	{"add-tag", "create-tag", ""},
	{"add-tag-inheritance", "set-parent", ""},
	{"add-target", "put-target", ""},
	{"add-user", "create-user add-principal", ""},
	{"add-volume", "put-volume", ""},
	{"assign-task", "assign-task", ""},
	{"block-group", "put-group", ""},
	{"block-group-pkg", "put-group-package", ""},
	{"block-group-req", "put-group-requirement", ""},
	{"block-notification", "create-notification-block", ""},
	{"block-pkg", "put-tag-package", ""},
	{"build", "put-upload start-build", ""},
	{"buildinfo", "get-build list-build-rpms list-build-archives list-build-tags list-types-of-build get-build-changelog list-rpm-signatures", ""},
	{"call", "", "it calls a method of XML-RPC by its name; here each operation has a path, and /api/v1/openapi.json describes it"},
	{"cancel", "cancel-task cancel-task-tree cancel-build", ""},
	{"chain-build", "start-chain-build", ""},
	{"clone-tag", "copy-tag", ""},
	{"disable-channel", "set-channel-status", ""},
	{"disable-host", "edit-host", ""},
	{"disable-user", "set-user-status", ""},
	{"dist-repo", "start-dist-repo put-upload", ""},
	{"download-build", "get-build list-build-rpms list-build-archives list-tagged list-rpm-signatures", byFiles},
	{"download-logs", "list-task-files list-build-logs", byFiles},
	{"download-task", "list-task-descendants list-task-files", byFiles},
	{"dud-build", "start-driver-disk", ""},
	{"edit-channel", "edit-channel", ""},
	{"edit-external-repo", "put-external-repo attach-external-repo", ""},
	{"edit-host", "edit-host", ""},
	{"edit-notification", "edit-notification", ""},
	{"edit-permission", "put-permission", ""},
	{"edit-sidetag", "edit-side-tag", ""},
	{"edit-tag", "edit-tag", ""},
	{"edit-tag-inheritance", "set-parent", ""},
	{"edit-target", "put-target", ""},
	{"edit-user", "rename-user add-principal remove-principal", ""},
	{"enable-channel", "set-channel-status", ""},
	{"enable-host", "edit-host", ""},
	{"enable-user", "set-user-status", ""},
	{"free-task", "free-task", ""},
	{"grant-cg-access", "grant-content-generator", ""},
	{"grant-permission", "grant-permission put-permission", ""},
	{"hello", "whoami", ""},
	{"help", "", "/api/v1/openapi.json says what there is"},
	{"hostinfo", "get-host list-host-channels list-buildroots get-host-data", ""},
	{"image-build", "start-image", ""},
	{"image-build-indirection", "start-indirection-image put-upload", ""},
	{"import", "put-upload import-rpm create-build", ""},
	{"import-archive", "put-upload put-maven-build put-windows-build put-image-build import-archive", ""},
	{"import-cg", "put-upload import-build", ""},
	{"import-comps", "put-group put-group-package put-group-requirement", ""},
	{"import-sig", "add-rpm-signature write-signed-rpm", ""},
	{"kiwi-build", "start-kiwi-image", ""},
	{"latest-build", "list-tagged list-tagged-rpms", ""},
	{"list-api", "", "/api/v1/openapi.json lists the operations"},
	{"list-buildroot", "list-buildroots list-buildroot-rpms list-buildroot-archives", ""},
	{"list-builds", "list-builds", ""},
	{"list-channels", "list-channels list-hosts", ""},
	{"list-external-repos", "list-external-repos list-tag-external-repos list-external-repo-tags", ""},
	{"list-groups", "list-groups get-group", ""},
	{"list-history", "list-history", ""},
	{"list-hosts", "list-hosts", ""},
	{"list-notifications", "list-notifications list-notification-blocks", ""},
	{"list-permissions", "list-permissions list-user-permissions", ""},
	{"list-pkgs", "list-packages list-tag-packages list-package-tags list-user-packages", ""},
	{"list-sidetags", "list-side-tags", ""},
	{"list-signed", "list-signed-rpms list-tagged-rpms list-rpm-signatures", ""},
	{"list-tag-inheritance", "get-inheritance", ""},
	{"list-tagged", "list-tagged list-tagged-rpms", ""},
	{"list-tags", "list-tags", ""},
	{"list-targets", "list-targets", ""},
	{"list-tasks", "list-tasks", ""},
	{"list-untagged", "list-builds list-build-references", ""},
	{"list-users", "list-users", ""},
	{"list-volumes", "list-volumes", ""},
	{"lock-tag", "edit-tag", ""},
	{"make-task", "make-task", ""},
	{"maven-build", "start-maven-build put-upload", ""},
	{"maven-chain", "start-maven-chain", ""},
	{"mock-config", "get-build-config get-target find-repo get-buildroot", "the file itself is written where it is used"},
	{"moshimoshi", "whoami", ""},
	{"move-build", "move-build move-package", ""},
	{"osbuild-image", "start-osbuild-image", ""},
	{"promote-build", "promote-build", ""},
	{"prune-signed-copies", "", "it removes files of a disk that Koji's hub shares; kura has no such disk, and an administrator takes a signed copy away with delete-rpm-signature"},
	{"regen-repo", "start-repo", ""},
	{"remove-external-repo", "delete-external-repo detach-external-repo", ""},
	{"remove-group", "remove-group", ""},
	{"remove-host-from-channel", "remove-host-channel", ""},
	{"remove-notification", "delete-notification", ""},
	{"remove-pkg", "remove-tag-package", ""},
	{"remove-sidetag", "remove-side-tag", ""},
	{"remove-sig", "delete-rpm-signature", ""},
	{"remove-tag", "delete-tag", ""},
	{"remove-tag-inheritance", "remove-parent", ""},
	{"remove-target", "delete-target", ""},
	{"repoinfo", "get-repo list-repo-users", ""},
	{"request-repo", "request-repo", ""},
	{"reserve-cg", "reserve-build", ""},
	{"restart-hosts", "restart-hosts", ""},
	{"resubmit", "resubmit-task", ""},
	{"revoke-cg-access", "revoke-content-generator", ""},
	{"revoke-permission", "revoke-permission", ""},
	{"rpminfo", "get-rpm get-rpm-headers list-rpm-files list-rpm-dependencies get-rpm-changelog list-rpm-signatures list-buildroots", ""},
	{"runroot", "start-runroot", ""},
	{"save-failed-tree", "save-failed-tree list-buildroots", ""},
	{"scheduler-info", "list-task-runs get-host-data", ""},
	{"scheduler-logs", "list-scheduler-messages", ""},
	{"search", "search", ""},
	{"set-build-volume", "set-build-volume", ""},
	{"set-pkg-arches", "put-tag-package", ""},
	{"set-pkg-owner", "put-tag-package", ""},
	{"set-pkg-owner-global", "list-package-tags list-user-packages put-tag-package", ""},
	{"set-task-priority", "set-task-priority", ""},
	{"show-groups", "list-groups get-group", ""},
	{"spin-appliance", "start-live-image put-upload", ""},
	{"spin-livecd", "start-live-image put-upload", ""},
	{"spin-livemedia", "start-live-image put-upload", ""},
	{"tag-build", "tag-build", ""},
	{"taginfo", "get-tag get-build-config get-inheritance list-targets list-groups list-tag-external-repos find-repo", ""},
	{"taskinfo", "get-task list-task-descendants list-task-files list-buildroots", ""},
	{"unblock-group-pkg", "put-group-package remove-group-package", ""},
	{"unblock-group-req", "put-group-requirement remove-group-requirement", ""},
	{"unblock-notification", "delete-notification-block", ""},
	{"unblock-pkg", "put-tag-package", ""},
	{"unlock-tag", "edit-tag", ""},
	{"untag-build", "untag-build", ""},
	{"userinfo", "get-user list-user-permissions list-user-packages list-builds list-tasks", ""},
	{"version", "", "/api/v1/openapi.json has it as info.version"},
	{"wait-repo", "find-repo follow-events", ""},
	{"wait-repo-request", "get-repo-request follow-events", ""},
	{"watch-logs", "list-task-files follow-events", byFiles},
	{"watch-task", "get-task follow-events", ""},
	{"win-build", "start-windows-build", ""},
	{"wrapper-rpm", "start-wrapper-rpm", ""},
	{"write-signed-rpm", "write-signed-rpm", ""},
}

// cell are the operations, with where they are.
func (c command) cell(t *testing.T, known map[string]string) string {
	if c.operations == "" && c.why == "" {
		t.Errorf("%s has neither operations nor a reason", c.name)
	}
	var ops []string
	for id := range strings.FieldsSeq(c.operations) {
		if known[id] == "" {
			t.Errorf("%s: there is no operation %s", c.name, id)
		}
		ops = append(ops, id+" "+known[id])
	}
	return strings.Join(ops, "<br>")
}

// Each command of Koji's client has operations that do the same, or there is a
// reason why it has none; docs/rest-commands.md says which.
func TestCommands(t *testing.T) {
	known := map[string]string{}
	for _, o := range table {
		known[o.id] = fmt.Sprintf("`%s %s`", o.method, o.path)
	}
	if !slices.IsSortedFunc(commands, func(a, b command) int { return strings.Compare(a.name, b.name) }) {
		t.Error("the commands are not in order")
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Koji's commands and methods, and the JSON interface

Whoever automates with Koji's command line, or calls its hub, finds here which operations of
/api/v1 do the same. %s describes each, with who may call it. This page is
written by a test: go test ./api/rest -run TestCommands -commands.

## Commands

| command | operations | |
|---|---|---|
`, "`/api/v1/openapi.json`")
	have := map[string]bool{}
	for _, c := range commands {
		if have[c.name] {
			t.Errorf("%s is there twice", c.name)
		}
		have[c.name] = true
		fmt.Fprintf(&b, "| %s | %s | %s |\n", c.name, c.cell(t, known), c.why)
	}
	b.WriteString(methodsTable(t, known))
	recorded, err := exchange.Recorded()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range recorded {
		name := r.Name()
		if len(r.Calls) > 0 && name != "" && !have[name] { // of what it does not know, the client asks nothing
			t.Errorf("%s has neither operations nor a reason: it is not in the list", name)
			have[name] = true
		}
	}
	if *writeCommands {
		if err := os.WriteFile(commandsFile, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	is, err := os.ReadFile(commandsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(is, b.Bytes()) {
		t.Error("docs/rest-commands.md is not what the table says: write it anew with go test ./api/rest -run TestCommands -commands")
	}
}
