// Package report writes what a measurement found: a page of HTML that needs nothing
// beside it, and its tables as text for the terminal.
package report

import (
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Report is a title, under which conditions was measured, and what was found, in
// order.
type Report struct {
	Title      string
	Conditions [][2]string // name, value
	Parts      []Part
}

// Part is a section; each member is left out where it is empty.
type Part struct {
	Title string
	Text  string
	Table *Table
	Plot  *Plot
}

// Table has a head and rows of the same length.
type Table struct {
	Head []string
	Rows [][]string
}

// Add adds a section.
func (r *Report) Add(p Part) { r.Parts = append(r.Parts, p) }

// Write writes the page into a file, whose folder it makes, and the tables to out.
func (r *Report) Write(out io.Writer, file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	err = page.Execute(f, r)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n# %s\n", r.Title)
	for _, p := range r.Parts {
		if p.Table == nil && p.Text == "" {
			continue
		}
		fmt.Fprintf(out, "\n## %s\n", p.Title)
		if p.Text != "" {
			fmt.Fprintf(out, "\n%s\n", p.Text)
		}
		if p.Table != nil {
			fmt.Fprintf(out, "\n%s", p.Table)
		}
	}
	fmt.Fprintf(out, "\nThe report is %s.\n", file)
	return nil
}

// String implements fmt.Stringer: the table as Markdown.
func (t *Table) String() string {
	wide := make([]int, len(t.Head))
	all := append([][]string{t.Head}, t.Rows...)
	for _, row := range all {
		for i, cell := range row {
			wide[i] = max(wide[i], utf8.RuneCountInString(cell))
		}
	}
	var to strings.Builder
	for n, row := range all {
		for i, cell := range row {
			fmt.Fprintf(&to, "| %s%s ", cell, strings.Repeat(" ", wide[i]-utf8.RuneCountInString(cell)))
		}
		to.WriteString("|\n")
		if n == 0 {
			for i := range row {
				fmt.Fprintf(&to, "|%s", strings.Repeat("-", wide[i]+2))
			}
			to.WriteString("|\n")
		}
	}
	return to.String()
}

var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{.Title}}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #ddd; vertical-align: top }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; font-size: .85rem; color: #555 } dd { margin: 0; overflow-wrap: anywhere }
svg { max-width: 100%; height: auto; font: 11px system-ui, sans-serif } p { white-space: pre-line }
</style>
<h1>{{.Title}}</h1>
<dl>{{range .Conditions}}<dt>{{index . 0}}</dt><dd>{{index . 1}}</dd>{{end}}</dl>
{{range .Parts}}<h2>{{.Title}}</h2>
{{with .Text}}<p>{{.}}</p>{{end}}
{{with .Table}}<table><tr>{{range .Head}}<th>{{.}}</th>{{end}}</tr>
{{range .Rows}}<tr>{{range .}}<td>{{.}}</td>{{end}}</tr>
{{end}}</table>{{end}}
{{with .Plot}}{{.SVG}}{{end}}
{{end}}</html>
`))
