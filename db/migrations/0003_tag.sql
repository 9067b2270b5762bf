-- +goose Up
-- room: hub/tag
CREATE TABLE tag (
    id   {{id}},
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE tag_config (
    tag_id            BIGINT  NOT NULL REFERENCES tag(id),
    arches            TEXT,
    perm_id           BIGINT  REFERENCES permissions(id),
    locked            BOOLEAN NOT NULL DEFAULT FALSE,
    maven_support     BOOLEAN NOT NULL DEFAULT FALSE,
    maven_include_all BOOLEAN NOT NULL DEFAULT FALSE,
    create_event      BIGINT  NOT NULL REFERENCES event(id),
    revoke_event      BIGINT  REFERENCES event(id),
    creator_id        BIGINT  NOT NULL,
    revoker_id        BIGINT
);
CREATE UNIQUE INDEX tag_config_one ON tag_config (tag_id) WHERE revoke_event IS NULL;
CREATE TABLE tag_extra (
    tag_id       BIGINT NOT NULL REFERENCES tag(id),
    key          TEXT   NOT NULL,
    value        TEXT,                     -- JSON; NULL blocks an inherited value
    create_event BIGINT NOT NULL REFERENCES event(id),
    revoke_event BIGINT REFERENCES event(id),
    creator_id   BIGINT NOT NULL,
    revoker_id   BIGINT
);
CREATE UNIQUE INDEX tag_extra_one ON tag_extra (tag_id, key) WHERE revoke_event IS NULL;
CREATE TABLE tag_inheritance (
    tag_id       BIGINT  NOT NULL REFERENCES tag(id),
    parent_id    BIGINT  NOT NULL REFERENCES tag(id),
    priority     INTEGER NOT NULL,
    maxdepth     INTEGER,
    intransitive BOOLEAN NOT NULL DEFAULT FALSE,
    noconfig     BOOLEAN NOT NULL DEFAULT FALSE,
    pkg_filter   TEXT    NOT NULL DEFAULT '',
    create_event BIGINT  NOT NULL REFERENCES event(id),
    revoke_event BIGINT  REFERENCES event(id),
    creator_id   BIGINT  NOT NULL,
    revoker_id   BIGINT
);
CREATE UNIQUE INDEX tag_inheritance_one ON tag_inheritance (tag_id, priority) WHERE revoke_event IS NULL;
CREATE INDEX tag_inheritance_parent ON tag_inheritance (parent_id) WHERE revoke_event IS NULL;
CREATE TABLE build_target (
    id   {{id}},
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE build_target_config (
    build_target_id BIGINT NOT NULL REFERENCES build_target(id),
    build_tag       BIGINT NOT NULL REFERENCES tag(id),
    dest_tag        BIGINT NOT NULL REFERENCES tag(id),
    create_event    BIGINT NOT NULL REFERENCES event(id),
    revoke_event    BIGINT REFERENCES event(id),
    creator_id      BIGINT NOT NULL,
    revoker_id      BIGINT
);
CREATE UNIQUE INDEX build_target_config_one ON build_target_config (build_target_id) WHERE revoke_event IS NULL;
CREATE TABLE external_repo (
    id   {{id}},
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE external_repo_config (
    external_repo_id BIGINT NOT NULL REFERENCES external_repo(id),
    url              TEXT   NOT NULL,
    create_event     BIGINT NOT NULL REFERENCES event(id),
    revoke_event     BIGINT REFERENCES event(id),
    creator_id       BIGINT NOT NULL,
    revoker_id       BIGINT
);
CREATE UNIQUE INDEX external_repo_config_one ON external_repo_config (external_repo_id) WHERE revoke_event IS NULL;
CREATE TABLE tag_external_repos (
    tag_id           BIGINT  NOT NULL REFERENCES tag(id),
    external_repo_id BIGINT  NOT NULL REFERENCES external_repo(id),
    priority         INTEGER NOT NULL,
    merge_mode       TEXT    NOT NULL DEFAULT 'koji',
    arches           TEXT,
    create_event     BIGINT  NOT NULL REFERENCES event(id),
    revoke_event     BIGINT  REFERENCES event(id),
    creator_id       BIGINT  NOT NULL,
    revoker_id       BIGINT
);
CREATE UNIQUE INDEX tag_external_repos_prio ON tag_external_repos (tag_id, priority) WHERE revoke_event IS NULL;
CREATE UNIQUE INDEX tag_external_repos_one ON tag_external_repos (tag_id, external_repo_id) WHERE revoke_event IS NULL;
CREATE TABLE package (
    id   {{id}},
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE tag_packages (
    package_id   BIGINT  NOT NULL REFERENCES package(id),
    tag_id       BIGINT  NOT NULL REFERENCES tag(id),
    blocked      BOOLEAN NOT NULL DEFAULT FALSE,
    extra_arches TEXT,
    create_event BIGINT  NOT NULL REFERENCES event(id),
    revoke_event BIGINT  REFERENCES event(id),
    creator_id   BIGINT  NOT NULL,
    revoker_id   BIGINT
);
CREATE UNIQUE INDEX tag_packages_one ON tag_packages (tag_id, package_id) WHERE revoke_event IS NULL;
CREATE INDEX tag_packages_package ON tag_packages (package_id);
CREATE TABLE tag_package_owners (
    package_id   BIGINT NOT NULL REFERENCES package(id),
    tag_id       BIGINT NOT NULL REFERENCES tag(id),
    owner        BIGINT NOT NULL REFERENCES users(id),
    create_event BIGINT NOT NULL REFERENCES event(id),
    revoke_event BIGINT REFERENCES event(id),
    creator_id   BIGINT NOT NULL,
    revoker_id   BIGINT
);
CREATE UNIQUE INDEX tag_package_owners_one ON tag_package_owners (tag_id, package_id) WHERE revoke_event IS NULL;
-- comps groups
CREATE TABLE pkg_group (
    id   {{id}},
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE group_config (
    group_id     BIGINT  NOT NULL REFERENCES pkg_group(id),
    tag_id       BIGINT  NOT NULL REFERENCES tag(id),
    blocked      BOOLEAN NOT NULL DEFAULT FALSE,
    exported     BOOLEAN NOT NULL DEFAULT TRUE,
    display_name TEXT    NOT NULL,
    is_default   BOOLEAN,
    uservisible  BOOLEAN,
    description  TEXT,
    langonly     TEXT,
    biarchonly   BOOLEAN,
    create_event BIGINT  NOT NULL REFERENCES event(id),
    revoke_event BIGINT  REFERENCES event(id),
    creator_id   BIGINT  NOT NULL,
    revoker_id   BIGINT
);
CREATE UNIQUE INDEX group_config_one ON group_config (tag_id, group_id) WHERE revoke_event IS NULL;
CREATE TABLE group_req_listing (
    group_id     BIGINT  NOT NULL REFERENCES pkg_group(id),
    tag_id       BIGINT  NOT NULL REFERENCES tag(id),
    req_id       BIGINT  NOT NULL REFERENCES pkg_group(id),
    blocked      BOOLEAN NOT NULL DEFAULT FALSE,
    type         TEXT    NOT NULL,
    is_metapkg   BOOLEAN NOT NULL DEFAULT FALSE,
    create_event BIGINT  NOT NULL REFERENCES event(id),
    revoke_event BIGINT  REFERENCES event(id),
    creator_id   BIGINT  NOT NULL,
    revoker_id   BIGINT
);
CREATE UNIQUE INDEX group_req_listing_one ON group_req_listing (tag_id, group_id, req_id) WHERE revoke_event IS NULL;
CREATE TABLE group_package_listing (
    group_id     BIGINT  NOT NULL REFERENCES pkg_group(id),
    tag_id       BIGINT  NOT NULL REFERENCES tag(id),
    package      TEXT    NOT NULL,
    blocked      BOOLEAN NOT NULL DEFAULT FALSE,
    type         TEXT    NOT NULL,
    basearchonly BOOLEAN,
    requires     TEXT,
    create_event BIGINT  NOT NULL REFERENCES event(id),
    revoke_event BIGINT  REFERENCES event(id),
    creator_id   BIGINT  NOT NULL,
    revoker_id   BIGINT
);
CREATE UNIQUE INDEX group_package_listing_one ON group_package_listing (tag_id, group_id, package) WHERE revoke_event IS NULL;
-- changes of what a tag holds that no versioned row shows
CREATE TABLE tag_updates (
    tag_id       BIGINT  NOT NULL REFERENCES tag(id),
    update_type  INTEGER NOT NULL,          -- 0 volume change, 1 import, 2 manual, 3 draft promotion
    update_event BIGINT  NOT NULL REFERENCES event(id),
    updater_id   BIGINT  NOT NULL
);
CREATE INDEX tag_updates_event ON tag_updates (tag_id, update_event);
-- for the state at a past event, and for the last and next change of a tag
CREATE INDEX tag_config_made ON tag_config (tag_id, create_event);
CREATE INDEX tag_config_gone ON tag_config (tag_id, revoke_event);
CREATE INDEX tag_extra_made ON tag_extra (tag_id, create_event);
CREATE INDEX tag_extra_gone ON tag_extra (tag_id, revoke_event);
CREATE INDEX tag_inheritance_made ON tag_inheritance (tag_id, create_event);
CREATE INDEX tag_inheritance_gone ON tag_inheritance (tag_id, revoke_event);
CREATE INDEX tag_packages_made ON tag_packages (tag_id, create_event);
CREATE INDEX tag_packages_gone ON tag_packages (tag_id, revoke_event);
CREATE INDEX tag_external_repos_made ON tag_external_repos (tag_id, create_event);
CREATE INDEX tag_external_repos_gone ON tag_external_repos (tag_id, revoke_event);
CREATE INDEX group_config_made ON group_config (tag_id, create_event);
CREATE INDEX group_config_gone ON group_config (tag_id, revoke_event);
CREATE INDEX group_req_listing_made ON group_req_listing (tag_id, create_event);
CREATE INDEX group_req_listing_gone ON group_req_listing (tag_id, revoke_event);
CREATE INDEX group_package_listing_made ON group_package_listing (tag_id, create_event);
CREATE INDEX group_package_listing_gone ON group_package_listing (tag_id, revoke_event);
CREATE INDEX tag_inheritance_child ON tag_inheritance (parent_id, create_event);
CREATE INDEX tag_package_owners_made ON tag_package_owners (tag_id, package_id, create_event);
CREATE INDEX tag_package_owners_owner ON tag_package_owners (owner);
CREATE INDEX build_target_config_made ON build_target_config (build_target_id, create_event);
CREATE INDEX external_repo_config_made ON external_repo_config (external_repo_id, create_event);
