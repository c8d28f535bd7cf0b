-- +goose Up
-- What a booking carries besides its days. Amounts are minor units of the booking's
-- currency, instants Unix milliseconds. No cached read shows these tables; that a
-- booking takes days is told by car_availability, which has triggers.

-- A backup of an earlier release that is restored over this one leaves its tables.
DROP TABLE IF EXISTS booking_lines, booking_events, money_moves, idempotency_keys;

-- A coupon of one car only; NULL: the whole fleet.
ALTER TABLE coupons ADD COLUMN car_id TEXT COLLATE "C" REFERENCES cars (id) ON DELETE CASCADE;

-- trip is the request as JSON, terms what was accepted with it (cancelling, deposit,
-- distance, rules in words). hold_by is a keyed hash of the address that holds, so
-- that holds can be counted; it is there only while the booking is held.
ALTER TABLE bookings ADD COLUMN trip TEXT COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE bookings ADD COLUMN terms TEXT COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE bookings ADD COLUMN hold_by TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE bookings ADD COLUMN coupon_id TEXT COLLATE "C" REFERENCES coupons (id) ON DELETE SET NULL;
-- The sweeper looks for holds that are over, and bookings are counted by who holds.
CREATE INDEX idx_bookings_holds ON bookings (hold_until) WHERE state = 'held';
-- How often a coupon is taken.
CREATE INDEX idx_bookings_coupon ON bookings (coupon_id) WHERE coupon_id IS NOT NULL;
CREATE INDEX idx_bookings_state ON bookings (state, start_date, id);

-- The lines of the price as it was accepted. A receipt shows them and is never worked
-- out again.
CREATE TABLE booking_lines (
    booking_id TEXT COLLATE "C" NOT NULL REFERENCES bookings (id) ON DELETE CASCADE,
    position   BIGINT NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    label      TEXT COLLATE "C" NOT NULL,
    quantity   BIGINT NOT NULL,
    unit       BIGINT NOT NULL,
    amount     BIGINT NOT NULL,
    included   BOOLEAN NOT NULL,
    PRIMARY KEY (booking_id, position)
);

-- What happened to a booking, in its own transaction and never altered. before and
-- after are JSON of what changed.
CREATE TABLE booking_events (
    id         TEXT COLLATE "C" PRIMARY KEY,
    booking_id TEXT COLLATE "C" NOT NULL REFERENCES bookings (id) ON DELETE CASCADE,
    at         BIGINT NOT NULL,
    event      TEXT COLLATE "C" NOT NULL,
    actor_id   TEXT COLLATE "C" NOT NULL,
    actor_name TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    reason     TEXT COLLATE "C" NOT NULL,
    before     TEXT COLLATE "C" NOT NULL,
    after      TEXT COLLATE "C" NOT NULL
);
CREATE INDEX idx_booking_events_booking ON booking_events (booking_id, id);

-- Money that moved or was promised, never altered: where the payment and the deposit
-- stand follows from it. provider_id is the provider's own name of the move.
CREATE TABLE money_moves (
    id          TEXT COLLATE "C" PRIMARY KEY,
    booking_id  TEXT COLLATE "C" NOT NULL REFERENCES bookings (id),
    purpose     TEXT COLLATE "C" NOT NULL CHECK (purpose IN ('payment', 'deposit')),
    event       TEXT COLLATE "C" NOT NULL,
    amount      BIGINT NOT NULL CHECK (amount >= 0),
    currency    TEXT COLLATE "C" NOT NULL,
    provider    TEXT COLLATE "C" NOT NULL,
    provider_id TEXT COLLATE "C" NOT NULL,
    at          BIGINT NOT NULL,
    actor_id    TEXT COLLATE "C" NOT NULL,
    note        TEXT COLLATE "C" NOT NULL,
    UNIQUE (provider, provider_id)
);
CREATE INDEX idx_money_moves_booking ON money_moves (booking_id, id);

-- Which booking a call with an Idempotency-Key made, in the booking's transaction.
-- Only hashes of the key and of the body are kept.
CREATE TABLE idempotency_keys (
    caller      TEXT COLLATE "C" NOT NULL,
    route       TEXT COLLATE "C" NOT NULL,
    key_hash    TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    booking_id  TEXT COLLATE "C" NOT NULL REFERENCES bookings (id) ON DELETE CASCADE,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (caller, route, key_hash)
);
CREATE INDEX idx_idempotency_keys_age ON idempotency_keys (created_at);
