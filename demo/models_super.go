package demo

const petrol, hybrid, electricity = "Premium petrol", "Premium petrol and plug-in hybrid", "Electricity"

var supercars = []model{
	{
		make: "Ferrari", name: "296 GTB", year: 2023, category: "supercar", shape: &supercar, paint: "rosso", place: miami,
		rate: 1499, deposit: 10000, minimum: 1, turnaround: 1, weekly: 1000, monthly: 2000, miles: 100, age: 25, featured: true,
		engine: "3.0 L twin-turbo V6 plug-in hybrid", hp: 819, zeroTo100: 29, topSpeed: 330, drive: "rwd", seats: 2,
		short: "A V6 that sings like a V12, and fifteen silent miles to leave the hotel.",
		text: "The engineers at Maranello called this engine the piccolo V12, and the first tunnel will tell you why. An electric motor between engine and gearbox fills every gap in the torque, " +
			"so the car answers before the thought is finished. On the battery alone it rolls out of a sleeping neighbourhood without a sound.",
		features: kit(trackKit, phoneKit, "*Front-axle lift", "Adaptive suspension", "Track telemetry", "LED matrix headlights"),
		sheet:    sheet{torque: 740, gearbox: "8-speed dual clutch", layout: "Mid-engine, rear-wheel drive", wheelbase: 2600, length: 4565, energy: hybrid, builtIn: "Maranello, Italy"},
	},
	{
		make: "Lamborghini", name: "Huracán Tecnica", year: 2023, category: "supercar", shape: &supercar, paint: "verde", place: losAngeles,
		rate: 1399, deposit: 10000, minimum: 1, turnaround: 1, weekly: 1000, monthly: 1800, miles: 100, age: 25,
		engine: "5.2 L V10", hp: 631, zeroTo100: 32, topSpeed: 325, drive: "rwd", seats: 2,
		short: "The last of the naturally aspirated V10s, driven at the rear wheels only.",
		text: "No turbo, no battery: ten cylinders, eight and a half thousand revolutions and a throttle that feels wired to your spine. The Tecnica takes the engine of the STO and puts it into a car you can " +
			"drive to dinner. Mulholland before breakfast is what it was made for.",
		features: kit(trackKit, phoneKit, "*Sport exhaust", "*Rear-wheel steering", "Front-axle lift", "Alcantara interior"),
		sheet:    sheet{torque: 565, gearbox: "7-speed dual clutch", layout: "Mid-engine, rear-wheel drive", wheelbase: 2620, length: 4567, energy: petrol, builtIn: "Sant'Agata Bolognese, Italy"},
	},
	{
		make: "Lamborghini", name: "Revuelto", year: 2024, category: "supercar", shape: &supercar, paint: "bianco", place: miami,
		rate: 3299, deposit: 25000, minimum: 2, turnaround: 2, miles: 75, age: 28, featured: true,
		engine: "6.5 L V12 plug-in hybrid", hp: 1001, zeroTo100: 25, topSpeed: 350, drive: "awd", seats: 2,
		short: "Twelve cylinders, three electric motors and doors that open to the sky.",
		text: "The flagship has a V12 that spins to 9,500 and three electric motors that make it gentle when you ask. Scissor doors turn every arrival into a small event. " +
			"We hand it over with a half-hour briefing, because a thousand horsepower deserves a proper introduction.",
		features: kit(trackKit, phoneKit, "*Scissor doors", "All-wheel drive", "Torque vectoring", "Rear-wheel steering", "Front-axle lift"),
		sheet:    sheet{torque: 725, gearbox: "8-speed dual clutch", layout: "Mid-engine, electric front axle", wheelbase: 2779, length: 4947, energy: hybrid, builtIn: "Sant'Agata Bolognese, Italy"},
	},
	{
		make: "McLaren", name: "720S", year: 2020, category: "supercar", shape: &supercar, paint: "arancio", place: losAngeles,
		rate: 1299, deposit: 8000, minimum: 1, turnaround: 1, weekly: 1200, monthly: 2200, miles: 100, age: 25,
		engine: "4.0 L twin-turbo V8", hp: 710, zeroTo100: 29, topSpeed: 341, drive: "rwd", seats: 2,
		short: "A carbon tub, thin pillars and the best view out of any supercar.",
		text: "You sit low in a carbon shell with glass all around you, and still the 720S rides better than many saloons. Linked hydraulic dampers do the work of anti-roll bars. " +
			"Press harder and the horizon arrives with a suddenness that takes days to get used to.",
		features: kit(trackKit, "*Dihedral doors", "Front-axle lift", "Adaptive suspension", "Track telemetry", "Parking sensors", "Keyless entry", "Premium audio"),
		sheet:    sheet{torque: 770, gearbox: "7-speed dual clutch", layout: "Mid-engine, rear-wheel drive", wheelbase: 2670, length: 4543, energy: petrol, builtIn: "Woking, England"},
	},
	{
		make: "McLaren", name: "Artura", year: 2023, category: "supercar", shape: &supercar, paint: "azzurro", place: newYork,
		rate: 1149, deposit: 8000, minimum: 2, turnaround: 1, weekly: 1000, miles: 100, age: 25,
		engine: "3.0 L twin-turbo V6 plug-in hybrid", hp: 671, zeroTo100: 30, topSpeed: 330, drive: "rwd", seats: 2,
		short: "A light hybrid that starts in silence and ends in a howl.",
		text: "The Artura leaves Manhattan on electricity and wakes its V6 where the Taconic begins to bend. At a ton and a half it is light for a hybrid, and the steering, still hydraulic, " +
			"tells you about every seam in the road. Reverse is electric too, which amuses people.",
		features: kit(trackKit, phoneKit, "*Dihedral doors", "Front-axle lift", "Adaptive suspension", "Android Auto"),
		sheet:    sheet{torque: 720, gearbox: "8-speed dual clutch", layout: "Mid-engine, rear-wheel drive", wheelbase: 2640, length: 4539, energy: hybrid, builtIn: "Woking, England"},
	},
	{
		make: "Audi", name: "R8 V10 performance", year: 2021, category: "supercar", shape: &supercar, paint: "argento", place: newYork,
		rate: 849, deposit: 5000, minimum: 1, weekly: 1000, monthly: 2000, miles: 125, age: 25,
		engine: "5.2 L V10", hp: 602, zeroTo100: 31, topSpeed: 331, drive: "awd", seats: 2,
		short: "The everyday supercar: a V10 behind you and nothing to be afraid of.",
		text: "Quattro drive, clear sight lines and a cabin with one screen exactly where you look. The R8 is the supercar for people who have never driven one, and for those who have driven them all and want no fuss. " +
			"The engine is the reason to come; it gives everything at 8,000.",
		features: kit(trackKit, phoneKit, "All-wheel drive", "Sport exhaust", "Heated seats", "Premium audio"),
		sheet:    sheet{torque: 560, gearbox: "7-speed dual clutch", layout: "Mid-engine, quattro", wheelbase: 2650, length: 4429, energy: petrol, builtIn: "Neckarsulm, Germany"},
	},
}

