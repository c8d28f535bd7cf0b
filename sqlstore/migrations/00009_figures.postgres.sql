-- +goose Up
-- What staff reads about bookings.

-- A backup of an earlier release that is restored over this one leaves the table.
DROP TABLE IF EXISTS calendar_links;

-- All locks first, so that a deadlock with a release that is serving ends here, at
-- nothing, and not half way.
LOCK TABLE cars, customers, bookings, car_availability IN SHARE ROW EXCLUSIVE MODE;

-- The lists of bookings and customers, in their order and with all that picks some of
-- them out: a search goes through these instead of the rows, which are many times as
-- wide.
CREATE INDEX idx_bookings_list ON bookings (start_date DESC, id DESC, state, end_date, car_id, first_name, last_name, email, phone);
CREATE INDEX idx_customers_list ON customers (created_at DESC, id DESC, first_name, last_name, email, phone);

-- Maintenance that belongs to no booking.
CREATE INDEX idx_car_availability_blocks ON car_availability (car_id, date) WHERE status = 'maintenance' AND booking_id IS NULL;

-- Lists for certain days read which cars are taken from an index alone, as long as nearly
-- all pages are known to be visible to all. By default that becomes known after a fifth
-- of the table is new.
ALTER TABLE car_availability SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01);

-- How often the link to the calendar of a car, or of the fleet, was renewed: a link is
-- signed with its version. One that never was has no row, and version 1.
CREATE TABLE calendar_links (
    subject TEXT COLLATE "C" PRIMARY KEY,
    version BIGINT NOT NULL
);

-- What figures of days are made of: who was to bring a car back after the first of them.
CREATE INDEX idx_bookings_ends ON bookings (end_date, start_date, state, car_id, currency, total);

-- Figures are kept in the cache under a tag of their own, which nothing public has, so a
-- booking that is agreed to takes away no public answer. A hold is no figure yet: it and
-- its end raise nothing, and neither does handing over, returning and completing. Row
-- triggers, because only they have a condition, which costs a hold nothing.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION cache_figures() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO cache_journal (tag) VALUES ('figures') ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER cache_figures_insert AFTER INSERT ON bookings FOR EACH ROW
    WHEN (NEW.state IN ('confirmed', 'active', 'returned', 'completed', 'cancelled', 'no_show')) EXECUTE FUNCTION cache_figures();
CREATE TRIGGER cache_figures_delete AFTER DELETE ON bookings FOR EACH ROW
    WHEN (OLD.state IN ('confirmed', 'active', 'returned', 'completed', 'cancelled', 'no_show')) EXECUTE FUNCTION cache_figures();
CREATE TRIGGER cache_figures_update AFTER UPDATE ON bookings FOR EACH ROW
    WHEN ((OLD.state IN ('confirmed', 'active', 'returned', 'completed', 'cancelled', 'no_show') OR NEW.state IN ('confirmed', 'active', 'returned', 'completed', 'cancelled', 'no_show'))
        AND (OLD.car_id, OLD.start_date, OLD.end_date, OLD.currency, OLD.total, CASE WHEN OLD.state IN ('confirmed', 'active', 'returned', 'completed') THEN 1 WHEN OLD.state IN ('cancelled', 'no_show') THEN 2 ELSE 0 END)
        IS DISTINCT FROM (NEW.car_id, NEW.start_date, NEW.end_date, NEW.currency, NEW.total, CASE WHEN NEW.state IN ('confirmed', 'active', 'returned', 'completed') THEN 1 WHEN NEW.state IN ('cancelled', 'no_show') THEN 2 ELSE 0 END))
    EXECUTE FUNCTION cache_figures();
CREATE TRIGGER cache_figures_truncate AFTER TRUNCATE ON bookings FOR EACH STATEMENT EXECUTE FUNCTION cache_raise_all('figures');

-- Maintenance that belongs to no booking.
CREATE TRIGGER cache_figures_insert AFTER INSERT ON car_availability FOR EACH ROW
    WHEN (NEW.status = 'maintenance' AND NEW.booking_id IS NULL) EXECUTE FUNCTION cache_figures();
CREATE TRIGGER cache_figures_delete AFTER DELETE ON car_availability FOR EACH ROW
    WHEN (OLD.status = 'maintenance' AND OLD.booking_id IS NULL) EXECUTE FUNCTION cache_figures();
CREATE TRIGGER cache_figures_update AFTER UPDATE ON car_availability FOR EACH ROW
    WHEN ((OLD.status = 'maintenance' OR NEW.status = 'maintenance')
        AND (OLD.car_id, OLD.date, OLD.status, OLD.booking_id IS NULL) IS DISTINCT FROM (NEW.car_id, NEW.date, NEW.status, NEW.booking_id IS NULL))
    EXECUTE FUNCTION cache_figures();
CREATE TRIGGER cache_figures_truncate AFTER TRUNCATE ON car_availability FOR EACH STATEMENT EXECUTE FUNCTION cache_raise_all('figures');

-- Which cars there are, since when, and which are archived.
CREATE TRIGGER cache_figures_insert AFTER INSERT ON cars FOR EACH ROW EXECUTE FUNCTION cache_figures();
CREATE TRIGGER cache_figures_delete AFTER DELETE ON cars FOR EACH ROW EXECUTE FUNCTION cache_figures();
CREATE TRIGGER cache_figures_update AFTER UPDATE ON cars FOR EACH ROW
    WHEN ((OLD.id, OLD.hidden, OLD.created_at) IS DISTINCT FROM (NEW.id, NEW.hidden, NEW.created_at)) EXECUTE FUNCTION cache_figures();
CREATE TRIGGER cache_figures_truncate AFTER TRUNCATE ON cars FOR EACH STATEMENT EXECUTE FUNCTION cache_raise_all('figures');
