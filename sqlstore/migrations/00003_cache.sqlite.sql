-- +goose Up
-- The cache's journal: which rows changed what the public reads show. The triggers
-- write it in the writer's own transaction, so a statement typed at a prompt counts
-- as much as one of the program.
--
-- Triggers run once per row, so a large statement journals each row; whoever reads
-- the journal bounds what it takes. REPLACE deletes without a trigger: at a prompt,
-- write INSERT … ON CONFLICT DO UPDATE.

-- mark is never used twice (AUTOINCREMENT), not even when the journal has been
-- emptied, and grows in the order of commits, as there is one writer. at is Unix
-- milliseconds.
CREATE TABLE cache_journal (
    mark INTEGER PRIMARY KEY AUTOINCREMENT,
    tag  TEXT NOT NULL,
    at   BIGINT NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER) * 1000)
);

-- One row. install names the house, bump changes when a new epoch begins, pruned is
-- the highest mark whose rows were deleted.
CREATE TABLE cache_meta (
    id      BIGINT PRIMARY KEY CHECK (id = 1),
    install TEXT NOT NULL,
    bump    BIGINT NOT NULL CHECK (bump >= 0),
    pruned  BIGINT NOT NULL
);
INSERT INTO cache_meta (id, install, bump, pruned) VALUES (1, lower(hex(randomblob(16))), random() & 9223372036854775807, 0);

-- The reviews of a car show its rating, and nothing when it is hidden or not there.
-- +goose StatementBegin
CREATE TRIGGER cache_cars_insert AFTER INSERT ON cars BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:' || NEW.id), ('reviews:' || NEW.id), ('slug:' || NEW.slug), ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_cars_delete AFTER DELETE ON cars BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:' || OLD.id), ('reviews:' || OLD.id), ('slug:' || OLD.slug), ('cars');
END;
-- +goose StatementEnd
-- What a list shows, filters, sorts or searches; details shows it and four columns
-- more, but not created_at. VIN, plate, colour, odometer, version and updated_at
-- are nobody's. UNION, for a change of the id itself.
-- +goose StatementBegin
CREATE TRIGGER cache_cars_update AFTER UPDATE ON cars
WHEN
    (OLD.id, OLD.slug, OLD.name, OLD.make, OLD.model, OLD.year, OLD.category, OLD.description, OLD.short_description,
     OLD.location_id, OLD.available, OLD.featured, OLD.hidden, OLD.price_per_day, OLD.discount_percent,
     OLD.weekly_percent, OLD.monthly_percent, OLD.offer_text, OLD.fees, OLD.deposit, OLD.minimum_days,
     OLD.turnaround_days, OLD.power_hp, OLD.zero_to_100, OLD.top_speed, OLD.transmission, OLD.drivetrain, OLD.seats,
     OLD.rating, OLD.review_count) IS NOT
    (NEW.id, NEW.slug, NEW.name, NEW.make, NEW.model, NEW.year, NEW.category, NEW.description, NEW.short_description,
     NEW.location_id, NEW.available, NEW.featured, NEW.hidden, NEW.price_per_day, NEW.discount_percent,
     NEW.weekly_percent, NEW.monthly_percent, NEW.offer_text, NEW.fees, NEW.deposit, NEW.minimum_days,
     NEW.turnaround_days, NEW.power_hp, NEW.zero_to_100, NEW.top_speed, NEW.transmission, NEW.drivetrain, NEW.seats,
     NEW.rating, NEW.review_count) BEGIN
    INSERT INTO cache_journal (tag) SELECT 'car:' || OLD.id UNION SELECT 'car:' || NEW.id UNION SELECT 'cars';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_cars_update_details AFTER UPDATE OF distance_per_day, distance_price, minimum_driver_age, engine ON cars
WHEN (OLD.distance_per_day, OLD.distance_price, OLD.minimum_driver_age, OLD.engine) IS NOT (NEW.distance_per_day, NEW.distance_price, NEW.minimum_driver_age, NEW.engine) BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:' || NEW.id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_cars_update_order AFTER UPDATE OF created_at ON cars
WHEN OLD.created_at IS NOT NEW.created_at BEGIN
    INSERT INTO cache_journal (tag) VALUES ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_cars_update_slug AFTER UPDATE OF id, slug ON cars
