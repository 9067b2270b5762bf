-- a repository for each build, all but the newest deleted
INSERT INTO repo (id, tag_id, create_event, begin_event, end_event, create_time, state_time, state, task_id, tag_name)
SELECT repo0 + 1 + i, t.id, event0 + 4 * i + 4, event0 + 4 * i + 3, CASE WHEN i < builds - 6 THEN event0 + 4 * i + 7 END,
    time0 + step * 25 * i / 4, time0 + step * 25 * i / 4 + 900000000, CASE WHEN i < builds - 6 THEN 3 ELSE 1 END, task0 + 48 * i + 33, t.name
FROM farm, generate_series(0, builds - 1) i, tag t WHERE t.name = 'f' || 40 + i * 6 / builds || '-build';

INSERT INTO node (dir, name, kind, mtime) VALUES ('', 'packages', 0, 0) ON CONFLICT DO NOTHING;

INSERT INTO node (dir, name, kind, mtime) SELECT 'packages', name, 0, 0 FROM package;

INSERT INTO node (dir, name, kind, mtime) SELECT DISTINCT 'packages/' || p.name, b.version, 0, 0 FROM build b JOIN package p ON p.id = b.pkg_id;

INSERT INTO node (dir, name, kind, mtime)
SELECT 'packages/' || p.name || '/' || b.version || x.dir, CASE x.name WHEN '' THEN b.release ELSE x.name END, 0, b.start_time
FROM build b JOIN package p ON p.id = b.pkg_id, LATERAL (VALUES ('', ''), ('/' || b.release, 'data'), ('/' || b.release || '/data', 'logs'),
    ('/' || b.release || '/data/logs', 'x86_64'), ('/' || b.release || '/data/logs', 'aarch64'),
    ('/' || b.release, 'src'), ('/' || b.release, 'noarch'), ('/' || b.release, 'x86_64'), ('/' || b.release, 'aarch64')) x(dir, name)
WHERE b.state = 1;

INSERT INTO node (dir, name, kind, sum, size, mtime)
SELECT 'packages/' || p.name || '/' || b.version || '/' || b.release || '/data/logs/' || arch, log || '.log', 1, encode(sha256((b.id || arch || log)::bytea), 'hex'), 4000, b.start_time
FROM build b JOIN package p ON p.id = b.pkg_id, unnest(ARRAY['x86_64', 'aarch64']) arch, unnest(ARRAY['build', 'root', 'state']) log WHERE b.state = 1;;

-- who asked for repositories in a week, at a farm of the full size; the last ones
-- are not there yet
INSERT INTO repo_queue (tag_id, create_time, update_time, owner, priority, min_event, opts, active, task_id, tries)
SELECT r.tag_id, r.create_time, r.create_time, user0 + 3 + r.id % (people - 2), 20, r.create_event,
    '{"src":false,"debuginfo":false,"separate_src":false,"maven":false}', (r.id - repo0 - 1) * 6 + 4 >= families - live, r.task_id, 1
FROM farm, repo r WHERE r.id > repo0 + builds - builds / 30 ORDER BY r.id
