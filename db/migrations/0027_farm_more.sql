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
