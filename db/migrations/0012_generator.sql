-- +goose Up
-- room: hub/build
-- programs elsewhere that import what they have built, and who speaks for them
CREATE TABLE content_generator (
    id   {{id}},
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE cg_users (
    cg_id        BIGINT NOT NULL REFERENCES content_generator(id),
    user_id      BIGINT NOT NULL REFERENCES users(id),
    create_event BIGINT NOT NULL REFERENCES event(id),
    revoke_event BIGINT REFERENCES event(id),
    creator_id   BIGINT NOT NULL,
    revoker_id   BIGINT
);
CREATE UNIQUE INDEX cg_users_one ON cg_users (cg_id, user_id) WHERE revoke_event IS NULL;
ALTER TABLE build ADD COLUMN cg_id BIGINT REFERENCES content_generator(id);
-- names of builds that a generator will import; the token proves whose they are
CREATE TABLE build_reservations (
    build_id BIGINT PRIMARY KEY REFERENCES build(id),
    token    TEXT   NOT NULL,
    created  BIGINT NOT NULL
);
