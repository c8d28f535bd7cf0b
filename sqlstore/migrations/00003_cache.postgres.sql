-- +goose Up
-- The cache's journal: which transaction changed what the public reads show. The
-- triggers write it in the writer's own transaction, so a statement typed at a
-- prompt counts as much as one of the program. None of them sends a notification:
-- that cut commits to a third; whoever commits rings the bell afterwards.
--
-- Everything here replaces what may be left of it: a backup of an earlier release
-- that is restored over this one drops the old tables only, and is then migrated.
-- Whoever loads data with triggers off (session_replication_role, pg_restore
-- --data-only --disable-triggers) ends with: exodrive cache clear.

-- All locks first, so that a deadlock with a release that is serving ends here, at
-- nothing, and not half way.
LOCK TABLE settings, locations, location_transfers, cars, car_images, car_features, car_specs, car_prices,
    price_rules, extras, car_availability, car_reviews, car_words IN SHARE ROW EXCLUSIVE MODE;

DROP TABLE IF EXISTS cache_journal, cache_meta;

-- mark is the transaction's id (xid8), at Unix milliseconds. A BIGINT, because it
-- is compared, indexed and sent as a number; 2^63 transactions are never reached.
CREATE TABLE cache_journal (
    mark BIGINT NOT NULL DEFAULT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT),
    tag  TEXT COLLATE "C" NOT NULL,
    at   BIGINT NOT NULL DEFAULT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT),
    PRIMARY KEY (mark, tag)
);

-- One row. install names the house, bump changes when a new epoch begins, pruned is
-- the highest mark whose rows were deleted.
CREATE TABLE cache_meta (
    id      BIGINT PRIMARY KEY CHECK (id = 1),
    install TEXT COLLATE "C" NOT NULL,
    bump    BIGINT NOT NULL CHECK (bump >= 0),
    pruned  BIGINT NOT NULL
);
INSERT INTO cache_meta (id, install, bump, pruned)
SELECT 1, replace(CAST(gen_random_uuid() AS TEXT), '-', ''),
    CAST(CAST('x' || substr(md5(CAST(gen_random_uuid() AS TEXT)), 1, 16) AS BIT(64)) AS BIGINT) & 9223372036854775807, 0;

-- cache_raise journals a tag of each id. Above 100 things of a kind in one
-- statement it is the kind's wildcard. All functions look for the journal where
-- the migration has put it, whatever the search path of the writer.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION cache_raise(kind text, ids text[]) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF cardinality(ids) > 100 THEN
        INSERT INTO cache_journal (tag) VALUES (kind || ':*') ON CONFLICT DO NOTHING;
    ELSE
        INSERT INTO cache_journal (tag) SELECT DISTINCT kind || ':' || id FROM unnest(ids) AS id WHERE id IS NOT NULL ON CONFLICT DO NOTHING;
    END IF;
END $$;
-- +goose StatementEnd

-- cache_raise_all journals the tags that the trigger names, if the statement
-- touched a row. TRUNCATE has no transition table.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION cache_raise_all() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'TRUNCATE' THEN
        IF NOT EXISTS (SELECT 1 FROM changed) THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO cache_journal (tag) SELECT unnest(TG_ARGV) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- The reviews of a car show its rating, and nothing when it is hidden or not there.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION cache_cars_rows() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE ids text[] := ARRAY(SELECT id FROM changed);
BEGIN
    IF cardinality(ids) > 0 THEN
        PERFORM cache_raise('car', ids), cache_raise('reviews', ids), cache_raise('slug', ARRAY(SELECT slug FROM changed));
        INSERT INTO cache_journal (tag) VALUES ('cars') ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- listed are the columns that a list shows, filters, sorts or searches; details
