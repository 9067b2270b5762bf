-- +goose Up
-- room: hub/build
CREATE TABLE volume (
    id   {{id}},
    name TEXT NOT NULL UNIQUE
);
INSERT INTO volume (id, name) VALUES (0, 'DEFAULT');
CREATE TABLE build (
    id              {{id}},
    namespace       BIGINT  NOT NULL DEFAULT 0,   -- 0 the distribution, else a project's
    pkg_id          BIGINT  NOT NULL REFERENCES package(id),
    version         TEXT    NOT NULL,
    release         TEXT    NOT NULL,
    epoch           BIGINT,
    state           INTEGER NOT NULL,             -- 0 building 1 complete 2 deleted 3 failed 4 canceled
    task_id         BIGINT  REFERENCES task(id),
    owner           BIGINT  NOT NULL REFERENCES users(id),
    create_event    BIGINT  NOT NULL REFERENCES event(id),
    start_time      BIGINT,
    completion_time BIGINT,
    volume_id       BIGINT  NOT NULL DEFAULT 0 REFERENCES volume(id),
    source          TEXT,
    extra           TEXT,                         -- JSON
    draft           BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE UNIQUE INDEX build_nvr ON build (namespace, pkg_id, version, release);
CREATE INDEX build_task ON build (task_id);
CREATE INDEX build_owner ON build (owner);
CREATE INDEX build_state ON build (state) WHERE state = 0;
CREATE INDEX build_completion ON build (completion_time);
CREATE TABLE btype (
    id   {{id}},
    name TEXT NOT NULL UNIQUE
);
INSERT INTO btype (name) VALUES ('rpm'), ('maven'), ('win'), ('image');
CREATE TABLE build_types (
    build_id BIGINT NOT NULL REFERENCES build(id),
    btype_id BIGINT NOT NULL REFERENCES btype(id),
    PRIMARY KEY (build_id, btype_id)
);
CREATE TABLE tag_listing (
    build_id     BIGINT NOT NULL REFERENCES build(id),
    tag_id       BIGINT NOT NULL REFERENCES tag(id),
    create_event BIGINT NOT NULL REFERENCES event(id),
    revoke_event BIGINT REFERENCES event(id),
    creator_id   BIGINT NOT NULL,
    revoker_id   BIGINT
);
CREATE UNIQUE INDEX tag_listing_one ON tag_listing (tag_id, build_id) WHERE revoke_event IS NULL;
CREATE INDEX tag_listing_tag ON tag_listing (tag_id, create_event);
CREATE INDEX tag_listing_build ON tag_listing (build_id);
CREATE INDEX tag_listing_revoked ON tag_listing (tag_id, revoke_event);
-- what was in a root, once for each distinct set
CREATE TABLE root_set (
    id    {{id}},
    hash  TEXT    NOT NULL UNIQUE,         -- sha256 of the sorted package identities
    count INTEGER NOT NULL
);
CREATE TABLE buildroot (
    id           {{id}},
    set_id       BIGINT  REFERENCES root_set(id),
    host_id      BIGINT  REFERENCES host(id),
    repo_id      BIGINT,
    task_id      BIGINT  REFERENCES task(id),
    arch         TEXT    NOT NULL,
    state        INTEGER NOT NULL,          -- 0 init 1 waiting 2 building 3 expired
    create_event BIGINT  NOT NULL REFERENCES event(id),
    create_time  BIGINT  NOT NULL,
    retire_event BIGINT  REFERENCES event(id),
    retire_time  BIGINT,
    emulated     BOOLEAN NOT NULL DEFAULT FALSE,
    details      TEXT                       -- JSON: sandbox, limits in force, host's system, times
);
CREATE INDEX buildroot_task ON buildroot (task_id);
CREATE INDEX buildroot_set ON buildroot (set_id);
CREATE INDEX buildroot_repo ON buildroot (repo_id) WHERE retire_event IS NULL;
CREATE TABLE rpminfo (
    id               {{id}},
    namespace        BIGINT  NOT NULL DEFAULT 0,
    build_id         BIGINT  REFERENCES build(id),       -- none for packages of external repositories
    buildroot_id     BIGINT  REFERENCES buildroot(id),
    external_repo_id BIGINT  NOT NULL DEFAULT 0,
    name             TEXT    NOT NULL,
    version          TEXT    NOT NULL,
    release          TEXT    NOT NULL,
    epoch            BIGINT,
    arch             TEXT    NOT NULL,
    payloadhash      TEXT    NOT NULL,                   -- md5 of header and payload: Koji's identity of an rpm
    size             BIGINT  NOT NULL,
    buildtime        BIGINT  NOT NULL,
    metadata_only    BOOLEAN NOT NULL DEFAULT FALSE,
    extra            TEXT,
    draft            BOOLEAN NOT NULL DEFAULT FALSE,
    sum              TEXT                                -- sha256 of the file as it was imported
);
CREATE UNIQUE INDEX rpminfo_nvra ON rpminfo (namespace, name, version, release, arch) WHERE external_repo_id = 0;
CREATE UNIQUE INDEX rpminfo_external ON rpminfo (external_repo_id, name, version, release, arch, payloadhash) WHERE external_repo_id <> 0;
CREATE INDEX rpminfo_build ON rpminfo (build_id);
CREATE INDEX rpminfo_buildroot ON rpminfo (buildroot_id) WHERE buildroot_id IS NOT NULL;
CREATE TABLE root_set_rpm (
    set_id BIGINT NOT NULL REFERENCES root_set(id),
    rpm_id BIGINT NOT NULL REFERENCES rpminfo(id),
    PRIMARY KEY (set_id, rpm_id)
);
CREATE INDEX root_set_rpm_rpm ON root_set_rpm (rpm_id);
-- read from the header once, at import
CREATE TABLE rpm_header (
    rpm_id    BIGINT PRIMARY KEY REFERENCES rpminfo(id),
    header    {{bytes}} NOT NULL,          -- the main header, zstd
    primary_  {{bytes}} NOT NULL,          -- repository metadata fragments, zstd
    filelists {{bytes}} NOT NULL,
    other     {{bytes}} NOT NULL
);
CREATE TABLE rpmsigs (
    rpm_id  BIGINT NOT NULL REFERENCES rpminfo(id),
    sigkey  TEXT   NOT NULL,               -- last 8 digits of the key's id, lower case; empty for none
    sighash TEXT   NOT NULL,               -- md5 of the signature header
    PRIMARY KEY (rpm_id, sigkey)
);
