-- +goose Up
-- What only Postgres has: byte order for every text, the second referee of
-- double booking, text search, and the triggers that keep words and ratings.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- Both engines must sort and compare text alike: byte by byte. The indexes on
-- the columns are rebuilt by it, so this is for empty tables; a later migration
-- that adds a text column writes its collation, and a test looks.
-- +goose StatementBegin
DO $$
DECLARE c record;
BEGIN
    FOR c IN SELECT table_name, string_agg(format('ALTER COLUMN %I TYPE TEXT COLLATE "C"', column_name), ', ') AS changes
             FROM information_schema.columns
             WHERE table_schema = current_schema() AND data_type = 'text'
               AND table_name IN ('settings', 'locations', 'location_transfers', 'cars', 'car_images', 'car_features',
                   'car_specs', 'car_prices', 'price_rules', 'extras', 'coupons', 'customers', 'bookings',
                   'car_availability', 'car_reviews', 'users', 'api_tokens', 'audit_log')
             GROUP BY table_name
    LOOP
        EXECUTE format('ALTER TABLE %I %s', c.table_name, c.changes);
    END LOOP;
END $$;
-- +goose StatementEnd

-- What the facets of a list count, as one text: grouping by it costs a third of
-- grouping by six columns. The make comes last, as it may contain anything.
ALTER TABLE cars ADD COLUMN facets TEXT COLLATE "C" GENERATED ALWAYS AS (category || '|' || CAST(seats AS TEXT) || '|' || transmission || '|' ||
    drivetrain || '|' || location_id || '|' || make) STORED;
-- The facets of everything, and of everything that is free on some days; then
-- the fields that filter best, with what the facets and the other filters need.
CREATE INDEX idx_cars_facets ON cars (facets, price_per_day, minimum_days, turnaround_days, id) WHERE available AND NOT hidden;
CREATE INDEX idx_cars_category ON cars (category, price_per_day, transmission, drivetrain, seats, facets) WHERE available AND NOT hidden;
CREATE INDEX idx_cars_make ON cars (lower(make), price_per_day, category, transmission, drivetrain, seats, facets) WHERE available AND NOT hidden;

-- Days are text, and a cast to date in an index is refused as not immutable, so
-- the range type is over text in byte order, which for YYYY-MM-DD is time order.
CREATE TYPE dayrange AS RANGE (SUBTYPE = text, COLLATION = "C");

-- Second referee: no two bookings that occupy their days overlap, turnaround
-- included. Alone it deadlocks on a hot car; the writer locks the car's row
-- first. Deferrable, so that two cars can be swapped in one transaction.
ALTER TABLE bookings ADD CONSTRAINT bookings_no_overlap
    EXCLUDE USING gist (car_id WITH =, dayrange(start_date, blocked_until) WITH &&)
    WHERE (state IN ('held', 'confirmed', 'active', 'returned', 'completed'))
    DEFERRABLE INITIALLY IMMEDIATE;

-- search_fold agrees with exodrive.Fold and exodrive.SearchWords; a test holds
-- them together. İ is beyond the table of Fold: here its lower case would be an i
-- with a dot of its own, which splits the word.
-- +goose StatementBegin
CREATE FUNCTION search_fold(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(lower(translate($1,
        'àáâãäåāăąçćĉċčďèéêëēĕėęěĝğġģĥìíîïĩīĭįĵķĺļľñńņňòóôõöōŏőŕŗřśŝşšţťùúûüũūŭůűųŵýÿŷźżžÀÁÂÃÄÅĀĂĄÇĆĈĊČĎÈÉÊËĒĔĖĘĚĜĞĠĢĤÌÍÎÏĨĪĬĮĴĶĹĻĽÑŃŅŇÒÓÔÕÖŌŎŐŔŖŘŚŜŞŠŢŤÙÚÛÜŨŪŬŮŰŲŴÝŸŶŹŻŽİ',
        'aaaaaaaaacccccdeeeeeeeeegggghiiiiiiiijklllnnnnoooooooorrrssssttuuuuuuuuuuwyyyzzzaaaaaaaaacccccdeeeeeeeeegggghiiiiiiiijklllnnnnoooooooorrrssssttuuuuuuuuuuwyyyzzzi') COLLATE "und-x-icu"), '[^[:alnum:]]+' COLLATE "und-x-icu", ' ', 'g')
$$;
-- +goose StatementEnd
-- The simple configuration keeps every word as it is; weight A is what names a
-- car, D its description.
ALTER TABLE cars ADD COLUMN search tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('simple', search_fold(name || ' ' || make || ' ' || model || ' ' || category)), 'A') ||
    setweight(to_tsvector('simple', search_fold(description)), 'D')
) STORED;
CREATE INDEX idx_cars_search ON cars USING gin (search);

-- Every word that a car ever had: where a search looks for what a typo may have
-- meant. A word that no car has any more finds nothing and does no harm.
CREATE TABLE car_words (term TEXT COLLATE "C" PRIMARY KEY);

-- +goose StatementBegin
CREATE FUNCTION cars_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- In order, so that two writers of the same new words do not deadlock.
    INSERT INTO car_words (term)
    SELECT word FROM (SELECT DISTINCT word COLLATE "C" AS word FROM changed, unnest(tsvector_to_array(search)) AS word) w
    WHERE NOT EXISTS (SELECT 1 FROM car_words WHERE term = word)
    ORDER BY word
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER cars_words_insert AFTER INSERT ON cars
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION cars_words();
-- A row trigger for edits: only it may name the columns that matter.
-- +goose StatementBegin
CREATE FUNCTION car_words_of_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO car_words (term)
    SELECT word FROM unnest(tsvector_to_array(NEW.search)) AS word
    ORDER BY word COLLATE "C"
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER cars_words_update AFTER UPDATE OF name, make, model, category, description ON cars
    FOR EACH ROW EXECUTE FUNCTION car_words_of_one();

-- The cars are locked before their reviews are counted: two approvals at once
-- would otherwise each count without the other's.
-- +goose StatementBegin
CREATE FUNCTION rate_cars(ids text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM cars WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
    UPDATE cars SET review_count = r.n, rating = r.mean
    FROM (SELECT c.id, COUNT(v.id) AS n, COALESCE((SUM(v.rating) * 200 + COUNT(v.id)) / (2 * NULLIF(COUNT(v.id), 0)), 0) AS mean
          FROM cars c LEFT JOIN car_reviews v ON v.car_id = c.id AND v.is_approved
          WHERE c.id = ANY (ids) GROUP BY c.id) r
    WHERE cars.id = r.id AND (cars.review_count, cars.rating) IS DISTINCT FROM (r.n, r.mean);
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION car_reviews_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM rate_cars(ARRAY(SELECT DISTINCT car_id FROM added WHERE is_approved));
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION car_reviews_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM rate_cars(ARRAY(SELECT DISTINCT car_id FROM gone WHERE is_approved));
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION car_reviews_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM rate_cars(ARRAY(SELECT car_id FROM gone UNION SELECT car_id FROM added));
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER car_reviews_insert AFTER INSERT ON car_reviews
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION car_reviews_insert();
CREATE TRIGGER car_reviews_delete AFTER DELETE ON car_reviews
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION car_reviews_delete();
CREATE TRIGGER car_reviews_update AFTER UPDATE ON car_reviews
    REFERENCING OLD TABLE AS gone NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION car_reviews_update();
