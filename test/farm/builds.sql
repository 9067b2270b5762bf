-- A hundredth of the packages has a fifth of the builds.
INSERT INTO build (id, pkg_id, version, release, nvr, epoch, state, task_id, owner, create_event, start_time, completion_time, source)
SELECT i + 1, package, version, release, name || '-' || version || '-' || release, CASE WHEN i % 50 = 0 THEN 1 END,
    state, task0 + 48 * i + 1, user0 + 3 + i * 31 % (people - 2), event0 + 4 * i + 1, born, CASE WHEN state <> 0 THEN born + 900000000 + i % 600 * 1000000 END,
    'git+https://src.example.org/rpms/package' || i % packages || '.git#' || md5(i::text)
FROM farm, generate_series(0, builds - 1) i,
    LATERAL (SELECT i - i / 5 - 1 AS n, time0 + step * 25 * i / 4 AS born,
        CASE WHEN i >= builds - 30 THEN 0 WHEN i % 33 = 1 THEN 3 WHEN i % 97 = 2 THEN 4 WHEN i % 101 = 3 THEN 2 ELSE 1 END AS state) x,
    LATERAL (SELECT CASE WHEN i % 5 = 0 THEN 1 + i / 5 % hot ELSE 1 + hot + (n * 7919) % cold END AS package,
        '1.' || CASE WHEN i % 5 = 0 THEN i / 5 / hot ELSE n / cold END AS version, 1 + i % 3 || '.fc' || 40 + i * 6 / builds AS release) y
    JOIN package ON package.id = y.package;

INSERT INTO build_types (build_id, btype_id) SELECT id, 1 FROM build WHERE state IN (1, 2);

-- A release's build goes through its candidates into its updates; the newest
-- release itself holds builds of all packages, of which the older ones are
-- taken out again.
INSERT INTO tag_listing (build_id, tag_id, create_event, creator_id, revoke_event, revoker_id)
SELECT b.id, t.id, event0 + 4 * b.id - 2, b.owner, event0 + 4 * b.id - 1, 1
FROM farm, build b, tag t WHERE b.state = 1 AND t.name = 'f' || 40 + (b.id - 1) * 6 / builds || '-updates-candidate';

INSERT INTO tag_listing (build_id, tag_id, create_event, creator_id, revoke_event, revoker_id)
SELECT b.id, t.id, event0 + 4 * b.id - 1, 1, CASE WHEN b.id % 3 = 0 AND b.id < builds - packages THEN event0 + 4 * (b.id + packages / 2) END, CASE WHEN b.id % 3 = 0 AND b.id < builds - packages THEN 1 END
FROM farm, build b, tag t WHERE b.state = 1 AND t.name = 'f' || 40 + (b.id - 1) * 6 / builds || '-updates';

INSERT INTO tag_listing (build_id, tag_id, create_event, creator_id, revoke_event, revoker_id)
SELECT b.id, t.id, event0 + 4 * b.id, 1, CASE WHEN b.id % 2 = 0 AND b.id < builds - 2 * packages THEN event0 + 4 * (b.id + packages) END, CASE WHEN b.id % 2 = 0 AND b.id < builds - 2 * packages THEN 1 END
FROM farm, build b, tag t WHERE b.state = 1 AND b.id > builds / 2 AND t.name = 'f45';

INSERT INTO tag_listing (build_id, tag_id, create_event, creator_id)
SELECT b.id, t.id, event0 + 4 * b.id, b.owner FROM farm, build b, tag t
WHERE b.state = 1 AND b.id > builds * 9 / 10 AND t.id = tag0 + tags - b.id % 100 AND b.id % 4 = 0;
