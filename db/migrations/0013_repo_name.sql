-- +goose Up
-- room: hub/repo
-- the name that the tag had when the repository was made: it is a part of its place
ALTER TABLE repo ADD COLUMN tag_name TEXT NOT NULL DEFAULT '';
UPDATE repo SET tag_name = (SELECT name FROM tag WHERE tag.id = repo.tag_id);
