-- +goose Up
-- room: hub/build
-- what a build is called, so that an index has them in that order: the name of its
-- package is in another table. 300,000 builds take a minute.
ALTER TABLE build ADD COLUMN nvr TEXT;
UPDATE build SET nvr = (SELECT name FROM package WHERE package.id = build.pkg_id) || '-' || version || '-' || release;
CREATE INDEX build_name ON build (nvr, id, namespace);
-- Nearly all builds are of one namespace: behind the package it finds as much, and is
-- not taken for a choice among builds. What it finds needs no index of packages alone;
-- but PostgreSQL counts all builds in one that is small, and SQLite would read in it
-- what another one has in the order that is asked for.
DROP INDEX build_nvr;
CREATE UNIQUE INDEX build_nvr ON build (pkg_id, version, release, namespace);
DROP INDEX build_pkg;
-- +goose StatementBegin
{{postgres}}
CREATE INDEX build_all ON build (pkg_id) WHERE namespace = 0;
{{end}}
-- +goose StatementEnd
-- the last ones of any state, not only those that are being built
DROP INDEX build_state;
CREATE INDEX build_state ON build (state, completion_time);
-- SQLite does not reckon with what tables hold before they were looked at. It is told that
-- a state is no choice among builds, or it would take all complete ones for those of a package.
-- +goose StatementBegin
{{sqlite}}
ANALYZE build_reservations;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('build', 'build_state', '100000 25000 1');
{{end sqlite}}
-- +goose StatementEnd
