-- +goose Up
-- Which node did a daily job on which day. The insert that wins runs the job, so
-- that it runs once for the whole fleet. day is a day of the fleet's zone, started_at
-- Unix milliseconds. No cached read shows it, so it has no trigger.
CREATE TABLE job_runs (
    job        TEXT NOT NULL,
    day        TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    node       TEXT NOT NULL,
    PRIMARY KEY (job, day)
);