-- shows them and four more, but not created_at. VIN, plate, colour, odometer,
-- version and updated_at are nobody's. A row that only one side has (its id was
-- changed) differs in everything.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION cache_cars_update() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    shown text[]; reviewed text[]; moved text[]; listed boolean;
BEGIN
    SELECT array_agg(d.id) FILTER (WHERE d.in_card OR d.in_details), array_agg(d.id) FILTER (WHERE d.in_reviews),
        array_agg(d.old_slug) FILTER (WHERE d.slugged) || array_agg(d.new_slug) FILTER (WHERE d.slugged),
        bool_or(d.in_card OR d.in_order)
    INTO shown, reviewed, moved, listed
    FROM (
        SELECT COALESCE(n.id, o.id) AS id, o.slug AS old_slug, n.slug AS new_slug,
            (o.id, o.slug) IS DISTINCT FROM (n.id, n.slug) AS slugged,
            (o.id, o.hidden, o.rating) IS DISTINCT FROM (n.id, n.hidden, n.rating) AS in_reviews,
            o.created_at IS DISTINCT FROM n.created_at AS in_order,
            (o.distance_per_day, o.distance_price, o.minimum_driver_age, o.engine)
                IS DISTINCT FROM (n.distance_per_day, n.distance_price, n.minimum_driver_age, n.engine) AS in_details,
            (o.id, o.slug, o.name, o.make, o.model, o.year, o.category, o.description, o.short_description, o.location_id,
             o.available, o.featured, o.hidden, o.price_per_day, o.discount_percent, o.weekly_percent, o.monthly_percent,
             o.offer_text, o.fees, o.deposit, o.minimum_days, o.turnaround_days, o.power_hp, o.zero_to_100, o.top_speed,
             o.transmission, o.drivetrain, o.seats, o.rating, o.review_count)
            IS DISTINCT FROM
            (n.id, n.slug, n.name, n.make, n.model, n.year, n.category, n.description, n.short_description, n.location_id,
             n.available, n.featured, n.hidden, n.price_per_day, n.discount_percent, n.weekly_percent, n.monthly_percent,
             n.offer_text, n.fees, n.deposit, n.minimum_days, n.turnaround_days, n.power_hp, n.zero_to_100, n.top_speed,
             n.transmission, n.drivetrain, n.seats, n.rating, n.review_count) AS in_card
        FROM gone o FULL JOIN added n ON n.id = o.id
    ) d;
    PERFORM cache_raise('car', shown), cache_raise('reviews', reviewed), cache_raise('slug', moved);
    IF listed THEN
        INSERT INTO cache_journal (tag) VALUES ('cars') ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER cache_insert AFTER INSERT ON cars
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION cache_cars_rows();
CREATE TRIGGER cache_delete AFTER DELETE ON cars
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION cache_cars_rows();
CREATE TRIGGER cache_update AFTER UPDATE ON cars
    REFERENCING OLD TABLE AS gone NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION cache_cars_update();
CREATE TRIGGER cache_truncate AFTER TRUNCATE ON cars
    FOR EACH STATEMENT EXECUTE FUNCTION cache_raise_all('car:*', 'reviews:*', 'slug:*', 'cars');

-- The parts of a car. What an update changed is the rows that only one side has.
-- A list shows the first image, filters and counts the names of features, and
-- knows nothing of specs.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION cache_car_images() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE ids text[]; listed boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT array_agg(DISTINCT d.car_id), bool_or(d.position = 0) INTO ids, listed FROM (
            (SELECT car_id, position, url, alt FROM gone EXCEPT SELECT car_id, position, url, alt FROM added) UNION ALL
            (SELECT car_id, position, url, alt FROM added EXCEPT SELECT car_id, position, url, alt FROM gone)) d;
    ELSE
        SELECT array_agg(DISTINCT d.car_id), bool_or(d.position = 0) INTO ids, listed FROM changed d;
    END IF;
    PERFORM cache_raise('car', ids);
    IF listed THEN
        INSERT INTO cache_journal (tag) VALUES ('cars') ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION cache_car_features() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE ids text[]; listed boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT array_agg(DISTINCT d.car_id) INTO ids FROM (
            (SELECT car_id, position, name, description, highlighted FROM gone EXCEPT SELECT car_id, position, name, description, highlighted FROM added) UNION ALL
            (SELECT car_id, position, name, description, highlighted FROM added EXCEPT SELECT car_id, position, name, description, highlighted FROM gone)) d;
        listed := EXISTS (SELECT car_id, name FROM gone EXCEPT SELECT car_id, name FROM added)
            OR EXISTS (SELECT car_id, name FROM added EXCEPT SELECT car_id, name FROM gone);
    ELSE
        SELECT array_agg(DISTINCT d.car_id), COUNT(*) > 0 INTO ids, listed FROM changed d;
    END IF;
    PERFORM cache_raise('car', ids);
    IF listed THEN
        INSERT INTO cache_journal (tag) VALUES ('cars') ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION cache_car_specs() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        PERFORM cache_raise('car', ARRAY(SELECT DISTINCT d.car_id FROM (
            (SELECT car_id, position, name, value FROM gone EXCEPT SELECT car_id, position, name, value FROM added) UNION ALL
            (SELECT car_id, position, name, value FROM added EXCEPT SELECT car_id, position, name, value FROM gone)) d));
    ELSE
        PERFORM cache_raise('car', ARRAY(SELECT DISTINCT car_id FROM changed));
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- The calendar shows prices and states of days, lists with dates use them; which
-- booking has a day, neither says.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION cache_days(ids text[]) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF cardinality(ids) > 0 THEN
        PERFORM cache_raise('availability', ids);
        INSERT INTO cache_journal (tag) VALUES ('availability') ON CONFLICT DO NOTHING;
    END IF;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION cache_car_prices() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        PERFORM cache_days(ARRAY(SELECT DISTINCT d.car_id FROM (
            (SELECT car_id, date, amount FROM gone EXCEPT SELECT car_id, date, amount FROM added) UNION ALL
            (SELECT car_id, date, amount FROM added EXCEPT SELECT car_id, date, amount FROM gone)) d));
    ELSE
        PERFORM cache_days(ARRAY(SELECT DISTINCT car_id FROM changed));
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION cache_car_availability() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        PERFORM cache_days(ARRAY(SELECT DISTINCT d.car_id FROM (
            (SELECT car_id, date, status FROM gone EXCEPT SELECT car_id, date, status FROM added) UNION ALL
            (SELECT car_id, date, status FROM added EXCEPT SELECT car_id, date, status FROM gone)) d));
    ELSE
        PERFORM cache_days(ARRAY(SELECT DISTINCT car_id FROM changed));
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- Approved reviews are public. Their mean reaches cars by its own trigger.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION cache_car_reviews() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        PERFORM cache_raise('reviews', ARRAY(SELECT DISTINCT d.car_id FROM (
            (SELECT id, car_id, booking_id IS NULL, author, rating, comment, created_at FROM gone WHERE is_approved EXCEPT
             SELECT id, car_id, booking_id IS NULL, author, rating, comment, created_at FROM added WHERE is_approved) UNION ALL
            (SELECT id, car_id, booking_id IS NULL, author, rating, comment, created_at FROM added WHERE is_approved EXCEPT
             SELECT id, car_id, booking_id IS NULL, author, rating, comment, created_at FROM gone WHERE is_approved)) d));
    ELSE
        PERFORM cache_raise('reviews', ARRAY(SELECT DISTINCT car_id FROM changed WHERE is_approved));
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- The currency is the one setting that a cached read shows.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION cache_settings() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NOT EXISTS (SELECT value FROM gone WHERE key = 'currency' EXCEPT SELECT value FROM added WHERE key = 'currency')
            AND NOT EXISTS (SELECT value FROM added WHERE key = 'currency' EXCEPT SELECT value FROM gone WHERE key = 'currency') THEN
            RETURN NULL;
        END IF;
    ELSE
        IF NOT EXISTS (SELECT 1 FROM changed WHERE key = 'currency') THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO cache_journal (tag) VALUES ('car:*'), ('availability:*'), ('cars') ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- Which function hangs on which table, and the tags that a TRUNCATE raises. The
