-- +goose Up
-- room: hub/event
CREATE TABLE event (
    id   {{id}},
    time BIGINT NOT NULL
);
CREATE TABLE outbox (
    id        {{id}},
    topic     TEXT   NOT NULL,
    body      TEXT   NOT NULL,
    time      BIGINT NOT NULL
);
-- how far each hub's bus has been filled from the outbox
CREATE TABLE outbox_mark (
    hub       TEXT   PRIMARY KEY,
    outbox_id BIGINT NOT NULL
);
