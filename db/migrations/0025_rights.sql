-- +goose Up
-- room: db
-- changes of what callers may do, counted apart: most changes of records are not
ALTER TABLE change_count ADD COLUMN rights BIGINT NOT NULL DEFAULT 0;
