-- +goose Up
-- room: hub/build
-- the builds of a package, in whichever namespace
CREATE INDEX build_pkg ON build (pkg_id);
