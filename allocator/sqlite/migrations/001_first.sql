-- +goose Up
CREATE TABLE schedules (
    id         TEXT PRIMARY KEY,
    rule       TEXT NOT NULL,
    first      INTEGER NOT NULL,
    zone       TEXT NOT NULL,
    lasts      INTEGER NOT NULL CHECK (lasts > 0),
    workshop   TEXT NOT NULL,
    through    INTEGER NOT NULL,
    missed_at  INTEGER NOT NULL DEFAULT 0,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE workshops (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    pool            TEXT NOT NULL,
    seats           INTEGER NOT NULL CHECK (seats > 0),
    warm            INTEGER NOT NULL CHECK (warm BETWEEN 0 AND seats),
    spares          INTEGER NOT NULL CHECK (spares >= 0),
    join_code       TEXT NOT NULL UNIQUE,
    state           TEXT NOT NULL CHECK (state IN ('open', 'ended')),
    starts_at       INTEGER NOT NULL,
    ends_at         INTEGER NOT NULL,
    warm_up         INTEGER NOT NULL,
    session_limit   INTEGER NOT NULL,
    invited         INTEGER NOT NULL,
    trouble         TEXT NOT NULL DEFAULT '',
    launch_after    INTEGER NOT NULL DEFAULT 0,
    launch_failures INTEGER NOT NULL DEFAULT 0,
    schedule_id     TEXT REFERENCES schedules (id),
    created_at      INTEGER NOT NULL,
    ended_at        INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX workshops_open ON workshops (starts_at) WHERE state = 'open';
CREATE UNIQUE INDEX workshops_once_for_each_begin ON workshops (schedule_id, starts_at) WHERE schedule_id IS NOT NULL;

-- Who may join a workshop that is for invited people.
CREATE TABLE roster (
    workshop_id TEXT NOT NULL REFERENCES workshops (id),
    email       TEXT NOT NULL,
    PRIMARY KEY (workshop_id, email)
) STRICT, WITHOUT ROWID;

CREATE TABLE machines (
    id            TEXT PRIMARY KEY,
    workshop_id   TEXT NOT NULL REFERENCES workshops (id),
    pool          TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('requested', 'launching', 'booting', 'ready', 'assigned', 'unhealthy', 'rebooting', 'draining', 'terminating', 'terminated')),
    reason        TEXT NOT NULL,
    instance_id   TEXT UNIQUE,
    type          TEXT NOT NULL DEFAULT '',
    zone          TEXT NOT NULL DEFAULT '',
    spot          INTEGER NOT NULL DEFAULT 0,
    agent_id      TEXT UNIQUE,
    agent_secret  BLOB,
    inventory     TEXT NOT NULL DEFAULT '{}',
    health        TEXT NOT NULL DEFAULT '',
    health_reason TEXT NOT NULL DEFAULT '',
    connected     INTEGER NOT NULL DEFAULT 0,
    created_at    INTEGER NOT NULL,
    changed_at    INTEGER NOT NULL,
    -- When the allocator heard of the instance. EC2 may list it only a while later.
    launched_at   INTEGER NOT NULL DEFAULT 0,
    -- When it became ready for the first time.
    ready_at      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX machines_by_workshop ON machines (workshop_id, state);
CREATE INDEX machines_living ON machines (pool) WHERE state <> 'terminated';
CREATE INDEX machines_that_became_ready ON machines (pool, ready_at) WHERE ready_at > 0;

CREATE TABLE timeline (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    machine_id TEXT NOT NULL REFERENCES machines (id),
    at         INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    reason     TEXT NOT NULL
) STRICT;
CREATE INDEX timeline_by_machine ON timeline (machine_id, seq);

CREATE TABLE seats (
    id               TEXT PRIMARY KEY,
    workshop_id      TEXT NOT NULL REFERENCES workshops (id),
    email            TEXT NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('queued', 'assigned', 'released')),
    machine_id       TEXT REFERENCES machines (id),
    note             TEXT NOT NULL DEFAULT '',
    pin              BLOB NOT NULL,
    pin_failures     INTEGER NOT NULL DEFAULT 0,
    claimed_at       INTEGER NOT NULL,
    assigned_at      INTEGER NOT NULL DEFAULT 0,
    ends_at          INTEGER NOT NULL DEFAULT 0,
    released_at      INTEGER NOT NULL DEFAULT 0,
    released_because TEXT NOT NULL DEFAULT '',
    CHECK (state <> 'queued' OR machine_id IS NULL),
    CHECK (state <> 'assigned' OR machine_id IS NOT NULL)
) STRICT;
-- These two make a double hold impossible, whatever the code does.
CREATE UNIQUE INDEX seats_one_for_each_participant ON seats (workshop_id, email) WHERE state <> 'released';
CREATE UNIQUE INDEX seats_one_for_each_machine ON seats (machine_id) WHERE state = 'assigned';
CREATE INDEX seats_live ON seats (workshop_id, state, claimed_at, id) WHERE state <> 'released';
CREATE INDEX seats_ending ON seats (ends_at) WHERE state = 'assigned' AND ends_at > 0;

-- A browser may hold seats of several workshops; the one it used last is shown.
CREATE TABLE seat_tokens (
    token   BLOB NOT NULL,
    seat_id TEXT NOT NULL REFERENCES seats (id),
    used_at INTEGER NOT NULL,
    PRIMARY KEY (token, seat_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE operations (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    workshop_id  TEXT NOT NULL REFERENCES workshops (id),
    state        TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed')),
    message      TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    finished_at  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX operations_unfinished ON operations (id) WHERE finished_at = 0;

CREATE TABLE operation_machines (
    operation_id TEXT NOT NULL REFERENCES operations (id),
    machine_id   TEXT NOT NULL REFERENCES machines (id),
    outcome      TEXT NOT NULL DEFAULT 'pending' CHECK (outcome IN ('pending', 'done', 'failed')),
    PRIMARY KEY (operation_id, machine_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX operation_machines_by_machine ON operation_machines (machine_id);

CREATE TABLE attempts (
    operation_id TEXT NOT NULL REFERENCES operations (id),
    number       INTEGER NOT NULL,
    count        INTEGER NOT NULL CHECK (count > 0),
    -- What EC2 was asked for, so that a call which is repeated after a crash is the
    -- same call, also under a release with other settings. '' before it was asked.
    request      TEXT NOT NULL DEFAULT '',
    opened_at    INTEGER NOT NULL,
    closed_at    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (operation_id, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX attempts_one_open ON attempts (operation_id) WHERE closed_at = 0;

CREATE TABLE proofs (
    digest BLOB PRIMARY KEY,
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    name          TEXT PRIMARY KEY,
    role          TEXT NOT NULL CHECK (role IN ('viewer', 'instructor', 'admin')),
    password_hash TEXT NOT NULL,
    -- What sessions carry of their user: another one ends them all.
    session_key   TEXT NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What programs show in the place of a password. The sum is a token's SHA-256.
CREATE TABLE tokens (
    id         TEXT PRIMARY KEY,
    user_name  TEXT NOT NULL REFERENCES users (name),
    name       TEXT NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('viewer', 'instructor', 'admin')),
    sum        BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL DEFAULT 0,
    used_at    INTEGER NOT NULL DEFAULT 0,
    UNIQUE (user_name, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    token  TEXT PRIMARY KEY,
    data   BLOB NOT NULL,
    expiry INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_subject ON events (subject, seq);
