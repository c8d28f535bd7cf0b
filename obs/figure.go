package obs

import "math"

// Figure is something that is looked at in every step. Its value is one of two
// things: At, a state at the step's end; or Part of Whole, two counters that only
// grow, of which the growth in the step is compared. A nil Whole is the time in
// seconds. NaN says that it is not known.
type Figure struct {
	Name string // of what kind it is, such as hitRatio
	Of   string // which one of that kind, such as the family list; "" if there is but one
	Unit Unit

	At          func() float64
	Part, Whole func() float64

	Sum    Sum
	Target *Target // nil: there is none
}

// Unit is what a figure counts.
type Unit string

// The units.
const (
	Milliseconds Unit = "ms"
	Seconds      Unit = "s"
	Bytes        Unit = "bytes"
	PerSecond    Unit = "1/s"
	Share        Unit = "share" // 0 to 1
	Number       Unit = "number"
)

// Sum is what one value says of a whole window.
type Sum uint8

// The sums.
const (
	Average Sum = iota // of growth: that of the whole window
	Latest
	Highest
	Lowest
	Rise // all growth of Part together
)

// Target is what the performance guide asks for. Exactly one of Most and Least is
// set.
type Target struct {
	Most, Least float64
	// Capacity is a target that a window can show to be met but not to be missed: too
	// little may have been asked.
	Capacity bool
}

// met tells whether a value meets the target; nil is not known.
func (t *Target) met(value float64) *bool {
	if t == nil || math.IsNaN(value) {
		return nil
	}
	ok := value <= t.Most
	if t.Least != 0 {
		ok = value >= t.Least
	}
	if t.Capacity && !ok {
		return nil
	}
	return &ok
}

// curve is the past of a figure.
type curve struct {
	Figure
	part, whole         [Steps]float32
	lastPart, lastWhole float64
	newPart, newWhole   float64 // of the step that is about to end
}

func newCurve(f Figure) *curve {
	c := &curve{Figure: f}
	if f.At == nil {
		c.lastPart = f.Part()
		if f.Whole != nil {
			c.lastWhole = f.Whole()
		}
	}
	return c
}

// look asks for the figure.
func (c *curve) look() {
	if c.At != nil {
		c.newPart, c.newWhole = c.At(), 1
		return
	}
	part := c.Part()
	c.newPart, c.lastPart = part-c.lastPart, part
	if c.Whole != nil {
		whole := c.Whole()
		c.newWhole, c.lastWhole = whole-c.lastWhole, whole
	}
}

func (c *curve) keep(at int) {
	c.part[at%Steps], c.whole[at%Steps] = float32(c.newPart), float32(c.newWhole)
}

// value is that of a step.
func (c *curve) value(h *History, at int) float64 {
	part, whole := float64(c.part[at%Steps]), float64(c.whole[at%Steps])
	switch {
	case c.At != nil || c.Sum == Rise:
		return part
	case c.Whole == nil:
		whole = h.seconds(at)
	}
	if whole <= 0 {
		return math.NaN() // of nothing there is no share
	}
	return part / whole
}

// over is what the whole window says.
func (c *curve) over(h *History, w window) float64 {
	latest, most, least := math.NaN(), math.NaN(), math.NaN()
	var part, whole, steps float64
	for at := w.from; at < w.to; at++ {
		v := c.value(h, at)
		if math.IsNaN(v) {
			continue
		}
		latest, most, least = v, higher(most, v), -higher(-least, -v)
		steps++
		part += float64(c.part[at%Steps])
		if c.At == nil && c.Whole == nil {
			whole += h.seconds(at)
		} else {
			whole += float64(c.whole[at%Steps])
		}
	}
	switch {
	case steps == 0:
		return math.NaN()
	case c.Sum == Latest:
		return latest
	case c.Sum == Highest:
		return most
	case c.Sum == Lowest:
		return least
	case c.Sum == Rise:
		return part
	}
	return part / whole
}

// higher is the higher of two values, of which the first may be unknown.
func higher(a, b float64) float64 {
	if math.IsNaN(a) || b > a {
		return b
	}
	return a
}
