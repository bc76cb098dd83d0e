-- +goose Up
-- Which of the hosts that share this database may switch to another release, and
-- until when, by the database's own clock.
CREATE TABLE turns (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    host   TEXT NOT NULL,
    wanted TEXT NOT NULL,
    until  INTEGER NOT NULL
) STRICT;

-- A number that rises with each change of the machine's state. Its agent takes no order
-- with a lower one than it has had.
ALTER TABLE machines ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
-- The number as it was when a participant was told that AWS may take the machine back.
ALTER TABLE machines ADD COLUMN noticed INTEGER NOT NULL DEFAULT -1;

-- What its agent says of itself: its version, the release that it is of, and the one
-- that the machine gave up last, as JSON; '' for none.
ALTER TABLE machines ADD COLUMN agent_version TEXT NOT NULL DEFAULT '';
ALTER TABLE machines ADD COLUMN agent_release TEXT NOT NULL DEFAULT '';
ALTER TABLE machines ADD COLUMN agent_failed TEXT NOT NULL DEFAULT '';

-- Which release each allocator runs; '' for one that does not say.
ALTER TABLE peers ADD COLUMN runs TEXT NOT NULL DEFAULT '';
