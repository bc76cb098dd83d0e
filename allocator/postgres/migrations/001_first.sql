-- +goose Up
CREATE TABLE schedules (
    id         TEXT PRIMARY KEY,
    rule       TEXT NOT NULL,
    first      BIGINT NOT NULL,
    zone       TEXT NOT NULL,
    lasts      BIGINT NOT NULL CHECK (lasts > 0),
    workshop   TEXT NOT NULL,
    through    BIGINT NOT NULL,
    missed_at  BIGINT NOT NULL DEFAULT 0,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE workshops (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    pool            TEXT NOT NULL,
    seats           BIGINT NOT NULL CHECK (seats > 0),
    warm            BIGINT NOT NULL CHECK (warm BETWEEN 0 AND seats),
    spares          BIGINT NOT NULL CHECK (spares >= 0),
    join_code       TEXT NOT NULL UNIQUE,
    state           TEXT NOT NULL CHECK (state IN ('open', 'ended')),
    starts_at       BIGINT NOT NULL,
    ends_at         BIGINT NOT NULL,
    warm_up         BIGINT NOT NULL,
    session_limit   BIGINT NOT NULL,
    invited         BOOLEAN NOT NULL,
    trouble         TEXT NOT NULL DEFAULT '',
    launch_after    BIGINT NOT NULL DEFAULT 0,
    launch_failures BIGINT NOT NULL DEFAULT 0,
    schedule_id     TEXT REFERENCES schedules (id),
    created_at      BIGINT NOT NULL,
    ended_at        BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX workshops_open ON workshops (starts_at) WHERE state = 'open';
CREATE UNIQUE INDEX workshops_once_for_each_begin ON workshops (schedule_id, starts_at) WHERE schedule_id IS NOT NULL;

-- Who may join a workshop that is for invited people.
CREATE TABLE roster (
    workshop_id TEXT NOT NULL REFERENCES workshops (id),
    email       TEXT NOT NULL,
    PRIMARY KEY (workshop_id, email)
);

CREATE TABLE machines (
    id            TEXT PRIMARY KEY,
    workshop_id   TEXT NOT NULL REFERENCES workshops (id),
    pool          TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('requested', 'launching', 'booting', 'ready', 'assigned', 'unhealthy', 'rebooting', 'draining', 'terminating', 'terminated')),
    reason        TEXT NOT NULL,
    instance_id   TEXT UNIQUE,
    type          TEXT NOT NULL DEFAULT '',
    zone          TEXT NOT NULL DEFAULT '',
    spot          BOOLEAN NOT NULL DEFAULT false,
    agent_id      TEXT UNIQUE,
    agent_secret  BYTEA,
    inventory     TEXT NOT NULL DEFAULT '{}',
    health        TEXT NOT NULL DEFAULT '',
    health_reason TEXT NOT NULL DEFAULT '',
    connected     BOOLEAN NOT NULL DEFAULT false,
    created_at    BIGINT NOT NULL,
    changed_at    BIGINT NOT NULL,
    -- When the allocator heard of the instance. EC2 may list it only a while later.
    launched_at   BIGINT NOT NULL DEFAULT 0,
    -- When it became ready for the first time.
    ready_at      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX machines_by_workshop ON machines (workshop_id, state);
CREATE INDEX machines_living ON machines (pool) WHERE state <> 'terminated';
CREATE INDEX machines_that_became_ready ON machines (pool, ready_at) WHERE ready_at > 0;

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
    state            TEXT NOT NULL CHECK (state IN ('queued', 'assigned', 'released')),
    machine_id       TEXT REFERENCES machines (id),
    note             TEXT NOT NULL DEFAULT '',
    pin              BYTEA NOT NULL,
    pin_failures     BIGINT NOT NULL DEFAULT 0,
    claimed_at       BIGINT NOT NULL,
    assigned_at      BIGINT NOT NULL DEFAULT 0,
    ends_at          BIGINT NOT NULL DEFAULT 0,
    released_at      BIGINT NOT NULL DEFAULT 0,
    released_because TEXT NOT NULL DEFAULT '',
    CHECK (state <> 'queued' OR machine_id IS NULL),
    CHECK (state <> 'assigned' OR machine_id IS NOT NULL)
);
-- These two make a double hold impossible, whatever the code does.
CREATE UNIQUE INDEX seats_one_for_each_participant ON seats (workshop_id, email) WHERE state <> 'released';
CREATE UNIQUE INDEX seats_one_for_each_machine ON seats (machine_id) WHERE state = 'assigned';
CREATE INDEX seats_live ON seats (workshop_id, state, claimed_at, id) WHERE state <> 'released';
CREATE INDEX seats_ending ON seats (ends_at) WHERE state = 'assigned' AND ends_at > 0;

-- A browser may hold seats of several workshops; the one it used last is shown.
CREATE TABLE seat_tokens (
    token   BYTEA NOT NULL,
    seat_id TEXT NOT NULL REFERENCES seats (id),
    used_at BIGINT NOT NULL,
    PRIMARY KEY (token, seat_id)
);

CREATE TABLE operations (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
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
    -- What EC2 was asked for, so that a call which is repeated after a crash is the
    -- same call, also under a release with other settings. '' before it was asked.
    request      TEXT NOT NULL DEFAULT '',
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
    role          TEXT NOT NULL CHECK (role IN ('viewer', 'instructor', 'admin')),
    password_hash TEXT NOT NULL,
    -- What sessions carry of their user: another one ends them all.
    session_key   TEXT NOT NULL,
    created_at    BIGINT NOT NULL
);

-- What programs show in the place of a password. The sum is a token's SHA-256.
CREATE TABLE tokens (
    id         TEXT PRIMARY KEY,
    user_name  TEXT NOT NULL REFERENCES users (name),
    name       TEXT NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('viewer', 'instructor', 'admin')),
    sum        BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL DEFAULT 0,
    used_at    BIGINT NOT NULL DEFAULT 0,
    UNIQUE (user_name, name)
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
CREATE INDEX events_by_subject ON events (subject, seq);
