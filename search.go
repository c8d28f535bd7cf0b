package exodrive

import (
	"strings"
	"unicode"
)

// maxSearchWords bounds the work of one search; what follows is ignored.
const maxSearchWords = 6

// FoldFrom and FoldTo are the accented letters that a search does not tell from
// their plain form, position by position. Postgres folds with the same table.
const (
	FoldFrom = "àáâãäåāăąçćĉċčďèéêëēĕėęěĝğġģĥìíîïĩīĭįĵķĺļľñńņňòóôõöōŏőŕŗřśŝşšţťùúûüũūŭůűųŵýÿŷźżžÀÁÂÃÄÅĀĂĄÇĆĈĊČĎÈÉÊËĒĔĖĘĚĜĞĠĢĤÌÍÎÏĨĪĬĮĴĶĹĻĽÑŃŅŇÒÓÔÕÖŌŎŐŔŖŘŚŜŞŠŢŤÙÚÛÜŨŪŬŮŰŲŴÝŸŶŹŻŽ"
	FoldTo   = "aaaaaaaaacccccdeeeeeeeeegggghiiiiiiiijklllnnnnoooooooorrrssssttuuuuuuuuuuwyyyzzzaaaaaaaaacccccdeeeeeeeeegggghiiiiiiiijklllnnnnoooooooorrrssssttuuuuuuuuuuwyyyzzz"
)

var foldTable = func() map[rune]rune {
	to := []rune(FoldTo)
	m := make(map[rune]rune, len(to))
	i := 0
	for _, r := range FoldFrom {
		m[r] = to[i]
		i++
	}
	return m
}()

// Fold puts a text into the form in which search compares it: lower case,
// without common accents.
func Fold(text string) string {
	return strings.Map(func(r rune) rune {
		// Lowered first: the lower case of the Ångström sign is a letter of the table.
		r = unicode.ToLower(r)
		if f, ok := foldTable[r]; ok {
			return f
		}
		return r
	}, text)
}

// SearchWords are the different words of a search text, folded, in order, at
// most six.
func SearchWords(text string) []string {
	var words []string
	seen := map[string]bool{}
	for _, w := range strings.FieldsFunc(Fold(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if !seen[w] && len(words) < maxSearchWords {
			seen[w] = true
			words = append(words, w)
		}
	}
	return words
}

// MeansWord tells whether somebody who typed a word may have meant another:
// it begins with what was typed, or differs by a typo — one letter added, lost,
// changed or swapped with its neighbour in words of four to seven letters, two
// in longer ones — and the two are alike to pg_trgm, which a swap in the middle
// of a short word is not (telsa). Short words must be exact beginnings.
func MeansWord(typed, word string) bool {
	if strings.HasPrefix(word, typed) {
		return true
	}
	a, b := []rune(typed), []rune(word)
	budget := 0
	switch {
	case len(a) >= 8:
		budget = 2
	case len(a) >= 4:
		budget = 1
	}
	return budget > 0 && abs(len(a)-len(b)) <= budget &&
		typos(a, b) <= budget && trigramSimilarity(typed, word) >= trigramFloor
}

// trigramFloor lets a letter changed or swapped inside a word of four or five
// pass. Postgres picks its candidates with it (sqlstore, similarWords), so the
// rule holds it too, and both engines agree.
const trigramFloor = 0.2

// trigramSimilarity is the share of common trigrams as pg_trgm counts it: of a
// word with two blanks before and one behind.
func trigramSimilarity(a, b string) float32 {
	ta, tb := trigrams(a), trigrams(b)
	common := 0
	for t := range ta {
		if tb[t] {
			common++
		}
	}
	return float32(common) / float32(len(ta)+len(tb)-common)
}

func trigrams(word string) map[[3]rune]bool {
	r := []rune("  " + word + " ")
	set := make(map[[3]rune]bool, len(r))
	for i := 0; i+3 <= len(r); i++ {
		set[[3]rune(r[i:i+3])] = true
	}
	return set
}

// typos is the optimal string alignment distance: insertions, deletions,
// substitutions and swaps of neighbours, no letter edited twice.
func typos(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
