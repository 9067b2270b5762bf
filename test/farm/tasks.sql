-- Of six families one is a build, three are scratch builds, one a repository
-- that was made and one a build that failed. The last two hundred, or one in twenty of few, are not over.
INSERT INTO task (id, state, method, request, result, fault, arch, channel_id, host_id, parent, label, owner, share,
    priority, weight, create_time, free_time, start_time, completion_time, waiting, awaited, hub, runs, lease_until)
SELECT task0 + 8 * k + j + 1, state, method,
    CASE method
        WHEN 'build' THEN '["git+https://src.example.org/rpms/package' || k % packages || '.git#' || md5(k::text) || '","f45",' || CASE WHEN kind IN (1, 2, 3) THEN '{"scratch":true}]' ELSE '{}]' END
        WHEN 'buildArch' THEN '["tasks/' || (task0 + 8 * k + 2) % 10000 || '/' || task0 + 8 * k + 2 || '/package' || k % packages || '-1.1-1.src.rpm",12,"' || arch || '",true,{"repo_id":' || k / 6 || '}]'
        WHEN 'buildSRPMFromSCM' THEN '["git+https://src.example.org/rpms/package' || k % packages || '.git#' || md5(k::text) || '",12,{"repo_id":' || k / 6 || '}]'
        WHEN 'createrepo' THEN '[' || k / 6 || ',"' || arch || '",null]'
        WHEN 'tagBuild' THEN '[14,' || k / 6 + 1 || ',false,null,false]'
        ELSE '["f45-build"]' END,
    CASE WHEN state = 2 AND method = 'buildArch' THEN '{"brootid":' || k || ',"logs":["tasks/' || (task0 + 8 * k + j + 1) % 10000 || '/' || task0 + 8 * k + j + 1 || '/build.log"],"rpms":["tasks/' || (task0 + 8 * k + j + 1) % 10000 || '/' || task0 + 8 * k + j + 1 || '/package' || k % packages || '-1.1-1.' || arch || '.rpm"],"srpms":[]}'
        WHEN state = 2 AND method = 'newRepo' THEN '[' || k / 6 || ',' || k || ']' WHEN state = 2 THEN 'null' END,
    CASE WHEN state = 5 THEN '{"kind":"build","message":"package' || k % packages || ' failed to build: the build ended with status 1; see build.log","log":"build.log","line":1200}' END,
    arch, CASE WHEN kind = 4 THEN 2 ELSE 1 END, CASE WHEN NOT hub AND state <> 0 THEN host0 + 1 + (k * 7 + j) % hosts END,
    CASE WHEN j > 0 THEN task0 + 8 * k + 1 END, label, owner, owner, CASE WHEN j = 0 THEN 20 ELSE 19 END, 1.5, born, born,
    CASE WHEN state <> 0 THEN born + 5000000 END,
    CASE WHEN state IN (2, 3, 5) THEN born + 60000000 + (k * 7919 + j) % 1200 * 1000000 END,
    state = 1 AND j = 0, j > 0, hub, CASE WHEN state = 0 THEN 0 ELSE 1 END, CASE WHEN state = 1 AND NOT hub THEN born + 315360000000000 END
FROM (
    SELECT farm.*, k, j, kind, time0 + step * k + j * 100000 AS born,
        CASE WHEN kind = 4 THEN user0 + 1 WHEN kind IN (1, 2) THEN user0 + 2 ELSE user0 + 3 + k / 6 * 31 % (people - 2) END AS owner,
        CASE WHEN k >= families - live THEN CASE WHEN j = 0 OR j > 1 AND j < 4 THEN 1 WHEN j = 1 THEN 2 ELSE 0 END
            WHEN kind = 5 AND j IN (0, 3) THEN 5 WHEN k % 97 = 0 THEN 3 ELSE 2 END AS state,
        CASE WHEN kind = 4 AND j = 0 THEN 'newRepo' WHEN kind = 4 THEN 'createrepo' WHEN j = 0 THEN 'build'
            WHEN j = 1 THEN 'buildSRPMFromSCM' WHEN j = 7 AND kind = 0 THEN 'tagBuild' ELSE 'buildArch' END AS method,
        CASE WHEN j = 0 OR kind <> 4 AND j = 1 OR kind = 0 AND j = 7 THEN 'noarch' ELSE (ARRAY['ppc64', 'x86_64', 'aarch64', 'ppc64le', 's390x', 'i686', 'riscv64'])[j] END AS arch,
        CASE WHEN j = 0 THEN NULL WHEN kind <> 4 AND j = 1 THEN 'srpm' WHEN j = 7 AND kind = 0 THEN 'tag' ELSE (ARRAY['ppc64', 'x86_64', 'aarch64', 'ppc64le', 's390x', 'i686', 'riscv64'])[j] END AS label,
        j = 0 OR kind = 0 AND j = 7 AS hub
    FROM farm, generate_series(0, families - 1) k, generate_series(0, 7) j, LATERAL (SELECT k % 6 AS kind) x
) t;

-- which host had the tasks of the last weeks
INSERT INTO task_runs (task_id, host_id, create_time, active)
SELECT id, host_id, create_time, state = 1 FROM task, farm WHERE id > task0 + families * 6 AND host_id IS NOT NULL ORDER BY id;

-- the logs of the newest
INSERT INTO node (dir, name, kind, mtime) VALUES ('', 'work', 0, 0), ('work', 'tasks', 0, 0) ON CONFLICT DO NOTHING;

INSERT INTO node (dir, name, kind, mtime) SELECT 'work/tasks', i, 0, 0 FROM generate_series(0, 9999) i ON CONFLICT DO NOTHING;

INSERT INTO node (dir, name, kind, mtime) SELECT 'work/tasks/' || id % 10000, id, 0, create_time FROM task, farm WHERE id > task0 + 8 * families - 100000 AND method = 'buildArch' ON CONFLICT DO NOTHING;

INSERT INTO node (dir, name, kind, sum, size, mtime)
SELECT 'work/tasks/' || id % 10000 || '/' || id, log || '.log', 1, encode(sha256((id || log)::bytea), 'hex'), 4000, create_time
FROM task, farm, unnest(ARRAY['build', 'root', 'state']) log WHERE id > task0 + 8 * families - 100000 AND method = 'buildArch' ON CONFLICT DO NOTHING;
