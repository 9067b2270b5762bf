-- All that is made is computed from numbers: of families of eight tasks, of
-- builds (every sixth family made one), of packages. What is there already is
-- what the hub made of itself, so numbers go on from there.
CREATE UNLOGGED TABLE farm AS SELECT
    builds, packages, greatest(1, packages / 100) AS hot, packages - greatest(1, packages / 100) AS cold,
    builds * 25 / 4 AS families, least(200, builds * 5 / 16) AS live, builds / 10 + 1 AS sets, tags, 300 AS people, 100 AS hosts,
    (SELECT max(id) FROM users) AS user0,
    (SELECT coalesce(max(id), 0) FROM host) AS host0,
    (SELECT max(id) FROM event) AS event0,
    (SELECT max(time) FROM event) - 157680000000000 AS time0, -- five years
    157680000000000 / (builds * 25 / 4) AS step,
    (SELECT coalesce(max(id), 0) FROM task) AS task0,
    (SELECT max(id) FROM tag) AS tag0,
    (SELECT min(id) FROM build_target) AS target0,
    (SELECT coalesce(max(id), 0) FROM repo) AS repo0
FROM (SELECT current_setting('farm.builds')::bigint AS builds, current_setting('farm.packages')::bigint AS packages,
    current_setting('farm.tags')::bigint AS tags) s;
