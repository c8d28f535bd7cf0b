package httpx

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"

	"github.com/exodrive/exodrive/cache"
)

// Marks signs the marks of writes for callers to carry, in the header X-Exo-Mark
// or the cookie exo_mark, so that each sees its own writes on every node. Observe
// reads and sets both. Marks are safe for concurrent use.
type Marks struct {
	// Proxies are believed when they say that a caller came by https. Set before
	// the first use.
	Proxies TrustedProxies

	keys [][]byte // the first one signs
}

// NewMarks signs with secret, and also believes what was signed with a previous
// one, so that a secret can be changed while callers carry marks. An empty secret,
// with which anybody could sign, panics.
func NewMarks(secret []byte, previous ...[]byte) *Marks {
	m := &Marks{}
	for _, s := range append([][]byte{secret}, previous...) {
		if len(s) == 0 {
			panic("httpx: a secret for marks is empty")
		}
		// The same secret signs other things too; none of them may pass for a mark.
		h := hmac.New(sha256.New, s)
		h.Write([]byte("exodrive mark"))
		m.keys = append(m.keys, h.Sum(nil))
	}
	return m
}

// Where a mark travels, and how it is written: epoch and mark, eight bytes each,
// and their signature, half of an HMAC-SHA-256, in unpadded base64url.
const (
	markHeader  = "X-Exo-Mark"
	markCookie  = "exo_mark"
	markSeconds = 30 // by far longer than a node needs to hear of a write by itself

	markClear  = 8 + 8
	markBytes  = markClear + sha256.Size/2
	markLength = (markBytes*8 + 5) / 6
)

// Strict, so that each mark has one spelling.
var markText = base64.RawURLEncoding.Strict()

// Sign is the text of a mark, to be put into a header or cookie.
func (m *Marks) Sign(epoch cache.Epoch, mark cache.Mark) string {
	var raw [markBytes]byte
	binary.BigEndian.PutUint64(raw[:], uint64(epoch))
	binary.BigEndian.PutUint64(raw[8:], uint64(mark))
	copy(raw[markClear:], signature(m.keys[0], raw[:markClear]))
	return markText.EncodeToString(raw[:])
}

// Parse reads what Sign made. ok is false for anything else; that takes no longer
// for a long text than for a short one.
func (m *Marks) Parse(text string) (epoch cache.Epoch, mark cache.Mark, ok bool) {
	if len(text) != markLength {
		return 0, 0, false
	}
	raw, err := markText.DecodeString(text)
	if err != nil || len(raw) != markBytes { // line breaks are skipped, so it may be shorter
		return 0, 0, false
	}
	for _, key := range m.keys {
		if hmac.Equal(raw[markClear:], signature(key, raw[:markClear])) {
			return cache.Epoch(binary.BigEndian.Uint64(raw)), cache.Mark(binary.BigEndian.Uint64(raw[8:])), true
		}
	}
	return 0, 0, false
}

func signature(key, of []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(of)
	return h.Sum(nil)[:markBytes-markClear]
}

// carried is ctx with the mark that a caller carries, for reads through a cache:
// that of the header or, if there is no valid one, of the cookie. For a caller
// with neither it is ctx itself, and allocates nothing.
func (m *Marks) carried(ctx context.Context, h http.Header) context.Context {
	text := ""
	if lines := h[markHeader]; len(lines) > 0 {
		text = lines[0]
	}
	epoch, mark, ok := m.Parse(text)
	if !ok {
		epoch, mark, ok = m.Parse(cookieValue(h["Cookie"], markCookie))
	}
	if !ok {
		return ctx
	}
	return cache.WithMark(ctx, epoch, mark)
}

// cookieValue finds the first cookie of a name. Request.Cookie would parse and
// keep all of them, on every read of every caller with a session.
func cookieValue(lines []string, name string) string {
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			if n, value, ok := strings.Cut(trimSpace(pair), "="); ok && n == name {
				return value
			}
		}
	}
	return ""
}

// Give sets header and cookie on the answer to r, which wrote with this mark.
// Mark 0, nothing written, sets none. Observe does this for every request whose
// record has a mark.
func (m *Marks) Give(w http.ResponseWriter, r *http.Request, epoch cache.Epoch, mark cache.Mark) {
	if mark == 0 {
		return
	}
	text := m.Sign(epoch, mark)
	w.Header()[markHeader] = []string{text}
	http.SetCookie(w, &http.Cookie{
		Name: markCookie, Value: text, Path: "/", MaxAge: markSeconds,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: m.Proxies.encrypted(r),
	})
}
