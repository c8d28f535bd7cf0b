package api

import "github.com/danielgtaylor/huma/v2"

// cacheHeaders are what a public read's answer says of itself, beside its body.
var cacheHeaders = map[string]*huma.Param{
	"ETag":          header("Strong, one for each encoding: send it back as If-None-Match for a 304.", `"Qm9vbeGTx3v0cA2k"`),
	"Cache-Control": header("Browsers ask each time; no-store while nobody can vouch for the answer.", "public, max-age=0, must-revalidate"),
	"X-Cache":       header("HIT: from memory or Redis. MISS: loaded for this call, or by the load it waited for.", "HIT"),
	"X-Cache-TTL":   header("Seconds for which it is still fresh; 0 when it is stale.", "1742"),
	"Cache-Status":  header("RFC 9211: how it was answered, and why it is stale if it is.", "ExoDrive; hit; ttl=1742"),
}

func header(doc, example string) *huma.Param {
	return &huma.Param{Description: doc, Schema: &huma.Schema{Type: huma.TypeString}, Example: example}
}

// describeHeaders adds the headers of a public read's answers to the document.
func describeHeaders(op *huma.Operation) {
	if op.Metadata[cached] != true {
		return
	}
	op.Responses["200"].Headers = cacheHeaders
	op.Responses["304"] = &huma.Response{
		Description: "The caller has just that: If-None-Match named its ETag.", Headers: cacheHeaders,
	}
}
