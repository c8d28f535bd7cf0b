package demo

var sedans = []model{
	{
		make: "Rolls-Royce", name: "Ghost", year: 2022, category: "luxury-sedan", shape: &sedan, paint: "nero", place: newYork,
		rate: 1599, deposit: 10000, minimum: 1, turnaround: 1, weekly: 1000, monthly: 2000, miles: 125, age: 28, featured: true,
		engine: "6.75 L twin-turbo V12", hp: 563, zeroTo100: 48, topSpeed: 250, drive: "awd", seats: 5,
		short: "Silence, with a hundred kilos of it built into the floor.",
		text: "The doors open at a touch, close at another, and the city is gone. Cameras read the road ahead so that the suspension knows each pothole before you do. " +
			"Drive it yourself or add a chauffeur; it is right both ways.",
		features: kit(loungeKit, "*Starlight headliner", "*Coach doors", "Umbrella in the door", "Night vision", "Air suspension", "Champagne cooler"),
		sheet:    sheet{torque: 850, gearbox: "8-speed automatic", layout: "Front engine, all-wheel drive", wheelbase: 3295, length: 5546, energy: petrol, builtIn: "Goodwood, England"},
	},
	{
		make: "Rolls-Royce", name: "Phantom", year: 2021, category: "luxury-sedan", shape: &sedan, paint: "midnight", place: losAngeles,
		rate: 2199, deposit: 15000, minimum: 1, turnaround: 1, weekly: 1000, miles: 100, age: 30,
		engine: "6.75 L twin-turbo V12", hp: 563, zeroTo100: 53, topSpeed: 250, drive: "rwd", seats: 5,
		short: "The car other cars step aside for.",
		text: "Nearly nineteen feet of calm. The dashboard is a glass gallery, the engine is heard by nobody and the ride makes bad roads a rumour. " +
			"Brides, founders and grandmothers all look right in it.",
		features: kit(loungeKit, "*Starlight headliner", "*Coach doors", "Umbrella in the door", "Rear entertainment", "Champagne cooler", "Rear-wheel steering"),
		sheet:    sheet{torque: 900, gearbox: "8-speed automatic", layout: "Front engine, rear-wheel drive", wheelbase: 3552, energy: petrol, builtIn: "Goodwood, England"},
	},
	{
		make: "Bentley", name: "Flying Spur W12", year: 2021, category: "luxury-sedan", shape: &sedan, paint: "burgundy", place: miami,
		rate: 849, deposit: 6000, minimum: 1, weekly: 1200, monthly: 2500, miles: 125, age: 25,
		engine: "6.0 L twin-turbo W12", hp: 626, zeroTo100: 38, topSpeed: 333, drive: "awd", seats: 5,
		short: "A limousine that would rather be driven.",
		text: "In the rear there is room to cross your legs; in front there are 626 horses and steering at both axles. The winged B rises from the nose when you unlock it. " +
			"It is the sedan to take when you cannot decide who gets the wheel.",
		features: kit(loungeKit, phoneKit, "*Quilted leather", "All-wheel drive", "Rear-wheel steering", "Air suspension"),
		sheet:    sheet{torque: 900, gearbox: "8-speed dual clutch", layout: "Front engine, all-wheel drive", wheelbase: 3194, length: 5316, energy: petrol, builtIn: "Crewe, England"},
	},
	{
		make: "Mercedes-Maybach", name: "S 580", year: 2022, category: "luxury-sedan", shape: &sedan, paint: "champagne", place: losAngeles,
		rate: 649, deposit: 4500, minimum: 1, weekly: 1500, monthly: 3000, miles: 150, age: 25,
		engine: "4.0 L twin-turbo V8 mild hybrid", hp: 496, zeroTo100: 48, topSpeed: 250, drive: "awd", seats: 4,
		short: "First class, without the airport.",
		text: "Recline, put your feet up, let the calf rest massage the day away. Noise from the road is cancelled by the speakers, and the rear belts hand themselves to you. " +
			"With a chauffeur it is the best office in Los Angeles.",
		features: kit(loungeKit, phoneKit, "*Rear entertainment", "Champagne cooler", "Air suspension", "Rear-wheel steering"),
		sheet:    sheet{torque: 700, gearbox: "9-speed automatic", layout: "Front engine, all-wheel drive", wheelbase: 3396, length: 5469, energy: petrol, builtIn: "Sindelfingen, Germany"},
	},
	{
		make: "Bentley", name: "Mulsanne Speed", year: 2019, category: "luxury-sedan", shape: &sedan, paint: "argento", place: newYork,
		rate: 799, deposit: 6000, minimum: 2, weekly: 1500, monthly: 2500, miles: 125, age: 28,
		engine: "6.75 L twin-turbo V8", hp: 530, zeroTo100: 49, topSpeed: 305, drive: "rwd", seats: 5,
		short: "Eleven hundred newton metres from an engine older than most drivers.",
		text: "The last car built around Bentley's great pushrod V8, whose family goes back to 1959. It takes four hundred hours to build one, and a quarter of that is leather. " +
			"It does not hurry; everything else just seems slower.",
		features: kit(loungeKit, "*Quilted leather", "Rear entertainment", "Premium audio", "Air suspension", "Keyless entry", "Parking sensors"),
		sheet:    sheet{torque: 1100, gearbox: "8-speed automatic", layout: "Front engine, rear-wheel drive", wheelbase: 3266, length: 5575, energy: petrol, builtIn: "Crewe, England"},
	},
}

