package demo

import "github.com/exodrive/exodrive"

var convertibles = []model{
	{
		make: "Ferrari", name: "Portofino M", year: 2022, category: "convertible", shape: &convertible, paint: "rosso", place: miami,
		rate: 1049, deposit: 8000, minimum: 1, turnaround: 1, weekly: 1000, monthly: 2000, miles: 100, age: 25, featured: true,
		engine: "3.9 L twin-turbo V8", hp: 612, zeroTo100: 34, topSpeed: 320, drive: "rwd", seats: 4,
		short: "Fourteen seconds between coupe and sunshine.",
		text: "Ocean Drive at seven in the evening, roof folded, third gear: this car has one habitat, and you are in it. The hard roof makes it quiet enough for a motorway in the rain. " +
			"The M stands for modified, and mostly means that it now has the manners to match the looks.",
		features: kit(trackKit, phoneKit, "*Retractable hardtop", "Wind deflector", "Heated seats", "Neck-level heating", "Adaptive suspension"),
		sheet:    sheet{torque: 760, gearbox: "8-speed dual clutch", layout: "Front mid-engine, rear-wheel drive", wheelbase: 2670, length: 4594, energy: petrol, builtIn: "Maranello, Italy"},
	},
	{
		make: "Lamborghini", name: "Huracán EVO Spyder", year: 2021, category: "convertible", shape: &spyder, paint: "verde", place: miami,
		rate: 1349, deposit: 10000, minimum: 1, turnaround: 1, weekly: 1000, monthly: 1800, miles: 100, age: 25,
		engine: "5.2 L V10", hp: 631, zeroTo100: 31, topSpeed: 325, drive: "awd", seats: 2,
		short: "Ten cylinders, no roof, no secrets.",
		text: "With the top down there is nothing between you and the intake trumpets. Seventeen seconds at a traffic light are enough to open it, and all four wheels make sure the power goes somewhere useful. " +
			"Expect to be photographed.",
		features: kit(trackKit, phoneKit, "*Fabric soft top", "*Sport exhaust", "All-wheel drive", "Rear-wheel steering", "Front-axle lift"),
		sheet:    sheet{torque: 600, gearbox: "7-speed dual clutch", layout: "Mid-engine, all-wheel drive", wheelbase: 2620, length: 4520, energy: petrol, builtIn: "Sant'Agata Bolognese, Italy"},
	},
	{
		make: "Bentley", name: "Continental GTC V8", year: 2022, category: "convertible", shape: &convertible, paint: "champagne", place: losAngeles,
		rate: 799, deposit: 5500, minimum: 1, weekly: 1200, monthly: 2500, miles: 125, age: 25,
		engine: "4.0 L twin-turbo V8", hp: 542, zeroTo100: 41, topSpeed: 318, drive: "awd", seats: 4,
		short: "The Pacific, four seats and a tweed roof.",
		text: "Warm air on the neck, warm armrests, and a roof lined like a good jacket. The V8 is lighter in the nose than the twelve, and the better for it on the way up to Santa Barbara. " +
			"Four adults travel in it without anyone drawing lots.",
		features: kit(loungeKit, phoneKit, "*Fabric soft top", "*Neck-level heating", "Wind deflector", "Quilted leather"),
		sheet:    sheet{torque: 770, gearbox: "8-speed dual clutch", layout: "Front engine, all-wheel drive", wheelbase: 2851, length: 4850, energy: petrol, builtIn: "Crewe, England"},
	},
	{
		make: "Rolls-Royce", name: "Dawn", year: 2020, category: "convertible", shape: &convertible, paint: "bianco", place: losAngeles,
		rate: 1499, deposit: 10000, minimum: 2, turnaround: 1, weekly: 1000, miles: 100, age: 28,
		engine: "6.6 L twin-turbo V12", hp: 563, zeroTo100: 50, topSpeed: 250, drive: "rwd", seats: 4,
		short: "The quietest open car ever made, roof up or down.",
		text: "The roof takes twenty-odd seconds and makes no sound at all. Behind the rear-hinged doors are four equal seats and a deck of open-pored wood like that of a motor yacht. " +
			"It is the most social car we have.",
		features: kit("*Fabric soft top", "*Coach doors", "Heated seats", "Ventilated seats", "Massage seats", "Soft-close doors", "Night vision", "Adaptive cruise control", "Umbrella in the door", "Air suspension", "Head-up display"),
		sheet:    sheet{torque: 820, gearbox: "8-speed automatic", layout: "Front engine, rear-wheel drive", wheelbase: 3112, length: 5285, energy: petrol, builtIn: "Goodwood, England"},
	},
	{
		make: "Mercedes-AMG", name: "SL 63", year: 2023, category: "convertible", shape: &convertible, paint: "blu", place: newYork,
		rate: 599, deposit: 4000, minimum: 1, weekly: 1200, monthly: 2500, miles: 150, age: 25,
		engine: "4.0 L twin-turbo V8", hp: 577, zeroTo100: 36, topSpeed: 315, drive: "awd", seats: 4,
		short: "A famous pair of letters, sharpened in Affalterbach.",
		text: "The soft top came back and with it the lightness. The SL 63 has four driven wheels, four steered ones, and hydraulic roll control that makes Bear Mountain flat. " +
			"In winter the neck heating turns a clear Sunday into a spring day.",
		features: kit(phoneKit, "*Fabric soft top", "*Neck-level heating", "Wind deflector", "All-wheel drive", "Rear-wheel steering", "Sport exhaust", "Head-up display", "Heated seats", "Heated steering wheel", "Premium audio"),
		sheet:    sheet{torque: 800, gearbox: "9-speed automatic", layout: "Front engine, all-wheel drive", wheelbase: 2700, length: 4705, energy: petrol, builtIn: "Bremen, Germany"},
	},
}

