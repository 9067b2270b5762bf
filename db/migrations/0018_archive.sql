-- +goose Up
-- room: hub/build
-- what builds are besides packages, and their files that are no rpms
CREATE TABLE maven_builds (
    build_id    BIGINT PRIMARY KEY REFERENCES build(id),
    group_id    TEXT NOT NULL,
    artifact_id TEXT NOT NULL,
    version     TEXT NOT NULL
);
CREATE TABLE win_builds (
    build_id BIGINT PRIMARY KEY REFERENCES build(id),
    platform TEXT NOT NULL
);
CREATE TABLE archiveinfo (
    id            {{id}},
    type_id       BIGINT  NOT NULL REFERENCES archivetypes(id),
    btype_id      BIGINT  NOT NULL REFERENCES btype(id),
    build_id      BIGINT  NOT NULL REFERENCES build(id),
    buildroot_id  BIGINT  REFERENCES buildroot(id),
    filename      TEXT    NOT NULL,
    subdir        TEXT    NOT NULL DEFAULT '',  -- below the directory of the type, for types that are not maven, win or image
    size          BIGINT  NOT NULL,
    checksum      TEXT    NOT NULL,             -- hexadecimal
    checksum_type INTEGER NOT NULL,             -- 0 md5 1 sha1 2 sha256
    metadata_only BOOLEAN NOT NULL DEFAULT FALSE,
    extra         TEXT                          -- JSON
);
CREATE INDEX archiveinfo_build ON archiveinfo (build_id);
CREATE INDEX archiveinfo_buildroot ON archiveinfo (buildroot_id) WHERE buildroot_id IS NOT NULL;
CREATE INDEX archiveinfo_filename ON archiveinfo (filename);
CREATE INDEX archiveinfo_checksum ON archiveinfo (checksum);
CREATE TABLE maven_archives (
    archive_id  BIGINT PRIMARY KEY REFERENCES archiveinfo(id),
    group_id    TEXT NOT NULL,
    artifact_id TEXT NOT NULL,
    version     TEXT NOT NULL
);
CREATE TABLE win_archives (
    archive_id BIGINT PRIMARY KEY REFERENCES archiveinfo(id),
    relpath    TEXT NOT NULL,
    platforms  TEXT NOT NULL,  -- separated by spaces
    flags      TEXT            -- separated by spaces
);
CREATE TABLE image_archives (
    archive_id BIGINT PRIMARY KEY REFERENCES archiveinfo(id),
    arch       TEXT NOT NULL
);
-- what is in an archive
CREATE TABLE archive_rpm_components (
    archive_id BIGINT NOT NULL REFERENCES archiveinfo(id),
    rpm_id     BIGINT NOT NULL REFERENCES rpminfo(id),
    PRIMARY KEY (archive_id, rpm_id)
);
CREATE INDEX archive_rpm_components_rpm ON archive_rpm_components (rpm_id);
CREATE TABLE archive_components (
    archive_id   BIGINT NOT NULL REFERENCES archiveinfo(id),
    component_id BIGINT NOT NULL REFERENCES archiveinfo(id),
    PRIMARY KEY (archive_id, component_id)
);
CREATE INDEX archive_components_component ON archive_components (component_id);
-- which archives were in a root
CREATE TABLE buildroot_archives (
    buildroot_id BIGINT  NOT NULL REFERENCES buildroot(id),
    archive_id   BIGINT  NOT NULL REFERENCES archiveinfo(id),
    project_dep  BOOLEAN NOT NULL,
    PRIMARY KEY (buildroot_id, archive_id)
);
CREATE INDEX buildroot_archives_archive ON buildroot_archives (archive_id);
