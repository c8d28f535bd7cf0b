package report

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// Plot is lines over seconds.
type Plot struct {
	Unit  string // of y
	Log   bool   // y by tens
	Lines []Line
	Bands []Band
}

// Line is a named line. A y that is not a number is a gap.
type Line struct {
	Name   string
	Points [][2]float64 // second, y
}

// Band is a named part of the time.
type Band struct {
	Name     string
	From, To float64 // seconds
	Loud     bool    // is shaded more
}

// The measures of a plot in pixels: all of it, and where the axes are.
const (
	width, height            = 860, 300
	left, right, top, bottom = 62, 850, 40, 268
)

// colours tell lines apart, also for those who see no red or green.
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"}

// SVG draws the plot.
func (p *Plot) SVG() template.HTML {
	a := p.axes()
	var to strings.Builder
	fmt.Fprintf(&to, `<svg viewBox="0 0 %d %d" width="%d" height="%d" xmlns="http://www.w3.org/2000/svg" role="img">`, width, height, width, height)
	for _, b := range p.Bands {
		fill := "#f4f4f4"
		if b.Loud {
			fill = "#fbe3d6"
		}
		x, end := a.x(b.From), a.x(b.To)
		fmt.Fprintf(&to, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/><text x="%.1f" y="%d" fill="#666">%s</text>`,
			x, top, max(0, end-x-1), bottom-top, fill, x+3, top+12, template.HTMLEscapeString(b.Name))
	}
	for _, y := range a.ticks {
		fmt.Fprintf(&to, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end" fill="#555">%s</text>`,
			left, right, a.y(y), a.y(y), left-6, a.y(y)+4, strconv.FormatFloat(y, 'f', -1, 64))
	}
	for x := 0.0; x <= a.end; x += a.step {
		fmt.Fprintf(&to, `<text x="%.1f" y="%d" text-anchor="middle" fill="#555">%g s</text>`, a.x(x), bottom+18, x)
	}
	fmt.Fprintf(&to, `<text x="%d" y="%d" fill="#555">%s</text>`, 4, top-26, template.HTMLEscapeString(p.Unit))
	for i, l := range p.Lines {
		colour := colours[i%len(colours)]
		fmt.Fprintf(&to, `<path d="%s" fill="none" stroke="%s" stroke-width="1.6" stroke-linejoin="round"/>`, a.path(l.Points), colour)
		at := left + i*(right-left)/len(p.Lines)
		fmt.Fprintf(&to, `<rect x="%d" y="%d" width="14" height="3" fill="%s"/><text x="%d" y="%d" fill="#222">%s</text>`,
			at, top-12, colour, at+19, top-7, template.HTMLEscapeString(l.Name))
	}
	to.WriteString("</svg>")
	return template.HTML(to.String()) //nolint:gosec // every text in it is escaped
}

// axes turn seconds and values into pixels.
type axes struct {
	end, step float64 // of x
	low, high float64 // of y
	log       bool
	ticks     []float64
}

func (p *Plot) axes() axes {
	a := axes{log: p.Log, low: math.Inf(1)}
	for _, l := range p.Lines {
		for _, at := range l.Points {
			a.end = max(a.end, at[0])
			if y := at[1]; !math.IsNaN(y) {
				a.high = max(a.high, y)
				if y > 0 {
					a.low = min(a.low, y)
				}
			}
		}
	}
	for _, b := range p.Bands {
		a.end = max(a.end, b.To)
	}
	a.end, a.high = max(a.end, 1), max(a.high, 1e-3)
	a.step = round(a.end / 10)
	if !a.log {
		a.low = 0
		step := round(a.high / 5)
		for y := 0.0; y < a.high+step; y += step {
			a.ticks = append(a.ticks, y)
		}
		a.high = a.ticks[len(a.ticks)-1]
		return a
	}
	a.low = math.Pow(10, math.Floor(math.Log10(min(a.low, a.high))))
	for y := a.low; ; y *= 10 {
		a.ticks = append(a.ticks, y)
		if y >= a.high {
			break
		}
	}
	a.high = a.ticks[len(a.ticks)-1]
	return a
}

// round is the next of 1, 2 and 5 times a power of ten.
func round(v float64) float64 {
	ten := math.Pow(10, math.Floor(math.Log10(v)))
	for _, times := range []float64{1, 2, 5} {
		if times*ten >= v {
			return times * ten
		}
	}
	return 10 * ten
}

func (a axes) x(v float64) float64 { return left + (right-left)*v/a.end }

func (a axes) y(v float64) float64 {
	share := (v - a.low) / (a.high - a.low)
	if a.log {
		share = 0
		if v > a.low {
			share = math.Log(v/a.low) / math.Log(a.high/a.low)
		}
	}
	return bottom - (bottom-top)*share
}

func (a axes) path(points [][2]float64) string {
	var to strings.Builder
	command := "M"
	for _, at := range points {
		if math.IsNaN(at[1]) {
			command = "M"
			continue
		}
		fmt.Fprintf(&to, "%s%.1f %.1f", command, a.x(at[0]), a.y(at[1]))
		command = "L"
	}
	return to.String()
}
