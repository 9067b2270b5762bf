-- +goose Up
-- room: db
-- how often records were changed, in parts, so that changes at once do not
-- wait for one another: the sum tells one state of the records from another
CREATE TABLE change_count (
    part INTEGER PRIMARY KEY,
    n    BIGINT  NOT NULL
);
INSERT INTO change_count (part, n) VALUES
    (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0),
    (8, 0), (9, 0), (10, 0), (11, 0), (12, 0), (13, 0), (14, 0), (15, 0);