var sportsCars = []model{
	{
		make: "Porsche", name: "911 GT3", year: 2022, category: "sports", shape: &coupe, paint: "bianco", place: losAngeles,
		rate: 799, deposit: 6000, minimum: 1, turnaround: 1, weekly: 1000, monthly: 1500, miles: 100, age: 25, featured: true,
		engine: "4.0 L flat-six", hp: 502, zeroTo100: 34, topSpeed: 318, drive: "rwd", seats: 2,
		short: "Nine thousand revolutions and a front axle from the race car.",
		text: "Double wishbones in front, a swan-neck wing at the back, and between them a flat-six that still pulls when others change up. The GT3 asks you to drive well and pays you back for it. " +
			"Bring a friend who likes mechanical noise.",
		features: kit(trackKit, phoneKit, "*Carbon bucket seats", "Rear-wheel steering", "Track telemetry", "Front-axle lift", "Limited-slip differential"),
		sheet:    sheet{torque: 470, gearbox: "7-speed dual clutch PDK", layout: "Rear-engine, rear-wheel drive", wheelbase: 2457, length: 4573, energy: petrol, builtIn: "Stuttgart, Germany"},
	},
	{
		make: "Porsche", name: "911 Turbo S", year: 2022, category: "sports", shape: &coupe, paint: "grigio", place: newYork,
		rate: 749, deposit: 5000, minimum: 1, weekly: 1200, monthly: 2000, miles: 125, age: 25,
		engine: "3.7 L twin-turbo flat-six", hp: 640, zeroTo100: 27, topSpeed: 330, drive: "awd", seats: 4,
		short: "The fastest way to be discreet.",
		text: "Nobody looks twice until it is gone. The Turbo S does nought to a hundred in 2.7 seconds on a wet Tuesday, then idles through Midtown like a hatchback. " +
			"Two small seats in the rear and a real front boot make it the one exotic you can live with.",
		features: kit(trackKit, phoneKit, "*All-wheel drive", "Rear-wheel steering", "Adaptive cruise control", "Heated seats", "Premium audio", "LED matrix headlights"),
		sheet:    sheet{torque: 800, gearbox: "8-speed dual clutch PDK", layout: "Rear-engine, all-wheel drive", wheelbase: 2450, length: 4535, energy: petrol, builtIn: "Stuttgart, Germany"},
	},
	{
		make: "Chevrolet", name: "Corvette Z06", year: 2023, category: "sports", shape: &supercar, paint: "blu", place: miami,
		rate: 549, deposit: 4000, minimum: 1, weekly: 1000, monthly: 2000, miles: 125, age: 25, discount: 500, offer: "5 % off while the order books are closed",
		engine: "5.5 L flat-plane V8", hp: 670, zeroTo100: 29, topSpeed: 314, drive: "rwd", seats: 2,
		short: "America's answer to Maranello, with 8,600 on the clock.",
		text: "The most powerful naturally aspirated V8 ever put into a production car sits behind your head and does not sound American at all. The roof panel comes off and fits the rear boot. " +
			"For the money there is nothing else like it.",
		features: kit("*Launch control", "Paddle shifters", "Drive modes", phoneKit, "Sport exhaust", "Head-up display", "Track telemetry", "Ventilated seats", "Front-axle lift"),
		sheet:    sheet{torque: 623, gearbox: "8-speed dual clutch", layout: "Mid-engine, rear-wheel drive", wheelbase: 2722, energy: petrol, builtIn: "Bowling Green, Kentucky"},
	},
	{
		make: "Mercedes-AMG", name: "GT R", year: 2019, category: "sports", shape: &gt, paint: "verde", place: losAngeles,
		rate: 599, deposit: 4500, minimum: 1, weekly: 1000, monthly: 1800, miles: 100, age: 25,
		engine: "4.0 L twin-turbo V8", hp: 577, zeroTo100: 36, topSpeed: 318, drive: "rwd", seats: 2,
		short: "A bonnet as long as a pier and traction control with nine steps.",
		text: "You sit almost on the rear axle and look out over what seems to be an aircraft carrier. The yellow dial on the console sets how much help you get, from all to none. " +
			"It sounds like thunder in the next valley, and it comes closer.",
		features: kit("Launch control", "Paddle shifters", "Drive modes", phoneKit, "*Sport exhaust", "*Rear-wheel steering", "Limited-slip differential", "Adaptive suspension", "Premium audio"),
		sheet:    sheet{torque: 700, gearbox: "7-speed dual clutch", layout: "Front mid-engine, rear-wheel drive", wheelbase: 2630, length: 4551, energy: petrol, builtIn: "Sindelfingen, Germany"},
	},
	{
		make: "Lotus", name: "Emira V6", year: 2023, category: "sports", shape: &supercar, paint: "giallo", place: newYork,
		rate: 399, deposit: 3500, minimum: 1, weekly: 1500, monthly: 2500, miles: 150, age: 23,
		engine: "3.5 L supercharged V6", hp: 400, zeroTo100: 43, topSpeed: 290, manual: true, drive: "rwd", seats: 2,
		short: "Light, analogue and with three pedals: the driver's choice.",
		text: "The gear linkage is left in sight on purpose, and after one shift you will know why. Hydraulic steering, a supercharged V6 and the small size that back roads ask for. " +
			"It is the last petrol Lotus, and it went out in style.",
		features: kit("*Manual gearbox", phoneKit, "Android Auto", "Drive modes", "Limited-slip differential", "Heated seats", "Premium audio", "Ambient lighting"),
		sheet:    sheet{torque: 420, gearbox: "6-speed manual", layout: "Mid-engine, rear-wheel drive", wheelbase: 2575, length: 4412, energy: petrol, builtIn: "Hethel, England"},
	},
}

