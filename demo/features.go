package demo

import (
	"strings"

	"github.com/exodrive/exodrive"
)

// glossary explains every feature a model may name, so that one name means the
// same thing on every car and can be searched for.
var glossary = map[string]string{
	"360° camera":               "Shows the kerb, the ramp and the cars around you from above.",
	"Adaptive cruise control":   "Keeps the distance to the car ahead, down to a stop.",
	"Adaptive suspension":       "Dampers that go from supple to firm at the turn of a switch.",
	"Air suspension":            "Rides on air and can raise or lower the body.",
	"Alcantara interior":        "Grippy suede on wheel, seats and dashboard.",
	"All-wheel drive":           "Traction at every corner, in any weather.",
	"Ambient lighting":          "Soft cabin light in a colour of your choice.",
	"Android Auto":              "Your maps and music on the car's screen.",
	"Apple CarPlay":             "Your maps and music on the car's screen.",
	"Carbon bucket seats":       "Light, deep shells that hold you in long bends.",
	"Carbon-ceramic brakes":     "Short stops that do not fade, however often you ask.",
	"Champagne cooler":          "A chilled compartment between the rear seats, with flutes.",
	"Chrome bumpers":            "Bright work from the years when bumpers were jewellery.",
	"Coach doors":               "Rear doors hinged at the back; they close at a button.",
	"Dihedral doors":            "Doors that swing up and forward.",
	"Drive modes":               "From quiet to track with one switch.",
	"Fabric soft top":           "Opens and closes at a button, also at town speed.",
	"Fast charging":             "Takes on most of its range during a coffee.",
	"Front-axle lift":           "Raises the nose for ramps and driveways.",
	"Garage-kept":               "Dry, dusted and on a battery tender between rentals.",
	"Head-up display":           "Speed and route in your line of sight.",
	"Heated seats":              "Warm within a minute.",
	"Heated steering wheel":     "For early starts with the top down.",
	"ISOFIX anchors":            "Fixes a child seat without a belt.",
	"Keyless entry":             "Leave the key in your pocket.",
	"LED matrix headlights":     "Full beam that leaves out the oncoming traffic.",
	"Lane keeping assist":       "A gentle hand on the wheel on long motorways.",
	"Launch control":            "A perfect standing start, every time.",
	"Limited-slip differential": "Puts the power down on the way out of a corner.",
	"Luggage set":               "Bags cut to fit the boot, included in the rental.",
	"Manual gearbox":            "Three pedals and a lever.",
	"Massage seats":             "Several programmes for long days.",
	"Neck-level heating":        "Warm air at the collar: open-top driving all year.",
	"Numbers match":             "Engine and body left the works together.",
	"Night vision":              "Sees people and animals beyond the headlights.",
	"One-pedal driving":         "Brakes by regeneration as you lift your foot.",
	"Original gauges":           "The instruments the car was born with, all working.",
	"Over-the-air updates":      "The car's software is kept current.",
	"Paddle shifters":           "Gears at your fingertips.",
	"Panoramic roof":            "A glass roof over both rows.",
	"Parking sensors":           "Front and rear.",
	"Period radio":              "Looks like its year, plays from your phone.",
	"Premium audio":             "A concert-grade sound system.",
	"Quilted leather":           "Diamond-stitched hides throughout.",
	"Rear entertainment":        "Screens and controls of their own in the rear.",
	"Rear-wheel steering":       "Nimble in town, calm at speed.",
	"Retractable hardtop":       "A coupe with the roof up, a convertible in seconds.",
	"Scissor doors":             "Doors that rise straight up.",
	"Soft-close doors":          "Pulls the door shut the last inch.",
	"Specialist on call":        "A person who knows the car answers, day and night.",
	"Sport exhaust":             "Valves that open when you want to be heard.",
	"Starlight headliner":       "Hundreds of points of light in the roof.",
	"Third seat row":            "Room for seven adults.",
	"Tonneau cover":             "Keeps the sun off the seats while you have lunch.",
	"Torque vectoring":          "Sends power to the wheel that can use it.",
	"Track telemetry":           "Records laps, lines and forces.",
	"Umbrella in the door":      "In its own heated sleeve.",
	"Ventilated seats":          "Cool air through the leather.",
	"Wind deflector":            "Calm air in the cabin with the top down.",
	"Wire wheels":               "Spoked and polished, with knock-off hubs.",
	"Wireless charging":         "A pad for your phone.",
	"Wooden steering wheel":     "Thin-rimmed, in polished wood.",
}

// Kits are features that go together.
var (
	trackKit   = []string{"*Carbon-ceramic brakes", "Launch control", "Paddle shifters", "Drive modes"}
	phoneKit   = []string{"Apple CarPlay", "Keyless entry", "Parking sensors"}
	loungeKit  = []string{"Heated seats", "Ventilated seats", "*Massage seats", "Soft-close doors", "Ambient lighting", "Adaptive cruise control", "360° camera"}
	classicKit = []string{"Original gauges", "Garage-kept", "Specialist on call", "Luggage set"}
	familyKit  = []string{"ISOFIX anchors", "Lane keeping assist", "Wireless charging"}
)

// kit joins kits and single features into one list.
func kit(parts ...any) []string {
	var out []string
	for _, part := range parts {
		switch part := part.(type) {
		case string:
			out = append(out, part)
		case []string:
			out = append(out, part...)
		}
	}
	return out
}

// features turns names into features; a star in front highlights one.
func features(names []string) []exodrive.Feature {
	out := make([]exodrive.Feature, len(names))
	for i, name := range names {
		name, highlighted := strings.CutPrefix(name, "*")
		out[i] = exodrive.Feature{Name: name, Description: glossary[name], Highlighted: highlighted}
	}
	return out
}
