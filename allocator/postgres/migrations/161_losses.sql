-- +goose Up
-- Why the participant of a seat lost the machine before, as they are told; note says it to staff.
ALTER TABLE seats ADD COLUMN lost TEXT NOT NULL DEFAULT '';
