-- one root for each build and its two architectures; a tenth of the sets of
-- packages that there are builds
INSERT INTO buildroot (id, set_id, host_id, repo_id, task_id, arch, state, create_event, create_time, retire_event, retire_time, details)
SELECT 2 * i + j + 1, 1 + i * sets / builds, host0 + 1 + (i * 7 + j) % hosts, repo0 + 1 + i, task0 + 48 * i + 3 + j, CASE j WHEN 0 THEN 'x86_64' ELSE 'aarch64' END,
    CASE WHEN i >= builds - 30 THEN 2 ELSE 3 END, event0 + 4 * i + 1, time0 + step * 25 * i / 4,
    CASE WHEN i < builds - 30 THEN event0 + 4 * i + 2 END, CASE WHEN i < builds - 30 THEN time0 + step * 25 * i / 4 + 600000000 END,
    '{"kernel":"6.12.0","sandbox":"namespaces"}'
FROM farm, generate_series(0, builds - 1) i, generate_series(0, 1) j;

INSERT INTO root_set (id, hash, count) SELECT s, encode(sha256(s::text::bytea), 'hex'), 200 FROM farm, generate_series(1, sets) s;

-- a source package, four of each of two architectures, and one of none
INSERT INTO rpminfo (id, build_id, buildroot_id, name, version, release, epoch, arch, payloadhash, size, buildtime, sum)
SELECT (b.id - 1) * 10 + r, b.id, 2 * b.id - CASE WHEN r BETWEEN 6 AND 9 THEN 0 ELSE 1 END,
    p.name || (ARRAY['', '', '-devel', '-libs', '-debuginfo', '', '-devel', '-libs', '-debuginfo', '-doc'])[r], b.version, b.release, b.epoch,
    CASE WHEN r = 1 THEN 'src' WHEN r = 10 THEN 'noarch' WHEN r < 6 THEN 'x86_64' ELSE 'aarch64' END,
    md5(b.id::text || r), 20000 + b.id * 7919 % 900000, b.start_time / 1000000, encode(sha256((b.id::text || r)::bytea), 'hex')
FROM build b JOIN package p ON p.id = b.pkg_id, generate_series(1, 10) r WHERE b.state IN (1, 2);

INSERT INTO rpmsigs (rpm_id, sigkey, sighash) SELECT id, '0a1b2c3d', md5('s' || id) FROM rpminfo;

-- what every root has, of the packages that are built most, and what was built
-- shortly before
INSERT INTO root_set_rpm (set_id, rpm_id)
SELECT DISTINCT s, (x.i * 10) + 2 + j % 3 FROM (
    SELECT s, j, CASE WHEN j < 100 THEN greatest(0, ((s - 1) * 10 / 5 / hot - 1) * hot * 5 + j * 5) ELSE greatest(0, (s - 1) * 10 - (j - 99) * 37) END AS i
    FROM farm, generate_series(1, sets) s, generate_series(0, 199) j
) x JOIN rpminfo r ON r.id = x.i * 10 + 2 + j % 3;
