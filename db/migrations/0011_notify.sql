-- +goose Up
-- room: hub/notify
-- what people want to hear of: builds of a package, in a tag, or of all
CREATE TABLE build_notifications (
    id           {{id}},
    user_id      BIGINT  NOT NULL REFERENCES users(id),
    package_id   BIGINT  REFERENCES package(id),   -- NULL: of any package
    tag_id       BIGINT  REFERENCES tag(id),       -- NULL: in any tag
    success_only BOOLEAN NOT NULL DEFAULT FALSE,
    email        TEXT    NOT NULL
);
CREATE INDEX build_notifications_user ON build_notifications (user_id);
-- and what they do not want to hear of, whatever the reason would be
CREATE TABLE build_notifications_block (
    id         {{id}},
    user_id    BIGINT NOT NULL REFERENCES users(id),
    package_id BIGINT REFERENCES package(id),
    tag_id     BIGINT REFERENCES tag(id)
);
CREATE INDEX build_notifications_block_user ON build_notifications_block (user_id);
