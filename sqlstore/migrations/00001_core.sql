-- +goose Up
-- Portable types: ids are text made in Go, amounts BIGINT minor units, instants
-- BIGINT Unix milliseconds, days TEXT YYYY-MM-DD, times of day TEXT HH:MM,
-- shares BIGINT hundredths of a per cent (tax rates thousandths), JSON as TEXT.

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE locations (
    id              TEXT PRIMARY KEY,
    slug            TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL,
    address         TEXT NOT NULL,
    city            TEXT NOT NULL,
    country         TEXT NOT NULL,
    zone            TEXT NOT NULL,
    handover        TEXT NOT NULL,
    hours           TEXT NOT NULL,
    pickup_fee      BIGINT NOT NULL CHECK (pickup_fee >= 0),
    return_fee      BIGINT NOT NULL CHECK (return_fee >= 0),
    after_hours_fee BIGINT NOT NULL CHECK (after_hours_fee >= 0),
    tax_name        TEXT NOT NULL,
    tax_percent     BIGINT NOT NULL CHECK (tax_percent BETWEEN 0 AND 100000),
    tax_included    BOOLEAN NOT NULL,
    units           TEXT NOT NULL CHECK (units IN ('imperial', 'metric')),
    version         BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL
);

-- One-way rentals that are offered, each with what bringing the car back takes.
CREATE TABLE location_transfers (
    from_id TEXT NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    to_id   TEXT NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    days    BIGINT NOT NULL CHECK (days >= 0),
    fee     BIGINT NOT NULL CHECK (fee >= 0),
    PRIMARY KEY (from_id, to_id),
    CHECK (from_id <> to_id)
);

CREATE TABLE cars (
    id                 TEXT PRIMARY KEY,
    slug               TEXT NOT NULL UNIQUE,
    name               TEXT NOT NULL,
    make               TEXT NOT NULL,
    model              TEXT NOT NULL,
    year               BIGINT NOT NULL,
    category           TEXT NOT NULL CHECK (category IN ('supercar', 'sports', 'grand-tourer', 'luxury-sedan',
                                                         'luxury-suv', 'convertible', 'classic', 'electric')),
    description        TEXT NOT NULL,
    short_description  TEXT NOT NULL,
    location_id        TEXT NOT NULL REFERENCES locations (id),
    available          BOOLEAN NOT NULL,
    featured           BOOLEAN NOT NULL,
    hidden             BOOLEAN NOT NULL,
    price_per_day      BIGINT NOT NULL CHECK (price_per_day > 0),
    discount_percent   BIGINT NOT NULL CHECK (discount_percent BETWEEN 0 AND 10000),
    weekly_percent     BIGINT NOT NULL CHECK (weekly_percent BETWEEN 0 AND 10000),
    monthly_percent    BIGINT NOT NULL CHECK (monthly_percent BETWEEN 0 AND 10000),
    offer_text         TEXT NOT NULL,
    fees               TEXT NOT NULL,
    deposit            BIGINT NOT NULL CHECK (deposit >= 0),
    minimum_days       BIGINT NOT NULL CHECK (minimum_days >= 1),
    turnaround_days    BIGINT NOT NULL CHECK (turnaround_days BETWEEN 0 AND 30),
    distance_per_day   BIGINT NOT NULL CHECK (distance_per_day >= 0),
    distance_price     BIGINT NOT NULL CHECK (distance_price >= 0),
    minimum_driver_age BIGINT NOT NULL,
    engine             TEXT NOT NULL,
    power_hp           BIGINT NOT NULL,
    zero_to_100        BIGINT NOT NULL,
    top_speed          BIGINT NOT NULL,
    transmission       TEXT NOT NULL,
    drivetrain         TEXT NOT NULL,
    seats              BIGINT NOT NULL,
    vin                TEXT NOT NULL,
    plate              TEXT NOT NULL,
    colour             TEXT NOT NULL,
    odometer           BIGINT NOT NULL,
    -- Mean of the approved reviews in hundredths of a star, and their number:
    -- kept by triggers on car_reviews, because the list sorts by them.
    rating             BIGINT NOT NULL DEFAULT 0,
    review_count       BIGINT NOT NULL DEFAULT 0,
    version            BIGINT NOT NULL,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL
);
CREATE UNIQUE INDEX idx_cars_vin ON cars (vin) WHERE vin <> '';
-- One index per order of the public list, each holding listed cars only.
CREATE INDEX idx_cars_featured ON cars (featured DESC, rating DESC, name, id) WHERE available AND NOT hidden;
CREATE INDEX idx_cars_price    ON cars (price_per_day, id)                    WHERE available AND NOT hidden;
CREATE INDEX idx_cars_rating   ON cars (rating DESC, review_count DESC, id)   WHERE available AND NOT hidden;
CREATE INDEX idx_cars_newest   ON cars (created_at DESC, id)                  WHERE available AND NOT hidden;
CREATE INDEX idx_cars_power    ON cars (power_hp DESC, id)                    WHERE available AND NOT hidden;
CREATE INDEX idx_cars_name     ON cars (name, id)                             WHERE available AND NOT hidden;
CREATE INDEX idx_cars_category_featured ON cars (category, featured DESC, rating DESC, name, id) WHERE available AND NOT hidden;
CREATE INDEX idx_cars_location ON cars (location_id);
-- For the longest turnaround of the fleet.
CREATE INDEX idx_cars_turnaround ON cars (turnaround_days) WHERE available AND NOT hidden;

