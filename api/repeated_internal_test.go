package api

import "testing"

func TestRepeated(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: "", `[]`: "", `"a"`: "", `1`: "", `null`: "",
		`{"a":1,"b":1}`:                              "",
		`{"a":{"a":{"a":1}}}`:                        "",
		`[{"a":1},{"a":1}]`:                          "",
		`{"a":"b","b":"a"}`:                          "",
		`{"a":["a","a"],"b":{"c":"c"},"c":["b"]}`:    "",
		`{"a":1,"a":1}`:                              "a",
		`{"a":{},"b":[],"a":null}`:                   "a",
		`{"b":{"a":[{}],"a":1}}`:                     "a",
		`[1,[{"x":"x","y":{"x":"y"},"x":[]}]]`:       "x",
		`{"caf\u00e9":1,"café":2}`:                   "café",
		`{"a":{"b":1},"a":{"b":2,"b":3}}`:            "a",
		`{"o":{"p":{"q":[]},"p":{"q":[]}},"o":true}`: "p",
	} {
		if got, _ := repeated([]byte(text)); got != want {
			t.Errorf("%s: %q stands twice, want %q", text, got, want)
		}
	}
}
