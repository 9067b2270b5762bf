-- +goose Up
-- room: hub/file
-- node.kind 4 is a joined file: it consists of parts of blobs that other files
-- may share. Its sum is that of its parts' names, not of its bytes.
ALTER TABLE part ADD COLUMN at BIGINT NOT NULL DEFAULT 0; -- where in the blob the part begins
ALTER TABLE part ADD COLUMN whole BIGINT;                 -- the blob's own size, where it is not the part's
