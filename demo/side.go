package demo

import (
	"fmt"
	"math"
	"strings"
)

// profile is a car seen from its left side, nose to the left. Lengths are
// centimetres, x from the nose, y up from the ground; paths are SVG path data
// in these units, so a wheelbase can be checked against a data sheet.
type profile struct {
	name    string
	phrase  string // what the drawing shows, for its title
	length  float64
	height  float64
	axles   [2]float64 // x of the front and the rear wheel
	radius  float64    // of a wheel
	sill    float64    // height of the lower edge between the wheels
	wheel   wheel
	flare   float64 // width of a black rim around the arches, or 0
	outline string  // from the lower end of the nose over the roof to the lower end of the tail

	behind []string // seen over the outline of an open car: far seat, far side of the screen
	glass  []string // side windows
	screen []string // windscreen and rear window, seen from the side
	pillar []string // strokes in the colour of the paint over the glass
	bright []string // light that lies on a surface, soft
	dim    []string // surfaces turned to the floor, soft
	shuts  []string // gaps of doors, bonnet and fuel flap
	void   []string // intakes, vents, sills
	lamps  []string
	tails  []string
	chrome []string // bright parts
	trim   []string // bright lines
	mirror string
	handle []string
	front  face
}

// drawSide is the car in the studio as seen from the side.
func drawSide(b *strings.Builder, s *profile, p paint) {
	scale := min(1040/s.length, 2.3)
	s.place(b, p, "side view", scale, (frameWidth-s.length*scale)/2, groundLine)
}

// drawWheel is the same car from so near that its front wheel fills the frame.
func drawWheel(b *strings.Builder, s *profile, p paint) {
	const diameter, ground = 400, 625
	scale := diameter / (2 * s.radius)
	s.place(b, p, "front wheel", scale, frameWidth*.46-s.axles[0]*scale, ground)
}

// place puts the car into the studio with its nose at left and its wheels on
// ground, both in pixels of the frame.
func (s *profile) place(b *strings.Builder, p paint, view string, scale, left, ground float64) {
	openStudio(b, s.phrase+" in "+p.phrase+", "+view, p)
	paintDefs(b, p, s.height)
	blurDefs(b, 0, s.length, s.height)
	wheelDefs(b, p, s.wheel)
	s.wheel.draw(b, p)
	fmt.Fprintf(b, `<clipPath id="hull"><path d="%s"/></clipPath>`, s.hull())
	closeDefs(b)
	fmt.Fprintf(b, `<ellipse cx="%.0f" cy="%g" rx="%.0f" ry="%.0f" fill="url(#shade)"/>`, left+s.length*scale/2, ground+2, s.length*scale*.56, scale*12)
	fmt.Fprintf(b, `<g mask="url(#mirror)"><use href="#car" transform="matrix(1 0 0 -1 0 %g)"/></g>`, 2*ground)
	fmt.Fprintf(b, `<g id="car"><g transform="matrix(%.4g 0 0 -%.4g %.1f %g)" stroke-linejoin="round" stroke-linecap="round">`, scale, scale, left, ground)
	s.body(b, p)
	for i, x := range s.axles {
		fmt.Fprintf(b, `<use href="#w" transform="translate(%g %g) scale(%.4g) rotate(%d)"/>`, x, s.radius, s.radius/100, 9+i*31)
	}
	b.WriteString(`</g></g></svg>`)
}

