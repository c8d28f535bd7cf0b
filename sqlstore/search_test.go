package sqlstore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
	"github.com/exodrive/exodrive/sqlstore"
)

// corpus are texts with everything that people put into names and descriptions.
var corpus = []string{
	"Ferrari 296 GTB", "Porsche 911 Turbo S Cabriolet", "Citroën DS 23 i.e. Décapotable", "Škoda Superb ŠKODA",
	"Lamborghini Huracán EVO RWD", "Señor Ñandú", "ÇA VA, GARÇON?", "Île-de-France", "Ångström Å å Å", "ÀÉÎÕÜ àéîõü ÿ Ÿ",
	"Łódź Øre Æsir Straße ẞ", "GRÜẞE grüße", "ΑΘΗΝΑ Αθήνα ταχύτητα", "Москва Ёлка ёжик", "İstanbul ısı IŞIK", "Dž ǅ Ǆ",
	"twin-turbo V12 6.5-litre", "0–100 in 2.9 s", "a_b c__d", "R&D, S/T; (U)", "tab\tnew\nline\u00a0space\u2003wide",
	"🚗 red 911🔥", "٣٢ ३", "中文 汽车 日本語カタカナ", "don’t can't", "e-tron", "Mercedes‑Benz", "SF90 S-tronic 4×4",
	"ﬁne ﬂow", "Ż ż Ź ź Ć ć", "ĄĘ ąę Őő Űű", "  ", "", "---", "naïve façade coöperate", "ĵĴĥĤ ŵŴ ŷŶ", "bell\x07 escape\x1b[0m feed\x0cpage\x0b",
	`back\slash "quoted" [brackets] {braces}`,
}

// rareCorpus are texts that SQLite's tokenizer, which knows Unicode 6.1, splits or
// folds in a way of its own: fractions are part of words, younger emoji too, and
// accents beyond the program's table are dropped.
var rareCorpus = []string{"Red🏎car", "½ Liter, x² ¾", "Ⅷ Ⅳ", "ĿŀǍǎẤấ", "Citroe\u0308n"}

// What one types is compared with what the fleet says by one rule: Postgres folds and splits a text exactly as the program does.
func TestPostgresFoldsAsTheProgramDoes(t *testing.T) {
	t.Parallel()
	db := prompt(t, exotest.PostgresFrom(t, "empty", empty))
	for _, text := range slices.Concat(corpus, rareCorpus) {
		// Word by word, because the program takes no more than six of one text.
		for word := range strings.SplitSeq(text, " ") {
			got := db.texts(`SELECT w FROM unnest(string_to_array(search_fold($1), ' ')) w WHERE w <> ''`, word)
			if want := exodrive.SearchWords(word); !slices.Equal(slices.Compact(got), want) {
				t.Errorf("%q is %q to Postgres and %q to the program", word, got, want)
			}
			indexed := db.texts(`SELECT unnest(tsvector_to_array(to_tsvector('simple', search_fold($1))))`, word)
			want := exodrive.SearchWords(word)
			slices.Sort(indexed)
			slices.Sort(want)
			if !slices.Equal(indexed, want) {
				t.Errorf("%q is indexed as %q, the program looks for %q", word, indexed, want)
			}
		}
	}
	if from, to := []rune(exodrive.FoldFrom), []rune(exodrive.FoldTo); len(from) != len(to) {
		t.Errorf("the table folds %d letters to %d", len(from), len(to))
	}
}

