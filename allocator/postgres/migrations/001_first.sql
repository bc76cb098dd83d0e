-- +goose Up
CREATE TABLE workshops (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    pool       TEXT NOT NULL,
    seats      BIGINT NOT NULL CHECK (seats > 0),
    join_code  TEXT NOT NULL UNIQUE,
    state      TEXT NOT NULL CHECK (state IN ('open', 'ended')),
    created_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE machines (
    id            TEXT PRIMARY KEY,
    workshop_id   TEXT NOT NULL REFERENCES workshops (id),
    pool          TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('requested', 'launching', 'booting', 'ready', 'assigned', 'unhealthy', 'terminating', 'terminated')),
    reason        TEXT NOT NULL,
    instance_id   TEXT UNIQUE,
    type          TEXT NOT NULL DEFAULT '',
    zone          TEXT NOT NULL DEFAULT '',
    agent_id      TEXT UNIQUE,
    agent_secret  BYTEA,
    inventory     TEXT NOT NULL DEFAULT '{}',
    health        TEXT NOT NULL DEFAULT '',
    health_reason TEXT NOT NULL DEFAULT '',
    connected     BOOLEAN NOT NULL DEFAULT false,
    created_at    BIGINT NOT NULL,
    changed_at    BIGINT NOT NULL
);
CREATE INDEX machines_by_workshop ON machines (workshop_id, state);
-- The machine that is given to the next one who claims is the first one here.
CREATE INDEX machines_free ON machines (workshop_id, connected DESC, id) WHERE state = 'ready';
CREATE INDEX machines_living ON machines (pool) WHERE state <> 'terminated';

CREATE TABLE timeline (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    machine_id TEXT NOT NULL REFERENCES machines (id),
    at         BIGINT NOT NULL,
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    reason     TEXT NOT NULL
);
CREATE INDEX timeline_by_machine ON timeline (machine_id, seq);

CREATE TABLE seats (
    id               TEXT PRIMARY KEY,
    workshop_id      TEXT NOT NULL REFERENCES workshops (id),
    email            TEXT NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('assigned', 'released')),
    machine_id       TEXT NOT NULL REFERENCES machines (id),
    pin              BYTEA NOT NULL,
    pin_failures     BIGINT NOT NULL DEFAULT 0,
    claimed_at       BIGINT NOT NULL,
    released_at      BIGINT NOT NULL DEFAULT 0,
    released_because TEXT NOT NULL DEFAULT ''
);
-- These two make a double hold impossible, whatever the code does.
CREATE UNIQUE INDEX seats_one_for_each_participant ON seats (workshop_id, email) WHERE state = 'assigned';
CREATE UNIQUE INDEX seats_one_for_each_machine ON seats (machine_id) WHERE state = 'assigned';

-- A browser may hold seats of several workshops; the one it used last is shown.
CREATE TABLE seat_tokens (
    token   BYTEA NOT NULL,
    seat_id TEXT NOT NULL REFERENCES seats (id),
    used_at BIGINT NOT NULL,
    PRIMARY KEY (token, seat_id)
);

CREATE TABLE operations (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind IN ('launch', 'terminate')),
    workshop_id  TEXT NOT NULL REFERENCES workshops (id),
    state        TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed')),
    message      TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    finished_at  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX operations_unfinished ON operations (id) WHERE finished_at = 0;

CREATE TABLE operation_machines (
    operation_id TEXT NOT NULL REFERENCES operations (id),
    machine_id   TEXT NOT NULL REFERENCES machines (id),
    outcome      TEXT NOT NULL DEFAULT 'pending' CHECK (outcome IN ('pending', 'done', 'failed')),
    PRIMARY KEY (operation_id, machine_id)
);
CREATE INDEX operation_machines_by_machine ON operation_machines (machine_id);

CREATE TABLE attempts (
    operation_id TEXT NOT NULL REFERENCES operations (id),
    number       BIGINT NOT NULL,
    count        BIGINT NOT NULL CHECK (count > 0),
    opened_at    BIGINT NOT NULL,
    closed_at    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (operation_id, number)
);
CREATE UNIQUE INDEX attempts_one_open ON attempts (operation_id) WHERE closed_at = 0;

CREATE TABLE proofs (
    digest BYTEA PRIMARY KEY,
    until  BIGINT NOT NULL
);

CREATE TABLE users (
    name          TEXT PRIMARY KEY,
    password_hash TEXT NOT NULL
);

CREATE TABLE sessions (
    token  TEXT PRIMARY KEY,
    data   BYTEA NOT NULL,
    expiry BIGINT NOT NULL
);

CREATE TABLE events (
    seq     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL
);

