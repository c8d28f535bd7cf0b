package exodrive_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/exodrive/exodrive"
)

// TestFoldTable: The table that Postgres folds with has one plain letter for
// every accented one, in both cases.
func TestFoldTable(t *testing.T) {
	from, to := []rune(exodrive.FoldFrom), []rune(exodrive.FoldTo)
	if len(from) != len(to) {
		t.Fatalf("%d letters become %d", len(from), len(to))
	}
	plain := map[rune]rune{}
	for i, r := range from {
		if _, twice := plain[r]; twice {
			t.Errorf("%c is there twice", r)
		}
		if to[i] < 'a' || to[i] > 'z' {
			t.Errorf("%c becomes %c, which is no plain letter", r, to[i])
		}
		plain[r] = to[i]
	}
	for r, p := range plain {
		if plain[unicode.ToLower(r)] != p || plain[unicode.ToUpper(r)] != p {
			t.Errorf("%c becomes %c, %c %q and %c %q", r, p,
				unicode.ToLower(r), plain[unicode.ToLower(r)], unicode.ToUpper(r), plain[unicode.ToUpper(r)])
		}
	}
}

// TestSearchWords: A search looks at different words only, without case,
// accents and punctuation, and at no more than six.
func TestSearchWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                               nil,
		" -/!? ":                         nil,
		"Ferrari":                        {"ferrari"},
		"  FERRARI  296-GTB ferrari ":    {"ferrari", "296", "gtb"},
		"Citroën, škoda":                 {"citroen", "skoda"},
		"911 GT3 RS (2024) white manual": {"911", "gt3", "rs", "2024", "white", "manual"},
		"a b c d e f g h":                {"a", "b", "c", "d", "e", "f"},
		"a a a a a a a b":                {"a", "b"},
		"日産 GT-R":                        {"日産", "gt", "r"},
		"\u212bngström":                  {"angstrom"},
	} {
		if diff := cmp.Diff(want, exodrive.SearchWords(text)); diff != "" {
			t.Errorf("SearchWords(%q) (-want +got):\n%s", text, diff)
		}
	}
}

// TestSearchWordsLaws: The words of a text, written down and read again, are
// the same words; case makes no difference.
func TestSearchWordsLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[A-Za-zÀ-ÿĀ-ž0-9 \-\x{212A}\x{212B}]{0,60}`)).Draw(t, "text")
		words := exodrive.SearchWords(text)
		if len(words) > exodrive.SearchWordLimit {
			t.Errorf("%d words", len(words))
		}
		if diff := cmp.Diff(words, exodrive.SearchWords(strings.Join(words, " "))); diff != "" {
			t.Errorf("words of the words of %q (-first +again):\n%s", text, diff)
		}
		if folded := exodrive.Fold(text); exodrive.Fold(folded) != folded {
			t.Errorf("Fold(%q) = %q, and again %q", text, folded, exodrive.Fold(folded))
		}
	})
}

// TestMeansWord: Usual misspellings find the car; other words do not.
func TestMeansWord(t *testing.T) {
	for _, c := range []struct {
		typed, word string
		want        bool
		why         string
	}{
		{"ferrari", "ferrari", true, "the word"},
		{"lambo", "lamborghini", true, "a beginning"},
		{"f", "ferrari", true, "one letter while typing"},
		{"ferari", "ferrari", true, "a letter lost"},
		{"ferrrari", "ferrari", true, "a letter too many"},
		{"porshe", "porsche", true, "a letter lost"},
		{"prosche", "porsche", true, "two letters swapped"},
		{"lamborgini", "lamborghini", true, "a letter lost"},
		{"lambroghini", "lamborghini", true, "two letters swapped"},
		{"lamborgine", "lamborghini", true, "two typos in a long word"},
		{"maseroty", "maserati", true, "two typos in a word of eight"},
		{"bmww", "bmw", true, "a letter too many makes four"},
		{"mclaran", "mclaren", true, "a letter changed"},
		{"maclaren", "mclaren", true, "a letter too many"},
		{"spyder", "spider", true, "a letter changed"},
		{"spider", "spyder", true, "the other way round"},
		{"bently", "bentley", true, "a letter lost"},
		{"huracan", "huracan", true, "folded before it comes here"},
		{"uracan", "huracan", true, "the first letter lost"},
		{"rome", "roma", true, "one letter of four; a Ferrari Roma is meant"},
		{"audio", "audi", true, "a letter too many"},
		{"audi", "audio", true, "a beginning"},

		{"911", "912", false, "short words are exact"},
		{"gt3", "gt4", false, "short words are exact"},
		{"gt3", "gt", false, "longer than the word, and short"},
		{"bmw", "bmx", false, "short words are exact"},
		{"ferrari", "ferr", false, "the word is only a beginning of what was typed"},
		{"ferrari", "maserati", false, "another make"},
		{"feri", "ferrari", false, "three letters lost"},
		{"ferary", "ferrari", false, "two typos in a word of six"},
		{"ferrory", "ferrari", false, "two typos in a word of seven"},
		{"lambrogine", "lamborghini", false, "three typos"},
		{"tesla", "delta", false, "another word"},
		{"coupe", "roadster", false, "another word"},
		{"bemz", "benz", true, "a letter inside a word of four"},
		{"telsa", "tesla", true, "a swap inside a word of five"},
	} {
		if got := exodrive.MeansWord(c.typed, c.word); got != c.want {
			t.Errorf("MeansWord(%s, %s) = %v, want %v: %s", c.typed, c.word, got, c.want, c.why)
		}
	}
}

// TestMeansWordBeginnings: While a renter types a word, every letter so far
// finds it.
func TestMeansWordBeginnings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z0-9é]{1,12}`).Draw(t, "word")
		for i := range word {
			if !exodrive.MeansWord(word[:i], word) {
				t.Errorf("%q does not find %q", word[:i], word)
			}
		}
	})
}

