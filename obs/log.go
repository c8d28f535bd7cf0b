package obs

import (
	"io"
	"log/slog"
	"regexp"
	"unicode/utf8"
)

// NewLogger returns a logger that writes one JSON object per line.
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

// maxLogText is the longest error text in a line: room for a chain of causes,
// but not for the document that a driver or a peer may quote in one.
const maxLogText = 2000

// secrets are the parts of an error text that must not reach a log. Drivers quote
// the values of a row, HTTP clients the whole address they called.
var secrets = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`), "$1 [secret]"},
	{regexp.MustCompile(`[^\s"'<>()=,;/]+@[^\s"'<>()=,;/]+`), "[address]"}, // mail, and user:password@host
	{regexp.MustCompile(`\?[^\s"'<>]*=[^\s"'<>]*`), "?[query]"},
}

// ErrorText returns the text of err as it may be logged: at most 2,000 bytes,
// without mail addresses, credentials and query strings; "" for nil.
func ErrorText(err error) string {
	if err == nil {
		return ""
	}
	return Scrub(err.Error())
}

// Scrub returns text as it may be logged; see ErrorText.
func Scrub(text string) string {
	// Cut twice: before, so that a huge text costs little; after, because what
	// stands in for a secret can be longer than it.
	text = cut(text, 2*maxLogText)
	for _, s := range secrets {
		text = s.pattern.ReplaceAllString(text, s.instead)
	}
	return cut(text, maxLogText)
}

// cut shortens text to at most n bytes without splitting a character.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
