package rental_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/exodrive/exodrive/exotest"

	"github.com/exodrive/exodrive/cache"
)

// searches are what people type, with the make or the car that comes first; ""
// is nothing found. What else is found is in testdata/search.golden.json.
var searches = []struct{ typed, first string }{
	{"ferrari", "ferrari-"}, {"Ferrari 296", "ferrari-296-gtb"}, {"roma", "ferrari-roma"}, {"FERRARI ROMA", "ferrari-roma"}, {"roma ferrari", "ferrari-roma"},
	// typing errors: one letter lost, added, changed, swapped
	{"ferari", "ferrari-"}, {"ferrrari", "ferrari-"}, {"porshe", "porsche-"}, {"prosche", "porsche-"}, {"lamborgini", "lamborghini-"}, {"lambhorgini", "lamborghini-"},
	{"mclaran", "mclaren-"}, {"bently", "bentley-"}, {"bentely", "bentley-"}, {"astin martin", "aston-martin-"}, {"aston matrin", "aston-martin-"},
	{"maseratti", "maserati-"}, {"rols royce", "rolls-royce-"}, {"chevrolett corvete", "chevrolet-corvette-"}, {"mercedez", "mercedes-"}, {"tesls", "tesla-"},
	{"phantem", "rolls-royce-phantom"}, {"contnental", "bentley-continental-"}, {"portofinno", "ferrari-portofino-m"},
	// beginnings
	{"lam", "lamborghini-"}, {"ferr", "ferrari-"}, {"cont", "bentley-continental-"}, {"rev", "lamborghini-revuelto"}, {"granturi", "maserati-granturismo-trofeo"}, {"tay", "porsche-taycan-turbo-s"},
	// kinds of car and words of a description
	{"convertible", ""}, {"grand tourer", ""}, {"classic", ""}, {"electric", ""}, {"suv", ""}, {"luxury sedan", ""},
	{"maranello", "ferrari-296-gtb"}, {"mulholland", "lamborghini-huracan-tecnica"}, {"hydraulic", "mclaren-"}, {"taconic", "mclaren-artura"},
	// letters with accents, figures, signs
	{"huracan", "lamborghini-huracan-"}, {"Huracán", "lamborghini-huracan-"}, {"HURACÁN evo", "lamborghini-huracan-evo-spyder"}, {"huracn", "lamborghini-huracan-"},
	{"911", "porsche-911-"}, {"911 turbo", "porsche-911-turbo-s"}, {"v10", ""}, {"720s", "mclaren-720s"}, {"g 63", "mercedes-amg-g-63"}, {"model s", "tesla-model-s-plaid"},
	{"e-type", "jaguar-e-type-4-2-roadster"}, {"rolls-royce", "rolls-royce-"}, {"s", ""}, {"db", "aston-martin-"}, {"v", ""},
	// several words must all be there
	{"ferrari convertible", "ferrari-portofino-m"}, {"porsche classic", "porsche-911-carrera-3-2"}, {"bentley suv", "bentley-bentayga-v8"}, {"red ferrari tesla", "none"},
	{"lamborgini convertable", "lamborghini-huracan-evo-spyder"}, {"the car", ""},
	// nonsense
	{"xyzzyplugh", "none"}, {"ferrari xyzzyplugh", "none"}, {"qqqq", "none"}, {"日本", "none"}, {"rimac", "none"}, {"!!!", ""},
}

// found is what a search finds on any engine.
type found struct {
	First string
	All   []string // in the order of the alphabet
}

// A search finds the same cars and the same first one on both engines, forgives
// a typing error, and finds nothing that no car has.
func TestSearch(t *testing.T) {
	perEngine(t, "search.golden.json", func(t *testing.T, w *world) map[string]found {
		out := map[string]found{}
		for _, s := range searches {
			page := w.list(t, "search="+url.QueryEscape(s.typed))
			f := found{All: slugs(page.Cars)}
			if len(f.All) > 0 {
				f.First = f.All[0]
			}
			slices.Sort(f.All)
			out[s.typed] = f
			switch {
			case s.first == "none" && len(f.All) > 0:
				t.Errorf("%q finds %v", s.typed, f.All)
			case s.first != "none" && !strings.HasPrefix(f.First, s.first), s.first == "" && len(f.All) == 0:
				t.Errorf("%q finds %q first, of %v; want %s", s.typed, f.First, f.All, s.first)
			}
			if page.Pagination.Total != len(f.All) {
				t.Errorf("%q: the total is %d of %d cars", s.typed, page.Pagination.Total, len(f.All))
			}
		}
		return out
	})
}

