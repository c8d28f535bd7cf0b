-- +goose Up
-- Work that must not be lost, see package jobs. Instants are Unix milliseconds. A job
-- waits while it has no worker and has not ended; ended, it is dead if it failed as often
-- as it may. begun is the fence: whoever writes how a try went must have claimed that
-- one. beat changes while the worker lives. No cached read shows these tables, so they
-- have no triggers. job_runs is not used any more, but by the release before.
--
-- A backup of an earlier release that is restored over this one leaves its tables.
DROP TABLE IF EXISTS jobs, job_ticks;

CREATE TABLE jobs (
    id         TEXT COLLATE "C" PRIMARY KEY,
    kind       TEXT COLLATE "C" NOT NULL,
    args       TEXT COLLATE "C" NOT NULL,
    unique_key TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    run_at     BIGINT NOT NULL,
    tries      BIGINT NOT NULL CHECK (tries > 0),
    failed     BIGINT NOT NULL DEFAULT 0,
    begun      BIGINT NOT NULL DEFAULT 0,
    worker     TEXT COLLATE "C" NOT NULL DEFAULT '',
    beat       BIGINT NOT NULL DEFAULT 0,
    started_at BIGINT NOT NULL DEFAULT 0,
    ended_at   BIGINT NOT NULL DEFAULT 0,
    last_error TEXT COLLATE "C" NOT NULL DEFAULT '',
    CHECK (worker = '' OR ended_at = 0)
);
CREATE INDEX idx_jobs_waiting ON jobs (run_at, id) WHERE worker = '' AND ended_at = 0;
CREATE INDEX idx_jobs_running ON jobs (worker) WHERE worker <> '';
CREATE INDEX idx_jobs_ended ON jobs (ended_at, id) WHERE ended_at > 0;
CREATE INDEX idx_jobs_dead ON jobs (ended_at, id) WHERE ended_at > 0 AND failed >= tries;
CREATE UNIQUE INDEX idx_jobs_unique ON jobs (kind, unique_key) WHERE unique_key <> '' AND ended_at = 0;

-- The instants of a cron job that were seen to, by the insert that won.
CREATE TABLE job_ticks (
    name TEXT COLLATE "C" NOT NULL,
    due  BIGINT NOT NULL,
    PRIMARY KEY (name, due)
);

-- The holds that the release before has made end, too.
INSERT INTO jobs (id, kind, args, unique_key, created_at, run_at, tries)
    SELECT 'job_' || substr(id, 5), 'hold.end', '"' || id || '"', '', created_at, hold_until, 10
    FROM bookings WHERE state = 'held' AND hold_until IS NOT NULL;
