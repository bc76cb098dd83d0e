-- +goose Up
-- Whether staff sees small pictures of a workshop's desktops; its participants are told.
ALTER TABLE workshops ADD COLUMN previews BOOLEAN NOT NULL DEFAULT FALSE;
