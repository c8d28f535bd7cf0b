package report_test

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exodrive/exodrive/bench/report"
)

// A report is one page that every browser can read, whatever the figures are.
func TestReport(t *testing.T) {
	r := report.Report{Title: "Load <1>", Conditions: [][2]string{{"machine", "a & b"}}}
	r.Add(report.Part{Title: "Figures", Text: "All is well.", Table: &report.Table{Head: []string{"what", "p99"}, Rows: [][]string{{"hits", "1 µs"}, {"misses", "–"}}}})
	for _, plot := range []*report.Plot{
		{},
		{Unit: "ms", Log: true, Lines: []report.Line{{Name: "a<b", Points: [][2]float64{{0, 0}, {1, 0.5}, {2, math.NaN()}, {3, 1200}}}, {Name: "none"}}},
		{Unit: "1/s", Lines: []report.Line{{Name: "one", Points: [][2]float64{{5, 3}}}}, Bands: []report.Band{{Name: "flood & ebb", From: 1, To: 9, Loud: true}}},
	} {
		r.Add(report.Part{Title: "Plot", Plot: plot})
		for d := xml.NewDecoder(strings.NewReader(string(plot.SVG()))); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in %s", err, plot.SVG())
			}
		}
		if strings.Contains(string(plot.SVG()), "NaN") || strings.Contains(string(plot.SVG()), "Inf") {
			t.Errorf("a browser cannot draw %s", plot.SVG())
		}
	}
	file := filepath.Join(t.TempDir(), "out", "load.html")
	var text strings.Builder
	if err := r.Write(&text, file); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Load &lt;1&gt;", "a &amp; b", "<td>1 µs</td>", "flood &amp; ebb", "a&lt;b"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if want := "| what   | p99  |\n|--------|------|\n| hits   | 1 µs |\n| misses | –    |\n"; !strings.Contains(text.String(), want) {
		t.Errorf("the table is\n%s", text.String())
	}
}

// A percentile is a value that was measured.
func TestPercentile(t *testing.T) {
	values := []float64{4, 1, 3, 2, 5, 10, 9, 8, 7, 6}
	for share, want := range map[float64]float64{0: 1, 0.5: 6, 0.95: 10, 1: 10} {
		if got := report.Percentile(values, share); got != want {
			t.Errorf("of 1 to 10, %v is %v, want %v", share, got, want)
		}
	}
	if !math.IsNaN(report.Percentile(nil, 0.5)) {
		t.Error("of nothing there is a percentile")
	}
}
