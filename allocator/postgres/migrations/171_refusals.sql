-- +goose Up
-- What EC2 refused last in each place, to whichever allocator.
CREATE TABLE refusals (
    pool  TEXT NOT NULL,
    type  TEXT NOT NULL,
    place TEXT NOT NULL,
    spot  BOOLEAN NOT NULL,
    code  TEXT NOT NULL,
    why   TEXT NOT NULL,
    at    BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (pool, type, place, spot)
);
