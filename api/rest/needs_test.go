package rest

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/account"
)

// param is a parameter of a path; numbers are those that are none of a text.
var (
	param   = regexp.MustCompile(`{[a-z]+}`)
	numbers = map[string]bool{"{build}": true, "{rpm}": true, "{task}": true, "{archive}": true, "{event}": true, "{id}": true}
)

// queries are parameters that must be there.
var queries = map[string]string{"search": "?of=build&pattern=x", "get-next-release": "?version=1", "get-rpm-file": "?path=x", "get-rpm-headers": "?names=name",
	"get-task-rpm-headers": "?names=name&file=x", "get-archive-file": "?name=x", "list-archives": "?filename=x"}

// bodies are as they should be: who may not call is told that first.
var bodies = map[string]string{
	"create-tag": `{"name": "x"}`, "edit-tag": `{}`, "set-parent": `{"priority": 1}`, "put-target": `{"build_tag": "x", "dest_tag": "x"}`,
	"put-external-repo": `{"url": "x"}`, "put-external-rpm": `{"size": 1, "payload_md5": "00000000000000000000000000000000", "build_time": "2026-01-01T00:00:00Z"}`, "attach-external-repo": `{"priority": 1}`, "put-tag-package": `{}`,
	"put-group": `{}`, "put-group-package": `{}`, "put-group-requirement": `{}`, "move-build": `{"to": "x"}`,
	"create-key": `{"name": "x", "kind": "ed25519"}`, "sign-build": `{"key": "x"}`, "add-rpm-signature": `{"header": "eA=="}`,
	"create-side-tag": `{"base": "x"}`, "edit-side-tag": `{}`, "set-repo-state": `{"state": "expired"}`, "start-dist-repo": `{"tag": "x", "keys": []}`,
	"request-repo": `{"tag": "x"}`, "set-repo-request-priority": `{"priority": 20}`,
	"set-task-priority": `{"priority": 1}`, "assign-task": `{"host": "x"}`, "create-host": `{"name": "x", "arches": ["x86_64"]}`,
	"create-channel": `{"name": "x"}`, "edit-channel": `{}`, "set-channel-status": `{"enabled": true}`,
	"rename-user": `{"name": "x"}`, "set-password": `{"password": "x"}`, "create-user-group": `{"name": "x"}`, "put-permission": `{}`, "create-token": `{"name": "x"}`,
	"create-build": `{"name": "x", "version": "1", "release": "1"}`, "set-build-owner": `{"owner": "x"}`, "set-build-completion": `{"completed": "2026-01-01T00:00:00Z"}`,
	"set-build-volume": `{"volume": "x"}`, "create-archive-type": `{"name": "x", "description": "", "extensions": "x"}`,
	"reserve-build": `{"name": "x", "version": "1", "release": "1"}`, "refund-build": `{"token": "x"}`, "import-build": `{"directory": "x"}`,
	"create-notification": `{}`, "edit-notification": `{}`, "create-notification-block": `{}`,
	"start-chain-build": `{"sources": [["x"]], "target": "x"}`, "restart-hosts": `{}`, "make-task": `{"method": "x"}`,
	"copy-tag": `{"to": "x"}`, "mass-tag": `{"builds": ["1"]}`, "move-package": `{"to": "x"}`, "evaluate-policy": `{}`,
	"import-rpm": `{"path": "x/x"}`, "import-archive": `{"path": "x/none", "btype": "image", "arch": "x86_64"}`,
	"put-maven-build": `{"group": "x", "artifact": "x", "version": "1"}`, "put-windows-build": `{"platform": "x"}`, "put-image-build": `{}`,
	"start-maven-build": `{"source": "x"}`, "start-maven-chain": `{"builds": {}}`, "start-wrapper-rpm": `{"build": "1", "source": "x", "target": "x"}`,
	"start-windows-build": `{"vm": "x", "source": "x", "target": "x"}`, "start-live-image": `{"name": "x", "version": "1", "target": "x", "kind": "livecd", "arch": "x86_64", "kickstart": "x"}`,
	"start-image": `{"name": "x", "version": "1", "target": "x", "arches": ["x86_64"], "install_tree": "x"}`, "start-indirection-image": `{"options": {}}`,
	"start-kiwi-image":    `{"target": "x", "arches": ["x86_64"], "description_url": "x", "description_path": "x"}`,
	"start-osbuild-image": `{"name": "x", "version": "1", "target": "x", "arches": ["x86_64"], "distro": "x", "image_type": "x"}`, "start-driver-disk": `{"name": "x", "version": "1", "target": "x", "arches": ["x86_64"], "packages": ["x"]}`,
	"start-runroot": `{"tag": "x", "arch": "x86_64", "command": ["true"]}`, "save-failed-tree": `{}`,
	"start-build": `{"source": "x"}`, "start-repo": `{"tag": "x"}`,
	"edit-host": `{}`, "create-user": `{"name": "x"}`, "set-user-status": `{"blocked": true}`,
}

// Each operation is refused to who may not, before anything is looked at, and
// described with who may.
func TestEveryOperationHasItsNeed(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	text, err := s.s.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string                `json:"operationId"`
			Description string                `json:"description"`
			Security    []map[string][]string `json:"security"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	fill := func(path string) string {
		return param.ReplaceAllStringFunc(path, func(name string) string {
			switch {
			case name == "{key}":
				return "0123abcd"
			case numbers[name]:
				return "1"
			}
			return "x"
		})
	}
	for _, o := range table {
		d, ok := doc.Paths[Prefix+o.path][strings.ToLower(o.method)]
		if !ok || d.OperationID != o.id || !strings.Contains(d.Description, o.needs.String()) || (len(d.Security) == 0) != (o.needs.String() == "anyone") {
			t.Errorf("%s is described as %+v", o.id, d)
		}
		for user, may := range map[string]account.Actor{"": account.Anonymous, "ada": s.actor("ada"), "tina": s.actor("tina"), "root": s.actor("root")} {
			if o.id == "follow-events" {
				continue // it has no end
			}
			a := s.ask(user, o.method, fill(o.path)+queries[o.id], bodies[o.id])
			refused := a.status == 401 || a.status == 403 && strings.Contains(a.text, "permission required")
			if allowed := o.needs.Allow(may) == nil; allowed == refused {
				t.Errorf("%s as %q: %d %s; allowed is %v", o.id, user, a.status, a.text, allowed)
			}
			undone := o.id == "merge-scratch-build" && strings.Contains(a.text, "did not complete successfully") // that is behind what is asked of who calls
			if a.status == 422 && !undone || a.status >= 500 {
				t.Errorf("%s as %q: %d %s", o.id, user, a.status, a.text)
			}
		}
	}
}
