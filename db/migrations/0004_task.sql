-- +goose Up
-- room: hub/task
CREATE TABLE channels (
    id          {{id}},
    name        TEXT    NOT NULL UNIQUE,
    description TEXT,
    enabled     BOOLEAN NOT NULL DEFAULT TRUE,
    comment     TEXT
);
INSERT INTO channels (name) VALUES ('default'), ('createrepo'), ('maven'), ('livecd'), ('appliance'), ('vm'),
    ('image'), ('livemedia');
CREATE TABLE host (
    id          {{id}},
    user_id     BIGINT  NOT NULL UNIQUE REFERENCES users(id),
    name        TEXT    NOT NULL UNIQUE,
    update_time BIGINT,                     -- when it last called
    task_load   {{real}} NOT NULL DEFAULT 0,
    ready       BOOLEAN NOT NULL DEFAULT FALSE,
    data        TEXT                        -- JSON: methods, free capacity, version, as it last said
);
CREATE TABLE host_config (
    host_id      BIGINT  NOT NULL REFERENCES host(id),
    arches       TEXT,
    capacity     {{real}} NOT NULL DEFAULT 2,
    description  TEXT,
    comment      TEXT,
    enabled      BOOLEAN NOT NULL DEFAULT TRUE,
    create_event BIGINT  NOT NULL REFERENCES event(id),
    revoke_event BIGINT  REFERENCES event(id),
    creator_id   BIGINT  NOT NULL,
    revoker_id   BIGINT
);
CREATE UNIQUE INDEX host_config_one ON host_config (host_id) WHERE revoke_event IS NULL;
CREATE TABLE host_channels (
    host_id      BIGINT NOT NULL REFERENCES host(id),
    channel_id   BIGINT NOT NULL REFERENCES channels(id),
    create_event BIGINT NOT NULL REFERENCES event(id),
    revoke_event BIGINT REFERENCES event(id),
    creator_id   BIGINT NOT NULL,
    revoker_id   BIGINT
);
CREATE UNIQUE INDEX host_channels_one ON host_channels (host_id, channel_id) WHERE revoke_event IS NULL;
CREATE TABLE task (
    id              {{id}},
    state           INTEGER NOT NULL DEFAULT 0,  -- 0 free 1 open 2 closed 3 canceled 4 assigned 5 failed
    method          TEXT    NOT NULL,
    request         TEXT    NOT NULL,            -- JSON: the parameters as Koji's clients gave them
    result          TEXT,                        -- JSON
    fault           TEXT,                        -- JSON: phase, message, cause, log, line
    arch            TEXT    NOT NULL,
    channel_id      BIGINT  REFERENCES channels(id),
    host_id         BIGINT  REFERENCES host(id),
    parent          BIGINT  REFERENCES task(id),
    label           TEXT,
    owner           BIGINT  REFERENCES users(id),
    share           BIGINT  NOT NULL DEFAULT 0,      -- whose fair share it counts against: the owner, unless said otherwise
    priority        INTEGER NOT NULL,
    weight          {{real}} NOT NULL DEFAULT 1,
    create_time     BIGINT  NOT NULL,
    free_time       BIGINT  NOT NULL,            -- since when it can be taken
    start_time      BIGINT,
    completion_time BIGINT,
    waiting         BOOLEAN NOT NULL DEFAULT FALSE,
    awaited         BOOLEAN NOT NULL DEFAULT FALSE,
    hub             BOOLEAN NOT NULL DEFAULT FALSE,  -- the hub runs it itself
    runs            INTEGER NOT NULL DEFAULT 0,      -- how often it was leased
    losses          INTEGER NOT NULL DEFAULT 0,      -- how many leases ended without a word
    holder          TEXT,                            -- the hub that runs it, for hub tasks
    epoch           BIGINT  NOT NULL DEFAULT 0,      -- fencing token of the current lease
    lease_until     BIGINT,
    not_before      BIGINT  NOT NULL DEFAULT 0,      -- a refused or failed lease waits so long
    phase           TEXT
);
-- What hosts may take, in the order in which the scheduler hops from group to
-- group: tasks that nobody may take make one hop, however many they are.
CREATE INDEX task_free_bin ON task (channel_id, arch, method, priority, share, id) WHERE state = 0 AND hub = FALSE;
-- what hubs may take: new tasks, and open ones whose children are done or whose hub died
CREATE INDEX task_free_hub ON task (priority, id)
    WHERE hub = TRUE AND state IN (0, 1) AND lease_until IS NULL AND waiting = FALSE;
CREATE INDEX task_live ON task (host_id) WHERE state IN (1, 4) AND host_id IS NOT NULL;
CREATE INDEX task_running ON task (share) WHERE state IN (1, 4) AND hub = FALSE AND waiting = FALSE;
CREATE INDEX task_history ON task (method, arch, id) WHERE state = 2;
CREATE INDEX task_state ON task (state, id) WHERE state IN (0, 1, 4);
CREATE INDEX task_lease ON task (lease_until) WHERE lease_until IS NOT NULL;
CREATE UNIQUE INDEX task_label ON task (parent, label) WHERE label IS NOT NULL;
CREATE INDEX task_parent ON task (parent);
CREATE INDEX task_owner ON task (owner, id);
CREATE INDEX task_time ON task (create_time);
CREATE TABLE task_refusals (
    id      {{id}},
    task_id BIGINT  NOT NULL REFERENCES task(id),
    host_id BIGINT  NOT NULL REFERENCES host(id),
    by_host BOOLEAN NOT NULL DEFAULT TRUE,
    soft    BOOLEAN NOT NULL DEFAULT FALSE,
    msg     TEXT,
    time    BIGINT  NOT NULL,
    UNIQUE (task_id, host_id)
);
-- each lease of a task by a host
CREATE TABLE task_runs (
    id          {{id}},
    task_id     BIGINT  NOT NULL REFERENCES task(id),
    host_id     BIGINT  NOT NULL REFERENCES host(id),
    create_time BIGINT  NOT NULL,
    active      BOOLEAN NOT NULL DEFAULT TRUE
);
CREATE INDEX task_runs_active ON task_runs (task_id) WHERE active = TRUE;
CREATE INDEX task_runs_host ON task_runs (host_id, id);
-- what the scheduler has to say: lost leases, refusals
CREATE TABLE task_notes (
    id      {{id}},
    task_id BIGINT REFERENCES task(id),
    host_id BIGINT REFERENCES host(id),
    msg     TEXT   NOT NULL,
    time    BIGINT NOT NULL
);
CREATE INDEX task_notes_task ON task_notes (task_id);
