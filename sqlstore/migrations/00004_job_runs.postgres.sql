-- +goose Up
-- Which node did a daily job on which day. The insert that wins runs the job, so
-- that it runs once for the whole fleet. day is a day of the fleet's zone, started_at
-- Unix milliseconds. No cached read shows it, so it has no trigger.
--
-- A backup of an earlier release that is restored over this one leaves the table.
DROP TABLE IF EXISTS job_runs;
CREATE TABLE job_runs (
    job        TEXT COLLATE "C" NOT NULL,
    day        TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    node       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (job, day)
);
