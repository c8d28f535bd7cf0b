package demo

import (
	"fmt"
	"slices"
	"time"

	"github.com/exodrive/exodrive"
)

// longest is the most days of a rental that is made up.
const longest = 9

// span is a rental before it has a renter.
type span struct {
	days   exodrive.Days
	until  exodrive.Date // BlockedUntil
	oneWay exodrive.Transfer
}

// share divides n rentals among the cars, none getting more than fit into its
// days at their shortest.
func (b *builder) share(n int) ([]int, error) {
	room, counts := make([]int, len(b.fleet.Cars)), make([]int, len(b.fleet.Cars))
	total := 0
	for i, car := range b.fleet.Cars {
		room[i] = b.window.Len() / (car.MinimumDays + car.TurnaroundDays)
		total += room[i]
	}
	if n > total {
		return nil, exodrive.Errorf(exodrive.Invalid, "%d cars have room for %d rentals in %d days; %d were asked for.", len(room), total, b.window.Len(), n)
	}
	left := n
	for i := range counts {
		// Some cars are liked better: from half to all of an even share.
		counts[i] = n * room[i] / max(total, 1) * b.between(50, 100) / 100
		left -= counts[i]
	}
	for left > 0 {
		for i := range counts {
			// One in turn while there is little, else what is left in even parts.
			more := min(room[i]-counts[i], max(1, left/len(counts)), left)
			counts[i] += more
			left -= more
		}
	}
	return counts, nil
}

// rentals lays n rentals into the window of the i-th car and books them; in
// some of the gaps the car is in the workshop.
func (b *builder) rentals(i, n int) {
	car := &b.fleet.Cars[i]
	home := b.location(car.LocationID)
	free := b.window.Start
	for _, s := range b.layOut(n, car, home) {
		b.workshop(car.ID, exodrive.Days{Start: free, End: s.days.Start})
		b.book(car, home, s)
		free = s.until
	}
	b.workshop(car.ID, exodrive.Days{Start: free, End: b.window.End})
}

func (b *builder) location(id string) *exodrive.Location {
	for i := range b.fleet.Locations {
		if b.fleet.Locations[i].ID == id {
			return &b.fleet.Locations[i]
		}
	}
	panic("demo: no location " + id)
}

// layOut returns at most n rentals in the order of their days, with chance in
// their lengths and in the gaps. Where they would not fit, one-way rentals
// become round trips and long rentals shorter, down to the car's minimum; n
// beyond that is cut off.
func (b *builder) layOut(n int, car *exodrive.Car, home *exodrive.Location) []span {
	shortest := car.MinimumDays
	n = min(n, b.window.Len()/(shortest+car.TurnaroundDays))
	lengths, ways := make([]int, n), make([]exodrive.Transfer, n)
	slack := b.window.Len()
	for k := range lengths {
		// The smaller of two draws: short rentals are the usual ones.
		lengths[k] = max(shortest, min(b.between(1, longest), b.between(1, longest)))
		if len(home.Transfers) > 0 && b.chance(4) {
			ways[k] = pick(b, home.Transfers)
		}
		slack -= lengths[k] + car.TurnaroundDays + ways[k].Days
	}
	for k := 0; slack < 0; k = (k + 1) % n {
		slack += ways[k].Days
		ways[k] = exodrive.Transfer{}
		if lengths[k] > shortest {
			lengths[k]--
			slack++
		}
	}
	cuts := make([]int, n)
	for k := range cuts {
		cuts[k] = b.rng.IntN(slack + 1)
	}
	slices.Sort(cuts)
	spans, day, cut := make([]span, n), b.window.Start, 0
	for k := range spans {
		day = day.Add(cuts[k] - cut)
		cut = cuts[k]
		days := exodrive.Days{Start: day, End: day.Add(lengths[k])}
		day = exodrive.BlockedUntil(days, car.TurnaroundDays, ways[k])
		spans[k] = span{days, day, ways[k]}
	}
	return spans
}

