-- +goose Up
-- room: hub/event
-- when a message was written, by the clock of the database: once every transaction
-- that began before has ended, no message with a smaller id will come
ALTER TABLE outbox ADD COLUMN horizon {{horizon}};
