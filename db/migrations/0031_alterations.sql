-- +goose Up
-- room: db
-- changes of what was complete and could be told of already, counted apart: builds that
-- come alter none of what is told of those that are there
ALTER TABLE change_count ADD COLUMN altered BIGINT NOT NULL DEFAULT 0;
