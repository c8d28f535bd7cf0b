package api

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/httpx"
)

// docsFiles is the viewer of the API's description: our page around Swagger UI,
// which scripts/update-docs refreshes.
//
//go:embed docs
var docsFiles embed.FS

// docsPolicy lets the viewer load and ask this server and nothing else. Swagger
// UI sets styles on its elements, hence 'unsafe-inline' for styles alone.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// docsFile is one file of the viewer, ready to be served.
type docsFile struct {
	contentType string
	tag         string                 // of the bytes as they are, without quotes
	plain       func() ([]byte, error) // not compressed
	gzip        []byte                 // nil: there is only the plain form
}

// docsHandler serves the viewer: GET /docs is the page, GET /docs/{file} its parts.
func docsHandler() http.Handler {
	files := docsIndex()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/docs"), "/")
		if name == "" {
			name = "index.html"
		}
		file, ok := files[name]
		if !ok {
			httpx.WriteError(w, r, exodrive.Errorf(exodrive.NotFound, "The API's description has no file of that name; it begins at /docs."))
			return
		}
		if err := file.serve(w, r); err != nil {
			httpx.WriteError(w, r, err)
		}
	})
}

// docsIndex reads the embedded files. Those it cannot read are a mistake in the
// build, and it panics.
func docsIndex() map[string]docsFile {
	entries, err := docsFiles.ReadDir("docs")
	if err != nil {
		panic(err)
	}
	files := map[string]docsFile{}
	for _, entry := range entries {
		body, err := docsFiles.ReadFile(path.Join("docs", entry.Name()))
		if err != nil {
			panic(err)
		}
		name, compressed := strings.CutSuffix(entry.Name(), ".gz")
		file := docsFile{contentType: docsType(name), tag: fmt.Sprintf("%x", sha256.Sum256(body))[:32]}
		if compressed {
			file.gzip = body
			// Rarely wanted, so it is made at the first wish and then kept.
			file.plain = sync.OnceValues(func() ([]byte, error) { return gunzip(body) })
		} else {
			file.plain = func() ([]byte, error) { return body, nil }
		}
		files[name] = file
	}
	return files
}

// documents are where the API's description is.
var documents = []string{"/openapi.json", "/openapi.yaml", "/openapi-3.0.json", "/openapi-3.0.yaml"}

// documentHandler serves the description, each form of it made at the first wish.
func (a *api) documentHandler() http.Handler {
	o := a.huma.OpenAPI()
	makers := map[string]func() ([]byte, error){
		"/openapi.json": o.MarshalJSON, "/openapi.yaml": o.YAML, "/openapi-3.0.json": o.Downgrade, "/openapi-3.0.yaml": o.DowngradeYAML,
	}
	files := map[string]func() (docsFile, error){}
	for at, made := range makers {
		kind := "application/openapi+" + strings.TrimPrefix(path.Ext(at), ".")
		files[at] = sync.OnceValues(func() (docsFile, error) {
			body, err := made()
			f := docsFile{contentType: kind, tag: fmt.Sprintf("%x", sha256.Sum256(body))[:32], gzip: httpx.Gzip(body)}
			f.plain = func() ([]byte, error) { return body, nil }
			return f, err
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, err := files[r.URL.Path]()
		if err == nil {
			err = file.serve(w, r)
		}
		if err != nil {
			httpx.WriteError(w, r, err)
		}
	})
}

// docsType is the media type of a file. It does not ask package mime, whose
// answers depend on the machine.
func docsType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	default: // licences
		return "text/plain; charset=utf-8"
	}
}

func gunzip(b []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("read compressed file of the viewer: %w", err)
	}
	return io.ReadAll(r)
}

// serve answers with the form the caller accepts. The names of the files stay the
// same from version to version, so browsers ask each time and get a 304.
func (f docsFile) serve(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	body, tag := f.gzip, f.tag+"-gzip"
	if f.gzip != nil {
		h.Set("Vary", "Accept-Encoding")
	}
	if f.gzip != nil && httpx.Accepts(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
	} else {
		var err error
		if body, err = f.plain(); err != nil {
			return err
		}
		tag = f.tag
	}
	h.Set("Content-Type", f.contentType)
	h.Set("Content-Security-Policy", docsPolicy)
	h.Set("Cache-Control", "public, no-cache")
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	return nil
}
