package rental

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/exodrive/exodrive"
)

// signs are signatures by the fleet's secrets: of quotes and of the links that open a
// booking or its review. The first secret signs, all are believed.
type signs struct{ secrets [][]byte }

// signLength is half of an HMAC-SHA-256.
const signLength = sha256.Size / 2

// sign is the signature of parts, for one purpose only.
func sign(secret []byte, purpose string, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte("exodrive " + purpose))
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p)))) // so that parts cannot flow into each other
		h.Write(p)
	}
	return h.Sum(nil)[:signLength]
}

func (s signs) sign(purpose string, parts ...[]byte) []byte {
	return sign(s.secrets[0], purpose, parts...)
}

func (s signs) verify(signature []byte, purpose string, parts ...[]byte) bool {
	for _, secret := range s.secrets {
		if hmac.Equal(signature, sign(secret, purpose, parts...)) {
			return true
		}
	}
	return false
}

// signText is how signed bytes are written; strict, so that each has one spelling.
var signText = base64.RawURLEncoding.Strict()

// The text of a quote: until when it is valid in Unix seconds, what was asked, what it
// costs, and the signature of all that.
const (
	untilLength = 8
	quoteClear  = untilLength + 2*signLength
	quoteLength = quoteClear + signLength
)

// promise is what the text of a quote stands for: what it is for, and what that costs.
type promise struct {
	ask, cost any
	total     exodrive.Money
}

// ofQuote is the promise of a quote.
func ofQuote(r exodrive.TripRequest, q *exodrive.Quote) promise {
	return promise{tripOf(r, q), costs(q), q.Total}
}

// ofChange is that of a change: for one booking, and for as long as it costs the same.
func ofChange(b *exodrive.Booking, c *exodrive.Change) promise {
	ask := struct {
		Booking string
		Trip    any
	}{b.ID, tripOf(c.Trip, &c.Quote)}
	return promise{ask, []any{costs(&c.Quote), c.Before}, c.Total}
}

// quoted makes the text of a promise.
func (s signs) quoted(p promise, until time.Time) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(until.Unix()))
	b = append(append(b, digest(p.ask)...), digest(p.cost)...)
	return signText.EncodeToString(append(b, s.sign("quote", b)...))
}

// clockSkew is how far the clocks of two nodes may be apart without a quote of one being
// refused by the other.
const clockSkew = time.Minute

// checkQuote compares the text of a promise with what the same costs now. latest is until
// when one that is made now is valid: none is valid for longer, so one that says so was
// made by a clock that has been set back since, and would hold for as long as that was
// wrong.
func (s signs) checkQuote(text string, p promise, now, latest time.Time) error {
	b, err := signText.DecodeString(text)
	if err != nil || len(b) != quoteLength || !s.verify(b[quoteClear:], "quote", b[:quoteClear]) {
		return exodrive.Errorf(exodrive.Invalid, "This is no quote of ours; ask for a new one.").On("/quote")
	}
	until := time.Unix(int64(binary.BigEndian.Uint64(b)), 0) //nolint:gosec // we signed it
	ask, price := b[untilLength:untilLength+signLength], b[untilLength+signLength:quoteClear]
	switch {
	case string(ask) != string(digest(p.ask)):
		return exodrive.Errorf(exodrive.Invalid, "The quote is for another trip; ask for a new one.").On("/quote")
	case now.After(until):
		return exodrive.Errorf(exodrive.QuoteExpired, "The quote was valid until %s. What holds now comes with this answer.", until.UTC().Format(time.RFC3339)).On("/quote")
	case until.After(latest.Add(clockSkew)):
		return exodrive.Errorf(exodrive.QuoteExpired, "The quote was made when a clock was wrong. What holds now comes with this answer.").On("/quote")
	case string(price) != string(digest(p.cost)):
		return priceChanged(p.total).On("/quote")
	}
	return nil
}

func priceChanged(total exodrive.Money) *exodrive.Error {
	return exodrive.Errorf(exodrive.PriceChanged, "The price or the terms have changed meanwhile; it is %s now.", total)
}

// tripOf is what a quote is for, whatever it costs.
func tripOf(r exodrive.TripRequest, q *exodrive.Quote) any {
	r.CarID, r.Coupon = q.CarID, strings.ToUpper(r.Coupon)
	r.PickupTime, r.ReturnTime = &q.Pickup.Time, &q.Return.Time
	r.PickupLocation, r.ReturnLocation = q.Pickup.Location.ID, q.Return.Location.ID
	return r
}

// costs is what a renter agrees to pay, and what cancelling or coming late costs him.
func costs(q *exodrive.Quote) any {
	return struct {
		Price  exodrive.Price
		Cancel []exodrive.CancelTerm
		Back   *exodrive.ReturnTerms
	}{q.Price, q.Cancellation, q.Back}
}

func digest(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // of types that have a JSON
	}
	sum := sha256.Sum256(b)
	return sum[:signLength]
}

// What a link opens. Each is signed for its purpose, so one is never the other: whoever
// has the link to a review sees and does nothing else with the booking.
const (
	toBooking = "booking"
	toReview  = "review"
)

// link is what opens a booking, or what else the purpose says, for its renter: its id
// and a signature, so that nothing secret is stored. Raising the link's version makes all
// its links worthless.
func (s signs) link(purpose string, b *exodrive.Booking) string {
	return b.ID + "." + signText.EncodeToString(s.sign(purpose, linkParts(b)...))
}

// opens tells which booking a link may be about; whether it opens something of it,
// openedBy says.
func (s signs) opens(link string) (id string, signature []byte, ok bool) {
	id, text, _ := strings.Cut(link, ".")
	signature, err := signText.DecodeString(text)
	return id, signature, err == nil && exodrive.IsID(exodrive.BookingID, id)
}

func (s signs) openedBy(purpose string, b *exodrive.Booking, signature []byte) bool {
	return s.verify(signature, purpose, linkParts(b)...)
}

func linkParts(b *exodrive.Booking) [][]byte {
	return [][]byte{[]byte(b.ID), []byte(strconv.FormatInt(b.LinkVersion, 10))}
}

// holder is who holds days, so that holds can be counted without keeping an address.
func (s signs) holder(address string) string {
	return signText.EncodeToString(s.sign("holder", []byte(address)))
}
