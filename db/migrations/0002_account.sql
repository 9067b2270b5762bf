-- +goose Up
-- room: hub/account
CREATE TABLE users (
    id       {{id}},
    name     TEXT    NOT NULL UNIQUE,
    password TEXT,                        -- argon2id, encoded with its parameters
    status   INTEGER NOT NULL DEFAULT 0,  -- 0 normal, 1 blocked
    usertype INTEGER NOT NULL DEFAULT 0   -- 0 person, 1 host, 2 group
);
CREATE TABLE user_krb_principals (
    user_id       BIGINT NOT NULL REFERENCES users(id),
    krb_principal TEXT   NOT NULL UNIQUE
);
CREATE TABLE permissions (
    id          {{id}},
    name        TEXT NOT NULL UNIQUE,
    description TEXT
);
-- in Koji's order, so that a fresh installation has Koji's ids
INSERT INTO permissions (name, description) VALUES
    ('admin', 'Everything.'),
    ('appliance', 'Build appliances.'),
    ('dist-repo', 'Make repositories for distribution.'),
    ('host', 'Manage build hosts and channels.'),
    ('image', 'Build images.'),
    ('image-import', 'Import images that were built elsewhere.'),
    ('livecd', 'Build live CDs.'),
    ('maven-import', 'Import Maven archives that were built elsewhere.'),
    ('repo', 'Make, expire and delete repositories.'),
    ('sign', 'Add signatures to packages.'),
    ('tag', 'Manage tags, their inheritance and their package lists.'),
    ('target', 'Manage build targets.'),
    ('win-admin', 'Build for Windows, where the policy asks for it.'),
    ('win-import', 'Import Windows archives that were built elsewhere.'),
    ('draft-promoter', 'Promote draft builds, where the policy asks for it.');
CREATE TABLE user_perms (
    user_id      BIGINT NOT NULL REFERENCES users(id),
    perm_id      BIGINT NOT NULL REFERENCES permissions(id),
    create_event BIGINT NOT NULL REFERENCES event(id),
    revoke_event BIGINT REFERENCES event(id),
    creator_id   BIGINT NOT NULL,
    revoker_id   BIGINT
);
CREATE UNIQUE INDEX user_perms_one ON user_perms (user_id, perm_id) WHERE revoke_event IS NULL;
CREATE TABLE user_groups (
    user_id      BIGINT NOT NULL REFERENCES users(id),
    group_id     BIGINT NOT NULL REFERENCES users(id),
    create_event BIGINT NOT NULL REFERENCES event(id),
    revoke_event BIGINT REFERENCES event(id),
    creator_id   BIGINT NOT NULL,
    revoker_id   BIGINT
);
CREATE UNIQUE INDEX user_groups_one ON user_groups (user_id, group_id) WHERE revoke_event IS NULL;
CREATE TABLE sessions (
    id          {{id}},
    user_id     BIGINT  NOT NULL REFERENCES users(id),
    master_id   BIGINT  REFERENCES sessions(id),
    key_hash    TEXT    NOT NULL,          -- sha256 of the key; the key itself is not kept
    authtype    INTEGER NOT NULL,          -- 0 password, 1 kerberos, 2 certificate, 3 gssapi
    hostip      TEXT    NOT NULL,
    callnum     BIGINT,
    start_time  BIGINT  NOT NULL,
    renew_time  BIGINT,
    update_time BIGINT  NOT NULL,
    exclusive   BOOLEAN NOT NULL DEFAULT FALSE,
    closed      BOOLEAN NOT NULL DEFAULT FALSE,
    expired     BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX sessions_user ON sessions (user_id) WHERE NOT closed;
CREATE UNIQUE INDEX sessions_exclusive ON sessions (user_id) WHERE exclusive AND NOT closed;
CREATE TABLE tokens (
    id       {{id}},
    user_id  BIGINT NOT NULL REFERENCES users(id),
    name     TEXT   NOT NULL,
    hash     TEXT   NOT NULL UNIQUE,       -- sha256 of the token
    scopes   TEXT   NOT NULL,              -- permissions it may use, separated by spaces; * for all its user has
    created  BIGINT NOT NULL,
    expires  BIGINT,
    revoked  BIGINT
);
CREATE TABLE certificates (
    serial  TEXT   PRIMARY KEY,            -- hexadecimal
    name    TEXT   NOT NULL,               -- the common name: a user, a host, a server
    purpose TEXT   NOT NULL,               -- user, builder, server
    issued  BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    revoked BIGINT
);
