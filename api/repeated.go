package api

import (
	"bytes"
	"encoding/json"
)

// repeated is the first member that stands twice in one object of a JSON text, and where it
// ends; "" for none. RFC 8259 leaves open what such a text means: what is checked and what
// is kept could be two different values.
func repeated(data []byte) (member string, offset int64) {
	type object struct {
		names map[string]bool // nil for a list
		named bool            // the next token is the value of a member
	}
	open := []*object{{}}
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.Token()
		if err != nil {
			return "", 0
		}
		in := open[len(open)-1]
		if name, isText := token.(string); isText && in.names != nil && !in.named {
			if in.names[name] {
				return name, d.InputOffset()
			}
			in.names[name], in.named = true, true
			continue
		}
		switch token {
		case json.Delim('{'):
			open = append(open, &object{names: map[string]bool{}})
		case json.Delim('['):
			open = append(open, &object{})
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
			open[len(open)-1].named = false
		default:
			in.named = false
		}
	}
}
