package sqlstore

import (
	"slices"
	"strings"
	"unicode"
)

// personFound is the condition that a part of a person's id, first and last name,
// e-mail address or phone number is a text, in any case: of a booking or a customer,
// whose table is called alias. A name is also found by both its parts with a blank
// between them, and a number however it is written.
//
// Where in a name the text stands is not known, so no index leads to it: the statement
// goes once through idx_bookings_list or idx_customers_list, which have all that it
// looks at, in the order of the list.
func personFound(alias, text string) expr {
	// Both engines fold the letters A to Z, and only those: the columns are in byte
	// order. Any other letter of the text is folded by name.
	folded, pairs := foldLetters(text)
	column := `lower(` + alias + `.id || ' ' || ` + alias + `.first_name || ' ' || ` + alias + `.last_name || ' ' || ` + alias + `.email || ' ' || ` + alias + `.phone)`
	e := expr{text: column}
	for _, pair := range pairs {
		e.text = `replace(` + e.text + `, ?, ?)`
		e.args = append(e.args, pair[0], pair[1])
	}
	e.text += ` LIKE ? ESCAPE '\'`
	e.args = append(e.args, part(folded))
	if digits := digitsOf(text); digits != "" {
		number := alias + `.phone`
		for _, sign := range phoneSigns {
			number = `replace(` + number + `, '` + string(sign) + `', '')`
		}
		e.text = `(` + e.text + ` OR ` + number + ` LIKE ?)`
		e.args = append(e.args, part(digits))
	}
	return e
}

// part is the pattern of LIKE for what contains a text.
func part(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

// phoneSigns are what stands between the digits of a phone number.
const phoneSigns = "+ ()-./"

// leastDigits are those by which a number is looked for; fewer are in most.
const leastDigits = 3

// digitsOf are the digits of a text that can be a part of a phone number, else "".
func digitsOf(text string) string {
	if strings.Trim(text, phoneSigns+"0123456789") != "" {
		return ""
	}
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
	if len(digits) < leastDigits {
		return ""
	}
	return digits
}

// foldLetters is a text in one case, with the pairs of letters beyond A to Z that have
// to be replaced, the first by the second, in a text to be compared with it.
func foldLetters(text string) (folded string, pairs [][2]string) {
	folded = strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII {
			return unicode.ToLower(r)
		}
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			if other > unicode.MaxASCII {
				least = min(least, other)
			}
		}
		for other := unicode.SimpleFold(least); other != least; other = unicode.SimpleFold(other) {
			if pair := [2]string{string(other), string(least)}; other > unicode.MaxASCII && !slices.Contains(pairs, pair) {
				pairs = append(pairs, pair)
			}
		}
		return least
	}, text)
	return folded, pairs
}
