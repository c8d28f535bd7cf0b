package report

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Percentile is what a share of the values, from 0 to 1, is at most; it is not a
// number where there are none. It sorts them.
func Percentile(values []float64, share float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	return values[min(len(values)-1, int(share*float64(len(values))))]
}

// Millis is a duration in milliseconds.
func Millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Ms says milliseconds, "–" what is not a number.
func Ms(v float64) string { return say(v, "%.1f ms") }

// Share says a share in per cent.
func Share(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f %%", 100*float64(part)/float64(whole))
}

// Bytes says an amount of memory.
func Bytes(v float64) string { return say(v/(1<<20), "%.0f MiB") }

func say(v float64, format string) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf(format, v)
}
