-- +goose Up
-- What people ask every day must not read all of a large farm's records.
-- room: hub/event
CREATE INDEX event_time ON event (time);
-- room: hub/task
CREATE INDEX task_method ON task (method, id);
CREATE INDEX task_channel ON task (channel_id, id);
-- of all tasks, not of those with a host only: SQLite would prefer it to task_live
CREATE INDEX task_host ON task (host_id, id);
CREATE INDEX task_start ON task (start_time);
CREATE INDEX task_completion ON task (completion_time);
CREATE INDEX task_top ON task (owner, id) WHERE parent IS NULL;
CREATE INDEX task_failed ON task (owner, completion_time) WHERE state = 5;
CREATE INDEX task_runs_task ON task_runs (task_id);
-- room: hub/build
CREATE INDEX buildroot_host ON buildroot (host_id, state);
DROP INDEX buildroot_repo;
CREATE INDEX buildroot_repo ON buildroot (repo_id, state);
CREATE INDEX build_event ON build (create_event);
CREATE INDEX build_source ON build (lower(source) {{begins}});
CREATE INDEX rpminfo_begin ON rpminfo (lower(name) {{begins}});
-- room: hub/tag
CREATE INDEX package_begin ON package (lower(name) {{begins}});
-- for the history of whatever was changed lately, or by somebody
CREATE INDEX tag_listing_event ON tag_listing (create_event);
CREATE INDEX tag_listing_revoke ON tag_listing (revoke_event) WHERE revoke_event IS NOT NULL;
CREATE INDEX tag_listing_creator ON tag_listing (creator_id);
CREATE INDEX tag_listing_revoker ON tag_listing (revoker_id) WHERE revoker_id IS NOT NULL;
CREATE INDEX tag_packages_event ON tag_packages (create_event);
CREATE INDEX tag_packages_revoke ON tag_packages (revoke_event) WHERE revoke_event IS NOT NULL;
CREATE INDEX tag_packages_creator ON tag_packages (creator_id);
CREATE INDEX tag_packages_revoker ON tag_packages (revoker_id) WHERE revoker_id IS NOT NULL;
CREATE INDEX tag_package_owners_package ON tag_package_owners (package_id);
CREATE INDEX tag_package_owners_event ON tag_package_owners (create_event);
CREATE INDEX tag_package_owners_revoke ON tag_package_owners (revoke_event) WHERE revoke_event IS NOT NULL;
CREATE INDEX tag_package_owners_creator ON tag_package_owners (creator_id);
CREATE INDEX tag_package_owners_revoker ON tag_package_owners (revoker_id) WHERE revoker_id IS NOT NULL;
