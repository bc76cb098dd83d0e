-- +goose Up
-- What AWS told last of what things cost, of a Region.
CREATE TABLE prices (
    region TEXT NOT NULL,
    thing  TEXT NOT NULL,
    usd    DOUBLE PRECISION NOT NULL,
    per    TEXT NOT NULL,
    origin TEXT NOT NULL,
    PRIMARY KEY (region, thing)
);
