package demo

import "github.com/exodrive/exodrive"

// The stock of sentences that reviews are made of. {car}, {make} and {city}
// stand for those of the car.

var openings = []string{
	"Absolutely worth it.", "Best birthday present I ever gave myself.", "I have rented exotics in four states and this was the smoothest.", "Still grinning.",
	"We took the {car} for our anniversary.", "A dream since I was twelve.", "My wife picked it, I drove it, we both won.", "Could not fault anything.",
	"Booked it from the airport on my phone in two minutes.", "Three days with the {car} went by like three hours.", "This is how renting a car should be.",
	"Second time with them, and not the last.", "Took it out of {city} before sunrise.", "Honestly better than I expected.", "What a machine.",
}

var aboutCategory = map[exodrive.Category][]string{
	"supercar": {
		"The sound in a tunnel is something I will not forget.", "It is easier to drive in traffic than I feared, and wild when the road opens.", "Every petrol stop took twenty minutes because people wanted photos.",
		"Use the nose lift on every driveway and you will be fine.", "The acceleration made my brother swear for a full minute.", "Steering like a thought.", "Low, loud, perfect.",
		"The brakes are as impressive as the engine.", "Luggage for two fits if you pack soft bags.",
	},
	"sports": {
		"The steering talks to you all day long.", "It came alive on the back roads.", "Firm on bad streets, but that is what you want.", "You can place it on the road to the inch.",
		"The engine begs for the last thousand revs.", "Compact enough to enjoy at legal speeds.", "It made me a better driver for a weekend.", "I took the long way home every time.",
	},
	"grand-tourer": {
		"Four hundred miles in a day and I got out rested.", "The seats are the best I have ever sat in.", "It swallows motorways and then dances on the exit ramp.", "Our luggage for a week went into the boot.",
		"Quiet when you talk, loud when you want.", "It looks even better in the evening light.", "Just the right amount of drama.", "The interior smells like a good shop for shoes.",
	},
	"luxury-sedan": {
		"My parents sat in the back and did not want to get out.", "You hear the clock, as they say.", "It floats, there is no other word.", "We used it for a wedding and it was the second most photographed thing of the day.",
		"The rear seat massage should be prescribed by doctors.", "Doors that close themselves are habit-forming.", "For a car of this size it is remarkably easy to park.", "Clients noticed.",
	},
	"luxury-suv": {
		"Five of us with luggage, and still plenty of room.", "The children have named it and ask when it comes back.", "You sit above everything and nothing bothers you.", "Quick in a way a car this big should not be.",
		"Great for a ski weekend, great in front of the restaurant.", "The sound system shook the windows of the hotel.", "It handled rain and gravel without any fuss.", "The camera view makes narrow garages a non-event.",
	},
	"convertible": {
		"Top down along the water at sunset: nothing better.", "With the wind deflector we could talk at full motorway speed.", "The roof works even while you roll in traffic.", "A warm neck on a cold morning is a fine thing.",
		"We put the roof up once in four days.", "People wave at you, it is lovely.", "I have the sunburn to prove we used it well.", "The colour is even better in the sun.",
	},
	"classic": {
		"It is like driving in a film.", "It needs a little respect until it is warm, and then it sings.", "Old men told us stories at every stop.", "No screens, no beeps, just the road.",
		"You smell of petrol afterwards and do not mind.", "They took half an hour to explain everything, and it was the best half hour of the trip.", "The condition is better than in most museums.", "We drove slowly and saw everything.",
	},
	"electric": {
		"The silence is the luxury.", "The launch left my passengers speechless, then giggling.", "Charging was never a problem, and it was included.", "Range was exactly as promised.",
		"It makes combustion feel old.", "One-pedal driving takes five minutes to love.", "We got the best spot at the hotel because of the charger.", "Instant power, no drama.",
	},
}

var aboutManual = []string{
	"Three pedals and a proper lever, what a joy.", "The gear change alone is worth the rental.", "I had not driven a manual in years and it all came back.", "Heel and toe on every off-ramp, no regrets.", "It rewards you for a clean shift like nothing modern does.",
}

var aboutSeats = []string{
	"Our two kids fit in the rear, barely and happily.", "Four seats made the difference for us.", "The rear seats are fine for short trips.",
}

var service = []string{
	"Handover took ten minutes and they explained every button.", "The deposit was released the day after I came back.", "The price was exactly the one I had seen online.", "Spotless inside and out.",
	"They answered my message at eleven at night.", "The team in {city} is friendly and knows its cars.", "No upselling, no small print.", "Delivery to the hotel was on the minute.",
	"Full tank, clean glass, tyres like new.", "They let me come an hour later without a fuss.", "Paperwork was done before I finished my coffee.", "They even suggested a route, which was excellent.",
}

var closings = []string{
	"Will be back in the spring.", "Next time for a whole week.", "Already looking at the other {make}.", "Ten out of ten.", "Do it once in your life.", "Thank you to the whole team.",
	"Recommended without reserve.", "My only regret is bringing it back.", "Five stars are not enough.", "See you next year.", "{city} never looked better.",
}

var buts = []string{
	"One star off for the little scratch on the wheel that I had to point out.", "Only the daily mileage could be more generous.", "The phone took three tries to pair.", "Pick-up was fifteen minutes late.",
	"Parking at the pick-up place is tight.", "I would have liked a proper printed manual.", "The cup holders are a joke, but that is the maker's fault.", "Not cheap, but fair for what it is.",
	"The fuel bill was impressive too.", "Would have been five stars with a later return.", "The child seat took a while to find.",
}

var mixed = []string{
	"Good car, average experience.", "The car is great, the handover was rushed.", "Nice, but I expected it to be cleaner at this price.", "It had been driven a lot before me and one could feel it in the seats.",
	"We waited forty minutes at the desk in {city}.", "The {car} is wonderful, but one of the tyres had to be topped up on the way.", "A warning light came on for a day; they sorted it by phone.",
}

var complaints = []string{
	"The car was not ready and we lost half a day.", "The air conditioning gave up on the second day.", "The deposit took two weeks to come back, which nobody could explain.", "Too stiff for the streets around {city}; my back hurt.",
	"There was sand in the footwell and the screen was full of fingerprints.", "The miles ran out faster than we thought and the extra ones are dear.", "Nobody picked up the phone on Sunday.", "I expected more car for this money.",
}

var regrets = []string{
	"They apologised and gave some money back.", "A pity, because the {car} itself is lovely.", "I may give them another chance.", "The manager called me afterwards, which I respect.", "We will try somebody else next time.",
}