var suvs = []model{
	{
		make: "Lamborghini", name: "Urus Performante", year: 2023, category: "luxury-suv", shape: &suv, paint: "giallo", place: miami,
		rate: 1199, deposit: 7500, minimum: 1, turnaround: 1, weekly: 1000, monthly: 2000, miles: 100, age: 25, featured: true,
		engine: "4.0 L twin-turbo V8", hp: 657, zeroTo100: 33, topSpeed: 306, drive: "awd", seats: 5,
		short: "Five seats, one bull.",
		text: "Steel springs instead of air, a carbon bonnet and an exhaust by Akrapovič: the Performante is the Urus that stopped pretending. It carries the family and their luggage to the Keys, " +
			"and on the way home alone it is something else.",
		features: kit(trackKit, phoneKit, "*All-wheel drive", "*Sport exhaust", "Rear-wheel steering", "Alcantara interior", "ISOFIX anchors", "Head-up display"),
		sheet:    sheet{torque: 850, gearbox: "8-speed automatic", layout: "Front engine, all-wheel drive", wheelbase: 3006, length: 5137, energy: petrol, builtIn: "Sant'Agata Bolognese, Italy"},
	},
	{
		make: "Rolls-Royce", name: "Cullinan", year: 2022, category: "luxury-suv", shape: &suv, paint: "midnight", place: losAngeles,
		rate: 1699, deposit: 12000, minimum: 1, turnaround: 1, weekly: 1000, monthly: 1800, miles: 100, age: 28,
		engine: "6.75 L twin-turbo V12", hp: 563, zeroTo100: 52, topSpeed: 250, drive: "awd", seats: 5,
		short: "Effortless, everywhere.",
		text: "Named after the largest diamond ever found, and about as subtle. One button sets it up for any ground, a glass wall keeps the cabin quiet when the boot is open. " +
			"Take it to Joshua Tree and the desert comes inside only as a view.",
		features: kit(loungeKit, "*Starlight headliner", "*Coach doors", "All-wheel drive", "Air suspension", "Night vision", "Umbrella in the door", "ISOFIX anchors"),
		sheet:    sheet{torque: 850, gearbox: "8-speed automatic", layout: "Front engine, all-wheel drive", wheelbase: 3295, length: 5341, energy: petrol, builtIn: "Goodwood, England"},
	},
	{
		make: "Bentley", name: "Bentayga V8", year: 2022, category: "luxury-suv", shape: &suv, paint: "racing-green", place: newYork,
		rate: 749, deposit: 5000, minimum: 1, weekly: 1200, monthly: 2500, miles: 150, age: 25,
		engine: "4.0 L twin-turbo V8", hp: 542, zeroTo100: 45, topSpeed: 290, drive: "awd", seats: 5,
		short: "A country house that does 180 miles an hour.",
		text: "Four driven wheels, air springs and eight hides of leather. In the Hudson Valley it shrugs off gravel and mud, back in town the valet will not believe where it has been. " +
			"Dogs are welcome with the cover we provide.",
		features: kit(loungeKit, phoneKit, familyKit, "*All-wheel drive"),
		sheet:    sheet{torque: 770, gearbox: "8-speed automatic", layout: "Front engine, all-wheel drive", wheelbase: 2995, length: 5125, energy: petrol, builtIn: "Crewe, England"},
	},
	{
		make: "Mercedes-AMG", name: "G 63", year: 2022, category: "luxury-suv", shape: &offroader, paint: "nero", place: losAngeles,
		rate: 599, deposit: 4000, minimum: 1, weekly: 1500, monthly: 2800, miles: 125, age: 25,
		engine: "4.0 L twin-turbo V8", hp: 577, zeroTo100: 45, topSpeed: 220, drive: "awd", seats: 5,
		short: "A box with door locks like rifle bolts and pipes out of its sides.",
		text: "It was drawn in the seventies with a ruler and nobody has dared to round a corner since. Three locking differentials make it unstoppable, the V8 makes it absurd. " +
			"You sit above everything else on Sunset.",
		features: kit(phoneKit, familyKit, "*All-wheel drive", "*Sport exhaust", "Heated seats", "Ventilated seats", "Ambient lighting", "360° camera"),
		sheet:    sheet{torque: 850, gearbox: "9-speed automatic", layout: "Front engine, three locking differentials", wheelbase: 2890, length: 4873, energy: petrol, builtIn: "Graz, Austria"},
	},
	{
		make: "Land Rover", name: "Range Rover P530", year: 2023, category: "luxury-suv", shape: &suv, paint: "grigio", place: newYork,
		rate: 449, deposit: 3000, minimum: 1, weekly: 1500, monthly: 3000, miles: 150, age: 25,
		engine: "4.4 L twin-turbo V8", hp: 523, zeroTo100: 46, topSpeed: 250, drive: "awd", seats: 5,
		short: "Calm water on a choppy day.",
		text: "Flush glass, a tailgate to sit on, and rear steering that turns it round in a side street. The fifth generation is the quietest yet; headrest speakers erase what is left. " +
			"It will wade through nearly three feet of water, should the FDR flood again.",
		features: kit(loungeKit, phoneKit, familyKit, "*Air suspension"),
		sheet:    sheet{torque: 750, gearbox: "8-speed automatic", layout: "Front engine, all-wheel drive", wheelbase: 2997, length: 5052, energy: petrol, builtIn: "Solihull, England"},
	},
	{
		make: "Cadillac", name: "Escalade-V", year: 2023, category: "luxury-suv", shape: &suv, paint: "nero", place: miami,
		rate: 499, deposit: 3500, minimum: 1, weekly: 1500, monthly: 3000, miles: 150, age: 25,
		engine: "6.2 L supercharged V8", hp: 682, zeroTo100: 46, topSpeed: 200, drive: "awd", seats: 7,
		short: "Seven seats and a supercharger. Nobody asked; everybody smiles.",
		text: "The engine is built by hand and signed by the person who built it. Seven grown people and their bags fit without a discussion, and thirty-six speakers settle the question of music. " +
			"Ideal from the airport to South Beach in one trip.",
		features: kit(phoneKit, familyKit, "*Third seat row", "All-wheel drive", "Air suspension", "Premium audio", "Massage seats", "Head-up display", "Rear entertainment", "360° camera"),
		sheet:    sheet{torque: 885, gearbox: "10-speed automatic", layout: "Front engine, all-wheel drive", wheelbase: 3071, energy: petrol, builtIn: "Arlington, Texas"},
	},
}
