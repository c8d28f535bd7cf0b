package sqlstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/exotest"
)

// keys find a row of a table, as one text.
var keys = map[string]string{
	"car_availability": `car_id || '/' || date`, "car_features": `car_id || '/' || name`, "car_images": `car_id || '/' || position`,
	"car_prices": `car_id || '/' || date`, "car_reviews": `id`, "car_specs": `car_id || '/' || position`, "car_words": `term`,
	"cars": `id`, "locations": `id`, "price_rules": `id`, "settings": `key`,
}

// changer changes a database at random, as somebody at a SQL prompt may.
type changer struct {
	db      raw
	url     string
	chance  *rand.Rand
	columns map[string][]string // by table
}

// column is one to be changed.
type column struct{ table, name string }

func newChanger(db raw, url string, tables []string, chance *rand.Rand) *changer {
	c := &changer{db: db, url: url, chance: chance, columns: map[string][]string{}}
	for _, table := range tables {
		list := `SELECT name FROM pragma_table_info($1)`
		if onPostgres(url) {
			list = `SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND is_generated = 'NEVER'`
		}
		c.columns[table] = slices.Sorted(slices.Values(db.texts(list, table)))
	}
	return c
}

// all are all columns of all tables, and some of them again, in any order.
func (c *changer) all(again int) (all []column) {
	for table, names := range c.columns {
		for _, name := range names {
			all = append(all, column{table, name})
		}
	}
	slices.SortFunc(all, func(a, b column) int { return strings.Compare(a.table+"."+a.name, b.table+"."+b.name) })
	for range again {
		all = append(all, all[c.chance.IntN(len(all))])
	}
	c.chance.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// pick returns a row of a table that some read may show, and the car that it
// belongs to or any. There may be no such row any more.
func (c *changer) pick(table string) (key, car string) {
	in, listed := "", `SELECT id FROM cars WHERE available AND NOT hidden`
	switch {
	case table == "settings":
		in = ` WHERE key = 'currency'`
	case table == "cars":
		in = ` WHERE id IN (` + listed + `)`
	case slices.Contains(c.columns[table], "date"): // what the reads ask for
		in = fmt.Sprintf(` WHERE car_id IN (%s) AND date >= '%s' AND date < '%s'`, listed, today, today.Add(10))
	case table != "price_rules" && slices.Contains(c.columns[table], "car_id"):
		in = ` WHERE car_id IN (` + listed + `)`
	}
	owner := `''`
	if table == "cars" {
		owner = `id`
	} else if slices.Contains(c.columns[table], "car_id") {
		owner = `COALESCE(car_id, '')`
	}
	rows := c.db.texts(`SELECT ` + owner + ` || ' ' || ` + keys[table] + ` FROM ` + table + in + ` ORDER BY 1`)
	if len(rows) == 0 {
		return "", ""
	}
	car, key, _ = strings.Cut(rows[c.chance.IntN(len(rows))], " ")
	if car == "" {
		ids := c.db.texts(listed + ` ORDER BY id`)
		car = ids[c.chance.IntN(len(ids))]
	}
	return key, car
}

// change gives a column of a row a value that is a little different, that of
// another row, or none; now and then it takes the row away. It returns the
// statement, which is empty when the database refused it, and how to undo it.
func (c *changer) change(col column, key string) (statement string, undo func()) {
	table, name := col.table, col.name
	where := ` WHERE ` + keys[table] + ` = $1`
	near, none := c.near(table, name), `NULL`
	other := `COALESCE((SELECT o.` + name + ` FROM ` + table + ` o ORDER BY ` + name + ` LIMIT 1 OFFSET ` + strconv.Itoa(c.chance.IntN(20)) + `), ` + name + `)`
	values := []string{near, other}
	switch dice := c.chance.IntN(20); {
	case dice == 0 && table != "settings": // without a currency nothing can be read any more
		statement = `DELETE FROM ` + table + where
		result, err := c.db.db.ExecContext(context.Background(), statement, key)
		if err != nil {
			return "", nil
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return "", nil
		}
		return statement, func() { c.db.t.Errorf("%s cannot be undone", statement) }
	case dice < 3 && !strings.Contains(keys[table], name): // SQLite takes a key that is none
		values = []string{none}
	case dice < 8:
		values = []string{other}
	}
	var was any
	c.db.scan(&was, `SELECT `+name+` FROM `+table+where, key)
	for _, value := range values {
		statement = `UPDATE ` + table + ` SET ` + name + ` = ` + value + where
		var now string
		if c.db.db.QueryRowContext(context.Background(), statement+` RETURNING `+keys[table], key).Scan(&now) == nil {
			return statement, func() { c.db.exec(`UPDATE `+table+` SET `+name+` = $2`+where, now, was) }
		}
	}
	return "", nil // a constraint
}

// near is an expression for a value close to a column's.
func (c *changer) near(table, name string) string {
	kind := `SELECT lower(type) FROM pragma_table_info($1) WHERE name = $2`
	if onPostgres(c.url) {
		kind = `SELECT data_type FROM information_schema.columns WHERE table_name = $1 AND column_name = $2`
	}
	switch c.db.text(kind, table, name) {
	case "boolean":
		return `NOT COALESCE(` + name + `, FALSE)`
	case "text":
		return name + ` || 'x'`
	}
	return name + ` + 1`
}

// again is how many columns a run changes a second time.
const again = 60

// Whatever is changed by hand, every column of every table or a whole row: if a cached read would now show something else, it is no longer served.
func TestRandomChangesRaiseWhatTheyChange(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	if given := os.Getenv("EXO_TEST_SEED"); given != "" {
		seed = must(strconv.ParseUint(given, 10, 64))
	}
	exotest.EachEngine(t, "seeded", seeded, func(t *testing.T, url string) {
		t.Logf("EXO_TEST_SEED=%d", seed)
		tables := readTables(t, url)
		s, db := open(t, url), prompt(t, url)
		c := newChanger(db, url, tables, rand.New(rand.NewPCG(seed, 0)))
		l := listen(t, s)
		taken, seen := 0, map[string]int{}
		for _, col := range c.all(again) {
			key, car := c.pick(col.table)
			if key == "" {
				continue
			}
			reads := cachedReads(t.Context(), s, car, db.text(`SELECT slug FROM cars WHERE id = $1`, car), exodrive.Sorts[c.chance.IntN(len(exodrive.Sorts))])
			before := make([]string, len(reads))
			for i, r := range reads {
				var err error
				if before[i], err = r.bytes(); err != nil {
					t.Fatalf("%s: %v", r.name, err)
				}
			}
			statement, undo := c.change(col, key)
			if statement == "" {
				continue
			}
			taken++
			raised, broken := l.tags(), false
			for i, r := range reads {
				after, err := r.bytes()
				broken = broken || err != nil
				if after == before[i] {
					continue
				}
				seen[col.table]++
				if !r.raisedBy(raised) {
					t.Errorf("%s with %s changed %s, whose tags are %q; raised was %q\nbefore %.300s\nafter  %.300s", statement, key, r.name, r.tags, raised, before[i], after)
				}
			}
			if broken {
				undo()
				l.poll()
			}
		}
		t.Logf("%d changes were taken; how many reads they changed: %v", taken, seen)
		if taken < again || len(seen) < 6 {
			t.Errorf("only %d changes were taken and only %v changed anything seen", taken, seen)
		}
	})
}
