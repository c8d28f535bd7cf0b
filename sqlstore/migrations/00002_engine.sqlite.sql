-- +goose Up
-- What only SQLite has: a computed column that takes no room but in its indexes,
-- full text search over the cars, and the triggers that keep it, its words and
-- the ratings. The search index folds and splits by unicode61.

-- What the facets of a list count, as one text: grouping by it costs a third of
-- grouping by six columns. The make comes last, as it may contain anything.
ALTER TABLE cars ADD COLUMN facets TEXT GENERATED ALWAYS AS (category || '|' || CAST(seats AS TEXT) || '|' || transmission || '|' ||
    drivetrain || '|' || location_id || '|' || make) VIRTUAL;
-- The facets of everything, and of everything that is free on some days; then
-- the fields that filter best, with what the facets and the other filters need.
CREATE INDEX idx_cars_facets ON cars (facets, price_per_day, minimum_days, turnaround_days, id) WHERE available AND NOT hidden;
CREATE INDEX idx_cars_category ON cars (category, price_per_day, transmission, drivetrain, seats, facets) WHERE available AND NOT hidden;
CREATE INDEX idx_cars_make ON cars (lower(make), price_per_day, category, transmission, drivetrain, seats, facets) WHERE available AND NOT hidden;

CREATE VIRTUAL TABLE cars_search USING fts5 (
    name, make, model, category, description,
    content = 'cars', content_rowid = 'rowid', tokenize = 'unicode61 remove_diacritics 2'
);

-- Every word that a car ever had: where a search looks for what a typo may have
-- meant. A word that no car has any more finds nothing and does no harm. The
-- triggers split roughly, at blanks and common punctuation; whoever reads folds
-- and splits the rest (fts5vocab has the words too, but reads the whole index).
CREATE TABLE car_words (term TEXT PRIMARY KEY) WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER cars_search_insert AFTER INSERT ON cars BEGIN
    INSERT INTO cars_search (rowid, name, make, model, category, description)
    VALUES (NEW.rowid, NEW.name, NEW.make, NEW.model, NEW.category, NEW.description);
    INSERT OR IGNORE INTO car_words (term)
    SELECT lower(value) FROM json_each('["' || replace(
        replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(NEW.name || ' ' || NEW.make || ' ' || NEW.model || ' ' || NEW.category || ' ' || NEW.description, '\', ' '), '"', ' '), ',', ' '), '.', ' '), '''', ' '), '-', ' '), '/', ' '), '(', ' '), ')', ' '), ':', ' '), ';', ' '), '!', ' '), '?', ' '), '’', ' '), '“', ' '), '”', ' '), '–', ' '), '—', ' '), '&', ' '), '+', ' '), char(9), ' '), char(10), ' '), char(13), ' '),
        ' ', '","') || '"]') WHERE value <> '';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cars_search_delete AFTER DELETE ON cars BEGIN
    INSERT INTO cars_search (cars_search, rowid, name, make, model, category, description)
    VALUES ('delete', OLD.rowid, OLD.name, OLD.make, OLD.model, OLD.category, OLD.description);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cars_search_update AFTER UPDATE OF name, make, model, category, description ON cars BEGIN
    INSERT INTO cars_search (cars_search, rowid, name, make, model, category, description)
    VALUES ('delete', OLD.rowid, OLD.name, OLD.make, OLD.model, OLD.category, OLD.description);
    INSERT INTO cars_search (rowid, name, make, model, category, description)
    VALUES (NEW.rowid, NEW.name, NEW.make, NEW.model, NEW.category, NEW.description);
    INSERT OR IGNORE INTO car_words (term)
    SELECT lower(value) FROM json_each('["' || replace(
        replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(NEW.name || ' ' || NEW.make || ' ' || NEW.model || ' ' || NEW.category || ' ' || NEW.description, '\', ' '), '"', ' '), ',', ' '), '.', ' '), '''', ' '), '-', ' '), '/', ' '), '(', ' '), ')', ' '), ':', ' '), ';', ' '), '!', ' '), '?', ' '), '’', ' '), '“', ' '), '”', ' '), '–', ' '), '—', ' '), '&', ' '), '+', ' '), char(9), ' '), char(10), ' '), char(13), ' '),
        ' ', '","') || '"]') WHERE value <> '';
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER car_reviews_insert AFTER INSERT ON car_reviews WHEN NEW.is_approved BEGIN
    UPDATE cars SET
        review_count = (SELECT COUNT(*) FROM car_reviews WHERE car_id = NEW.car_id AND is_approved),
        rating = (SELECT COALESCE((SUM(rating) * 200 + COUNT(*)) / (2 * COUNT(*)), 0) FROM car_reviews WHERE car_id = NEW.car_id AND is_approved)
    WHERE id = NEW.car_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER car_reviews_delete AFTER DELETE ON car_reviews WHEN OLD.is_approved BEGIN
    UPDATE cars SET
        review_count = (SELECT COUNT(*) FROM car_reviews WHERE car_id = OLD.car_id AND is_approved),
        rating = (SELECT COALESCE((SUM(rating) * 200 + COUNT(*)) / (2 * COUNT(*)), 0) FROM car_reviews WHERE car_id = OLD.car_id AND is_approved)
    WHERE id = OLD.car_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER car_reviews_update AFTER UPDATE OF car_id, rating, is_approved ON car_reviews BEGIN
    UPDATE cars SET
        review_count = (SELECT COUNT(*) FROM car_reviews WHERE car_id = cars.id AND is_approved),
        rating = (SELECT COALESCE((SUM(rating) * 200 + COUNT(*)) / (2 * COUNT(*)), 0) FROM car_reviews WHERE car_id = cars.id AND is_approved)
    WHERE id IN (OLD.car_id, NEW.car_id);
END;
-- +goose StatementEnd