-- The first image is the car's picture.
CREATE TABLE car_images (
    car_id   TEXT NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    url      TEXT NOT NULL,
    alt      TEXT NOT NULL,
    PRIMARY KEY (car_id, position)
);

CREATE TABLE car_features (
    car_id      TEXT NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
    position    BIGINT NOT NULL,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    highlighted BOOLEAN NOT NULL,
    PRIMARY KEY (car_id, name)
);
CREATE INDEX idx_car_features_name ON car_features (lower(name), car_id);

CREATE TABLE car_specs (
    car_id   TEXT NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    name     TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (car_id, position)
);

-- The price of single days; it wins over base rate and rules.
CREATE TABLE car_prices (
    car_id TEXT NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
    date   TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (car_id, date)
);

CREATE TABLE price_rules (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    car_id     TEXT REFERENCES cars (id) ON DELETE CASCADE, -- NULL: the whole fleet
    start_date TEXT,
    end_date   TEXT,
    weekdays   TEXT NOT NULL,
    multiplier BIGINT NOT NULL CHECK (multiplier > 0),
    active     BOOLEAN NOT NULL,
    version    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX idx_price_rules_car ON price_rules (car_id);

CREATE TABLE extras (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    description  TEXT NOT NULL,
    price        BIGINT NOT NULL CHECK (price >= 0),
    per_day      BOOLEAN NOT NULL,
    max_quantity BIGINT NOT NULL CHECK (max_quantity >= 1),
    active       BOOLEAN NOT NULL,
    version      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);

CREATE TABLE coupons (
    id          TEXT PRIMARY KEY,
    code        TEXT NOT NULL UNIQUE,
    percent     BIGINT NOT NULL CHECK (percent BETWEEN 0 AND 10000),
    amount      BIGINT NOT NULL CHECK (amount >= 0),
    valid_from  TEXT,
    valid_until TEXT,
    max_uses    BIGINT NOT NULL,
    uses        BIGINT NOT NULL DEFAULT 0,
    active      BOOLEAN NOT NULL,
    version     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    CHECK ((percent > 0) <> (amount > 0))
);

CREATE TABLE customers (
    id         TEXT PRIMARY KEY,
    email      TEXT NOT NULL UNIQUE, -- in lower case
    first_name TEXT NOT NULL,
    last_name  TEXT NOT NULL,
    phone      TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- start_date and end_date are the rental days, half-open: what is paid for and
-- occupied. pickup_at and return_at are wall-clock times of the place. The
-- contact is the booking's own and never follows the customer's.
CREATE TABLE bookings (
    id                 TEXT PRIMARY KEY,
    car_id             TEXT NOT NULL REFERENCES cars (id),
    customer_id        TEXT NOT NULL REFERENCES customers (id),
    state              TEXT NOT NULL CHECK (state IN ('held', 'confirmed', 'active', 'returned', 'completed',
                                                      'expired', 'cancelled', 'no_show')),
    start_date         TEXT NOT NULL,
    end_date           TEXT NOT NULL,
    blocked_until      TEXT NOT NULL,
    pickup_at          TEXT NOT NULL,
    return_at          TEXT NOT NULL,
    zone               TEXT NOT NULL,
    pickup_location_id TEXT NOT NULL REFERENCES locations (id),
    return_location_id TEXT NOT NULL REFERENCES locations (id),
    currency           TEXT NOT NULL,
    total              BIGINT NOT NULL CHECK (total >= 0),
    deposit            BIGINT NOT NULL CHECK (deposit >= 0),
    first_name         TEXT NOT NULL,
    last_name          TEXT NOT NULL,
    email              TEXT NOT NULL,
    phone              TEXT NOT NULL,
    hold_until         BIGINT,
    link_version       BIGINT NOT NULL DEFAULT 1,
    version            BIGINT NOT NULL,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    CHECK (start_date < end_date AND end_date <= blocked_until),
    CHECK ((state = 'held') = (hold_until IS NOT NULL))
);
CREATE INDEX idx_bookings_conflicts ON bookings (car_id, start_date, end_date);
CREATE INDEX idx_bookings_customer ON bookings (customer_id, created_at);

-- One row per car and day that is not free. The unique index is the referee of
-- double booking on both engines: the second taker of a day is refused.
CREATE TABLE car_availability (
    car_id     TEXT NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
    date       TEXT NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('held', 'booked', 'maintenance')),
    booking_id TEXT REFERENCES bookings (id)
);
CREATE UNIQUE INDEX idx_car_availability_lookup ON car_availability (car_id, date);
-- Which cars are taken in a range of days, for the list with dates.
CREATE INDEX idx_car_availability_day ON car_availability (date, car_id, status);
CREATE INDEX idx_car_availability_booking ON car_availability (booking_id);

CREATE TABLE car_reviews (
    id          TEXT PRIMARY KEY,
    car_id      TEXT NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
    booking_id  TEXT UNIQUE REFERENCES bookings (id),
    author      TEXT NOT NULL,
    rating      INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
    comment     TEXT NOT NULL,
    is_approved BOOLEAN, -- NULL until somebody has looked at it
    created_at  BIGINT NOT NULL
);
CREATE INDEX idx_reviews_listing ON car_reviews (car_id, is_approved, created_at);
-- Moderation reads the oldest first, most often those that wait.
CREATE INDEX idx_reviews_moderation ON car_reviews (created_at, id);
CREATE INDEX idx_reviews_pending ON car_reviews (created_at, id) WHERE is_approved IS NULL;

CREATE TABLE users (
    id         TEXT PRIMARY KEY,
    email      TEXT NOT NULL UNIQUE, -- in lower case
    name       TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- A token is shown once; only its SHA-256 is kept.
CREATE TABLE api_tokens (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    hash       TEXT NOT NULL UNIQUE,
    scopes     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

-- Who changed what: written in the transaction of the change, never altered.
CREATE TABLE audit_log (
    id         TEXT PRIMARY KEY,
    at         BIGINT NOT NULL,
    actor_id   TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    request_id TEXT NOT NULL,
    detail     TEXT NOT NULL
);
CREATE INDEX idx_audit_log_subject ON audit_log (subject, id);
