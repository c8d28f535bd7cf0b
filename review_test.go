package exodrive_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/exodrive/exodrive"
)

// In public a renter is his first name and an initial, whatever he wrote into which field.
func TestSignature(t *testing.T) {
	for _, test := range []struct{ first, last, want string }{
		{"Maria", "Keller", "Maria K."}, {"Maria", "", "Maria"}, {"Maria Keller", "", "Maria K."}, {"Anna Maria", "von der Au", "Anna A."},
		{"Søren", "ågård", "Søren Å."}, {"Maria", "’t Hooft", "Maria H."}, {"Maria", "42", "Maria"}, {"", "", ""}, {"Maria", "'ohana", "Maria O."},
		{"<b>Maria", "Keller", "<b>Maria K."}, {"小明", "王", "小明 王."},
	} {
		if got := (exodrive.Contact{FirstName: test.first, LastName: test.last}).Signature(); got != test.want {
			t.Errorf("%q %q signs %q, want %q", test.first, test.last, got, test.want)
		}
	}
}

// A review has one to five stars and says something; its text may be any text, but none
// that turns around what stands beside it.
func TestReviewInput(t *testing.T) {
	for _, comment := range []string{
		"It was fine.", "  It was fine.\n", "line one\r\nline two", `<script>alert("x")</script>`, `'; DROP TABLE cars; --`, "{{.Secret}} ${x} %s %n", strings.Repeat("ä", 1000),
		"family \U0001f468\u200d\U0001f467 in the car", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u0633\u0648\u0627\u0631",
	} {
		r := exodrive.ReviewInput{Stars: 5, Comment: comment}
		if err := r.Validate(); err != nil || r.Comment != strings.TrimSpace(strings.ReplaceAll(comment, "\r", "")) {
			t.Errorf("%q: %q, %v", comment, r.Comment, err)
		}
	}
	for _, test := range []struct {
		in    exodrive.ReviewInput
		field string
	}{
		{exodrive.ReviewInput{Stars: 0, Comment: "It was fine."}, "/stars"}, {exodrive.ReviewInput{Stars: 6, Comment: "It was fine."}, "/stars"},
		{exodrive.ReviewInput{Stars: 1, Comment: "   short    "}, "/comment"}, {exodrive.ReviewInput{Stars: 1, Comment: strings.Repeat("x", 1001)}, "/comment"},
		{exodrive.ReviewInput{Stars: 1, Comment: "It was\x00 fine."}, "/comment"}, {exodrive.ReviewInput{Stars: 1, Comment: "It was \x1b[31mfine."}, "/comment"},
		{exodrive.ReviewInput{Stars: 1, Comment: "It was \u202efine."}, "/comment"}, {exodrive.ReviewInput{Stars: 1, Comment: "It was \u2066fine."}, "/comment"},
	} {
		err := test.in.Validate()
		e, _ := errors.AsType[*exodrive.Error](err)
		if e == nil || e.Code != exodrive.Invalid || len(e.Faults) != 1 || e.Field != test.field {
			t.Errorf("%+v is refused with %v, want %s", test.in, err, test.field)
		}
	}
}
