-- +goose Up
-- room: hub/account
-- answers to requests that their callers may repeat
CREATE TABLE request_keys (
    user_id BIGINT NOT NULL REFERENCES users(id),
    key     TEXT   NOT NULL,
    sum     TEXT   NOT NULL,              -- sha256 of what was asked
    answer  TEXT,                         -- JSON; there is one once the request was carried out
    time    BIGINT NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX request_keys_time ON request_keys (time);