var classics = []model{
	{
		make: "Jaguar", name: "E-Type 4.2 Roadster", year: 1965, category: "classic", shape: &roadster, paint: "racing-green", place: losAngeles,
		rate: 699, deposit: 7500, minimum: 2, turnaround: 2, weekly: 1000, miles: 75, age: 30, featured: true,
		engine: "4.2 L straight-six", hp: 265, zeroTo100: 76, topSpeed: 240, manual: true, drive: "rwd", seats: 2,
		short: "The most beautiful car ever made; Enzo Ferrari said so.",
		text: "Three carburettors, wire wheels and a bonnet that is most of the car. Ours is a Series 1 with the better gearbox and seats of the 4.2, restored by people who own one themselves. " +
			"It needs a warm engine and a gentle hand, and gives you the best morning of the year.",
		features: kit("*Manual gearbox", classicKit, "*Wire wheels", "*Wooden steering wheel", "Fabric soft top", "Chrome bumpers", "Tonneau cover"),
		sheet:    sheet{torque: 384, gearbox: "4-speed manual", layout: "Front engine, rear-wheel drive", wheelbase: 2438, length: 4453, energy: petrol, builtIn: "Coventry, England"},
	},
	{
		make: "Ford", name: "Mustang GT 390 Fastback", year: 1967, category: "classic", shape: &classic, paint: "racing-green", place: losAngeles,
		rate: 449, deposit: 5000, minimum: 1, turnaround: 1, weekly: 1200, miles: 100, age: 28,
		engine: "6.4 L V8", hp: 320, zeroTo100: 74, topSpeed: 190, manual: true, drive: "rwd", seats: 4,
		short: "Big block, four on the floor, and a chase scene in every hill.",
		text: "The fastback with the 390 is the one you have seen flying over San Francisco. It is loud, it leans, and its steering has opinions; you will love it within a block. " +
			"Disc brakes in front were an option, and ours has them.",
		features: kit("*Manual gearbox", classicKit, "Chrome bumpers", "Period radio", "Limited-slip differential"),
		sheet:    sheet{torque: 579, gearbox: "4-speed manual", layout: "Front engine, rear-wheel drive", wheelbase: 2743, length: 4663, energy: petrol, builtIn: "San Jose, California"},
	},
	{
		make: "Mercedes-Benz", name: "280 SL Pagoda", year: 1969, category: "classic", shape: &roadster, paint: "bianco", place: miami,
		rate: 549, deposit: 6000, minimum: 2, turnaround: 1, weekly: 1000, miles: 75, age: 28,
		engine: "2.8 L straight-six", hp: 170, zeroTo100: 90, topSpeed: 195, drive: "rwd", seats: 2,
		short: "Small, bright and in no hurry whatsoever.",
		text: "The dished hardtop gave the Pagoda its name; in Florida it stays in our garage. The automatic is easy, the engine turns like a watch and everybody waves. " +
			"It goes to weddings more often than we do.",
		features: kit("*Fabric soft top", classicKit, "*Chrome bumpers", "Period radio", "Tonneau cover"),
		sheet:    sheet{torque: 240, gearbox: "4-speed automatic", layout: "Front engine, rear-wheel drive", wheelbase: 2400, length: 4285, energy: petrol, builtIn: "Sindelfingen, Germany"},
	},
	{
		make: "Chevrolet", name: "Corvette Sting Ray", year: 1963, category: "classic", shape: &classic, paint: "rosso", place: newYork,
		rate: 649, deposit: 8000, minimum: 2, turnaround: 2, miles: 75, age: 30,
		engine: "5.4 L fuel-injected V8", hp: 360, zeroTo100: 61, topSpeed: 229, manual: true, drive: "rwd", seats: 2,
		short: "The split window, made for one year only.",
		text: "The bar down the rear window cost the owners their view and was dropped after a year; now it is why the world wants a '63. Ours has the fuel-injected 327 and four speeds. " +
			"It is rented by the weekend and returned with reluctance.",
		features: kit("*Manual gearbox", classicKit, "Chrome bumpers", "Period radio", "*Numbers match"),
		sheet:    sheet{torque: 477, gearbox: "4-speed manual", layout: "Front engine, rear-wheel drive", wheelbase: 2489, length: 4448, energy: petrol, builtIn: "St. Louis, Missouri"},
	},
	{
		make: "Porsche", name: "911 Carrera 3.2", year: 1987, category: "classic", shape: &coupe, paint: "midnight", place: newYork,
		rate: 399, deposit: 4500, minimum: 1, turnaround: 1, weekly: 1500, monthly: 2000, miles: 100, age: 25,
		engine: "3.2 L flat-six", hp: 217, zeroTo100: 63, topSpeed: 240, manual: true, drive: "rwd", seats: 4,
		short: "Air-cooled, honest and as fast as you are.",
		text: "The 1987 car has the G50 gearbox, the one to have. No assistance of any kind stands between you and the road, and at legal speeds you are already busy and happy. " +
			"The smell alone is worth the rate.",
		features: kit("*Manual gearbox", classicKit, "Apple CarPlay", "Heated seats", "Premium audio"),
		sheet:    sheet{torque: 265, gearbox: "5-speed manual", layout: "Rear-engine, rear-wheel drive", wheelbase: 2272, length: 4291, energy: petrol, builtIn: "Stuttgart, Germany"},
	},
	{
		make: "Aston Martin", name: "DB5", year: 1964, category: "classic", shape: &classic, paint: "argento", place: newYork,
		rate: 2499, deposit: 30000, minimum: 3, turnaround: 2, miles: 50, age: 35,
		engine: "4.0 L straight-six", hp: 282, zeroTo100: 86, topSpeed: 229, manual: true, drive: "rwd", seats: 4,
		short: "You know which one. The ejector seat is not fitted.",
		text: "Just over a thousand were made and every one is spoken for, except this one for a few days. Five speeds, aluminium over a frame of tubes, and a silhouette that needs no caption. " +
			"It comes with a specialist on call and a firm request to return it.",
		features: kit("*Manual gearbox", classicKit, "*Wire wheels", "*Wooden steering wheel", "Chrome bumpers", "Numbers match"),
		sheet:    sheet{torque: 390, gearbox: "5-speed manual", layout: "Front engine, rear-wheel drive", wheelbase: 2490, length: 4570, energy: petrol, builtIn: "Newport Pagnell, England"},
	},
}

