package demo

import (
	"fmt"
	"strings"
)

// face is a car seen from the front and from behind, drawn as its right half
// (x from the middle outwards, centimetres, y up) and mirrored. A shape that
// crosses the middle starts at x = -0.6, so that no seam is seen.
type face struct {
	half   float64 // half of the width
	hip    float64 // height of the widest place
	fender float64 // top of the wing
	cowl   float64 // foot of the windscreen
	base   float64 // half of the screen's width at its foot
	roof   float64 // half of the roof's width
	nose   float64 // leading edge of the bonnet
	deck   float64 // foot of the rear window
	belly  float64 // ground clearance

	lamps, void, chrome, trim     []string // in front; trim are strokes
	tails, wake, bright, exhausts []string // behind; wake are the dark parts, bright the chrome
}

// drawFront is the car in the studio as seen from the front.
func drawFront(b *strings.Builder, s *profile, p paint) {
	openFace(b, s, p, "front")
	f := s.front
	f.glass(b, s, f.cowl)
	half, cowl, nose := f.half, f.cowl, f.nose
	// The bonnet faces the light, so it is brighter than what is under it.
	fmt.Fprintf(b, `<path d="M0 %gL%g %gC%g %g %g %g %g %gL0 %gZ" fill="#fff" opacity="%.2f"/>`,
		cowl, f.base*.92, cowl-1, half*.86, (cowl+nose)/2+4, half*.8, nose+6, half*.58, nose, nose-3, .05+p.gloss*.14)
	strokes(b, []string{fmt.Sprintf("M%g %gC%g %g %g %g %g %g", f.base*.55, cowl-2, half*.5, (cowl+nose)/2, half*.44, nose+6, half*.4, nose)}, "#000", .8, .4, "")
	f.finish(b, f.void, f.trim, f.chrome, nil)
	for _, d := range f.lamps {
		fmt.Fprintf(b, `<path d="%s" fill="url(#lamp)" stroke="#08090a" stroke-width="1.6"/>`, d)
	}
	closeFace(b)
}

// drawRear is the car in the studio as seen from behind.
func drawRear(b *strings.Builder, s *profile, p paint) {
	openFace(b, s, p, "rear")
	f := s.front
	f.glass(b, s, f.deck)
	fmt.Fprintf(b, `<path d="M-.6 %gH%gC%g %g %g %g %g %g" fill="none" stroke="#fff" stroke-width="2.4" opacity="%.2f" filter="url(#soft)"/>`,
		f.deck-4, f.base*.8, f.base, f.deck-5, f.half-12, f.fender-2, f.half-7, f.fender-8, .4+p.gloss*.3)
	strokes(b, []string{fmt.Sprintf("M-.6 %gH%gC%g %g %g %g %g %g", f.deck-14, f.base*.7, f.base*.86, f.deck-14, f.base*.9, f.deck-6, f.base*.86, f.deck-1)}, "#000", .8, .5, "")
	f.finish(b, f.wake, nil, f.bright, f.exhausts)
	for _, d := range f.tails {
		fmt.Fprintf(b, `<path d="%s" fill="url(#tail)" stroke="#160204" stroke-width="1.4"/>`, d)
	}
	closeFace(b)
}

func openFace(b *strings.Builder, s *profile, p paint, view string) {
	f := s.front
	scale := min(3.5, 455/s.height)
	openStudio(b, s.phrase+" in "+p.phrase+", "+view+" view", p)
	paintDefs(b, p, s.height)
	blurDefs(b, -f.half, 2*f.half, s.height)
	fmt.Fprintf(b, `<linearGradient id="turn" gradientUnits="userSpaceOnUse" x1="0" y1="0" x2="%g" y2="0"><stop offset=".72" stop-color="#000" stop-opacity="0"/><stop offset="1" stop-color="#000" stop-opacity=".5"/></linearGradient>`, f.half)
	outline := f.outline(s)
	fmt.Fprintf(b, `<clipPath id="hull"><path d="%s"/></clipPath>`, outline)
	closeDefs(b)
	fmt.Fprintf(b, `<ellipse cx="600" cy="%d" rx="%.0f" ry="30" fill="url(#shade)"/>`, groundLine+2, f.half*scale*1.24)
	fmt.Fprintf(b, `<g mask="url(#mirror)"><use href="#car" transform="matrix(1 0 0 -1 0 %d)"/></g>`, 2*groundLine)
	fmt.Fprintf(b, `<g id="car"><g transform="matrix(%.4g 0 0 -%.4g 600 %d)" stroke-linejoin="round" stroke-linecap="round"><g id="r">`, scale, scale, groundLine)
	fmt.Fprintf(b, `<path d="M%g 3C%g 0 %g 0 %g 0H%gC%g 0 %g 2 %g 5V50H%gZ" fill="#0b0b0d"/><path d="M%g 3V40M%g 2V40M%g 2V40" stroke="#222327" stroke-width="1.2"/>`,
		f.half-29, f.half-29, f.half-28, f.half-25, f.half-7, f.half-4, f.half-3, f.half-3, f.half-29, f.half-22, f.half-16, f.half-10)
	fmt.Fprintf(b, `<path d="M-.6 %gH%gV40H-.6Z" fill="#060607"/>`, f.belly-2, f.half-20)
	fmt.Fprintf(b, `<path d="%s" fill="url(#paint)"/><path d="%s" fill="url(#turn)"/>`, outline, outline)
	fmt.Fprintf(b, `<g clip-path="url(#hull)"><path d="%s" fill="none" stroke="#fff" stroke-width="3.5" opacity="%.2f" filter="url(#soft)"/></g>`, f.contour(s), .4+p.gloss*.3)
}

