-- people, hosts, tags beside the release's, package lists

INSERT INTO users (id, name, usertype) SELECT user0 + i, 'person' || i, 0 FROM farm, generate_series(1, people) i;

INSERT INTO users (id, name, usertype) SELECT user0 + people + i, 'builder' || i || '.example.org', 1 FROM farm, generate_series(1, hosts) i;

INSERT INTO user_krb_principals (user_id, krb_principal) SELECT id, name || '@EXAMPLE.ORG' FROM users, farm WHERE id > user0;

INSERT INTO host (id, user_id, name, update_time, task_load, ready, data)
SELECT host0 + i, user0 + people + i, 'builder' || i || '.example.org', time0 + step * families, 1.5, TRUE,
    '{"methods":["build","buildArch","createrepo"],"maxjobs":10}' FROM farm, generate_series(1, hosts) i;

-- what the hub did of itself comes before all that follows
UPDATE event SET time = time - 157680000000000 FROM farm WHERE event.id <= event0;

-- each event of a build has its own number: made, tagged, moved, and one of a repository
INSERT INTO event (id, time) SELECT event0 + 4 * i + j, time0 + step * 25 * i / 4 + 600000000::bigint * j FROM farm, generate_series(0, builds - 1) i, generate_series(1, 4) j;

INSERT INTO host_config (host_id, arches, capacity, description, create_event, creator_id)
SELECT host0 + i, CASE WHEN i % 4 = 0 THEN 'aarch64' ELSE 'x86_64 i686' END, 10, 'a builder', event0 + 1, 1 FROM farm, generate_series(1, hosts) i;

INSERT INTO host_channels (host_id, channel_id, create_event, creator_id)
SELECT host0 + i, c, event0 + 1, 1 FROM farm, generate_series(1, hosts) i, generate_series(1, 2) c;

INSERT INTO package (id, name) SELECT i + 1, (ARRAY['python-', 'perl-', 'rust-', 'golang-github-', 'lib', ''])[1 + i % 6] || substr(md5(i::text), 1, 4 + (i % 7)::int) || i FROM farm, generate_series(0, packages - 1) i;

-- the tags that developers have for themselves, on top of the newest release
INSERT INTO tag (id, name) SELECT tag0 + i, 'f45-build-side-' || (100000 + i) FROM farm, generate_series(1, tags) i;

INSERT INTO tag_config (tag_id, arches, create_event, creator_id, revoke_event, revoker_id)
SELECT tag0 + i, 'x86_64 aarch64', event0 + 4 * (builds * i / (tags + 1)) + 1, user0 + 1 + i % people,
    CASE WHEN i < tags - 100 THEN event0 + 4 * (builds * i / (tags + 1)) + 401 END, CASE WHEN i < tags - 100 THEN 1 END
FROM farm, generate_series(1, tags) i;

INSERT INTO tag_inheritance (tag_id, parent_id, priority, create_event, creator_id, revoke_event, revoker_id)
SELECT c.tag_id, t.id, 0, c.create_event, c.creator_id, c.revoke_event, c.revoker_id FROM farm, tag_config c, tag t WHERE c.tag_id > tag0 AND t.name = 'f45-build';

INSERT INTO tag_extra (tag_id, key, value, create_event, creator_id, revoke_event, revoker_id)
SELECT tag_id, k, v, create_event, creator_id, revoke_event, revoker_id FROM farm, tag_config, (VALUES ('sidetag', 'true'), ('sidetag_user', '"person1"')) x(k, v) WHERE tag_id > tag0;

-- each release lists all packages, of which some are blocked by now
INSERT INTO tag_packages (package_id, tag_id, blocked, create_event, creator_id)
SELECT i + 1, t.id, (i + t.id) % 40 = 0, event0 + 2 + 4 * (i * 7919 % builds), 1 FROM farm, generate_series(0, packages - 1) i, tag t WHERE t.name ~ '^f4[0-5]$';

INSERT INTO tag_packages (package_id, tag_id, blocked, create_event, creator_id, revoke_event, revoker_id)
SELECT i + 1, t.id, FALSE, event0 + 1, 1, event0 + 2 + 4 * (i * 7919 % builds), 1 FROM farm, generate_series(0, packages - 1, 5) i, tag t WHERE t.name ~ '^f4[0-5]$';

INSERT INTO tag_package_owners (package_id, tag_id, owner, create_event, creator_id)
SELECT i + 1, t.id, user0 + 3 + i * 7 % (people - 2), event0 + 2 + 4 * (i * 7919 % builds), 1 FROM farm, generate_series(0, packages - 1) i, tag t WHERE t.name ~ '^f4[0-5]$';

INSERT INTO tag_package_owners (package_id, tag_id, owner, create_event, creator_id, revoke_event, revoker_id)
SELECT i + 1, t.id, user0 + 1 + i % people, event0 + 1, 1, event0 + 2 + 4 * (i * 7919 % builds), 1 FROM farm, generate_series(0, packages - 1, 5) i, tag t WHERE t.name ~ '^f4[0-5]$';
