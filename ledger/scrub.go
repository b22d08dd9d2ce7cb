package ledger

import (
	"log/slog"
	"regexp"
	"unicode/utf8"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/internal/scrub"
)

// Scrub says what is hidden from a record before it is admitted, so that it reaches
// neither disk nor server: the values of keys that carry secrets, and in any text e-mail
// addresses, payment card numbers, bearer tokens, JSON web tokens, passwords in URLs, and
// the keys of well-known services. [REDACTED] takes their place. The zero Scrub does so.
type Scrub struct {
	// Off hides nothing at all.
	Off bool
	// Keys are further keys whose values are hidden, whatever their case, also as the
	// last part of a dotted key.
	Keys []string
	// AllowKeys are keys whose values are shown, though the built-in rules say
	// otherwise.
	AllowKeys []string
	// Rules are patterns of one's own for text.
	Rules []ScrubRule
}

// ScrubRule hides what a pattern matches.
type ScrubRule struct {
	Pattern *regexp.Regexp
	// Replace takes its place, as in Regexp.ReplaceAllString; empty, [REDACTED] does.
	Replace string
}

// scrubber returns what c asks for, nil for nothing.
func (c Scrub) scrubber() *scrub.Scrubber {
	if c.Off {
		return nil
	}
	cfg := scrub.Config{Keys: c.Keys, AllowKeys: c.AllowKeys}
	for _, r := range c.Rules {
		cfg.Rules = append(cfg.Rules, scrub.Rule{Pattern: r.Pattern, Replace: r.Replace})
	}
	return scrub.New(cfg)
}

// scrubAll hides what is secret in attrs, which are flat and plain, in place.
func scrubAll(attrs []slog.Attr, s *scrub.Scrubber) []slog.Attr {
	if s == nil {
		return attrs
	}
	for i := range attrs {
		a := &attrs[i]
		if s.Key(a.Key) {
			a.Value = slog.StringValue(scrub.Redacted)
			continue
		}
		switch a.Value.Kind() {
		case slog.KindString:
			if text := a.Value.String(); !s.Clean(text) {
				a.Value = slog.StringValue(s.Text(text))
			}
		case slog.KindAny:
			a.Value = slog.AnyValue(scrubAny(a.Value.Any(), s))
		}
	}
	return attrs
}

// scrubAny returns a plain value without secrets. It copies what it changes.
func scrubAny(x any, s *scrub.Scrubber) any {
	switch x := x.(type) {
	case string:
		return s.Text(x)
	case []byte:
		if !utf8.Valid(x) || s.Clean(string(x)) {
			return x
		}
		return []byte(s.Text(string(x)))
	case []string:
		out := x
		for i, text := range x {
			if s.Clean(text) {
				continue
			}
			if &out[0] == &x[0] {
				out = append([]string(nil), x...)
			}
			out[i] = s.Text(text)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i := range x {
			out[i] = scrubAny(x[i], s)
		}
		return out
	}
	return x
}

// scrubText returns a message without secrets.
func scrubText(text string, s *scrub.Scrubber) string {
	if s.Clean(text) {
		return text
	}
	return s.Text(text)
}

// scrubbed makes r what a hook may see: all its attributes in one list, flat and plain,
// without secrets.
func (c *Client) scrubbed(r *Record, scope []slog.Attr) {
	attrs := make([]slog.Attr, 0, len(scope)+len(r.Attrs)+8)
	attrs = scrubAll(append(attrs, scope...), c.scrub)
	if r.preset != nil {
		attrs = append(attrs, r.preset.attrs...) // They are scrubbed.
		r.preset = nil
	}
	known := len(attrs)
	attrs, _ = otlp.Flatten(attrs, "", r.Attrs)
	scrubAll(attrs[known:], c.scrub)
	r.Attrs = otlp.Dedup(attrs)
	r.Message, r.EventName = scrubText(r.Message, c.scrub), scrubText(r.EventName, c.scrub)
}
