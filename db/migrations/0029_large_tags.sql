-- +goose Up
-- What is asked of tags that hold tens of thousands of builds is found in indexes,
-- without a look at each row. Seven million rows of tag_listing take half a minute.
-- room: hub/build
CREATE INDEX build_complete ON build (id, pkg_id, completion_time) WHERE state = 1;
-- +goose StatementBegin
{{postgres}}
DO $$ BEGIN
    DROP INDEX tag_listing_one;
    CREATE UNIQUE INDEX tag_listing_one ON tag_listing (tag_id, build_id) INCLUDE (create_event) WHERE revoke_event IS NULL;
END $$;
{{end}}
-- +goose StatementEnd
-- room: hub/task
-- how many of the tasks up to a number have no parent: neither is one deleted, nor
-- given another parent
CREATE TABLE task_count (
    upto BIGINT NOT NULL,
    n    BIGINT NOT NULL
);
INSERT INTO task_count (upto, n) VALUES (0, 0);
