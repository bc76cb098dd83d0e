-- +goose Up
-- Whether another agent may take the place of the machine's own: after a restore,
-- until the agent was heard of.
ALTER TABLE machines ADD COLUMN agent_replaceable BOOLEAN NOT NULL DEFAULT false;

-- When the database was restored from a backup, and what the newest was that it knew.
CREATE TABLE restores (
    at   BIGINT NOT NULL,
    knew BIGINT NOT NULL
);

-- What a try to write leaves.
CREATE TABLE written (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    at  BIGINT NOT NULL
);
