package exodrive

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
)

// Keys name the public reads in every cache. Two spellings of one question have
// one key, and no two questions share one.

// maxFilters is the longest text of filters in a key; a longer one is hashed.
const maxFilters = 120

// Key is cars:list:{page}:{limit}:{filters}: what the question asks beyond the
// defaults, in one fixed order.
func (q CarQuery) Key() string {
	var b strings.Builder
	add := func(name, value string) {
		if value == "" {
			return
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(value)
	}
	add("search", url.QueryEscape(q.Search))
	add("category", escaped(q.Categories))
	add("make", escaped(q.Makes))
	add("minPrice", unlessZero(q.MinPrice))
	add("maxPrice", unlessZero(q.MaxPrice))
	add("features", escaped(q.Features))
	seats := make([]string, len(q.Seats))
	for i, n := range q.Seats {
		seats[i] = strconv.Itoa(n)
	}
	add("seats", strings.Join(seats, ","))
	add("transmission", escaped(q.Transmissions))
	add("drivetrain", escaped(q.Drivetrains))
	add("location", escaped(q.Locations))
	if q.HasDates() {
		add("dates", q.Start.String()+"/"+q.End.String())
	}
	if q.Sort != q.defaultSort() {
		add("sort", string(q.Sort))
	}
	filters := b.String()
	if len(filters) > maxFilters {
		sum := sha256.Sum256([]byte(filters))
		filters = "#" + hex.EncodeToString(sum[:16])
	}
	return "cars:list:" + strconv.Itoa(q.Page) + ":" + strconv.Itoa(q.Limit) + ":" + filters
}

func escaped[T ~string](values []T) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = url.QueryEscape(string(v))
	}
	return strings.Join(out, ",")
}

func unlessZero(d Decimal) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// Key is that of a calendar: cars:availability:{carId}:{startDate}:{endDate}.
func (q AvailabilityQuery) Key(carID string) string {
	return "cars:availability:" + carID + ":" + q.Start.String() + ":" + q.End.String()
}

// ReviewsKey is cars:reviews:{carId}:{page}:{limit}.
func (q PageQuery) ReviewsKey(carID string) string {
	return "cars:reviews:" + carID + ":" + strconv.Itoa(q.Page) + ":" + strconv.Itoa(q.Limit)
}
