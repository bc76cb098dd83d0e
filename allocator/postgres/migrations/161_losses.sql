-- +goose Up
-- Why the participant of a seat lost the machine before, as they are told; note says it to staff.
-- lost_note is the note that lost was kept with: the release before keeps another note alone.
ALTER TABLE seats ADD COLUMN lost TEXT NOT NULL DEFAULT '';
ALTER TABLE seats ADD COLUMN lost_note TEXT NOT NULL DEFAULT '';
