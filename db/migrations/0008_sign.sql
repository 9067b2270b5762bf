-- +goose Up
-- room: hub/sign
CREATE TABLE sign_key (
    id      {{id}},
    name    TEXT   NOT NULL UNIQUE,
    keyid   TEXT   NOT NULL UNIQUE,        -- 16 hexadecimal digits, lower case
    kind    TEXT   NOT NULL,               -- rsa4096, ed25519
    public  TEXT   NOT NULL,               -- armoured
    created BIGINT NOT NULL,
    retired BIGINT
);
