-- +goose Up
-- What EC2 was asked for, so that a call which is repeated after a crash is the
-- same call, also under a release with other settings. '' before it was asked.
ALTER TABLE attempts ADD COLUMN request TEXT NOT NULL DEFAULT '';
-- When the allocator heard of the instance. EC2 may list it only a while later.
ALTER TABLE machines ADD COLUMN launched_at BIGINT NOT NULL DEFAULT 0;
UPDATE machines SET launched_at = changed_at WHERE instance_id IS NOT NULL;
