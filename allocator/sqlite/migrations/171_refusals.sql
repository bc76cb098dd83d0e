-- +goose Up
-- What EC2 refused last in each place, to whichever allocator.
CREATE TABLE refusals (
    pool  TEXT NOT NULL,
    type  TEXT NOT NULL,
    place TEXT NOT NULL,
    spot  INTEGER NOT NULL,
    code  TEXT NOT NULL,
    why   TEXT NOT NULL,
    at    INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (pool, type, place, spot)
) STRICT;
