-- +goose Up
-- Why the next workshop of a schedule cannot be opened now, and why the newest that was
-- missed could not.
ALTER TABLE schedules ADD COLUMN trouble TEXT NOT NULL DEFAULT '';
ALTER TABLE schedules ADD COLUMN missed_because TEXT NOT NULL DEFAULT '';

-- Counts the changes of a workshop, so that of two at once none is lost.
ALTER TABLE workshops ADD COLUMN version BIGINT NOT NULL DEFAULT 0;

-- Since when the health is what it is.
ALTER TABLE machines ADD COLUMN health_since BIGINT NOT NULL DEFAULT 0;

-- How often the PIN of a seat was wrong, by where it was typed.
CREATE TABLE pin_failures (
    seat_id  TEXT NOT NULL REFERENCES seats (id),
    source   BYTEA NOT NULL,
    failures BIGINT NOT NULL,
    PRIMARY KEY (seat_id, source)
);

-- Requests that may be sent again, by the sums of who sent them and their key. The
-- answer is sealed with that key, which is not kept.
CREATE TABLE answers (
    key     BYTEA PRIMARY KEY,
    request BYTEA NOT NULL,
    status  BIGINT NOT NULL DEFAULT 0,
    answer  BYTEA,
    at      BIGINT NOT NULL
);
CREATE INDEX answers_by_age ON answers (at);

-- When an operation was cancelled. The release before takes it for one that failed.
ALTER TABLE operations ADD COLUMN cancelled_at BIGINT NOT NULL DEFAULT 0;

-- What a workshop may cost, in cents, and since when its budget, or the deployment's, is
-- used up.
ALTER TABLE workshops ADD COLUMN budget_cents BIGINT NOT NULL DEFAULT 0;
ALTER TABLE workshops ADD COLUMN capped_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX machines_by_change ON machines (changed_at) WHERE launched_at > 0;

-- With what machines of one's own join a workshop. The sum is a token's SHA-256.
CREATE TABLE join_tokens (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    workshop_id TEXT NOT NULL REFERENCES workshops (id),
    sum         BYTEA NOT NULL UNIQUE,
    uses        BIGINT NOT NULL CHECK (uses > 0),
    used        BIGINT NOT NULL DEFAULT 0,
    created_by  TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    revoked_at  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX join_tokens_by_workshop ON join_tokens (workshop_id, created_at);

-- The token that a machine joined with; '' for those that were launched.
ALTER TABLE machines ADD COLUMN join_token TEXT NOT NULL DEFAULT '';
CREATE INDEX machines_that_joined ON machines (agent_secret) WHERE join_token <> '';

-- Who a user is to the provider of single sign-on; '' for those with a password.
ALTER TABLE users ADD COLUMN subject TEXT NOT NULL DEFAULT '';
CREATE INDEX users_by_subject ON users (subject) WHERE subject <> '';