WHEN (OLD.id, OLD.slug) IS NOT (NEW.id, NEW.slug) BEGIN
    INSERT INTO cache_journal (tag) SELECT 'slug:' || OLD.slug UNION SELECT 'slug:' || NEW.slug;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_cars_update_reviews AFTER UPDATE OF id, hidden, rating ON cars
WHEN (OLD.id, OLD.hidden, OLD.rating) IS NOT (NEW.id, NEW.hidden, NEW.rating) BEGIN
    INSERT INTO cache_journal (tag) SELECT 'reviews:' || OLD.id UNION SELECT 'reviews:' || NEW.id;
END;
-- +goose StatementEnd

-- The parts of a car. A list shows the first image, filters and counts the names of
-- features, and knows nothing of specs.
-- +goose StatementBegin
CREATE TRIGGER cache_car_images_insert AFTER INSERT ON car_images BEGIN
    INSERT INTO cache_journal (tag) SELECT 'car:' || NEW.car_id UNION ALL SELECT 'cars' WHERE NEW.position = 0;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_images_delete AFTER DELETE ON car_images BEGIN
    INSERT INTO cache_journal (tag) SELECT 'car:' || OLD.car_id UNION ALL SELECT 'cars' WHERE OLD.position = 0;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_images_update AFTER UPDATE ON car_images
WHEN (OLD.car_id, OLD.position, OLD.url, OLD.alt) IS NOT (NEW.car_id, NEW.position, NEW.url, NEW.alt) BEGIN
    INSERT INTO cache_journal (tag) SELECT 'car:' || OLD.car_id UNION SELECT 'car:' || NEW.car_id UNION SELECT 'cars' WHERE 0 IN (OLD.position, NEW.position);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_features_insert AFTER INSERT ON car_features BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:' || NEW.car_id), ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_features_delete AFTER DELETE ON car_features BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:' || OLD.car_id), ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_features_update AFTER UPDATE ON car_features
WHEN (OLD.car_id, OLD.position, OLD.name, OLD.description, OLD.highlighted) IS NOT (NEW.car_id, NEW.position, NEW.name, NEW.description, NEW.highlighted) BEGIN
    INSERT INTO cache_journal (tag) SELECT 'car:' || OLD.car_id UNION SELECT 'car:' || NEW.car_id UNION SELECT 'cars' WHERE (OLD.car_id, OLD.name) IS NOT (NEW.car_id, NEW.name);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_specs_insert AFTER INSERT ON car_specs BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:' || NEW.car_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_specs_delete AFTER DELETE ON car_specs BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:' || OLD.car_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_specs_update AFTER UPDATE ON car_specs
WHEN (OLD.car_id, OLD.position, OLD.name, OLD.value) IS NOT (NEW.car_id, NEW.position, NEW.name, NEW.value) BEGIN
    INSERT INTO cache_journal (tag) SELECT 'car:' || OLD.car_id UNION SELECT 'car:' || NEW.car_id;
END;
-- +goose StatementEnd

-- The calendar shows prices and states of days, lists with dates use them; which
-- booking has a day, neither says.
-- +goose StatementBegin
CREATE TRIGGER cache_car_prices_insert AFTER INSERT ON car_prices BEGIN
    INSERT INTO cache_journal (tag) VALUES ('availability:' || NEW.car_id), ('availability');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_prices_delete AFTER DELETE ON car_prices BEGIN
    INSERT INTO cache_journal (tag) VALUES ('availability:' || OLD.car_id), ('availability');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_prices_update AFTER UPDATE ON car_prices
WHEN (OLD.car_id, OLD.date, OLD.amount) IS NOT (NEW.car_id, NEW.date, NEW.amount) BEGIN
    INSERT INTO cache_journal (tag) SELECT 'availability:' || OLD.car_id UNION SELECT 'availability:' || NEW.car_id UNION SELECT 'availability';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_availability_insert AFTER INSERT ON car_availability BEGIN
    INSERT INTO cache_journal (tag) VALUES ('availability:' || NEW.car_id), ('availability');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_availability_delete AFTER DELETE ON car_availability BEGIN
    INSERT INTO cache_journal (tag) VALUES ('availability:' || OLD.car_id), ('availability');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_availability_update AFTER UPDATE ON car_availability
