package policy

import (
	"mime"
	"strings"
	"sync"
	"unicode/utf8"
)

// MaxPreview is the largest preview of a body, in bytes.
const MaxPreview = 64 << 10

// cutMark ends a preview of a body that is longer.
const cutMark = " ...[truncated]"

// Preview keeps the beginning of a body while it passes. The zero value keeps
// nothing.
type Preview struct {
	mu   sync.Mutex
	max  int
	data []byte
	more bool // data is not all of it
}

// Start keeps up to max bytes from now on. It is called once, before the first Keep.
func (p *Preview) Start(maxBytes int) {
	p.mu.Lock()
	p.max = maxBytes
	p.mu.Unlock()
}

// Keep takes a copy of what fits.
func (p *Preview) Keep(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.max == 0 || len(b) == 0 {
		return
	}
	room := p.max - len(p.data)
	if len(b) > room {
		b, p.more = b[:room], true
	}
	p.data = append(p.data, b...)
}

// Text returns what was kept, as valid UTF-8, with a mark if the body was longer. A
// character that was cut in two is left out.
func (p *Preview) Text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	data := p.data
	if p.more {
		data = wholeRunes(data)
	}
	text := strings.ToValidUTF8(string(data), string(utf8.RuneError))
	if p.more {
		text += cutMark
	}
	return text
}

// wholeRunes cuts off the beginning of a character at the end.
func wholeRunes(b []byte) []byte {
	for i := 1; i <= min(len(b), utf8.UTFMax-1); i++ {
		if start := len(b) - i; utf8.RuneStart(b[start]) {
			if !utf8.FullRune(b[start:]) {
				return b[:start]
			}
			break
		}
	}
	return b
}

// IsText reports whether a body of this Content-Type and Content-Encoding is text
// that can be read as UTF-8. Without a type it is not.
func IsText(contentType, encoding string) bool {
	if encoding != "" && !strings.EqualFold(encoding, "identity") {
		return false
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil && media == "" {
		return false
	}
	switch strings.ToLower(params["charset"]) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
	default:
		return false
	}
	if strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "+json") || strings.HasSuffix(media, "+xml") {
		return true
	}
	switch media {
	case "application/json", "application/ndjson", "application/x-ndjson", "application/jsonl", "application/xml",
		"application/javascript", "application/graphql", "application/sql", "application/yaml", "application/x-yaml",
		"application/toml", FormType:
		return true
	}
	return false
}

// FormType is the type of a body that is a query: its secrets have names.
const FormType = "application/x-www-form-urlencoded"

// IsForm reports whether a Content-Type is FormType.
func IsForm(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(media), FormType)
}
