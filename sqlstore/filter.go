package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/exodrive/exodrive"
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

// filter is the WHERE of one question to the list.
type filter struct {
	conds []condition
	score []expr // their sum is the order of relevance
	empty bool   // a word of the search means nothing here: no car is found
}

// condition says one thing in two ways: set is the cheaper one to find all cars,
// each to find a page.
type condition struct{ set, each expr }

func (f *filter) add(text string, args ...any) {
	e := expr{text, args}
	f.conds = append(f.conds, condition{e, e})
}

// where writes the conditions, for a statement about all cars or about some. The
// first is the one that the partial indexes of the list are made for.
func (f *filter) where(s *statement, all bool) *statement {
	s.add(" WHERE c.available AND NOT c.hidden")
	for _, c := range f.conds {
		e := c.each
		if all {
			e = c.set
		}
		s.add(" AND "+e.text, e.args...)
	}
	return s
}

// carFilter builds the conditions of a question and looks up what its search
// may mean. Currency is that of the question's prices, longest the longest turnaround of
// any car in days, which only a question with days needs.
func (q queries) carFilter(ctx context.Context, ask exodrive.CarQuery, currency exodrive.Currency, longest int) (*filter, error) {
	f := &filter{}
	in(f, "c.category", ask.Categories)
	in(f, "lower(c.make)", ask.Makes)
	in(f, "c.seats", ask.Seats)
	in(f, "c.transmission", ask.Transmissions)
	in(f, "c.drivetrain", ask.Drivetrains)
	if places := anys(ask.Locations); len(places) > 0 {
		marks := marks(len(places))
		f.add("c.location_id IN (SELECT id FROM locations WHERE id IN ("+marks+") OR slug IN ("+marks+"))", slices.Concat(places, places)...)
	}
	if ask.MinPrice > 0 {
		f.price(">=", ask.MinPrice.Minor(currency))
	}
	if ask.MaxPrice > 0 {
		f.price("<=", ask.MaxPrice.Minor(currency))
	}
	for _, name := range ask.Features {
		f.add("c.id IN (SELECT car_id FROM car_features WHERE lower(name) = ?)", name)
	}
	if ask.HasDates() {
		f.bookable(ask.Dates(), longest)
	}
	return f, q.search(ctx, f, ask.Search)
}

// in is "one of these"; one value alone is an equation, which tells the planner
// that the column is constant.
func in[T any](f *filter, column string, values []T) {
	switch len(values) {
	case 0:
	case 1:
		f.add(column+" = ?", values[0])
	default:
		f.add(column+" IN ("+marks(len(values))+")", anys(values)...)
	}
}

// price bounds the base rate. The plus keeps a planner from finding a page by an
// index on the price, and having to sort what it finds, where the index of the
// page's order is full after a few cars.
func (f *filter) price(bound string, amount int64) {
	args := []any{amount}
	f.conds = append(f.conds, condition{
		set:  expr{"c.price_per_day " + bound + " ?", args},
		each: expr{"+c.price_per_day " + bound + " ?", args},
	})
}

// marks is "?, ?, …" n times.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// bookable leaves the cars that can be booked for the days: their minimum is
// kept, every day is free, and so are their turnaround days behind, where
// maintenance does no harm. No turnaround is longer than longest days.
func (f *filter) bookable(days exodrive.Days, longest int) {
	f.add("c.minimum_days <= ?", days.Len())
	// Days are texts, which cannot be added to, so each length of a turnaround has its end.
	behind, ends := "", []any{}
	for n := range longest + 1 {
		behind, ends = behind+fmt.Sprintf(" WHEN %d THEN ?", n), append(ends, days.End.Add(n))
	}
	f.add("NOT EXISTS (SELECT 1 FROM car_availability a WHERE a.car_id = c.id AND a.date >= ? AND a.date < ?"+
		" AND (a.date < ? OR a.status <> 'maintenance' AND a.date < CASE c.turnaround_days"+behind+" END))",
		slices.Concat([]any{days.Start, days.End.Add(longest), days.End}, ends)...)
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
		f.add(q.d.foundBy, meant)
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

// relevance writes the first part of the order of a search, the best first; without a
// search all are alike, and there is none.
func (f *filter) relevance(s *statement) {
	for i, score := range f.score {
		if i > 0 {
			s.add(" + ")
		}
		s.add(score.text, score.args...)
	}
	if len(f.score) > 0 {
		s.add(" DESC, ")
	}
}

// maxMeanings bounds how many words one typed word may stand for; the exact one
// comes first, then the shortest.
const maxMeanings = 40

// meantBy are the words of the fleet that somebody who typed a word may have
// meant; exact tells whether the word itself is among them, then as the first.
func (q queries) meantBy(ctx context.Context, typed string) (words []string, exact bool, err error) {
	err = q.each(ctx, q.d.similarWords, []any{typed, typed + "\U0010FFFF"}, func(r scanner) error {
		var term string
		if err := r.Scan(&term); err != nil {
			return err
		}
		for _, word := range exodrive.SearchWords(term) {
			switch {
			case word == typed:
				exact = true
			case exodrive.MeansWord(typed, word):
				words = append(words, word)
			}
		}
		return nil
	})
	sortWords(words)
	words = slices.Compact(words)
	if exact {
		words = append([]string{typed}, words...)
	}
	return words[:min(len(words), maxMeanings)], exact, err
}
