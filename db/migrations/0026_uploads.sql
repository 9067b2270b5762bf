-- +goose Up
-- room: hub/file
-- whose upload directories there are: few of the nodes have an owner
CREATE INDEX node_owner ON node (owner) WHERE owner IS NOT NULL;
-- room: hub/account
-- the oldest of somebody's keys are forgotten
CREATE INDEX request_keys_user ON request_keys (user_id, time);
