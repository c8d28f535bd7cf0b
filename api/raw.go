package api

import (
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// raw is an answer that writes itself: its status, headers and body.
type raw struct{ Body func(huma.Context) }

// rawOf is an answer by a handler of net/http.
func rawOf(write http.HandlerFunc) *raw {
	return &raw{func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		write(w, r)
	}}
}

// bytesOf is an answer of bytes in some media type.
func bytesOf(mediaType string, body []byte) *raw {
	return rawOf(func(w http.ResponseWriter, _ *http.Request) { writeBytes(w, mediaType, body) })
}

func writeBytes(w http.ResponseWriter, mediaType string, body []byte) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the only failure left is a caller who has gone
}

// gives says which media type a raw answer has, and what is in it.
func (o operation) gives(mediaType string, schema *huma.Schema) operation {
	o.Responses = map[string]*huma.Response{strconv.Itoa(http.StatusOK): {
		Description: http.StatusText(http.StatusOK), Content: map[string]*huma.MediaType{mediaType: {Schema: schema}},
	}}
	return o
}

// schemaOf is the schema of a T in the document.
func schemaOf[T any](a *api) *huma.Schema {
	return a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
}
