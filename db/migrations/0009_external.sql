-- +goose Up
-- room: hub/repo
-- what external repositories show, as it was last read
CREATE TABLE external_metadata (
    url        TEXT PRIMARY KEY,             -- with the architecture put in
    sum        TEXT   NOT NULL,              -- sha256 of repomd.xml
    state      TEXT   NOT NULL,              -- JSON: what makes the next look cheap
    dir        TEXT   NOT NULL,              -- where its groups are kept, below external/
    look_time  BIGINT NOT NULL,
    use_time   BIGINT NOT NULL
);
-- JSON: the external repositories whose packages a repository shows
ALTER TABLE repo ADD COLUMN externals TEXT NOT NULL DEFAULT '';
