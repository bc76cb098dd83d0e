-- +goose Up
-- What machines logged, a row for each batch. Its lines are JSON.
CREATE TABLE logs (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    machine_id TEXT NOT NULL REFERENCES machines (id),
    run        TEXT NOT NULL,
    number     INTEGER NOT NULL,
    lost       INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    lines      TEXT NOT NULL,
    UNIQUE (machine_id, run, number)
) STRICT;
CREATE INDEX logs_by_machine ON logs (machine_id, seq);
CREATE INDEX logs_by_age ON logs (at);
