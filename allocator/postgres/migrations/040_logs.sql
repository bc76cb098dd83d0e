-- +goose Up
-- What machines logged, a row for each batch. Its lines are JSON.
CREATE TABLE logs (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    machine_id TEXT NOT NULL REFERENCES machines (id),
    run        TEXT NOT NULL,
    number     BIGINT NOT NULL,
    lost       BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    bytes      BIGINT NOT NULL,
    lines      TEXT NOT NULL,
    UNIQUE (machine_id, run, number)
);
CREATE INDEX logs_by_machine ON logs (machine_id, seq);
CREATE INDEX logs_by_age ON logs (at);