WHEN (OLD.car_id, OLD.date, OLD.status) IS NOT (NEW.car_id, NEW.date, NEW.status) BEGIN
    INSERT INTO cache_journal (tag) SELECT 'availability:' || OLD.car_id UNION SELECT 'availability:' || NEW.car_id UNION SELECT 'availability';
END;
-- +goose StatementEnd

-- Approved reviews are public. Their mean reaches cars by its own trigger.
-- +goose StatementBegin
CREATE TRIGGER cache_car_reviews_insert AFTER INSERT ON car_reviews
WHEN NEW.is_approved BEGIN
    INSERT INTO cache_journal (tag) VALUES ('reviews:' || NEW.car_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_reviews_delete AFTER DELETE ON car_reviews
WHEN OLD.is_approved BEGIN
    INSERT INTO cache_journal (tag) VALUES ('reviews:' || OLD.car_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_reviews_update AFTER UPDATE ON car_reviews
WHEN (OLD.is_approved OR NEW.is_approved) AND
    (OLD.id, OLD.car_id, OLD.author, OLD.rating, OLD.comment, OLD.created_at, OLD.is_approved, OLD.booking_id IS NULL) IS NOT
    (NEW.id, NEW.car_id, NEW.author, NEW.rating, NEW.comment, NEW.created_at, NEW.is_approved, NEW.booking_id IS NULL) BEGIN
    INSERT INTO cache_journal (tag) SELECT 'reviews:' || OLD.car_id UNION SELECT 'reviews:' || NEW.car_id;
END;
-- +goose StatementEnd

-- The currency is the one setting that a cached read shows.
-- +goose StatementBegin
CREATE TRIGGER cache_settings_insert AFTER INSERT ON settings
WHEN NEW.key = 'currency' BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:*'), ('availability:*'), ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_settings_delete AFTER DELETE ON settings
WHEN OLD.key = 'currency' BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:*'), ('availability:*'), ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_settings_update AFTER UPDATE ON settings
WHEN 'currency' IN (OLD.key, NEW.key) AND (OLD.key, OLD.value) IS NOT (NEW.key, NEW.value) BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:*'), ('availability:*'), ('cars');
END;
-- +goose StatementEnd

-- These change seldom and for the whole fleet: any row raises all their tags. New
-- words change what a search finds.
--
-- coupons, customers, bookings, users, api_tokens and audit_log have no trigger,
-- because no cached read shows them: a booking raises by the days that it takes.
-- +goose StatementBegin
CREATE TRIGGER cache_price_rules_insert AFTER INSERT ON price_rules BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:*'), ('availability:*'), ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_price_rules_update AFTER UPDATE ON price_rules BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:*'), ('availability:*'), ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_price_rules_delete AFTER DELETE ON price_rules BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:*'), ('availability:*'), ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_extras_insert AFTER INSERT ON extras BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:*'), ('availability:*'), ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_extras_update AFTER UPDATE ON extras BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:*'), ('availability:*'), ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_extras_delete AFTER DELETE ON extras BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:*'), ('availability:*'), ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_locations_insert AFTER INSERT ON locations BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:*'), ('availability:*'), ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_locations_update AFTER UPDATE ON locations BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:*'), ('availability:*'), ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_locations_delete AFTER DELETE ON locations BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:*'), ('availability:*'), ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_location_transfers_insert AFTER INSERT ON location_transfers BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:*'), ('availability:*'), ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_location_transfers_update AFTER UPDATE ON location_transfers BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:*'), ('availability:*'), ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_location_transfers_delete AFTER DELETE ON location_transfers BEGIN
    INSERT INTO cache_journal (tag) VALUES ('car:*'), ('availability:*'), ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_words_insert AFTER INSERT ON car_words BEGIN
    INSERT INTO cache_journal (tag) VALUES ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_words_update AFTER UPDATE ON car_words BEGIN
    INSERT INTO cache_journal (tag) VALUES ('cars');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cache_car_words_delete AFTER DELETE ON car_words BEGIN
    INSERT INTO cache_journal (tag) VALUES ('cars');
END;
-- +goose StatementEnd
