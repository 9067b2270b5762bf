package cli

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/kura-build/kura/client"
)

// tale says what the records of one table of a hub's history mean: which
// columns name the thing, and sentences in which {column} stands for a value.
type tale struct {
	of         []string
	made, gone string
	kept       string // the thing, where its columns can change
}

// tales are by Koji's names of the tables.
var tales = map[string]tale{
	"build_target_config": {[]string{"build_target_id"}, "made target {build_target.name}: built with {build_tag.name}, goes to {dest_tag.name}",
		"deleted target {build_target.name}", "target {build_target.name}"},
	"cg_users": {[]string{"user_id", "cg_id"}, "let {user.name} import for {content_generator.name}",
		"no longer lets {user.name} import for {content_generator.name}", ""},
	"external_repo_config": {[]string{"external_repo_id"}, "made external repository {external_repo.name}: {url}",
		"deleted external repository {external_repo.name}", "external repository {external_repo.name}"},
	"external_repo_data": {[]string{"external_repo_id"}, "looked at external repository {external_repo.name}",
		"forgot external repository {external_repo.name}", ""},
	"group_config": {[]string{"group_id", "tag_id"}, "made group {group.name} in {tag.name}",
		"deleted group {group.name} of {tag.name}", "group {group.name} of {tag.name}"},
	"group_package_listing": {[]string{"group_id", "tag_id", "package"}, "put package {package} into group {group.name} of {tag.name}",
		"took package {package} out of group {group.name} of {tag.name}", "package {package} in group {group.name} of {tag.name}"},
	"group_req_listing": {[]string{"group_id", "tag_id", "req_id"}, "put group {req.name} into group {group.name} of {tag.name}",
		"took group {req.name} out of group {group.name} of {tag.name}", "group {req.name} in group {group.name} of {tag.name}"},
	"host_channels": {[]string{"host_id", "channel_id"}, "put host {host.name} into channel {channels.name}",
		"took host {host.name} out of channel {channels.name}", ""},
	"host_config": {[]string{"host_id"}, "added host {host.name}: {arches}", "deleted host {host.name}", "host {host.name}"},
	"tag_config":  {[]string{"tag_id"}, "made tag {tag.name}", "deleted tag {tag.name}", "tag {tag.name}"},
	"tag_external_repos": {[]string{"tag_id", "external_repo_id"}, "tag {tag.name} uses external repository {external_repo.name}, priority {priority}",
		"tag {tag.name} no longer uses external repository {external_repo.name}", "external repository {external_repo.name} in {tag.name}"},
	"tag_extra": {[]string{"tag_id", "key"}, "set {key} of {tag.name}: {value}", "removed {key} of {tag.name}", "{key} of {tag.name}"},
	"tag_inheritance": {[]string{"tag_id", "parent_id"}, "tag {tag.name} inherits from {parent.name}, priority {priority}",
		"tag {tag.name} no longer inherits from {parent.name}", "how tag {tag.name} inherits from {parent.name}"},
	"tag_listing": {[]string{"build_id", "tag_id"}, "tagged {name}-{version}-{release} into {tag.name}",
		"untagged {name}-{version}-{release} from {tag.name}", ""},
	"tag_package_owners": {[]string{"package_id", "tag_id"}, "made {owner.name} the owner of package {package.name} in {tag.name}",
		"{owner.name} no longer owns package {package.name} in {tag.name}", "package {package.name} in {tag.name}"},
	"tag_packages": {[]string{"package_id", "tag_id"}, "listed package {package.name} in {tag.name}",
		"removed package {package.name} from {tag.name}", "package {package.name} in {tag.name}"},
	"user_groups": {[]string{"user_id", "group_id"}, "put {user.name} into {group.name}", "took {user.name} out of {group.name}", ""},
	"user_perms":  {[]string{"user_id", "perm_id"}, "granted {permission.name} to {user.name}", "revoked {permission.name} from {user.name}", ""},
}

// taleOf also tells of tables that only a newer hub has.
func taleOf(table string) tale {
	if t, ok := tales[table]; ok {
		return t
	}
	return tale{made: "made a record of " + table, gone: "revoked a record of " + table}
}

// key is the thing that a record is of, at an event.
func (t tale) key(m client.Map, event int64) string {
	key := fmt.Sprint(event)
	for _, column := range t.of {
		key += "\x00" + cell(m[column])
	}
	if len(t.of) == 0 {
		key += fmt.Sprintf("\x00%p", m) // nothing is known of it: each record is a thing of its own
	}
	return key
}

// begun says that a record was made.
func (t tale) begun(m client.Map) string {
	text := fill(t.made, m)
	if m.Bool("blocked") {
		text += ", blocked"
	}
	return text
}

// changed says what is different between two records of one thing; nothing if
// nothing is.
func (t tale) changed(was, is client.Map) string {
	var parts []string
	for _, column := range slices.Sorted(maps.Keys(is)) {
		if slices.Contains(t.of, column) || isOfEvent(column) || hasName(is, column) {
			continue
		}
		before, after := shownValue(was[column]), shownValue(is[column])
		if before != after {
			parts = append(parts, fmt.Sprintf("%s %s → %s", strings.TrimSuffix(column, ".name"), before, after))
		}
	}
	switch {
	case t.kept == "":
		return t.begun(is) // again
	case len(parts) == 0:
		return ""
	}
	return "changed " + fill(t.kept, is) + ": " + strings.Join(parts, ", ")
}

// lasts reports whether what a record says is in force: in itself, or in those
// that took its place and say the same. next has records by their beginning.
func (t tale) lasts(m client.Map, next map[string]client.Map) bool {
	for gone := m.Int("revoke_event"); gone != 0; gone = m.Int("revoke_event") {
		n := next[t.key(m, gone)]
		if n == nil || t.changed(m, n) != "" {
			return false
		}
		m = n
	}
	return true
}

// isOfEvent tells columns of the event from those of the thing.
func isOfEvent(column string) bool {
	for _, prefix := range []string{"_", "create_", "revoke_", "creator_", "revoker_"} {
		if strings.HasPrefix(column, prefix) {
			return true
		}
	}
	return column == "active"
}

// hasName tells ids that another column has the name for.
func hasName(m client.Map, column string) bool {
	if column == "perm_id" {
		return true
	}
	_, same := m[column+".name"]
	_, without := m[strings.TrimSuffix(column, "_id")+".name"]
	return same || without && strings.HasSuffix(column, "_id")
}

var blank = regexp.MustCompile(`\{[a-z_.]+\}`)

// fill puts a record's values into a sentence.
func fill(sentence string, m client.Map) string {
	return blank.ReplaceAllStringFunc(sentence, func(name string) string { return shownValue(m[name[1:len(name)-1]]) })
}

func shownValue(v any) string {
	if s := cell(v); s != "" {
		return s
	}
	return "-"
}