// perEngine runs a test on every engine of this run. What it returns must be
// that of a golden file, so that engines agree also when each has its own run.
func perEngine[T any](t *testing.T, file string, run func(*testing.T, *world) map[string]T) {
	t.Helper()
	t.Run("engines", func(t *testing.T) {
		eachWorld(t, func(t *testing.T, w *world) {
			got := run(t, w)
			if *update && w.store.Engine() == exotest.Engines()[0] {
				writeGolden(t, file, got)
			}
			if want := readGolden[T](t, file); !*update || w.store.Engine() == exotest.Engines()[0] {
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Errorf("%s differs from testdata/%s; go test ./rental -update writes it anew (-golden +got):\n%s", w.store.Engine(), file, diff)
				}
			}
		})
	})
}

// What looks like the language of a database, of a page or of a search engine
// is text like any other.
func TestSearchIsText(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		all := w.list(t, "").Pagination.Total
		ferraris := w.list(t, "search=ferrari").Pagination.Total
		for _, typed := range []string{
			`"`, `""`, `"ferrari`, `ferrari"`, `'`, `''`, `*`, `ferrari*`, `*ferrari`, `AND`, `ferrari AND`, `OR`, `NOT ferrari`, `NEAR(ferrari, roma)`, `NEAR/3`, `:`, `make:ferrari`, `{make}:ferrari`,
			`-`, `-ferrari`, `ferrari -roma`, `--`, `/* ferrari */`, `^ferrari`, `+ferrari`, `(ferrari`, `ferrari)`, `()`, `' OR 1=1 --`, `'; DROP TABLE cars; --`, `<script>alert(1)</script>`,
			`%`, `_`, `ferr_ri`, `100%`, `\`, `\'`, `$1`, `?`, `@@`, `ferrari & roma`, `ferrari | roma`, `!ferrari`, `ferrari:*`, `ferrari:A`, `<->`, `ferrari <-> roma`,
			"ferrari\x00roma", "\x00", "a\tb\nc", "\u202eirarref", "\U0010FFFF", "e\u0301", "ﬀ", "İ", "ß", "😀", strings.Repeat("a", 100), strings.Repeat("ferrari ", 12), strings.Repeat("é", 100),
			"a b c d e f g h i j", strings.Repeat("x ", 50),
		} {
			q := ask(t, "search="+url.QueryEscape(typed))
			q.Limit = 50
			page, err := cache.Value(w.Cars(t.Context(), q))
			if err != nil {
				t.Errorf("%q: %v", typed, err)
				continue
			}
			if strings.Trim(typed, `"'*:-%_\$?@<>()!/^+& 😀`+"\x00") == "" && page.Pagination.Total != all {
				t.Errorf("%q has no word and finds %d cars, want all %d", typed, page.Pagination.Total, all)
			}
		}
		for _, typed := range []string{`"ferrari`, `ferrari"`, `ferrari*`, `:ferrari`, `-ferrari`, `(ferrari`, `+ferrari`, `^ferrari`, `!ferrari`, strings.Repeat("ferrari ", 12)} {
			if n := w.list(t, "search="+url.QueryEscape(typed)).Pagination.Total; n != ferraris {
				t.Errorf("%q finds %d cars, want the %d Ferraris", typed, n, ferraris)
			}
		}
		if got := fmt.Sprint(slugs(w.list(t, "search=DROP+TABLE").Cars)); w.list(t, "").Pagination.Total != all {
			t.Errorf("cars are gone after a search: %s", got)
		}
	})
}

// A search narrows with filters and dates as they do without it.
func TestSearchWithFilters(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		for _, filter := range []string{"category=convertible", "seats=2", "startDate=2026-12-01&endDate=2026-12-05", "maxPrice=1400&location=miami"} {
			want := []string{}
			with := slugs(w.list(t, filter).Cars)
			for _, slug := range slugs(w.list(t, "search=lamborgini").Cars) {
				if slices.Contains(with, slug) {
					want = append(want, slug)
				}
			}
			if got := slugs(w.list(t, "search=lamborgini&"+filter).Cars); !slices.Equal(got, want) {
				t.Errorf("search with %s finds %v, want %v", filter, got, want)
			}
		}
	})
}