// TestSimilarityIsThatOfPostgres: Both engines find the same words, because the
// rule counts trigrams as pg_trgm does. The numbers are those of similarity(a, b)
// in Postgres 15.
func TestSimilarityIsThatOfPostgres(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float32
	}{
		{"ferari", "ferrari", 0.6666667}, {"porshe", "porsche", 0.5}, {"lamborgini", "lamborghini", 0.64285713},
		{"mclaran", "mclaren", 0.45454547}, {"spyder", "spider", 0.4}, {"rome", "roma", 0.42857143}, {"audio", "audi", 0.5714286},
		{"telsa", "tesla", 0.2}, {"bemz", "benz", 0.25}, {"louts", "lotus", 0.2}, {"911", "911", 1}, {"gt", "gt3", 0.4},
		{"aaaa", "aaa", 1}, {"maclaren", "mclaren", 0.54545456}, {"prosche", "porsche", 0.33333334}, {"huracan", "uracan", 0.5},
		{"citroën", "citroen", 0.45454547}, {"astin", "aston", 0.33333334}, {"bently", "bentley", 0.5}, {"abcdef", "abcxyz", 0.27272728},
	} {
		if got := exodrive.TrigramSimilarity(c.a, c.b); got != c.want {
			t.Errorf("similarity of %s and %s = %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

// TestTyposLaws: The number of typos between two words is the same both ways,
// nought only for the same word, at most the length of the longer one, at least
// the difference of lengths, and one for each single edit.
func TestTyposLaws(t *testing.T) {
	words := rapid.Map(rapid.StringMatching(`[abcé]{0,9}`), func(s string) []rune { return []rune(s) })
	rapid.Check(t, func(t *rapid.T) {
		a, b := words.Draw(t, "a"), words.Draw(t, "b")
		n := exodrive.Typos(a, b)
		if back := exodrive.Typos(b, a); back != n {
			t.Errorf("%s to %s: %d typos, back %d", string(a), string(b), n, back)
		}
		longer, shorter := max(len(a), len(b)), min(len(a), len(b))
		if n > longer || n < longer-shorter || (n == 0) != (string(a) == string(b)) {
			t.Errorf("%s to %s: %d typos", string(a), string(b), n)
		}
		similar := exodrive.TrigramSimilarity(string(a), string(b))
		if back := exodrive.TrigramSimilarity(string(b), string(a)); back != similar || similar < 0 || similar > 1 {
			t.Errorf("%s and %s are alike %v, back %v", string(a), string(b), similar, back)
		}
		if len(a) < 2 {
			return
		}
		at := rapid.IntRange(0, len(a)-2).Draw(t, "where")
		swapped := []rune(string(a))
		swapped[at], swapped[at+1] = swapped[at+1], swapped[at]
		for name, edited := range map[string][]rune{
			"lost":    append([]rune(string(a[:at])), a[at+1:]...),
			"added":   append(append([]rune(string(a[:at])), 'z'), a[at:]...),
			"changed": append(append([]rune(string(a[:at])), 'z'), a[at+1:]...),
		} {
			if exodrive.Typos(a, edited) != 1 {
				t.Errorf("%s with a letter %s, %s: %d typos, want 1", string(a), name, string(edited), exodrive.Typos(a, edited))
			}
		}
		want := 1
		if a[at] == a[at+1] {
			want = 0
		}
		if got := exodrive.Typos(a, swapped); got != want {
			t.Errorf("%s with a swap, %s: %d typos, want %d", string(a), string(swapped), got, want)
		}
	})
}

// TestSearchTakesAnything: No text, however odd, stops a search.
func TestSearchTakesAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "typed"), rapid.String().Draw(t, "word")
		exodrive.MeansWord(a, b)
		for _, w := range exodrive.SearchWords(string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))) {
			if !utf8.ValidString(w) {
				t.Errorf("word %q is not UTF-8", w)
			}
		}
	})
}
