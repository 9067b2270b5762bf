-- +goose Up
-- room: hub/notify
-- letters that wait to be sent; one that was sent is deleted
CREATE TABLE mail (
    id      {{id}},
    rcpt    TEXT    NOT NULL,            -- one address
    subject TEXT    NOT NULL,
    headers TEXT    NOT NULL,            -- JSON object
    body    TEXT    NOT NULL,
    time    BIGINT  NOT NULL,            -- when it was written
    tries   INTEGER NOT NULL DEFAULT 0,
    due     BIGINT  NOT NULL             -- not before; moved on while a hub sends it
);
CREATE INDEX mail_due ON mail (due);
