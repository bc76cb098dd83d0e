-- +goose Up
-- Which boot of the machine its agent spoke of last, and when; written now and then,
-- not with each report.
ALTER TABLE machines ADD COLUMN boot_id TEXT NOT NULL DEFAULT '';
ALTER TABLE machines ADD COLUMN heard_at BIGINT NOT NULL DEFAULT 0;
-- When who holds it last did something, as was known at heard_at; 0: nobody knows.
ALTER TABLE machines ADD COLUMN active_at BIGINT NOT NULL DEFAULT 0;
-- What its agent says would help it.
ALTER TABLE machines ADD COLUMN action TEXT NOT NULL DEFAULT '';
-- How often it was rebooted in a row, from which boot it is being rebooted, when
-- that was asked for last, and since when it is well.
ALTER TABLE machines ADD COLUMN reboots BIGINT NOT NULL DEFAULT 0;
ALTER TABLE machines ADD COLUMN reboot_from TEXT NOT NULL DEFAULT '';
ALTER TABLE machines ADD COLUMN reboot_asked_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE machines ADD COLUMN well_since BIGINT NOT NULL DEFAULT 0;
-- Why another one is to take its place; '' while none is.
ALTER TABLE machines ADD COLUMN leaving TEXT NOT NULL DEFAULT '';

-- How long a participant may do nothing, in seconds; 0: as long as they like.
ALTER TABLE workshops ADD COLUMN idle_limit BIGINT NOT NULL DEFAULT 0;
-- Which files are collected, as a list of patterns in JSON.
ALTER TABLE workshops ADD COLUMN collect TEXT NOT NULL DEFAULT '[]';

-- What staff tells the participant.
ALTER TABLE seats ADD COLUMN message TEXT NOT NULL DEFAULT '';
ALTER TABLE seats ADD COLUMN message_at BIGINT NOT NULL DEFAULT 0;

-- What an operation collects on a machine: the work of one hold of a seat.
CREATE TABLE collections (
    operation_id TEXT NOT NULL REFERENCES operations (id),
    machine_id   TEXT NOT NULL REFERENCES machines (id),
    seat_id      TEXT NOT NULL REFERENCES seats (id),
    since        BIGINT NOT NULL,
    deadline     BIGINT NOT NULL,
    PRIMARY KEY (operation_id, machine_id)
);
CREATE INDEX collections_by_machine ON collections (machine_id);
