package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/exodrive/exodrive/bench/report"
	"github.com/exodrive/exodrive/bench/stage"
)

// target is a threshold of the script.
type target struct{ metric, what, wanted string }

var targets = []target{
	{"cached_requests", "cached requests, p95", "< 50 ms"},
	{"database_queries", "database queries of a miss, p95", "< 250 ms"},
	{"search_operations", "searches that miss, p95", "< 500 ms"},
	{"cache_hit_rate", "hit rate", "> 85 %"},
	{"errors", "errors", "< 0.1 %"},
}

// writeReport writes what k6 measured.
func writeReport(o options, series, summary string, code int) error {
	text, err := os.ReadFile(summary)
	if err != nil {
		return err
	}
	var s struct {
		Metrics map[string]map[string]any
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	lines, begun, err := readSeries(series)
	if err != nil {
		return err
	}
	servers, name := []string{o.k6}, "load"
	if o.stores == "postgres" {
		servers, name = append(servers, "postgres", "redis-server"), "load-postgres"
	}
	if o.breaks != "" {
		name += "-" + o.breaks
	}
	verdict := "All targets are met."
	if code != 0 {
		verdict = fmt.Sprintf("k6 ended with %d: a target is missed.", code)
	}
	fleet := "the demo fleet"
	if o.cars > 0 {
		fleet = fmt.Sprint(o.cars, " generated cars")
	}
	r := report.Report{Title: "Load test, " + map[string]string{"embedded": "embedded database", "postgres": "two nodes on Postgres and Redis"}[o.stores], Conditions: [][2]string{
		{"when", begun.UTC().Format(time.RFC3339)}, {"machine", stage.Machine() + "; k6, servers and databases share it"},
		{"versions", stage.Versions(servers...)}, {"commit", stage.Commit()},
		{"command", "go run ./bench/load " + strings.Join(os.Args[1:], " ")}, {"fleet", fleet},
	}}
	table := &report.Table{Head: []string{"target", "wanted", "measured", "p50", "p99", "of"}}
	for _, t := range targets {
		table.Rows = append(table.Rows, t.row(s.Metrics[t.metric]))
	}
	r.Add(report.Part{Title: "Targets of the performance guide", Text: verdict, Table: table})
	r.Add(report.Part{Title: "Milliseconds of an answer, second by second", Plot: &report.Plot{Unit: "ms", Log: true, Lines: []report.Line{
		lines.percentile("hits, p50", "cached_requests", 0.50), lines.percentile("hits, p99", "cached_requests", 0.99),
		lines.percentile("statements of a miss, p50", "database_queries", 0.50), lines.percentile("statements of a miss, p99", "database_queries", 0.99),
	}}})
	r.Add(report.Part{Title: "Answers a second", Plot: &report.Plot{Unit: "1/s", Lines: []report.Line{
		lines.count("hits", "cached_requests"), lines.count("misses", "database_queries"),
	}}})
	return r.Write(os.Stdout, filepath.Join(out, name+".html"))
}

// row is a line of the table; of is how many values there are.
func (t target) row(m map[string]any) []string {
	number := func(name string) float64 { v, _ := m[name].(float64); return v }
	if rate, ok := m["value"].(float64); ok {
		return []string{t.what, t.wanted, fmt.Sprintf("%.2f %%", 100*rate), "", "", fmt.Sprint(number("passes") + number("fails"))}
	}
	if m == nil || number("count") == 0 {
		return []string{t.what, t.wanted, "–", "", "", "0"}
	}
	return []string{t.what, t.wanted, report.Ms(number("p(95)")), report.Ms(number("med")), report.Ms(number("p(99)")), fmt.Sprint(number("count"))}
}

// seconds are the values of a metric by second since the first.
type seconds map[string]map[int][]float64

// readSeries reads the values of the script's own metrics, of which there are two a
// request, from all that k6 has written.
func readSeries(file string) (seconds, time.Time, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer f.Close()
	all, first := seconds{"cached_requests": {}, "database_queries": {}}, int64(0)
	rows := csv.NewReader(f)
	rows.ReuseRecord, rows.FieldsPerRecord = true, -1
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return all, time.UnixMilli(first), nil
		}
		if err != nil {
			return nil, time.Time{}, err
		}
		at, err1 := strconv.ParseInt(row[1], 10, 64)
		value, err2 := strconv.ParseFloat(row[2], 64)
		if errors.Join(err1, err2) != nil {
			continue // the head
		}
		if first == 0 {
			first = at
		}
		if of := all[row[0]]; of != nil {
			second := int(at-first) / 1000
			of[second] = append(of[second], value)
		}
	}
}

func (s seconds) percentile(name, metric string, share float64) report.Line {
	return s.line(name, metric, func(values []float64) float64 { return report.Percentile(values, share) })
}

func (s seconds) count(name, metric string) report.Line {
	return s.line(name, metric, func(values []float64) float64 { return float64(len(values)) })
}

func (s seconds) line(name, metric string, of func([]float64) float64) report.Line {
	l := report.Line{Name: name}
	for second, values := range s[metric] {
		l.Points = append(l.Points, [2]float64{float64(second), of(values)})
	}
	slices.SortFunc(l.Points, func(a, b [2]float64) int { return int(a[0] - b[0]) })
	return l
}
