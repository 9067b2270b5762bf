-- +goose Up
-- room: hub/task
-- what the token that made a task may use of what its owner may, with spaces
-- between: empty for nothing, none for all
ALTER TABLE task ADD COLUMN scopes TEXT;
