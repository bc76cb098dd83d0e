-- +goose Up
-- How a machine's set-up goes, as JSON; empty before its agent told it.
ALTER TABLE machines ADD COLUMN setup TEXT NOT NULL DEFAULT '';

-- What participants did in their sessions, as their machines measured it; JSON. It goes
-- with the seat.
CREATE TABLE session_use (
    session    TEXT PRIMARY KEY,
    seat_id    TEXT NOT NULL REFERENCES seats (id) ON DELETE CASCADE,
    machine_id TEXT NOT NULL REFERENCES machines (id),
    at         BIGINT NOT NULL,
    seconds    BIGINT NOT NULL,
    used       TEXT NOT NULL
);
CREATE INDEX session_use_by_seat ON session_use (seat_id);
