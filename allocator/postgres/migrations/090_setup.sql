-- +goose Up
-- How a machine's set-up goes, as JSON; empty before its agent told it.
ALTER TABLE machines ADD COLUMN setup TEXT NOT NULL DEFAULT '';
