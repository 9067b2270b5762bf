-- +goose Up
-- What people look for may begin with anything. Only PostgreSQL has an index for
-- that, in an extension that the database's owner may add, if it is installed:
-- without it, all names are read.
-- room: hub/build
-- +goose StatementBegin
{{postgres}}
DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX rpminfo_within ON rpminfo USING gin (lower(name || '-' || version || '-' || release || '.' || arch || '.rpm') gin_trgm_ops);
    CREATE INDEX build_within ON build USING gin (lower(version || '-' || release) gin_trgm_ops);
    ANALYZE rpminfo;
    ANALYZE build;
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
    RAISE NOTICE 'pg_trgm: %', SQLERRM;
END $$;
{{end}}
-- +goose StatementEnd
-- room: hub/repo
-- those that are there; most were deleted
CREATE INDEX repo_live ON repo (tag_id, id) WHERE state <> 3;
UPDATE repo_queue SET active = FALSE
    WHERE EXISTS (SELECT 1 FROM task WHERE task.id = repo_queue.task_id AND task.state IN (2, 3, 5));
CREATE INDEX repo_queue_active ON repo_queue (task_id) WHERE active;
-- room: hub/task
CREATE INDEX task_top_state ON task (state, id) WHERE parent IS NULL;
