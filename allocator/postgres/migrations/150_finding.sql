-- +goose Up
-- Machines and operations are listed newest first, however many there are.
CREATE INDEX machines_by_age ON machines (created_at, id);
CREATE INDEX operations_by_age ON operations (created_at, id);
