package history

import "github.com/kura-build/kura/db"

// head, behind the event that made a record, and tail are the same for every table: v
// is its alias. When something was
// is asked for each record that is told, by its event's number: joined, all events
// there ever were would be read beside those of a few thousand records.
const (
	made        = `(SELECT time FROM event WHERE event.id = v.create_event)`
	gone        = `(SELECT time FROM event WHERE event.id = v.revoke_event)`
	head        = `, v.revoke_event, v.creator_id, v.revoker_id, creator.name, revoker.name, ` + made + `, ` + gone + `, `
	tail        = ` v LEFT JOIN users creator ON creator.id = v.creator_id LEFT JOIN users revoker ON revoker.id = v.revoker_id `
	tagJoin     = ` LEFT JOIN tag ON tag.id = v.tag_id `
	packageJoin = ` LEFT JOIN package ON package.id = v.package_id `
	groupJoin   = ` LEFT JOIN pkg_group g ON g.id = v.group_id `
)

// table is one versioned table: how its rows are asked for, what their columns
// are called, and by what they can be searched.
type table struct {
	name    string
	columns []string
	from    func(*db.Builder)
	by      map[By]func(*db.Builder, any)
}

// byTag and the like are searches that several tables share.
func byTag(b *db.Builder, v any)     { b.Add(" AND v.tag_id = ?", v) }
func byPackage(b *db.Builder, v any) { b.Add(" AND v.package_id = ?", v) }
func byGroup(b *db.Builder, v any)   { b.Add(" AND v.group_id = ?", v) }
func byUser(b *db.Builder, v any)    { b.Add(" AND v.user_id = ?", v) }
func byRepo(b *db.Builder, v any)    { b.Add(" AND v.external_repo_id = ?", v) }
func byHost(b *db.Builder, v any)    { b.Add(" AND v.host_id = ?", v) }

// large are the tables with a record for each build or package of each tag. To
// plan takes longer than to read any of the others.
var large = map[string]bool{"tag_listing": true, "tag_package_owners": true, "tag_packages": true}

type search = map[By]func(*db.Builder, any)

