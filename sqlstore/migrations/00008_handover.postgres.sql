-- +goose Up
-- What staff reads off a car when it leaves and when it is back, and what a rental costs
-- beyond its price. No cached read shows these tables.

-- A backup of an earlier release that is restored over this one leaves its tables.
DROP TABLE IF EXISTS booking_readings, booking_charges;

-- event is hand_over or take_back, each once; at is when the car left or came back.
CREATE TABLE booking_readings (
    booking_id TEXT COLLATE "C" NOT NULL REFERENCES bookings (id) ON DELETE CASCADE,
    event      TEXT COLLATE "C" NOT NULL CHECK (event IN ('hand_over', 'take_back')),
    at         BIGINT NOT NULL,
    car_id     TEXT COLLATE "C" NOT NULL REFERENCES cars (id),
    odometer   BIGINT NOT NULL CHECK (odometer >= 0),
    fuel       BIGINT NOT NULL CHECK (fuel BETWEEN 0 AND 8),
    note       TEXT COLLATE "C" NOT NULL,
    actor      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (booking_id, event)
);

-- Charges are added and never altered; what was wrong is taken off by a credit. words
-- says how an amount was worked out.
CREATE TABLE booking_charges (
    booking_id TEXT COLLATE "C" NOT NULL REFERENCES bookings (id) ON DELETE CASCADE,
    position   BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    label      TEXT COLLATE "C" NOT NULL,
    words      TEXT COLLATE "C" NOT NULL,
    quantity   BIGINT NOT NULL,
    unit       BIGINT NOT NULL,
    amount     BIGINT NOT NULL,
    PRIMARY KEY (booking_id, position)
);
