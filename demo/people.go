package demo

import (
	"fmt"

	"github.com/exodrive/exodrive"
)

// Nobody is called this; the addresses are of domains kept for examples, the
// numbers of the block kept for fiction.
var (
	givenNames = []string{
		"Ada", "Barnaby", "Clementine", "Dexter", "Eudora", "Fitz", "Greta", "Horatio", "Isolde", "Jasper", "Kiki", "Leopold", "Marguerite", "Nico", "Ottilie", "Percival",
		"Quentin", "Rosalind", "Sebastian", "Tallulah", "Ulysses", "Viola", "Wilhelmina", "Xavier", "Yolanda", "Zeno", "Maria", "Kenji", "Amara", "Priya", "Mateo", "Linnea",
	}
	familyNames = []string{
		"Throttle", "Camshaft", "Clutchfield", "Gearwright", "Pistonova", "Chassington", "Hubcapp", "Torquemoor", "Axleby", "Dashwell", "Fenderson", "Gasketti", "Headlampe", "Idleworth",
		"Jackstand", "Keyfob", "Lugnutt", "Manifoldt", "Overdrive", "Pitlane", "Quarterpanel", "Redline", "Sparkplugg", "Tachovsky", "Understeer", "Valvetrain", "Wheelwell", "Hairpin", "Chicane", "Apexton",
	}
	areaCodes = []int{305, 213, 212, 702, 415, 312, 214, 713, 404, 602, 303, 206}
)

// customers adds n people, each with an address of their own.
func (b *builder) customers(n int) {
	b.fleet.Customers = make([]exodrive.Customer, n)
	for i := range b.fleet.Customers {
		given, family := pick(b, givenNames), pick(b, familyNames)
		born := b.moment(b.today.Add(-b.between(oldest, opened-100)), 8, 22)
		b.fleet.Customers[i] = exodrive.Customer{
			ID: b.id(exodrive.CustomerID, born), CreatedAt: born,
			Contact: exodrive.Contact{
				FirstName: given, LastName: family,
				Email: fmt.Sprintf("%s.%s.%d@example.%s", exodrive.Slug(given), exodrive.Slug(family), i+1, pick(b, []string{"com", "com", "org"})),
				Phone: fmt.Sprintf("+1 %d 555 01%02d", pick(b, areaCodes), b.rng.IntN(100)),
			},
		}
	}
}
