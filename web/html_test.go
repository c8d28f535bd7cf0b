package web_test

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// all finds elements by a selector: simple ones such as li, .card, #found,
// input[name=search], each inside the one before.
func (s seen) all(selector string) []*html.Node {
	found := []*html.Node{s.doc}
	for part := range strings.FieldsSeq(selector) {
		var inside []*html.Node
		for _, n := range found {
			for d := range n.Descendants() {
				if matches(d, part) && !slices.Contains(inside, d) {
					inside = append(inside, d)
				}
			}
		}
		found = inside
	}
	return found
}

// one is the only element that a selector finds.
func (s seen) one(selector string) *html.Node {
	s.t.Helper()
	found := s.all(selector)
	if len(found) != 1 {
		s.t.Fatalf("%d elements are %s, want one, in:\n%s", len(found), selector, s.text)
	}
	return found[0]
}

// texts are the texts of what a selector finds.
func (s seen) texts(selector string) []string {
	out := []string{}
	for _, n := range s.all(selector) {
		out = append(out, textOf(n))
	}
	return out
}

// wantText fails the test unless the only element of the selector has the text.
func (s seen) wantText(selector, want string) {
	s.t.Helper()
	if got := textOf(s.one(selector)); got != want {
		s.t.Errorf("%s is %q, want %q", selector, got, want)
	}
}

// wantSays fails the test unless one element of the selector has the text.
func (s seen) wantSays(selector, want string) {
	s.t.Helper()
	if got := s.texts(selector); !slices.Contains(got, want) {
		s.t.Errorf("%s are %q, none is %q", selector, got, want)
	}
}

func matches(n *html.Node, selector string) bool {
	if n.Type != html.ElementNode {
		return false
	}
	selector, attribute, conditional := strings.Cut(strings.TrimSuffix(selector, "]"), "[")
	if name, value, valued := strings.Cut(attribute, "="); conditional && (!hasAttr(n, name) || valued && attr(n, name) != value) {
		return false
	}
	if name, id, ok := strings.Cut(selector, "#"); ok {
		return (name == "" || n.Data == name) && attr(n, "id") == id
	}
	name, class, classed := strings.Cut(selector, ".")
	return (name == "" || n.Data == name) && (!classed || slices.Contains(strings.Fields(attr(n, "class")), class))
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// textOf is the text in an element with single blanks, also between a term and
// its description.
func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		switch {
		case d.Type == html.TextNode:
			b.WriteString(d.Data)
		case d.Data == "dd":
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
