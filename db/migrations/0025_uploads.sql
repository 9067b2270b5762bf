-- +goose Up
-- room: hub/file
-- whose upload directories there are: few of the nodes have an owner
CREATE INDEX node_owner ON node (owner) WHERE owner IS NOT NULL;
