package exodrive

import (
	"database/sql/driver"
	"fmt"
	"iter"
	"time"
)

// Date is a civil day, without time and without zone, counted so that 1 is
// 0001-01-01 and the zero value means "no day given". Dates compare and add as
// integers. In JSON and in the database a Date is the text YYYY-MM-DD.
type Date int32

// secondsPerDay holds for civil days counted in UTC, where no day is longer.
const secondsPerDay = 24 * 60 * 60

// dayOne is the Unix day number of 0001-01-01, so that it becomes Date(1).
var dayOne = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()/secondsPerDay - 1

// NewDate is the day y-m-d of the Gregorian calendar; values outside a month
// carry over as in time.Date.
func NewDate(y int, m time.Month, d int) Date {
	return Date(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()/secondsPerDay - dayOne)
}

// DateOf is the civil day of t in t's own zone.
func DateOf(t time.Time) Date { return NewDate(t.Date()) }

// ParseDate reads YYYY-MM-DD and refuses days that do not exist, such as
// 2025-02-30, with an invalid error.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return 0, Errorf(Invalid, "%q is not a day; write it as YYYY-MM-DD, for example 2026-05-01.", clip(s))
	}
	return DateOf(t), nil
}

// MustDate is ParseDate for constants; it panics on a wrong text.
func MustDate(s string) Date {
	d, err := ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func (d Date) utc() time.Time {
	return time.Unix((int64(d)+dayOne)*secondsPerDay, 0).UTC()
}

// String is the day as YYYY-MM-DD, or "" for the zero Date.
func (d Date) String() string { return string(d.append(nil)) }

// append adds what String is to some bytes.
func (d Date) append(b []byte) []byte {
	if d == 0 {
		return b
	}
	return d.utc().AppendFormat(b, time.DateOnly)
}

// Add is the day n days later (earlier for a negative n).
func (d Date) Add(n int) Date { return d + Date(n) }

// Weekday of the day.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// At is the instant of the wall-clock time c on day d in loc. A time that a
// daylight-saving change skips or repeats is resolved as time.Date does.
func (d Date) At(c Clock, loc *time.Location) time.Time {
	y, m, day := d.utc().Date()
	return time.Date(y, m, day, int(c)/60, int(c)%60, 0, 0, loc)
}

// MarshalText implements encoding.TextMarshaler.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; "" is the zero Date.
func (d *Date) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*d = 0
		return nil
	}
	*d, err = ParseDate(string(b))
	return err
}

// Value stores a Date as text, and the zero Date as NULL.
func (d Date) Value() (driver.Value, error) {
	if d == 0 {
		return nil, nil
	}
	return d.String(), nil
}

// Scan reads what Value stored.
func (d *Date) Scan(src any) error { return scanText(src, d.UnmarshalText) }

// Clock is a wall-clock time of a day in minutes after midnight; 600 is 10:00.
// In JSON and in the database it is the text HH:MM.
type Clock int16

// ParseClock reads HH:MM between 00:00 and 23:59.
func ParseClock(s string) (Clock, error) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		return 0, Errorf(Invalid, "%q is not a time of day; write it as HH:MM, for example 10:00.", clip(s))
	}
	return Clock(t.Hour()*60 + t.Minute()), nil
}

// String is the time as HH:MM.
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", c/60, c%60) }

// MarshalText implements encoding.TextMarshaler.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Clock) UnmarshalText(b []byte) (err error) {
	*c, err = ParseClock(string(b))
	return err
}

// Value stores a Clock as text.
func (c Clock) Value() (driver.Value, error) { return c.String(), nil }

// Scan reads what Value stored.
func (c *Clock) Scan(src any) error { return scanText(src, c.UnmarshalText) }

// Days is a half-open range of civil days: Start is in it, End is not.
type Days struct{ Start, End Date }

// Len is the number of days, 0 for an empty or reversed range.
func (r Days) Len() int { return max(0, int(r.End-r.Start)) }

// Contains tells whether d lies in the range.
func (r Days) Contains(d Date) bool { return r.Start <= d && d < r.End }

// Overlaps tells whether the two ranges share a day; an empty one shares none.
func (r Days) Overlaps(o Days) bool { return max(r.Start, o.Start) < min(r.End, o.End) }

// Without are the days before others, whose start is not after their end, and those after
// them; either may be none.
func (r Days) Without(o Days) [2]Days {
	return [2]Days{{r.Start, min(r.End, o.Start)}, {max(r.Start, o.End), r.End}}
}

// All yields the days of the range in order.
func (r Days) All() iter.Seq[Date] {
	return func(yield func(Date) bool) {
		for d := r.Start; d < r.End; d++ {
			if !yield(d) {
				return
			}
		}
	}
}

// scanText reads a stored text. What is stored wrong is no fault of who asks, so the
// sentence for callers is not in the chain of its error.
func scanText(src any, unmarshal func([]byte) error) error {
	var err error
	switch v := src.(type) {
	case nil:
		err = unmarshal(nil)
	case string:
		err = unmarshal([]byte(v))
	case []byte:
		err = unmarshal(v)
	default:
		return fmt.Errorf("scan %T: want text", src)
	}
	if err != nil {
		return fmt.Errorf("scan a stored text: %s", err.Error())
	}
	return nil
}

// clip shortens what a caller sent before it is shown back in a sentence.
func clip(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
