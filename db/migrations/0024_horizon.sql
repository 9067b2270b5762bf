-- +goose Up
-- room: hub/event
-- the number that the next transaction had when a message was written: once all
-- before it have ended, no message with a smaller id will come
ALTER TABLE outbox ADD COLUMN horizon {{horizon}};
