package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"github.com/exodrive/exodrive"
)

// The pictures of the demo cars are drawn here, so that a storefront looks
// finished without a photograph of somebody else's. There is one set of views
// for each shape and paint that a model comes in.

// Pictures maps the URL path of every picture, such as
// /pictures/supercar-rosso-side-3f2a91bc.svg, to its SVG. The name carries the
// start of the content's SHA-256, so a path may be cached for ever. The map is
// drawn once and shared: callers must not change it.
func Pictures() map[string][]byte { return gallery().files }

// views are the pictures of a car in the order in which they are shown.
var views = []struct {
	name, phrase string
	draw         func(*strings.Builder, *profile, paint)
}{
	{"side", "side view", drawSide},
	{"front", "front view", drawFront},
	{"rear", "rear view", drawRear},
	{"wheel", "front wheel and wing", drawWheel},
}

// look is how a car appears: its shape and its paint.
type look struct{ shape, paint string }

type pictures struct {
	files map[string][]byte
	urls  map[look][]string   // one for each of views
	looks map[string][]string // the paints that a shape comes in, in the order of models
}

var gallery = sync.OnceValue(drawGallery)

func drawGallery() pictures {
	g := pictures{map[string][]byte{}, map[look][]string{}, map[string][]string{}}
	for _, m := range models {
		l := look{m.shape.name, m.paint}
		if g.urls[l] != nil {
			continue
		}
		g.looks[l.shape] = append(g.looks[l.shape], l.paint)
		for _, view := range views {
			var b strings.Builder
			view.draw(&b, m.shape, paintNamed(m.paint))
			sum := sha256.Sum256([]byte(b.String()))
			path := fmt.Sprintf("/pictures/%s-%s-%s-%s.svg", l.shape, l.paint, view.name, hex.EncodeToString(sum[:4]))
			g.files[path] = []byte(b.String())
			g.urls[l] = append(g.urls[l], path)
		}
	}
	return g
}

// images are the pictures of a car called name in the shape of m.
func (m *model) images(name, paint string) []exodrive.Image {
	var out []exodrive.Image
	for i, url := range gallery().urls[look{m.shape.name, paint}] {
		out = append(out, exodrive.Image{URL: url, Alt: fmt.Sprintf("Drawing of the %s in %s, %s", name, paintNamed(paint).phrase, views[i].phrase)})
	}
	return out
}