-- tables without a function of their own change seldom and for the whole fleet:
-- any row raises all their tags. New words change what a search finds.
--
-- coupons, customers, bookings, users, api_tokens and audit_log have no trigger,
-- because no cached read shows them: a booking raises by the days that it takes.
-- +goose StatementBegin
DO $$
DECLARE c record;
BEGIN
    FOR c IN SELECT * FROM (VALUES
        ('car_images', 'cache_car_images()', '''car:*'', ''cars'''),
        ('car_features', 'cache_car_features()', '''car:*'', ''cars'''),
        ('car_specs', 'cache_car_specs()', '''car:*'''),
        ('car_prices', 'cache_car_prices()', '''availability:*'', ''availability'''),
        ('car_availability', 'cache_car_availability()', '''availability:*'', ''availability'''),
        ('car_reviews', 'cache_car_reviews()', '''reviews:*'''),
        ('settings', 'cache_settings()', '''car:*'', ''availability:*'', ''cars'''),
        ('price_rules', NULL, '''car:*'', ''availability:*'', ''cars'''),
        ('extras', NULL, '''car:*'', ''availability:*'', ''cars'''),
        ('locations', NULL, '''car:*'', ''availability:*'', ''cars'''),
        ('location_transfers', NULL, '''car:*'', ''availability:*'', ''cars'''),
        ('car_words', NULL, '''cars''')) AS v (tab, own, tags)
    LOOP
        EXECUTE format('CREATE TRIGGER cache_insert AFTER INSERT ON %I REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION %s',
            c.tab, COALESCE(c.own, format('cache_raise_all(%s)', c.tags)));
        EXECUTE format('CREATE TRIGGER cache_delete AFTER DELETE ON %I REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION %s',
            c.tab, COALESCE(c.own, format('cache_raise_all(%s)', c.tags)));
        EXECUTE format('CREATE TRIGGER cache_update AFTER UPDATE ON %I REFERENCING %s FOR EACH STATEMENT EXECUTE FUNCTION %s',
            c.tab, CASE WHEN c.own IS NULL THEN 'NEW TABLE AS changed' ELSE 'OLD TABLE AS gone NEW TABLE AS added' END,
            COALESCE(c.own, format('cache_raise_all(%s)', c.tags)));
        EXECUTE format('CREATE TRIGGER cache_truncate AFTER TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION cache_raise_all(%s)', c.tab, c.tags);
    END LOOP;
END $$;
-- +goose StatementEnd
