-- +goose Up
-- A node that dies, or fails, while it does a daily job must not cost the fleet that
-- day. Until held_until, in Unix milliseconds, the job is the node's; later another
-- one may take it. 0 says that it was done, as all runs from before this column were.
-- tries are those that began it, so that a job that always fails is left alone.
ALTER TABLE job_runs ADD COLUMN held_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE job_runs ADD COLUMN tries BIGINT NOT NULL DEFAULT 1;
