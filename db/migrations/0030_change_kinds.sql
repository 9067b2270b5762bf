-- +goose Up
-- room: db
-- changes of builds, and of what is in tags, counted apart: on a farm they come all
-- the time, and what is told of tags, targets and users does not depend on them
ALTER TABLE change_count RENAME COLUMN n TO others;
ALTER TABLE change_count ADD COLUMN builds BIGINT NOT NULL DEFAULT 0;
ALTER TABLE change_count ADD COLUMN tagged BIGINT NOT NULL DEFAULT 0;
