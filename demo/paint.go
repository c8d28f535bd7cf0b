package demo

import "fmt"

// rgb is a colour with eight bits for each part.
type rgb uint32

func (c rgb) String() string { return fmt.Sprintf("#%06x", uint32(c)) }

// mix is the colour a share t of the way from c to o, t from 0 to 1.
func (c rgb) mix(o rgb, t float64) rgb {
	part := func(shift uint) rgb {
		a, b := float64(c>>shift&255), float64(o>>shift&255)
		return rgb(a+(b-a)*t+0.5) << shift
	}
	return part(16) | part(8) | part(0)
}

const (
	white rgb = 0xffffff
	black rgb = 0x000000
)

// paint is a colour a car comes in.
type paint struct {
	name    string // part of the file name
	phrase  string // for people: "in deep red"
	base    rgb
	gloss   float64 // how far the lit surfaces go to white, 0 to 1
	caliper rgb
	rim     rgb
}

var paints = []paint{
	{"rosso", "racing red", 0xb80f1c, 0.42, 0xf2c230, 0xc9ccd1},
	{"burgundy", "burgundy", 0x5a1022, 0.40, 0x9a9da3, 0xd6d8dc},
	{"arancio", "orange", 0xe0600f, 0.42, 0x1c1d20, 0x3a3c41},
	{"giallo", "yellow", 0xf0bd12, 0.48, 0x1c1d20, 0x34363b},
	{"verde", "bright green", 0x4f9d22, 0.42, 0xe8e8e8, 0x34363b},
	{"racing-green", "dark green", 0x12402f, 0.36, 0xb9bcc2, 0xd0d3d8},
	{"azzurro", "light blue", 0x5f9fc4, 0.50, 0xe2b92c, 0xcfd2d7},
	{"blu", "deep blue", 0x17398c, 0.40, 0xc41a22, 0xc3c6cc},
	{"midnight", "midnight blue", 0x16233f, 0.36, 0xb9bcc2, 0xd6d8dc},
	{"nero", "black", 0x17181b, 0.40, 0xc41a22, 0x4a4d53},
	{"grigio", "graphite grey", 0x55595f, 0.45, 0xe8a01c, 0x3a3c41},
	{"argento", "silver", 0xa9aeb4, 0.70, 0xc41a22, 0xcfd2d7},
	{"champagne", "champagne", 0xb6a283, 0.60, 0xb9bcc2, 0xdcdee2},
	{"bianco", "pearl white", 0xe2e3e1, 0.85, 0xc41a22, 0x4a4d53},
}

func paintNamed(name string) paint {
	for _, p := range paints {
		if p.name == name {
			return p
		}
	}
	panic("demo: no paint " + name)
}
