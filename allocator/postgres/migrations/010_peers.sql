-- +goose Up
-- The allocators that share this database, and when each was last heard of.
CREATE TABLE peers (
    id          TEXT PRIMARY KEY,
    address     TEXT NOT NULL,
    certificate BYTEA NOT NULL,
    seen        BIGINT NOT NULL
);

-- Which allocator holds a machine's tunnel, and which tunnel of its that is; '' where
-- none does.
ALTER TABLE machines ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE machines ADD COLUMN tunnel TEXT NOT NULL DEFAULT '';
CREATE INDEX machines_by_holder ON machines (holder) WHERE holder <> '';
