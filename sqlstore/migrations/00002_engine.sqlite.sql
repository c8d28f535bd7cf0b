-- +goose Up
-- What only SQLite has: full text search over the cars, and the triggers that
-- keep it and the ratings. Words are folded and split by unicode61; car_words
-- lists them, which is where a search looks for what a typo may have meant.

CREATE VIRTUAL TABLE cars_search USING fts5 (
    name, make, model, category, description,
    content = 'cars', content_rowid = 'rowid', tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
CREATE VIRTUAL TABLE car_words USING fts5vocab ('cars_search', 'row');

-- +goose StatementBegin
CREATE TRIGGER cars_search_insert AFTER INSERT ON cars BEGIN
    INSERT INTO cars_search (rowid, name, make, model, category, description)
    VALUES (NEW.rowid, NEW.name, NEW.make, NEW.model, NEW.category, NEW.description);
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
