-- +goose Up
-- What participants see of a machine, as its agent says; empty for none.
ALTER TABLE machines ADD COLUMN agent_desktop TEXT NOT NULL DEFAULT '';
