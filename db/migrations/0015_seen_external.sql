-- +goose Up
-- room: hub/tag
-- what kojira saw of an external repository: a newer look makes repositories
-- of the tags that read it old
CREATE TABLE external_repo_data (
    external_repo_id BIGINT NOT NULL REFERENCES external_repo(id),
    data             TEXT   NOT NULL,
    create_event     BIGINT NOT NULL REFERENCES event(id),
    revoke_event     BIGINT REFERENCES event(id),
    creator_id       BIGINT NOT NULL,
    revoker_id       BIGINT
);
CREATE UNIQUE INDEX external_repo_data_one ON external_repo_data (external_repo_id) WHERE revoke_event IS NULL;
