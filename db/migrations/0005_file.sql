-- +goose Up
-- room: hub/file
CREATE TABLE node (
    dir    {{path}} NOT NULL,              -- "" for the top, else a path without slashes at its ends
    name   TEXT    NOT NULL,
    kind   INTEGER NOT NULL,              -- 0 directory, 1 file, 2 link, 3 growing file
    sum    TEXT,                          -- sha256 of a file's bytes, hexadecimal
    size   BIGINT  NOT NULL DEFAULT 0,
    mtime  BIGINT  NOT NULL,
    target TEXT,                          -- of a link, relative
    owner  BIGINT,                        -- the user who uploads here, for work/
    PRIMARY KEY (dir, name)
);
CREATE INDEX node_sum ON node (sum) WHERE sum IS NOT NULL;
CREATE INDEX node_growing ON node (mtime) WHERE kind = 3;
-- the pieces of a growing file: an upload, a log
CREATE TABLE part (
    dir    {{path}} NOT NULL,
    name   TEXT   NOT NULL,
    start  BIGINT NOT NULL,
    size   BIGINT NOT NULL,
    sum    TEXT   NOT NULL,
    PRIMARY KEY (dir, name, start)
);
CREATE INDEX part_sum ON part (sum);