// words are the vocabulary of a fleet, as a search reads it.
func words(t testing.TB, url string) (list []string) {
	t.Helper()
	for _, term := range prompt(t, url).texts(`SELECT term FROM car_words`) {
		list = append(list, exodrive.SearchWords(term)...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// The fleet has the words that the program makes of its texts, and so the same on both engines.
func TestWordsOfTheFleet(t *testing.T) {
	eachSeeded(t, func(t *testing.T, s *sqlstore.Store, url string) {
		var want []string
		for _, text := range prompt(t, url).texts(`SELECT name || ' ' || make || ' ' || model || ' ' || category || ' ' || description FROM cars`) {
			for field := range strings.FieldsSeq(text) {
				want = append(want, exodrive.SearchWords(field)...)
			}
		}
		slices.Sort(want)
		want = slices.Compact(want)
		got := words(t, url)
		for _, w := range got {
			if _, found := slices.BinarySearch(want, w); !found {
				t.Errorf("%q is a word of the fleet to the database only", w)
			}
		}
		for _, w := range want {
			if _, found := slices.BinarySearch(got, w); !found {
				t.Errorf("%q is a word of the fleet to the program only", w)
			}
		}
		if len(got) < 200 {
			t.Errorf("the fleet has %d words only", len(got))
		}
	})
}

// found are the ids of the cars that a search finds, best first.
func found(t testing.TB, s *sqlstore.Store, text string) (ids []string) {
	t.Helper()
	ask := exodrive.CarQuery{Search: text, Sort: exodrive.SortRelevance, Page: 1, Limit: 50}
	cars, total, _, err := s.Cars(t.Context(), ask, "USD")
	if err != nil {
		t.Fatalf("search %q: %v", text, err)
	}
	for _, c := range cars {
		ids = append(ids, c.Card.ID)
	}
	if total != len(ids) {
		t.Errorf("search %q lists %d of %d cars", text, len(ids), total)
	}
	return ids
}

// A car is found by any word of its name and by the beginning of any, whatever letters and signs are around it, on both engines.
func TestEveryNameIsFound(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, _ string) {
		oneCar(t, s)
		write(t, s, func(tx *sqlstore.Tx) error {
			var cars []exodrive.Car
			for n, text := range corpus {
				c := aCar(n + 1)
				c.Name = text
				cars = append(cars, c)
			}
			return tx.InsertCars(t.Context(), cars)
		})
		for n, text := range corpus {
			for field := range strings.FieldsSeq(text) {
				for _, word := range exodrive.SearchWords(field) {
					if len([]rune(word)) < 2 {
						continue // a single letter means too many words to list them all
					}
					for _, typed := range []string{word, string([]rune(word)[:max(2, len([]rune(word))/2)])} {
						if !slices.Contains(found(t, s, typed), id(exodrive.CarID, n+1)) {
							t.Errorf("%q does not find the car %q", typed, text)
						}
					}
				}
			}
		}
	})
}

// Whoever edits a car by hand, with plain SQL, finds it at once by its new words and not by its old ones.
func TestSearchFollowsPlainSQL(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *sqlstore.Store, url string) {
		twoCars(t, s)
		db, first, second := prompt(t, url), id(exodrive.CarID, 0), id(exodrive.CarID, 1)
		expect := func(text string, want ...string) {
			t.Helper()
			got := found(t, s, text)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%q finds %v, want %v", text, got, want)
			}
		}
		expect("testarossa", first, second)
		db.exec(`UPDATE cars SET name = 'Miura Jota', make = 'Lamborghini', model = 'Miura' WHERE id = $1`, first)
		expect("testarossa", second)
		expect("miura", first)
		expect("muira", first) // a typo in a word that only plain SQL wrote
		db.exec(`UPDATE cars SET description = 'Only nineteen were built in Maranello' WHERE id = $1`, second)
		expect("maranello", second)
		expect("maranelo nineteen", second)
		expect("wide", first)
		db.exec(`UPDATE cars SET hidden = TRUE WHERE id = $1`, first)
		expect("miura")
		db.exec(`UPDATE cars SET hidden = FALSE WHERE id = $1`, first)
		expect("miura", first)
		db.exec(`DELETE FROM cars WHERE id = $1`, first)
		expect("miura")
		expect("wide")
		expect("testarossa", second)
	})
}

// A typo, an accent or the order of words does not hide a car, what names a car counts more than what describes it, and nonsense finds nothing.
func TestSearchForgives(t *testing.T) {
	eachSeeded(t, func(t *testing.T, s *sqlstore.Store, url string) {
		db := prompt(t, url)
		ferraris := db.number(`SELECT COUNT(*) FROM cars WHERE make = 'Ferrari' AND available AND NOT hidden`)
		for _, text := range []string{"ferrari", "ferari", "ferrarri", "ferrrai", "fer"} {
			var n int64
			for _, car := range found(t, s, text) {
				n += db.number(`SELECT COUNT(*) FROM cars WHERE id = $1 AND make = 'Ferrari'`, car)
			}
			if n != ferraris {
				t.Errorf("%q finds %d Ferraris of %d", text, n, ferraris)
			}
		}
		for i, car := range found(t, s, "ferrari") {
			if got := db.text(`SELECT make FROM cars WHERE id = $1`, car); int64(i) < ferraris && got != "Ferrari" {
				t.Errorf("place %d of a search for ferrari is a %s", i, got)
			}
		}
		for _, text := range []string{"qqqqzzzz", "ferrari qqqqzzzz"} {
			if got := found(t, s, text); len(got) > 0 {
				t.Errorf("%q finds %v", text, got)
			}
		}
		if a, b := found(t, s, "ferrari convertible"), found(t, s, "convertible ferrari"); !slices.Equal(a, b) {
			t.Errorf("the order of words changes what is found: %v and %v", a, b)
		}
	})
}