var electrics = []model{
	{
		make: "Porsche", name: "Taycan Turbo S", year: 2022, category: "electric", shape: &liftback, paint: "bianco", place: losAngeles,
		rate: 549, deposit: 4000, minimum: 1, weekly: 1500, monthly: 3000, miles: 150, age: 25,
		engine: "Dual electric motors", hp: 750, zeroTo100: 28, topSpeed: 260, drive: "awd", seats: 4,
		short: "The electric car that still feels like a Porsche.",
		text: "Two gears at the rear axle, 800 volts underneath and the steering of a car half its weight. It repeats its launches until your passengers ask you to stop. " +
			"Charging is included at our Los Angeles stations.",
		features: kit(phoneKit, "*Fast charging", "*Launch control", "Carbon-ceramic brakes", "Air suspension", "Rear-wheel steering", "All-wheel drive", "Panoramic roof", "Premium audio", "Heated seats"),
		sheet:    sheet{torque: 1050, gearbox: "2-speed automatic", layout: "Two motors, all-wheel drive", wheelbase: 2900, length: 4963, energy: electricity, builtIn: "Stuttgart, Germany", more: exodrive.Spec{Name: "Battery", Value: "93.4 kWh gross, 800 V"}},
	},
	{
		make: "Tesla", name: "Model S Plaid", year: 2022, category: "electric", shape: &liftback, paint: "rosso", place: losAngeles,
		rate: 349, deposit: 2500, minimum: 1, weekly: 1500, monthly: 3500, miles: 200, age: 23, discount: 1000, offer: "10 % off, charging included",
		engine: "Three electric motors", hp: 1020, zeroTo100: 21, topSpeed: 262, drive: "awd", seats: 5,
		short: "A thousand horsepower and room for five.",
		text: "The numbers are silly and the car is sensible: a hatchback with a huge boot that happens to outrun everything on this page. The steering yoke takes an hour to learn. " +
			"San Diego and back on one charge is no problem.",
		features: kit(familyKit, "*Fast charging", "One-pedal driving", "Over-the-air updates", "All-wheel drive", "Panoramic roof", "Air suspension", "Premium audio", "Ventilated seats", "Keyless entry"),
		sheet:    sheet{gearbox: "1-speed", layout: "Three motors, all-wheel drive", wheelbase: 2960, energy: electricity, builtIn: "Fremont, California", more: exodrive.Spec{Name: "Range", Value: "396 miles (EPA)"}},
	},
	{
		make: "Lucid", name: "Air Grand Touring", year: 2023, category: "electric", shape: &liftback, paint: "argento", place: newYork,
		rate: 399, deposit: 3000, minimum: 1, weekly: 1500, monthly: 3000, miles: 0, age: 25,
		engine: "Dual electric motors", hp: 819, zeroTo100: 32, topSpeed: 270, drive: "awd", seats: 5,
		short: "Five hundred miles between plugs.",
		text: "Boston and back, and you still need not look for a charger. The motors are small enough to carry in a rucksack, so there is room where other cars have machinery. " +
			"The glass runs from the bonnet over your head.",
		features: kit(loungeKit, familyKit, "*Fast charging", "*Panoramic roof", "One-pedal driving", "Over-the-air updates"),
		sheet:    sheet{torque: 1200, gearbox: "1-speed", layout: "Two motors, all-wheel drive", wheelbase: 2960, length: 4975, energy: electricity, builtIn: "Casa Grande, Arizona", more: exodrive.Spec{Name: "Range", Value: "516 miles (EPA)"}},
	},
	{
		make: "Audi", name: "RS e-tron GT", year: 2022, category: "electric", shape: &liftback, paint: "grigio", place: miami,
		rate: 429, deposit: 3000, minimum: 1, weekly: 1500, monthly: 3000, miles: 150, age: 25,
		engine: "Dual electric motors", hp: 637, zeroTo100: 33, topSpeed: 250, drive: "awd", seats: 5,
		short: "The grand tourer, without the petrol.",
		text: "Low, wide and drawn by people who clearly liked each other. It has a sound of its own, composed with a didgeridoo among other things, and air springs that make Collins Avenue smooth. " +
			"Brickell to Naples is an hour and a half of quiet.",
		features: kit(phoneKit, "*Fast charging", "Air suspension", "All-wheel drive", "Rear-wheel steering", "LED matrix headlights", "Massage seats", "Head-up display", "Premium audio", "Launch control"),
		sheet:    sheet{torque: 830, gearbox: "2-speed automatic", layout: "Two motors, quattro", wheelbase: 2900, length: 4989, energy: electricity, builtIn: "Neckarsulm, Germany", more: exodrive.Spec{Name: "Battery", Value: "93.4 kWh gross, 800 V"}},
	},
	{
		make: "Rimac", name: "Nevera", year: 2023, category: "electric", shape: &hypercar, paint: "azzurro", place: miami,
		rate: 7900, deposit: 75000, minimum: 3, turnaround: 2, miles: 75, age: 35, featured: true,
		engine: "Four electric motors", hp: 1888, zeroTo100: 18, topSpeed: 412, drive: "awd", seats: 2,
		short: "One motor for each wheel. Nothing accelerates like this.",
		text: "Built by hand in Croatia, a hundred and fifty in all. Four motors decide a hundred times a second what each wheel should do, and the first full start leaves people laughing or silent. " +
			"An instructor rides along for the first hour; that is included, and wise.",
		features: kit("*Carbon-ceramic brakes", "*Torque vectoring", "Dihedral doors", "Launch control", "All-wheel drive", "Fast charging", "Track telemetry", "Front-axle lift", "Carbon bucket seats", "Drive modes", "One-pedal driving"),
		sheet:    sheet{torque: 2360, gearbox: "1-speed for each wheel", layout: "Four motors, one for each wheel", wheelbase: 2745, length: 4750, energy: electricity, builtIn: "Sveta Nedelja, Croatia", more: exodrive.Spec{Name: "Battery", Value: "120 kWh"}},
	},
}