// workshop takes the car out of service for a few days of some longer gaps.
func (b *builder) workshop(carID string, gap exodrive.Days) {
	if gap.Len() < 5 || !b.chance(8) {
		return
	}
	start := gap.Start.Add(b.between(1, gap.Len()-4))
	b.fleet.Blocks = append(b.fleet.Blocks, Block{carID, exodrive.Days{Start: start, End: start.Add(b.between(1, 3))}})
}

// book adds the booking of a span.
func (b *builder) book(car *exodrive.Car, home *exodrive.Location, s span) {
	customer := pick(b, b.fleet.Customers)
	back := home.ID
	if s.oneWay.To != "" {
		back = s.oneWay.To
	}
	booking := exodrive.Booking{
		CarID: car.ID, CustomerID: customer.ID, Days: s.days, BlockedUntil: s.until, Version: 1,
		PickupAt: wall(s.days.Start, pick(b, []string{"10:00", "10:00", "10:30", "12:00", "15:30"})), ReturnAt: wall(s.days.End, "10:00"),
		Zone: home.Zone, PickupPlace: home.ID, ReturnPlace: back, Contact: customer.Contact,
	}
	b.history(&booking)
	booking.ID = b.id(exodrive.BookingID, booking.CreatedAt)
	price := b.price(booking)
	booking.Total, booking.Deposit = price.Total, price.Deposit
	b.fleet.Bookings = append(b.fleet.Bookings, booking)
}

func wall(d exodrive.Date, clock string) string { return fmt.Sprintf("%sT%s", d, clock) }

// holdEvery is after how many future rentals one is not confirmed yet.
const holdEvery = 60

// history sets the state of a booking and its instants, by where its days lie.
func (b *builder) history(k *exodrive.Booking) {
	made := k.Days.Start.Add(-1 - b.rng.IntN(60))
	if made >= b.today {
		made = b.today.Add(-1 - b.rng.IntN(40))
	}
	k.CreatedAt = b.moment(made, 8, 22)
	k.UpdatedAt = k.CreatedAt
	at := func(d exodrive.Date, hour int) time.Time { return b.moment(d, hour, hour+1) }
	switch luck := b.rng.Float64() * 100; {
	case k.Days.End < b.today.Add(-1) && luck < 1.5:
		k.State, k.UpdatedAt = exodrive.NoShow, at(k.Days.Start, 18)
	case k.Days.Start != b.today && luck < 6 && (k.Days.Start > b.today || k.Days.End < b.today):
		k.State, k.UpdatedAt = exodrive.Cancelled, k.CreatedAt.Add(time.Duration(b.rng.Int64N(int64(b.lead(k)))))
	case k.Days.End < b.today && luck < 7.5:
		k.State, k.UpdatedAt = exodrive.Expired, k.CreatedAt.Add(min(15*time.Minute, b.lead(k)))
	case k.Days.End == b.today.Add(-1) && luck < 60:
		k.State, k.UpdatedAt = exodrive.Returned, at(k.Days.End, 10)
	case k.Days.End < b.today:
		k.State, k.UpdatedAt = exodrive.Completed, at(k.Days.End, 16)
	case k.Days.Start < b.today:
		k.State, k.UpdatedAt = exodrive.Active, at(k.Days.Start, 10)
	default:
		k.State = exodrive.Confirmed
		if b.future++; b.future%holdEvery == holdEvery/2 {
			// A counter hold made just before midnight; it runs until the next.
			k.State, k.CreatedAt = exodrive.Held, b.now.Add(-time.Duration(1+b.rng.IntN(60_000))*time.Millisecond)
			k.UpdatedAt, k.HoldUntil = k.CreatedAt, k.CreatedAt.Add(24*time.Hour)
		}
	}
}

// lead is the time from the making of a booking to its days or to now,
// whichever comes first; at least a millisecond.
func (b *builder) lead(k *exodrive.Booking) time.Duration {
	end := k.Days.Start.At(8*60, b.zone)
	if b.now.Before(end) {
		end = b.now
	}
	return max(end.Sub(k.CreatedAt), time.Millisecond)
}
