-- +goose Up
-- What staff reads about bookings.

-- The lists of bookings and customers, in their order and with all that picks some of
-- them out: a search goes through these instead of the rows, which are many times as
-- wide.
CREATE INDEX idx_bookings_list ON bookings (start_date DESC, id DESC, state, end_date, car_id, first_name, last_name, email, phone);
CREATE INDEX idx_customers_list ON customers (created_at DESC, id DESC, first_name, last_name, email, phone);

-- Maintenance that belongs to no booking.
CREATE INDEX idx_car_availability_blocks ON car_availability (car_id, date) WHERE status = 'maintenance' AND booking_id IS NULL;

-- How often the link to the calendar of a car, or of the fleet, was renewed: a link is
-- signed with its version. One that never was has no row, and version 1.
CREATE TABLE calendar_links (
    subject TEXT PRIMARY KEY,
    version BIGINT NOT NULL
);
