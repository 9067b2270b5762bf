package tag

// What LastChange and FirstChange ask of each table: of a tag ($1), before or
// after an event ($2). Every line is answered by one step into an index on
// (tag_id, create_event) or (tag_id, revoke_event).
const (
	lastOfTag = `SELECT COALESCE(max(e), 0) FROM (
	SELECT max(create_event) AS e FROM tag_listing WHERE tag_id = $1 AND create_event < $2 UNION ALL
	SELECT max(revoke_event) AS e FROM tag_listing WHERE tag_id = $1 AND revoke_event < $2 UNION ALL
	SELECT max(create_event) AS e FROM tag_inheritance WHERE tag_id = $1 AND create_event < $2 UNION ALL
	SELECT max(revoke_event) AS e FROM tag_inheritance WHERE tag_id = $1 AND revoke_event < $2 UNION ALL
	SELECT max(create_event) AS e FROM tag_config WHERE tag_id = $1 AND create_event < $2 UNION ALL
	SELECT max(revoke_event) AS e FROM tag_config WHERE tag_id = $1 AND revoke_event < $2 UNION ALL
	SELECT max(create_event) AS e FROM tag_packages WHERE tag_id = $1 AND create_event < $2 UNION ALL
	SELECT max(revoke_event) AS e FROM tag_packages WHERE tag_id = $1 AND revoke_event < $2 UNION ALL
	SELECT max(create_event) AS e FROM tag_external_repos WHERE tag_id = $1 AND create_event < $2 UNION ALL
	SELECT max(revoke_event) AS e FROM tag_external_repos WHERE tag_id = $1 AND revoke_event < $2 UNION ALL
	SELECT max(create_event) AS e FROM tag_extra WHERE tag_id = $1 AND create_event < $2 UNION ALL
	SELECT max(revoke_event) AS e FROM tag_extra WHERE tag_id = $1 AND revoke_event < $2 UNION ALL
	SELECT max(create_event) AS e FROM group_package_listing WHERE tag_id = $1 AND create_event < $2 UNION ALL
	SELECT max(revoke_event) AS e FROM group_package_listing WHERE tag_id = $1 AND revoke_event < $2 UNION ALL
	SELECT max(create_event) AS e FROM group_req_listing WHERE tag_id = $1 AND create_event < $2 UNION ALL
	SELECT max(revoke_event) AS e FROM group_req_listing WHERE tag_id = $1 AND revoke_event < $2 UNION ALL
	SELECT max(create_event) AS e FROM group_config WHERE tag_id = $1 AND create_event < $2 UNION ALL
	SELECT max(revoke_event) AS e FROM group_config WHERE tag_id = $1 AND revoke_event < $2 UNION ALL
	SELECT max(update_event) AS e FROM tag_updates WHERE tag_id = $1 AND update_event < $2) AS changes`

	firstOfTag = `SELECT COALESCE(min(e), 9223372036854775807) FROM (
	SELECT min(create_event) AS e FROM tag_listing WHERE tag_id = $1 AND create_event > $2 UNION ALL
	SELECT min(revoke_event) AS e FROM tag_listing WHERE tag_id = $1 AND revoke_event > $2 UNION ALL
	SELECT min(create_event) AS e FROM tag_inheritance WHERE tag_id = $1 AND create_event > $2 UNION ALL
	SELECT min(revoke_event) AS e FROM tag_inheritance WHERE tag_id = $1 AND revoke_event > $2 UNION ALL
	SELECT min(create_event) AS e FROM tag_config WHERE tag_id = $1 AND create_event > $2 UNION ALL
	SELECT min(revoke_event) AS e FROM tag_config WHERE tag_id = $1 AND revoke_event > $2 UNION ALL
	SELECT min(create_event) AS e FROM tag_packages WHERE tag_id = $1 AND create_event > $2 UNION ALL
	SELECT min(revoke_event) AS e FROM tag_packages WHERE tag_id = $1 AND revoke_event > $2 UNION ALL
	SELECT min(create_event) AS e FROM tag_external_repos WHERE tag_id = $1 AND create_event > $2 UNION ALL
	SELECT min(revoke_event) AS e FROM tag_external_repos WHERE tag_id = $1 AND revoke_event > $2 UNION ALL
	SELECT min(create_event) AS e FROM tag_extra WHERE tag_id = $1 AND create_event > $2 UNION ALL
	SELECT min(revoke_event) AS e FROM tag_extra WHERE tag_id = $1 AND revoke_event > $2 UNION ALL
	SELECT min(create_event) AS e FROM group_package_listing WHERE tag_id = $1 AND create_event > $2 UNION ALL
	SELECT min(revoke_event) AS e FROM group_package_listing WHERE tag_id = $1 AND revoke_event > $2 UNION ALL
	SELECT min(create_event) AS e FROM group_req_listing WHERE tag_id = $1 AND create_event > $2 UNION ALL
	SELECT min(revoke_event) AS e FROM group_req_listing WHERE tag_id = $1 AND revoke_event > $2 UNION ALL
	SELECT min(create_event) AS e FROM group_config WHERE tag_id = $1 AND create_event > $2 UNION ALL
	SELECT min(revoke_event) AS e FROM group_config WHERE tag_id = $1 AND revoke_event > $2 UNION ALL
	SELECT min(update_event) AS e FROM tag_updates WHERE tag_id = $1 AND update_event > $2) AS changes`

	lastOfRepo = `SELECT COALESCE(max(e), 0) FROM (
	SELECT max(create_event) AS e FROM external_repo_config WHERE external_repo_id = $1 AND create_event < $2 UNION ALL
	SELECT max(revoke_event) AS e FROM external_repo_config WHERE external_repo_id = $1 AND revoke_event < $2 UNION ALL
	SELECT max(create_event) AS e FROM external_repo_data WHERE external_repo_id = $1 AND create_event < $2 UNION ALL
	SELECT max(revoke_event) AS e FROM external_repo_data WHERE external_repo_id = $1 AND revoke_event < $2) AS changes`

	firstOfRepo = `SELECT COALESCE(min(e), 9223372036854775807) FROM (
	SELECT min(create_event) AS e FROM external_repo_config WHERE external_repo_id = $1 AND create_event > $2 UNION ALL
	SELECT min(revoke_event) AS e FROM external_repo_config WHERE external_repo_id = $1 AND revoke_event > $2 UNION ALL
	SELECT min(create_event) AS e FROM external_repo_data WHERE external_repo_id = $1 AND create_event > $2 UNION ALL
	SELECT min(revoke_event) AS e FROM external_repo_data WHERE external_repo_id = $1 AND revoke_event > $2) AS changes`
)