func closeFace(b *strings.Builder) {
	b.WriteString(`</g><use href="#r" transform="scale(-1 1)"/></g></g></svg>`)
}

// contour is the outer line of the right half from the middle of the roof (or,
// of an open car, of the cowl) to the ground.
func (f face) contour(s *profile) string {
	start := fmt.Sprintf("M-.6 %gC%g %g %g %g %g %gC%g %g %g %g %g %g", s.height,
		f.roof*.6, s.height, f.roof*.94, s.height-.5, f.roof, s.height-6,
		f.roof+5, s.height-13, f.base-3, f.cowl+12, f.base, f.cowl+1)
	if s.open() {
		start = fmt.Sprintf("M-.6 %gL%g %g", f.cowl+3, f.base, f.cowl+1)
	}
	return start + fmt.Sprintf("C%g %g %g %g %g %gC%g %g %g %g %g %gL%g %gC%g %g %g %g %g %g",
		f.base+5, f.cowl-1, f.half-12, f.fender+3, f.half-5, f.fender-3,
		f.half+1, f.fender-10, f.half+1, f.hip+6, f.half, f.hip,
		f.half-3, f.belly+9, f.half-4, f.belly+2, f.half-8, f.belly, f.half-14, f.belly)
}

func (f face) outline(s *profile) string { return f.contour(s) + fmt.Sprintf("L-.6 %gZ", f.belly) }

// glass is the window above height foot, with mirrors; of an open car the
// frame of the screen with the seats behind it.
func (f face) glass(b *strings.Builder, s *profile, foot float64) {
	top := s.height - 5
	d := fmt.Sprintf("M-.6 %gC%g %g %g %g %g %gL%g %gC%g %g %g %g -.6 %g", top,
		f.roof*.6, top, f.roof*.82, top, f.roof-5, top-4,
		f.base-7-(foot-f.cowl)*.5, foot+7, f.base*.7, foot+3, f.base*.4, foot+1, foot+1)
	if s.open() {
		fmt.Fprintf(b, `<path d="M14 %gV%gC16 %g 34 %g 36 %gV%gZ" fill="#131416"/>`, f.cowl, top-14, top-7, top-7, top-14, f.cowl)
		fmt.Fprintf(b, `<path d="%s" fill="url(#glass)" fill-opacity=".55" stroke="#0b0c0e" stroke-width="3"/>`, d)
	} else {
		fmt.Fprintf(b, `<path d="%s" fill="url(#glass)" stroke="#08090a" stroke-width="1.2"/>`, d)
		fmt.Fprintf(b, `<path d="M16 %gC17 %g 34 %g 35 %gL37 %gH14Z" fill="#07080a" opacity=".7"/>`, s.height-24, s.height-17, s.height-17, s.height-24, foot+4)
	}
	fmt.Fprintf(b, `<path d="M%g %gC%g %g %g %g %g %gC%g %g %g %g %g %gZ" fill="url(#paint)" stroke="#050506" stroke-width=".8"/>`,
		f.base-2, f.cowl+5, f.base+2, f.cowl+14, f.base+16, f.cowl+15, f.base+19, f.cowl+10,
		f.base+19, f.cowl+5, f.base+8, f.cowl+3, f.base-2, f.cowl+5)
}

// finish draws the parts that front and rear have in common.
func (f face) finish(b *strings.Builder, void, trim, chrome, pipes []string) {
	paths(b, void, "fill", "url(#void)")
	strokes(b, void, "#000", .8, .7, "")
	strokes(b, trim, "#c4c8ce", 1.1, .9, "")
	paths(b, chrome, "fill", "url(#chrome)")
	for _, d := range pipes {
		fmt.Fprintf(b, `<path d="%s" fill="#050506" stroke="#b9bdc3" stroke-width="1.6"/>`, d)
	}
}

// open tells whether the car has no roof.
func (s *profile) open() bool { return len(s.behind) > 1 }
