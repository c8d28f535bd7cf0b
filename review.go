package exodrive

import (
	"strings"
	"time"
	"unicode"
)

// Review is what a renter wrote. Only approved ones are public.
type Review struct {
	ID        string       `json:"id" example:"rev_01kas0f3m2x7h9tq"`
	CarID     string       `json:"carId"`
	BookingID string       `json:"bookingId,omitempty"`
	Author    string       `json:"author" example:"Maria K."`
	Stars     int          `json:"stars" minimum:"1" maximum:"5"`
	Comment   string       `json:"comment"`
	Status    ReviewStatus `json:"status"`
	CreatedAt time.Time    `json:"createdAt"`
}

// ReviewStatus is where the moderation of a review stands.
type ReviewStatus string

// The statuses of a review.
const (
	ReviewPending  ReviewStatus = "pending"
	ReviewApproved ReviewStatus = "approved"
	ReviewRefused  ReviewStatus = "refused"
)

// ReviewInput is what a renter writes about a rental that is over.
type ReviewInput struct {
	Stars   int    `json:"stars" minimum:"1" maximum:"5" example:"5"`
	Comment string `json:"comment" minLength:"10" maxLength:"1000" doc:"Text, not markup: it is shown as it was written." example:"Picked up in ten minutes, and it sounds even better than it looks."`
}

// The lengths of a comment, in characters.
const (
	shortestComment = 10
	longestComment  = 1000
)

// Validate checks the review and takes the space around its comment away. A comment is
// any text, whatever it would mean to a browser or a database: who shows it shows it as
// text. Only what would change how the text around it is read is refused.
func (r *ReviewInput) Validate() error {
	r.Comment = strings.TrimSpace(strings.ReplaceAll(r.Comment, "\r\n", "\n"))
	var f faults
	f.check(r.Stars >= 1 && r.Stars <= 5, "/stars", "Stars are a number from 1 to 5.")
	n := len([]rune(r.Comment))
	f.check(n >= shortestComment && n <= longestComment, "/comment", "A comment has %d to %d characters.", shortestComment, longestComment)
	f.check(strings.IndexFunc(r.Comment, turnsText) < 0, "/comment", "A comment has no control characters but line breaks.")
	return f.err()
}

// turnsText tells whether a character shows nothing itself and changes how others are
// shown: controls, and those that turn the direction of writing. Others without a shape
// join letters in some scripts and belong to a text.
func turnsText(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
}

// Signature is how a renter signs in public: by the first of his names and the initial
// of the last, "Maria K.", however he divided them.
func (c Contact) Signature() string {
	names := strings.Fields(c.FirstName + " " + c.LastName)
	if len(names) == 0 {
		return ""
	}
	for _, r := range names[len(names)-1] {
		if len(names) > 1 && unicode.IsLetter(r) {
			return names[0] + " " + string(unicode.ToUpper(r)) + "."
		}
	}
	return names[0]
}
