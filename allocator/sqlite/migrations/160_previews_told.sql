-- +goose Up
-- Whether a seat's participant was told of small pictures since they were turned on last.
ALTER TABLE seats ADD COLUMN previews_told INTEGER NOT NULL DEFAULT 0;
