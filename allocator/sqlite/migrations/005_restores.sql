-- +goose Up
-- Whether another agent may take the place of the machine's own: after a restore,
-- until the agent was heard of.
ALTER TABLE machines ADD COLUMN agent_replaceable INTEGER NOT NULL DEFAULT 0;

-- When the database was restored from a backup, and what the newest was that it knew.
CREATE TABLE restores (
    at   INTEGER NOT NULL,
    knew INTEGER NOT NULL
) STRICT;

-- What a try to write leaves.
CREATE TABLE written (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    at  INTEGER NOT NULL
) STRICT;