// body draws everything but the wheels, from far to near.
func (s *profile) body(b *strings.Builder, p paint) {
	// The dark of the wheel arches, in front of which the hull is cut out.
	fmt.Fprintf(b, `<path d="M%g %gH%gV%gH%gZ" fill="#060607"/>`, s.axles[0]-s.radius, s.sill-2, s.axles[1]+s.radius, s.radius, s.axles[0]-s.radius)
	for _, x := range s.axles {
		fmt.Fprintf(b, `<circle cx="%g" cy="%g" r="%g" fill="#060607"/>`, x, s.radius, s.arch()+.3)
	}
	paths(b, s.behind, "fill", "#101114")
	hull := s.hull()
	fmt.Fprintf(b, `<path d="%s" fill="url(#paint)"/><g clip-path="url(#hull)">`, hull)
	strokes(b, s.dim, p.base.mix(black, .75).String(), 13, .38, ` filter="url(#softer)"`)
	strokes(b, s.bright, "#fff", 4.5, .30+p.gloss*.25, ` filter="url(#soft)"`)
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="#fff" stroke-width="3.5" opacity="%.2f" filter="url(#soft)"/>`, s.outline, .45+p.gloss*.3)
	for _, x := range s.axles {
		fmt.Fprintf(b, `<circle cx="%g" cy="%g" r="%g" fill="none" stroke="#fff" stroke-width="1.2" opacity=".22"/>`, x, s.radius, s.arch()+1.2)
		if s.flare > 0 {
			fmt.Fprintf(b, `<circle cx="%g" cy="%g" r="%g" fill="none" stroke="#131416" stroke-width="%g"/>`, x, s.radius, s.arch()+s.flare/2, s.flare)
		}
	}
	b.WriteString(`</g>`)
	paths(b, s.void, "fill", "url(#void)")
	paths(b, s.screen, "fill", "url(#glass)")
	for _, d := range s.glass {
		fmt.Fprintf(b, `<path d="%s" fill="url(#glass)" stroke="#08090a" stroke-width="1.3"/>`, d)
	}
	strokes(b, s.pillar, "#0b0c0e", 3.2, 1, "")
	b.WriteString(`<g clip-path="url(#hull)">`)
	strokes(b, s.shuts, "#000", .8, .62, "")
	b.WriteString(`</g>`)
	strokes(b, s.trim, "#c4c8ce", 1.1, .9, "")
	paths(b, s.chrome, "fill", "url(#chrome)")
	for _, d := range s.lamps {
		fmt.Fprintf(b, `<path d="%s" fill="url(#lamp)" stroke="#0c0d0f" stroke-width=".9"/>`, d)
	}
	for _, d := range s.tails {
		fmt.Fprintf(b, `<path d="%s" fill="url(#tail)" stroke="#2a0406" stroke-width=".7"/>`, d)
	}
	strokes(b, s.handle, p.base.mix(white, p.gloss*.8).String(), 1.4, .9, "")
	if s.mirror != "" {
		fmt.Fprintf(b, `<path d="%s" fill="%s" stroke="#050506" stroke-width=".6"/>`, s.mirror, p.base.mix(black, .15))
	}
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="#050506" stroke-width=".8" opacity=".55"/>`, hull)
}

// arch is the radius of a wheel arch: a finger's width more than the wheel.
func (s *profile) arch() float64 { return s.radius * 1.085 }

// hull closes the outline below, with the wheel arches cut out.
func (s *profile) hull() string {
	ra := s.arch()
	reach := math.Sqrt(ra*ra - (s.radius-s.sill)*(s.radius-s.sill))
	return fmt.Sprintf("%sL%.1f %gA%.2f %.2f 0 1 1 %.1f %gL%.1f %gA%.2f %.2f 0 1 1 %.1f %gZ", s.outline,
		s.axles[1]+reach, s.sill, ra, ra, s.axles[1]-reach, s.sill,
		s.axles[0]+reach, s.sill, ra, ra, s.axles[0]-reach, s.sill)
}

func paths(b *strings.Builder, list []string, attribute, value string) {
	for _, d := range list {
		fmt.Fprintf(b, `<path d="%s" %s="%s"/>`, d, attribute, value)
	}
}

func strokes(b *strings.Builder, list []string, colour string, width, opacity float64, more string) {
	for _, d := range list {
		fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="%g" opacity="%.2g"%s/>`, d, colour, width, opacity, more)
	}
}
