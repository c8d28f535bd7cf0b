package demo

import (
	"fmt"
	"strings"
)

// wheel is a design of rim. Spoke is drawn once in a wheel of radius 100, from
// the hub at (0,0) towards (0,rim), and repeated around the hub.
type wheel struct {
	rim    float64 // radius of the rim; what is left of 100 is tyre
	spokes int
	spoke  string
	wire   bool // thin chromed wires and a knock-off hub
}

var (
	splitWheel   = wheel{rim: 79, spokes: 5, spoke: "M-8 6L-5 38L-21 76L-12 78L0 50L12 78L21 76L5 38L8 6Z"}
	forgedWheel  = wheel{rim: 79, spokes: 10, spoke: "M-4 6L-2.5 40L-7.5 78.5L-2 79L0 60L2 79L7.5 78.5L2.5 40L4 6Z"}
	bladeWheel   = wheel{rim: 79, spokes: 9, spoke: "M-6 8C-2 36-10 58-20 76L3 79C8 54 8 30 6 8Z"}
	dishWheel    = wheel{rim: 76, spokes: 7, spoke: "M-9 8L-12 40L-26 71L-14 75L0 76L14 75L26 71L12 40L9 8Z"}
	truckWheel   = wheel{rim: 72, spokes: 5, spoke: "M-11 8L-9 44L-24 67L-12 71L0 56L12 71L24 67L9 44L11 8Z"}
	wireWheel    = wheel{rim: 68, spokes: 24, wire: true, spoke: "M-5 12L6 66M5 12L-6 66M0 10L3 67"}
	magnumWheel  = wheel{rim: 68, spokes: 5, spoke: "M-10 8C-7 34-13 52-20 65L20 65C13 52 7 34 10 8Z"}
	turbineWheel = wheel{rim: 80, spokes: 5, spoke: "M-9 6C-10 30-28 54-46 64L-20 76L2 80C10 56 10 30 9 6Z"}
)

// draw writes the wheel as a symbol of radius 100 named w, with the caliper at
// the back of the disc where the symbol is not turned.
func (w wheel) draw(b *strings.Builder, p paint) {
	rim := w.rim
	fmt.Fprintf(b, `<g id="w"><circle r="100" fill="url(#tyre)"/><circle r="%g" fill="none" stroke="#34363a" stroke-width="1.2" opacity=".7"/>`, rim+9)
	fmt.Fprintf(b, `<circle r="%g" fill="#0a0b0d"/>`, rim)
	if !w.wire {
		fmt.Fprintf(b, `<circle r="%g" fill="url(#disc)"/><circle r="%g" fill="none" stroke="#2b2d31" stroke-width="1.5" stroke-dasharray="2 7"/>`, rim*0.72, rim*0.55)
		fmt.Fprintf(b, `<path d="M%g %gA%g %g 0 0 1 %g %gL%g %gA%g %g 0 0 0 %g %gZ" fill="%s"/>`,
			rim*.62, -rim*.40, rim*.74, rim*.74, rim*.62, rim*.40, rim*.42, rim*.30, rim*.52, rim*.52, rim*.42, -rim*.30, p.caliper)
	}
	if w.wire {
		fmt.Fprintf(b, `<g id="s" fill="none" stroke="#c9cdd3" stroke-width="1.4"><path d="%s"/></g>`, w.spoke)
	} else {
		fmt.Fprintf(b, `<g id="s"><path d="%s" fill="url(#alloy)" stroke="#08090a" stroke-opacity=".5" stroke-width="1"/></g>`, w.spoke)
	}
	for i := 1; i < w.spokes; i++ {
		fmt.Fprintf(b, `<use href="#s" transform="rotate(%.4g)"/>`, float64(i)*360/float64(w.spokes))
	}
	lip := 3.5
	if w.wire {
		lip = 6
	}
	fmt.Fprintf(b, `<circle r="%g" fill="none" stroke="url(#lip)" stroke-width="%g"/>`, rim-1, lip)
	hub := 12.0
	if w.wire {
		hub = 15
	}
	fmt.Fprintf(b, `<circle r="%g" fill="url(#hub)"/><circle r="%g" fill="#15161a"/></g>`, hub, hub*.55)
}

// wheelDefs are the gradients of a wheel.
func wheelDefs(b *strings.Builder, p paint, w wheel) {
	rim := p.rim
	if w.wire || w.rim == magnumWheel.rim {
		rim = 0xd3d6da
	}
	b.WriteString(`<radialGradient id="tyre" gradientUnits="userSpaceOnUse" cx="0" cy="0" r="100"><stop offset=".7" stop-color="#1d1e21"/><stop offset=".93" stop-color="#17181b"/><stop offset="1" stop-color="#08080a"/></radialGradient>`)
	b.WriteString(`<radialGradient id="disc" gradientUnits="userSpaceOnUse" cx="0" cy="0" r="60"><stop offset=".3" stop-color="#4b4e54"/><stop offset=".8" stop-color="#83878e"/><stop offset="1" stop-color="#5c6066"/></radialGradient>`)
	fmt.Fprintf(b, `<linearGradient id="alloy" gradientUnits="userSpaceOnUse" x1="-40" y1="80" x2="40" y2="0"><stop offset="0" stop-color="%s"/><stop offset=".55" stop-color="%s"/><stop offset="1" stop-color="%s"/></linearGradient>`,
		rim.mix(white, .35), rim, rim.mix(black, .45))
	fmt.Fprintf(b, `<linearGradient id="lip" x1="0" y1="1" x2="0" y2="0"><stop offset="0" stop-color="%s"/><stop offset=".5" stop-color="%s"/><stop offset="1" stop-color="%s"/></linearGradient>`,
		rim.mix(white, .6), rim.mix(black, .2), rim.mix(black, .6))
	fmt.Fprintf(b, `<radialGradient id="hub" cx=".4" cy=".65" r=".7"><stop offset="0" stop-color="%s"/><stop offset="1" stop-color="%s"/></radialGradient>`, rim.mix(white, .4), rim.mix(black, .5))
}
