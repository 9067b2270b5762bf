package koji

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Rooms say in their own words what is not there. Koji has others, which people
// search for and scripts look at: they differ by how a method looks something up.

// byTable are the methods that look tags, packages and groups of packages up in
// their tables, as Koji says then.
var byTable = map[string]bool{
	"getTagGroups": true, "getTagExternalRepos": true, "queryHistory": true, "moveAllBuilds": true,
	"getLatestBuilds": true, "getLatestRPMS": true, "getLatestMavenArchives": true, "getInheritanceData": true,
	"setInheritanceData": true, "getFullInheritance": true, "listPackages": true, "packageListBlock": true,
	"packageListUnblock": true, "packageListRemove": true, "groupListRemove": true, "groupListUnblock": true,
	"groupPackageListAdd": true, "groupPackageListRemove": true, "groupPackageListUnblock": true, "groupReqListAdd": true,
	"groupReqListRemove": true, "groupReqListUnblock": true, "createNotification": true, "updateNotification": true,
	"createNotificationBlock": true, "getPackage": true,
}

// ofExternal are those that look up external repositories so.
var ofExternal = map[string]bool{"addExternalRPM": true, "repo.getExternalRepoData": true, "repo.setExternalRepoData": true}

// sayings are texts, or their beginnings, that Koji has others for.
var sayings = []struct {
	of   string
	text *regexp.Regexp
	koji string
}{
	{"cancelTask", regexp.MustCompile(`^Cannot cancel task \d+, not owner$`), "Cannot cancel task, not owner"},
	{"cancelTaskChildren", regexp.MustCompile(`^Cannot cancel task \d+, not owner$`), "Cannot cancel task, not owner"},
	{"deleteBuild", regexp.MustCompile(`^Cannot delete build \S+, `), "Cannot delete build, "},
	{"moveAllBuilds", regexp.MustCompile(`^package (\S+) not in list for (\S+)$`), "Package $1 not in list for tag $2"},
	{"getBuildrootListing", regexp.MustCompile(`^No such buildroot: `), "no buildroot with ID: "},
	{"groupListRemove", regexp.MustCompile(`^No such tag: (.*)$`), "No such tagInfo: '$1'"},
	{"setTaskPriority", regexp.MustCompile(`^task \d+ is [A-Z]+: the priority of a finished task cannot be changed$`), "Finished task's priority can't be updated"},
	{"resubmitTask", regexp.MustCompile(`^only the owner of task \d+ or an admin may resubmit it$`), "only the task owner or an admin may resubmit a task"},
}

// worded gives the text of an error as Koji words it.
func worded(method, text string) string {
	for _, w := range sayings {
		if w.of == method && w.text.MatchString(text) {
			return w.text.ReplaceAllString(text, w.koji)
		}
	}
	rest, ok := strings.CutPrefix(text, "No such ")
	if !ok || strings.HasPrefix(method, "kura.") {
		return text
	}
	what, name, ok := strings.Cut(rest, ": ")
	if !ok {
		return text
	}
	switch {
	case what == "permission":
		return "No such entry in table permissions: " + name
	case what == "task" && method == "freeTask":
		return "query returned no rows"
	case what == "content_generator":
		return "No such entry in table content_generator: " + name
	case what == "tag" && byTable[method], what == "package" && byTable[method]:
		return fmt.Sprintf("No such entry in table %s: %s", what, name)
	case what == "group" && byTable[method]:
		return "No such entry in table groups: " + name
	case what == "package" && method == "getPackageID":
		return "No such package name: " + name
	case what == "repo" && ofExternal[method]:
		return "No such entry in table external_repo: " + name
	case what == "host" && method == "getHost":
		return "Invalid hostInfo: " + name
	case what == "tag" && method == "getTagID":
		return "No such entry in table tag: " + name
	case what == "user" && (method == "disableUser" || method == "enableUser"):
		return text
	case what == "tag":
		return "No such tagInfo: " + repr(name)
	case what == "user":
		return "No such user: " + repr(name)
	case what == "build" && !strings.ContainsAny(name, " ,"):
		return "No such build: " + repr(name)
	}
	return text
}

// repr writes what was asked for as Python does: a number, or a quoted text.
func repr(name string) string {
	if _, err := strconv.ParseInt(name, 10, 64); err == nil {
		return name
	}
	quote := "'"
	if strings.Contains(name, quote) {
		if !strings.Contains(name, `"`) {
			quote = `"`
		} else {
			name = strings.ReplaceAll(name, quote, `\'`)
		}
	}
	return quote + name + quote
}
