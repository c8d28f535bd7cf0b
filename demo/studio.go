package demo

import (
	"fmt"
	"strings"
)

// The frame of every picture: 16 to 10, the ground a good way down so that the
// car stands in the lower middle with room for its reflection.
const (
	frameWidth  = 1200
	frameHeight = 750
	groundLine  = 560
)

// openStudio starts a picture: the frame, the shades every view uses, and the
// backdrop with a wall, a floor and a light above.
func openStudio(b *strings.Builder, title string, p paint) {
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img"><title>%s</title><defs>`,
		frameWidth, frameHeight, frameWidth, frameHeight, title)
	glow := rgb(0xaab0b8).mix(p.base, .14)
	fmt.Fprintf(b, `<radialGradient id="wall" cx=".5" cy=".5" r=".75"><stop offset="0" stop-color="%s"/><stop offset=".45" stop-color="%s"/><stop offset="1" stop-color="%s"/></radialGradient>`,
		glow.mix(white, .1), glow.mix(black, .42), glow.mix(black, .84))
	fmt.Fprintf(b, `<radialGradient id="floor" cx=".5" cy=".12" r=".7" gradientTransform="matrix(1 0 0 1.1 0 0)"><stop offset="0" stop-color="%s"/><stop offset=".5" stop-color="%s"/><stop offset="1" stop-color="%s"/></radialGradient>`,
		glow.mix(white, .18), glow.mix(black, .5), glow.mix(black, .88))
	b.WriteString(`<linearGradient id="seam" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#000" stop-opacity="0"/><stop offset=".5" stop-color="#000" stop-opacity=".28"/><stop offset="1" stop-color="#000" stop-opacity="0"/></linearGradient>`)
	b.WriteString(`<radialGradient id="softbox"><stop offset="0" stop-color="#fff" stop-opacity=".3"/><stop offset=".5" stop-color="#fff" stop-opacity=".16"/><stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient>`)
	b.WriteString(`<radialGradient id="shade"><stop offset="0" stop-color="#000" stop-opacity=".85"/><stop offset=".6" stop-color="#000" stop-opacity=".5"/><stop offset="1" stop-color="#000" stop-opacity="0"/></radialGradient>`)
	b.WriteString(`<linearGradient id="fade" gradientUnits="userSpaceOnUse" x1="0" y1="560" x2="0" y2="700"><stop offset="0" stop-color="#fff" stop-opacity=".34"/><stop offset="1" stop-color="#fff" stop-opacity="0"/></linearGradient><mask id="mirror" maskUnits="userSpaceOnUse" x="0" y="540" width="1200" height="210"><path d="M0 540H1200V750H0Z" fill="url(#fade)"/></mask>`)
}

// closeDefs ends the definitions and paints the backdrop.
func closeDefs(b *strings.Builder) {
	b.WriteString(`</defs><path d="M0 0H1200V480H0Z" fill="url(#wall)"/><path d="M0 470H1200V750H0Z" fill="url(#floor)"/><path d="M0 440H1200V510H0Z" fill="url(#seam)"/>`)
	b.WriteString(`<ellipse cx="600" cy="10" rx="520" ry="46" fill="url(#softbox)"/>`)
}

// paintDefs are the shades of the paint from height top (of the car, in its own
// units, upwards) to the ground.
func paintDefs(b *strings.Builder, p paint, top float64) {
	lit, deep := p.base.mix(white, p.gloss*.75), p.base.mix(black, .62)
	fmt.Fprintf(b, `<linearGradient id="paint" gradientUnits="userSpaceOnUse" x1="0" y1="%g" x2="0" y2="10"><stop offset="0" stop-color="%s"/><stop offset=".3" stop-color="%s"/><stop offset=".5" stop-color="%s"/><stop offset=".72" stop-color="%s"/><stop offset="1" stop-color="%s"/></linearGradient>`,
		top, lit, p.base.mix(white, p.gloss*.22), p.base, p.base.mix(black, .34), deep)
	fmt.Fprintf(b, `<linearGradient id="glass" gradientUnits="userSpaceOnUse" x1="0" y1="%g" x2="0" y2="%g"><stop offset="0" stop-color="#5b6670"/><stop offset=".35" stop-color="#262d34"/><stop offset="1" stop-color="#0d1013"/></linearGradient>`, top, top*.62)
	b.WriteString(`<linearGradient id="lamp" x1="0" y1="1" x2="0" y2="0"><stop offset="0" stop-color="#fff"/><stop offset=".5" stop-color="#c7d3dc"/><stop offset="1" stop-color="#5d6a74"/></linearGradient><linearGradient id="tail" x1="0" y1="1" x2="0" y2="0"><stop offset="0" stop-color="#ff5a48"/><stop offset="1" stop-color="#8c0b10"/></linearGradient>`)
	b.WriteString(`<linearGradient id="chrome" x1="0" y1="1" x2="0" y2="0"><stop offset="0" stop-color="#fdfdfd"/><stop offset=".45" stop-color="#9ba1a8"/><stop offset=".55" stop-color="#555b62"/><stop offset="1" stop-color="#c9cdd2"/></linearGradient><linearGradient id="void" x1="0" y1="1" x2="0" y2="0"><stop offset="0" stop-color="#050506"/><stop offset="1" stop-color="#1c1d20"/></linearGradient>`)
}

// blurDefs are the two blurs of light on the body, over a region in the car's
// units: a region in shares of the stroke would cut a nearly straight one off.
func blurDefs(b *strings.Builder, left, width, height float64) {
	for _, blur := range []struct {
		name string
		by   float64
	}{{"soft", 2.2}, {"softer", 5}} {
		fmt.Fprintf(b, `<filter id="%s" filterUnits="userSpaceOnUse" x="%g" y="-20" width="%g" height="%g"><feGaussianBlur stdDeviation="%g"/></filter>`,
			blur.name, left-20, width+40, height+40, blur.by)
	}
}