var grandTourers = []model{
	{
		make: "Bentley", name: "Continental GT Speed", year: 2022, category: "grand-tourer", shape: &gt, paint: "racing-green", place: newYork,
		rate: 899, deposit: 6000, minimum: 2, weekly: 1200, monthly: 2500, miles: 150, age: 25, featured: true,
		engine: "6.0 L twin-turbo W12", hp: 650, zeroTo100: 36, topSpeed: 335, drive: "awd", seats: 4,
		short: "Twelve cylinders, four seats and a fireside of leather and wood.",
		text: "Montauk is a hundred and twenty miles away and feels like next door. The Speed is a heavy car that steers with its rear wheels and moves like a light one, while the knurled vents and turned veneers make you forget the traffic. " +
			"The screen rotates away when you prefer three round dials.",
		features: kit(loungeKit, phoneKit, "*Quilted leather", "All-wheel drive", "Rear-wheel steering", "Air suspension"),
		sheet:    sheet{torque: 900, gearbox: "8-speed dual clutch", layout: "Front engine, all-wheel drive", wheelbase: 2851, length: 4850, energy: petrol, builtIn: "Crewe, England"},
	},
	{
		make: "Aston Martin", name: "DB12", year: 2024, category: "grand-tourer", shape: &gt, paint: "argento", place: losAngeles,
		rate: 999, deposit: 7000, minimum: 2, turnaround: 1, weekly: 1000, monthly: 2000, miles: 125, age: 25,
		engine: "4.0 L twin-turbo V8", hp: 671, zeroTo100: 36, topSpeed: 325, drive: "rwd", seats: 4,
		short: "The super tourer, dressed for the evening.",
		text: "A new cabin, an electronic differential and a body that somebody drew by hand. The DB12 crosses a continent in quiet and a canyon in anger, and asks for nothing in between but a good hotel. " +
			"Pacific Coast Highway suits it best.",
		features: kit(phoneKit, "*Sport exhaust", "Launch control", "Paddle shifters", "Adaptive suspension", "Limited-slip differential", "Heated seats", "Ventilated seats", "Premium audio", "360° camera"),
		sheet:    sheet{torque: 800, gearbox: "8-speed automatic", layout: "Front engine, rear-wheel drive", wheelbase: 2805, length: 4725, energy: petrol, builtIn: "Gaydon, England"},
	},
	{
		make: "Ferrari", name: "Roma", year: 2022, category: "grand-tourer", shape: &gt, paint: "burgundy", place: miami,
		rate: 1099, deposit: 8000, minimum: 1, turnaround: 1, weekly: 1000, monthly: 2000, miles: 100, age: 25,
		engine: "3.9 L twin-turbo V8", hp: 612, zeroTo100: 34, topSpeed: 320, drive: "rwd", seats: 4,
		short: "La nuova dolce vita: a Ferrari in a dinner jacket.",
		text: "No vents, no stripes, no shouting: the Roma is the Ferrari that valets park in front because it is beautiful. Under the long nose sits a V8 that has won four engine of the year awards. " +
			"The rear seats are for coats, or for children who will remember it.",
		features: kit(trackKit, phoneKit, "*LED matrix headlights", "Adaptive cruise control", "Heated seats", "Adaptive suspension", "Premium audio"),
		sheet:    sheet{torque: 760, gearbox: "8-speed dual clutch", layout: "Front mid-engine, rear-wheel drive", wheelbase: 2670, length: 4656, energy: petrol, builtIn: "Maranello, Italy"},
	},
	{
		make: "Maserati", name: "GranTurismo Trofeo", year: 2024, category: "grand-tourer", shape: &gt, paint: "blu", place: miami,
		rate: 699, deposit: 5000, minimum: 1, weekly: 1200, monthly: 2200, miles: 125, age: 25,
		engine: "3.0 L twin-turbo V6", hp: 542, zeroTo100: 35, topSpeed: 320, drive: "awd", seats: 4,
		short: "Four real seats and an engine with Formula 1 combustion.",
		text: "Two adults fit in the rear, which almost no car of this shape can say. The Nettuno V6 lights its mixture in a small chamber first, an idea from the race track, and pulls like a much larger engine. " +
			"Air springs lower it on the causeway and raise it over the speed bumps of Coral Gables.",
		features: kit(phoneKit, "*Air suspension", "All-wheel drive", "Launch control", "Paddle shifters", "Heated seats", "Ventilated seats", "Premium audio", "Head-up display", "Wireless charging"),
		sheet:    sheet{torque: 650, gearbox: "8-speed automatic", layout: "Front engine, all-wheel drive", wheelbase: 2929, energy: petrol, builtIn: "Turin, Italy"},
	},
	{
		make: "Ferrari", name: "812 Superfast", year: 2020, category: "grand-tourer", shape: &gt, paint: "rosso", place: newYork,
		rate: 1799, deposit: 15000, minimum: 2, turnaround: 2, weekly: 1000, miles: 75, age: 28,
		engine: "6.5 L V12", hp: 789, zeroTo100: 29, topSpeed: 340, drive: "rwd", seats: 2,
		short: "A front-engined V12 of the old religion.",
		text: "Eight hundred metric horses, no turbocharger and the rear wheels alone to deal with them. The 812 steers all four wheels and turns in faster than anything this long should. " +
			"People at the lights ask you to rev it. You will.",
		features: kit(trackKit, "*Sport exhaust", "Rear-wheel steering", "Front-axle lift", "Apple CarPlay", "Parking sensors", "Adaptive suspension", "Luggage set"),
		sheet:    sheet{torque: 718, gearbox: "7-speed dual clutch", layout: "Front mid-engine, rear-wheel drive", wheelbase: 2720, length: 4657, energy: petrol, builtIn: "Maranello, Italy"},
	},
	{
		make: "Lexus", name: "LC 500", year: 2022, category: "grand-tourer", shape: &gt, paint: "bianco", place: losAngeles,
		rate: 329, deposit: 2500, minimum: 1, weekly: 1500, monthly: 3000, miles: 150, age: 23, discount: 1000, offer: "10 % off: our quiet favourite",
		engine: "5.0 L V8", hp: 471, zeroTo100: 47, topSpeed: 270, drive: "rwd", seats: 4,
		short: "A concept car that escaped, with a V8 that never will be made again.",
		text: "It looks like the show car because it very nearly is. The V8 breathes freely, the cabin is stitched by masters and nothing ever breaks. " +
			"If you want the sound and the beauty without the worry, this is the one.",
		features: kit(phoneKit, familyKit, "*Premium audio", "Heated seats", "Ventilated seats", "Paddle shifters", "Adaptive cruise control", "Head-up display", "Drive modes"),
		sheet:    sheet{torque: 540, gearbox: "10-speed automatic", layout: "Front engine, rear-wheel drive", wheelbase: 2870, energy: petrol, builtIn: "Motomachi, Japan"},
	},
}
