package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/exodrive/exodrive/httpx"
)

//go:embed static
var staticFiles embed.FS

// What caches may do: keep for ever what changes its name with its content, and
// ask once a day for what has one well-known name.
const (
	forEver = "public, max-age=31536000, immutable"
	aDay    = "public, max-age=86400"
)

// picturePolicy keeps a picture that is opened by itself from being a page: an
// SVG may hold scripts.
const picturePolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

const (
	svgType = "image/svg+xml"
	cssType = "text/css; charset=utf-8"
)

// asset is one unchanging file, ready to be served. Its handler answers at its
// path only.
type asset struct {
	path        string
	contentType string
	caching     string
	policy      string // Content-Security-Policy, or empty
	body        []byte
	zipped      func() []byte // body in gzip, made at the first wish; nil: that saves too little
	tag         string        // ETag of body
}

// The files of the program. The style sheet's name has the hash of its content.
var (
	stylesheet = newAsset("/static/exodrive.css", cssType, forEver, embedded("exodrive.css")).hashed()
	favicon    = newAsset("/favicon.svg", svgType, aDay, embedded("favicon.svg"))
	robots     = newAsset("/robots.txt", "text/plain; charset=utf-8", aDay, []byte("User-agent: *\nDisallow: /api/\n"))
)

func newAsset(at, contentType, caching string, body []byte) *asset {
	sum := sha256.Sum256(body)
	a := &asset{path: at, contentType: contentType, caching: caching, body: body, tag: `"` + hex.EncodeToString(sum[:8]) + `"`}
	a.zipped = sync.OnceValue(func() []byte { return httpx.Gzip(body) })
	if contentType == svgType {
		a.policy = picturePolicy
	}
	return a
}

// hashed puts the hash of the content into the name.
func (a *asset) hashed() *asset {
	ext := path.Ext(a.path)
	a.path = strings.TrimSuffix(a.path, ext) + "-" + strings.Trim(a.tag, `"`) + ext
	return a
}

// embedded is the content of a file of the program. One that is missing is a
// mistake in the build, and it panics.
func embedded(name string) []byte {
	body, err := staticFiles.ReadFile("static/" + name)
	if err != nil {
		panic(err)
	}
	return body
}

func (a *asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != a.path {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", a.caching)
	h.Set("Vary", "Accept-Encoding")
	body, tag := a.body, a.tag
	if httpx.WantsGzip(r) {
		if zipped := a.zipped(); zipped != nil {
			body, tag = zipped, strings.TrimSuffix(tag, `"`)+`-gzip"`
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("ETag", tag)
	if a.policy != "" {
		h.Set("Content-Security-Policy", a.policy)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// pictures serves SVG files by path.
func pictures(files map[string][]byte) http.Handler {
	assets := make(map[string]*asset, len(files))
	for at, body := range files {
		assets[at] = newAsset(at, svgType, forEver, body)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a, ok := assets[r.URL.Path]; ok {
			a.ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r)
	})
}
