package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/exodrive/exodrive"
)

// facet is a field that the list can be filtered by and that is counted.
type facet string

const (
	byCategory     facet = "c.category"
	byMake         facet = "c.make"
	bySeats        facet = "c.seats"
	byTransmission facet = "c.transmission"
	byDrivetrain   facet = "c.drivetrain"
	byLocation     facet = "c.location_id"
	byPrice        facet = "c.price_per_day"
)

// expr is a piece of a statement; each ? in its text takes one of its arguments.
type expr struct {
	text string
	args []any
}

// statement is a text put together from pieces, with numbered arguments.
type statement struct {
	text strings.Builder
	args []any
}

func (s *statement) add(text string, args ...any) *statement {
	for {
		before, after, found := strings.Cut(text, "?")
		s.text.WriteString(before)
		if !found {
			return s
		}
		s.args = append(s.args, args[0])
		fmt.Fprintf(&s.text, "$%d", len(s.args))
		text, args = after, args[1:]
	}
}

// filter is the WHERE of one question to the list. Several statements are built
// from one filter, each without the conditions of one facet.
type filter struct {
	conds []condition
	score []expr // their sum is the order of relevance
	empty bool   // a word of the search means nothing here: no car is found
}

type condition struct {
	of facet
	expr
}

func (f *filter) add(of facet, text string, args ...any) {
	f.conds = append(f.conds, condition{of, expr{text, args}})
}

// where writes the conditions, leaving out those of one facet. The first is the
// one that the partial indexes of the list are made for.
func (f *filter) where(s *statement, without facet) *statement {
	s.add(" WHERE c.available AND NOT c.hidden")
	for _, c := range f.conds {
		if without == "" || c.of != without {
			s.add(" AND "+c.text, c.args...)
		}
	}
	return s
}

// carFilter builds the conditions of a question and looks up what its search
// may mean. Currency is that of the question's prices.
func (q queries) carFilter(ctx context.Context, ask exodrive.CarQuery, currency exodrive.Currency) (*filter, error) {
	f := &filter{}
	in(f, byCategory, "c.category", ask.Categories)
	in(f, byMake, "lower(c.make)", ask.Makes)
	in(f, bySeats, "c.seats", ask.Seats)
	in(f, byTransmission, "c.transmission", ask.Transmissions)
	in(f, byDrivetrain, "c.drivetrain", ask.Drivetrains)
	if places := anys(ask.Locations); len(places) > 0 {
		marks := marks(len(places))
		f.add(byLocation, "c.location_id IN (SELECT id FROM locations WHERE id IN ("+marks+") OR slug IN ("+marks+"))", slices.Concat(places, places)...)
	}
	if ask.MinPrice > 0 {
		f.add(byPrice, "c.price_per_day >= ?", ask.MinPrice.Minor(currency))
	}
	if ask.MaxPrice > 0 {
		f.add(byPrice, "c.price_per_day <= ?", ask.MaxPrice.Minor(currency))
	}
	for _, name := range ask.Features {
		f.add("", "c.id IN (SELECT car_id FROM car_features WHERE lower(name) = ?)", name)
	}
	if ask.HasDates() {
		f.bookable(ask.Dates())
	}
	return f, q.search(ctx, f, ask.Search)
}

func in[T any](f *filter, of facet, column string, values []T) {
	if len(values) > 0 {
		f.add(of, column+" IN ("+marks(len(values))+")", anys(values)...)
	}
}

// marks is "?, ?, …" n times.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// maxTurnaround is the schema's bound of turnaround_days.
const maxTurnaround = 30

// bookable leaves the cars that can be booked for the days: their minimum is
// kept, every day is free, and so are the turnaround days behind, where
// maintenance does no harm.
func (f *filter) bookable(days exodrive.Days) {
	// The last blocked day depends on the car. Adding days to a text is spelt
	// differently on every engine, so the possible ends are passed as one text
	// of ten characters each, and the car's turnaround picks its own.
	var ends strings.Builder
	for n := range maxTurnaround + 1 {
		ends.WriteString(days.End.Add(n).String())
	}
	f.add("", "c.minimum_days <= ?", days.Len())
	f.add("", "c.id NOT IN (SELECT car_id FROM car_availability WHERE date >= ? AND date < ?)", days.Start, days.End)
	f.add("", `(c.turnaround_days = 0 OR NOT EXISTS (SELECT 1 FROM car_availability a WHERE a.car_id = c.id AND a.date >= ?
		AND a.date < substr(?, CAST(c.turnaround_days * 10 + 1 AS INTEGER), 10) AND a.status <> 'maintenance'))`,
		days.End, ends.String())
}

// Points of a word of the search, by where and how a car has it.
const (
	pointsNamedExactly = 4
	pointsNamed        = 3
	pointsTextExactly  = 2
	pointsText         = 1
)

// search adds one condition per word: the car has it, or a word it may have
// been meant for. Cars are ranked by the sum of points, the same on both
// engines.
func (q queries) search(ctx context.Context, f *filter, text string) error {
	for _, typed := range exodrive.SearchWords(text) {
		words, exact, err := q.meantBy(ctx, typed)
		if err != nil {
			return err
		}
		if len(words) == 0 {
			f.empty = true
			return nil
		}
		meant := q.d.anyOf(words)
		f.add("", q.d.foundBy, meant)
		score := expr{fmt.Sprintf("CASE WHEN %s THEN %d", q.d.namedBy, pointsNamed), []any{meant}}
		if exact {
			itself := q.d.anyOf([]string{typed})
			score = expr{
				fmt.Sprintf("CASE WHEN %s THEN %d WHEN %s THEN %d WHEN %s THEN %d",
					q.d.namedBy, pointsNamedExactly, q.d.namedBy, pointsNamed, q.d.foundBy, pointsTextExactly),
				[]any{itself, meant, itself},
			}
		}
		score.text += fmt.Sprintf(" ELSE %d END", pointsText)
		f.score = append(f.score, score)
	}
	return nil
}

// order writes an order of the list.
func (f *filter) order(s *statement, by exodrive.Sort) *statement {
	s.add(" ORDER BY ")
	if by == exodrive.SortRelevance {
		by = exodrive.SortFeatured
		for i, score := range f.score {
			s.add(map[bool]string{true: "(", false: " + "}[i == 0]+score.text, score.args...)
		}
		if len(f.score) > 0 {
			s.add(") DESC, ")
		}
	}
	return s.add(orders[by])
}

// maxMeanings bounds how many words one typed word may stand for; the exact one
// comes first, then the shortest.
const maxMeanings = 40

// meantBy are the words of the fleet that somebody who typed a word may have
// meant; exact tells whether the word itself is among them, then as the first.
func (q queries) meantBy(ctx context.Context, typed string) (words []string, exact bool, err error) {
	err = q.each(ctx, q.d.similarWords, []any{typed, typed + "\U0010FFFF"}, func(r scanner) error {
		var word string
		if err := r.Scan(&word); err != nil {
			return err
		}
		switch {
		case word == typed:
			exact = true
		case exodrive.MeansWord(typed, word):
			words = append(words, word)
		}
		return nil
	})
	sortWords(words)
	if exact {
		words = append([]string{typed}, words...)
	}
	return words[:min(len(words), maxMeanings)], exact, err
}