// tables are all versioned tables, sorted by name. Columns are called as in
// Koji: name.name is the name that an id stands for.
var tables = []table{
	{"build_target_config", []string{"build_target_id", "build_target.name", "build_tag", "build_tag.name", "dest_tag", "dest_tag.name"},
		func(b *db.Builder) {
			b.Add(head + `v.build_target_id, t.name, v.build_tag, bt.name, v.dest_tag, dt.name FROM build_target_config` + tail + `
				LEFT JOIN build_target t ON t.id = v.build_target_id LEFT JOIN tag bt ON bt.id = v.build_tag LEFT JOIN tag dt ON dt.id = v.dest_tag WHERE 1 = 1`)
		}, search{
			Target: func(b *db.Builder, v any) { b.Add(" AND v.build_target_id = ?", v) },
			Tag:    func(b *db.Builder, v any) { b.Add(" AND (v.build_tag = ? OR v.dest_tag = ?)", v, v) },
		}},
	{"cg_users", []string{"user_id", "user.name", "cg_id", "content_generator.name"},
		func(b *db.Builder) {
			b.Add(head + "v.user_id, u.name, v.cg_id, cg.name FROM cg_users" + tail + "LEFT JOIN users u ON u.id = v.user_id LEFT JOIN content_generator cg ON cg.id = v.cg_id WHERE 1 = 1")
		}, search{User: byUser, Generator: func(b *db.Builder, v any) { b.Add(" AND v.cg_id = ?", v) }}},
	{"external_repo_config", []string{"external_repo_id", "external_repo.name", "url"},
		func(b *db.Builder) {
			b.Add(head + "v.external_repo_id, r.name, v.url FROM external_repo_config" + tail + "LEFT JOIN external_repo r ON r.id = v.external_repo_id WHERE 1 = 1")
		}, search{ExternalRepo: byRepo}},
	{"external_repo_data", []string{"external_repo_id", "external_repo.name", "data"},
		func(b *db.Builder) {
			b.Add(head + "v.external_repo_id, r.name, v.data FROM external_repo_data" + tail + "LEFT JOIN external_repo r ON r.id = v.external_repo_id WHERE 1 = 1")
		}, search{ExternalRepo: byRepo}},
	{"group_config", []string{"group_id", "group.name", "tag_id", "tag.name", "blocked", "exported", "display_name", "is_default", "uservisible", "description", "langonly", "biarchonly"},
		func(b *db.Builder) {
			b.Add(head + `v.group_id, g.name, v.tag_id, tag.name, v.blocked, v.exported, v.display_name, v.is_default, v.uservisible,
				v.description, v.langonly, v.biarchonly FROM group_config` + tail + groupJoin + tagJoin + "WHERE 1 = 1")
		}, search{Tag: byTag, Group: byGroup}},
	{"group_package_listing", []string{"group_id", "group.name", "tag_id", "tag.name", "package", "blocked", "type", "basearchonly", "requires"},
		func(b *db.Builder) {
			b.Add(head + `v.group_id, g.name, v.tag_id, tag.name, v.package, v.blocked, v.type, v.basearchonly, v.requires
				FROM group_package_listing` + tail + groupJoin + tagJoin + "WHERE 1 = 1")
		}, search{Tag: byTag, Group: byGroup, PackageName: func(b *db.Builder, v any) { b.Add(" AND v.package = ?", v) }}},
	{"group_req_listing", []string{"group_id", "group.name", "tag_id", "tag.name", "req_id", "req.name", "blocked", "type", "is_metapkg"},
		func(b *db.Builder) {
			b.Add(head + `v.group_id, g.name, v.tag_id, tag.name, v.req_id, q.name, v.blocked, v.type, v.is_metapkg
				FROM group_req_listing` + tail + groupJoin + tagJoin + "LEFT JOIN pkg_group q ON q.id = v.req_id WHERE 1 = 1")
		}, search{Tag: byTag, Group: func(b *db.Builder, v any) { b.Add(" AND (v.group_id = ? OR v.req_id = ?)", v, v) }}},
	{"host_channels", []string{"host_id", "host.name", "channel_id", "channels.name"},
		func(b *db.Builder) {
			b.Add(head + "v.host_id, h.name, v.channel_id, c.name FROM host_channels" + tail + "LEFT JOIN host h ON h.id = v.host_id LEFT JOIN channels c ON c.id = v.channel_id WHERE 1 = 1")
		}, search{Host: byHost, Channel: func(b *db.Builder, v any) { b.Add(" AND v.channel_id = ?", v) }}},
	{"host_config", []string{"host_id", "host.name", "arches", "capacity", "description", "comment", "enabled"},
		func(b *db.Builder) {
			b.Add(head + "v.host_id, h.name, v.arches, v.capacity, v.description, v.comment, v.enabled FROM host_config" + tail + "LEFT JOIN host h ON h.id = v.host_id WHERE 1 = 1")
		}, search{Host: byHost}},
	{"tag_config", []string{"tag_id", "tag.name", "arches", "perm_id", "permission.name", "locked", "maven_support", "maven_include_all"},
		func(b *db.Builder) {
			b.Add(head + "v.tag_id, tag.name, v.arches, v.perm_id, p.name, v.locked, v.maven_support, v.maven_include_all FROM tag_config" + tail + tagJoin + "LEFT JOIN permissions p ON p.id = v.perm_id WHERE 1 = 1")
		}, search{Tag: byTag, Permission: func(b *db.Builder, v any) { b.Add(" AND v.perm_id = ?", v) }}},
	{"tag_external_repos", []string{"tag_id", "tag.name", "external_repo_id", "external_repo.name", "priority", "merge_mode"},
		func(b *db.Builder) {
			b.Add(head + "v.tag_id, tag.name, v.external_repo_id, r.name, v.priority, v.merge_mode FROM tag_external_repos" + tail + tagJoin + "LEFT JOIN external_repo r ON r.id = v.external_repo_id WHERE 1 = 1")
		}, search{Tag: byTag, ExternalRepo: byRepo}},
	{"tag_extra", []string{"tag_id", "tag.name", "key", "value"},
		func(b *db.Builder) {
			b.Add(head + "v.tag_id, tag.name, v.key, v.value FROM tag_extra" + tail + tagJoin + "WHERE 1 = 1")
		}, search{Tag: byTag, Key: func(b *db.Builder, v any) { b.Add(" AND v.key = ?", v) }}},
	{"tag_inheritance", []string{"tag_id", "tag.name", "parent_id", "parent.name", "priority", "maxdepth", "intransitive", "noconfig", "pkg_filter"},
		func(b *db.Builder) {
			b.Add(head + "v.tag_id, tag.name, v.parent_id, up.name, v.priority, v.maxdepth, v.intransitive, v.noconfig, v.pkg_filter FROM tag_inheritance" + tail + tagJoin + "LEFT JOIN tag up ON up.id = v.parent_id WHERE 1 = 1")
		}, search{Tag: func(b *db.Builder, v any) { b.Add(" AND (v.tag_id = ? OR v.parent_id = ?)", v, v) }}},
	{"tag_listing", []string{"build_id", "name", "version", "release", "epoch", "build.state", "tag_id", "tag.name"},
		func(b *db.Builder) {
			b.Add(head + `v.build_id, package.name, build.version, build.release, build.epoch, build.state, v.tag_id, tag.name FROM tag_listing` + tail + tagJoin + `
				JOIN build ON build.id = v.build_id JOIN package ON package.id = build.pkg_id WHERE 1 = 1`)
		}, search{Tag: byTag, Build: func(b *db.Builder, v any) { b.Add(" AND v.build_id = ?", v) },
			Package: func(b *db.Builder, v any) { b.Add(" AND build.pkg_id = ?", v) }}},
	{"tag_package_owners", []string{"package_id", "package.name", "tag_id", "tag.name", "owner", "owner.name"},
		func(b *db.Builder) {
			b.Add(head + "v.package_id, package.name, v.tag_id, tag.name, v.owner, o.name FROM tag_package_owners" + tail + packageJoin + tagJoin + "LEFT JOIN users o ON o.id = v.owner WHERE 1 = 1")
		}, search{Tag: byTag, Package: byPackage, User: func(b *db.Builder, v any) { b.Add(" AND v.owner = ?", v) }}},
	{"tag_packages", []string{"package_id", "package.name", "tag_id", "tag.name", "blocked", "extra_arches"},
		func(b *db.Builder) {
			b.Add(head + "v.package_id, package.name, v.tag_id, tag.name, v.blocked, v.extra_arches FROM tag_packages" + tail + packageJoin + tagJoin + "WHERE 1 = 1")
		}, search{Tag: byTag, Package: byPackage}},
	{"user_groups", []string{"user_id", "user.name", "group_id", "group.name"},
		func(b *db.Builder) {
			b.Add(head + "v.user_id, u.name, v.group_id, g.name FROM user_groups" + tail + "LEFT JOIN users u ON u.id = v.user_id LEFT JOIN users g ON g.id = v.group_id WHERE 1 = 1")
		}, search{User: func(b *db.Builder, v any) { b.Add(" AND (v.user_id = ? OR v.group_id = ?)", v, v) }}},
	{"user_perms", []string{"user_id", "user.name", "perm_id", "permission.name"},
		func(b *db.Builder) {
			b.Add(head + "v.user_id, u.name, v.perm_id, p.name FROM user_perms" + tail + "LEFT JOIN users u ON u.id = v.user_id LEFT JOIN permissions p ON p.id = v.perm_id WHERE 1 = 1")
		}, search{User: byUser, Permission: func(b *db.Builder, v any) { b.Add(" AND v.perm_id = ?", v) }}},
}
