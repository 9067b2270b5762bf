-- +goose Up
-- room: hub/repo
CREATE TABLE repo (
    id           {{id}},
    tag_id       BIGINT  NOT NULL REFERENCES tag(id),
    create_event BIGINT  NOT NULL REFERENCES event(id),
    begin_event  BIGINT,                    -- the last change before create_event that the contents show
    end_event    BIGINT,                    -- the first change after it that they do not
    create_time  BIGINT  NOT NULL,
    state_time   BIGINT  NOT NULL,
    state        INTEGER NOT NULL,          -- 0 init 1 ready 2 expired 3 deleted 4 problem
    dist         BOOLEAN NOT NULL DEFAULT FALSE,
    opts         TEXT    NOT NULL DEFAULT '{}',
    custom_opts  TEXT    NOT NULL DEFAULT '{}',
    task_id      BIGINT  REFERENCES task(id)
);
CREATE INDEX repo_tag ON repo (tag_id, state, create_event);
CREATE INDEX repo_task ON repo (task_id) WHERE task_id IS NOT NULL;
CREATE TABLE repo_queue (
    id          {{id}},
    tag_id      BIGINT  NOT NULL REFERENCES tag(id),
    create_time BIGINT  NOT NULL,
    update_time BIGINT  NOT NULL,
    owner       BIGINT  REFERENCES users(id),
    priority    INTEGER NOT NULL DEFAULT 20,
    at_event    BIGINT,
    min_event   BIGINT,
    opts        TEXT    NOT NULL DEFAULT '{}',
    active      BOOLEAN NOT NULL DEFAULT TRUE,
    task_id     BIGINT  REFERENCES task(id),
    repo_id     BIGINT  REFERENCES repo(id),
    tries       INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX repo_queue_tag ON repo_queue (tag_id);
