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

// listKey begins the keys of lists.
const listKey = "cars:list:"

// maxFilters is the longest text of filters in a key; a longer one is hashed.
const maxFilters = 120

// Key is cars:list:{page}:{limit}:{filters}: what the question asks beyond the
// defaults, in one fixed order. It makes one string and, for common questions,
// nothing else: it is on the way of every list.
func (q CarQuery) Key() string {
	var room [2 * maxFilters]byte
	b := append(room[:0], listKey...)
	b = append(strconv.AppendInt(b, int64(q.Page), 10), ':')
	b = append(strconv.AppendInt(b, int64(q.Limit), 10), ':')
	head := len(b)
	if q.Search != "" {
		b = append(filter(b, head, "search"), url.QueryEscape(q.Search)...)
	}
	b = filters(b, head, "category", q.Categories)
	b = filters(b, head, "make", q.Makes)
	if q.MinPrice != 0 {
		b = append(filter(b, head, "minPrice"), q.MinPrice.String()...)
	}
	if q.MaxPrice != 0 {
		b = append(filter(b, head, "maxPrice"), q.MaxPrice.String()...)
	}
	b = filters(b, head, "features", q.Features)
	for i, n := range q.Seats {
		if i == 0 {
			b = filter(b, head, "seats")
		} else {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	b = filters(b, head, "transmission", q.Transmissions)
	b = filters(b, head, "drivetrain", q.Drivetrains)
	b = filters(b, head, "location", q.Locations)
	if q.HasDates() {
		b = q.Start.append(filter(b, head, "dates"))
		b = q.End.append(append(b, '/'))
	}
	if q.Sort != q.defaultSort() {
		b = append(filter(b, head, "sort"), q.Sort...)
	}
	if len(b)-head > maxFilters {
		sum := sha256.Sum256(b[head:])
		b = hex.AppendEncode(append(b[:head], '#'), sum[:16])
	}
	return string(b)
}

// ParseCarKey is the question that has a key. There is none for a text that is no
// key, nor for one whose filters are hashed.
func ParseCarKey(key string, l Limits) (CarQuery, bool) {
	rest, ok := strings.CutPrefix(key, listKey)
	parts := strings.SplitN(rest, ":", 3)
	if !ok || len(parts) < 3 {
		return CarQuery{}, false
	}
	values, err := url.ParseQuery(parts[2])
	if err != nil {
		return CarQuery{}, false
	}
	values.Set("page", parts[0])
	values.Set("limit", parts[1])
	if start, end, ok := strings.Cut(values.Get("dates"), "/"); ok {
		values.Set("startDate", start)
		values.Set("endDate", end)
	}
	q, err := ParseCarQuery(values, l)
	return q, err == nil && q.Key() == key
}

// filter begins one more filter of a key whose filters begin at head.
func filter(b []byte, head int, name string) []byte {
	if len(b) > head {
		b = append(b, '&')
	}
	return append(append(b, name...), '=')
}

// filters adds the values of a list, nothing for none.
func filters[T ~string](b []byte, head int, name string, values []T) []byte {
	for i, v := range values {
		if i == 0 {
			b = filter(b, head, name)
		} else {
			b = append(b, ',')
		}
		b = append(b, url.QueryEscape(string(v))...)
	}
	return b
}

// Key is that of a calendar: cars:availability:{carId}:{startDate}:{endDate}.
func (q AvailabilityQuery) Key(carID string) string {
	var room [maxFilters]byte
	b := append(append(append(room[:0], "cars:availability:"...), carID...), ':')
	return string(q.End.append(append(q.Start.append(b), ':')))
}

// PlacesKey is fleet:locations:{page}:{limit}.
func (q PageQuery) PlacesKey() string { return q.key("fleet:locations") }

// ExtrasKey is fleet:extras:{page}:{limit}.
func (q PageQuery) ExtrasKey() string { return q.key("fleet:extras") }

func (q PageQuery) key(list string) string {
	return list + ":" + strconv.Itoa(q.Page) + ":" + strconv.Itoa(q.Limit)
}

// ReviewsKey is cars:reviews:{carId}:{page}:{limit}.
func (q PageQuery) ReviewsKey(carID string) string {
	return "cars:reviews:" + carID + ":" + strconv.Itoa(q.Page) + ":" + strconv.Itoa(q.Limit)
}
