-- +goose Up
-- What staff reads off a car when it leaves and when it is back, and what a rental costs
-- beyond its price. No cached read shows these tables.

-- event is hand_over or take_back, each once; at is when the car left or came back.
CREATE TABLE booking_readings (
    booking_id TEXT NOT NULL REFERENCES bookings (id) ON DELETE CASCADE,
    event      TEXT NOT NULL CHECK (event IN ('hand_over', 'take_back')),
    at         BIGINT NOT NULL,
    car_id     TEXT NOT NULL REFERENCES cars (id),
    odometer   BIGINT NOT NULL CHECK (odometer >= 0),
    fuel       BIGINT NOT NULL CHECK (fuel BETWEEN 0 AND 8),
    note       TEXT NOT NULL,
    actor      TEXT NOT NULL,
    PRIMARY KEY (booking_id, event)
);

-- Charges are added and never altered; what was wrong is taken off by a credit. words
-- says how an amount was worked out.
CREATE TABLE booking_charges (
    booking_id TEXT NOT NULL REFERENCES bookings (id) ON DELETE CASCADE,
    position   BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    label      TEXT NOT NULL,
    words      TEXT NOT NULL,
    quantity   BIGINT NOT NULL,
    unit       BIGINT NOT NULL,
    amount     BIGINT NOT NULL,
    PRIMARY KEY (booking_id, position)
);
