package scrub_test

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/ledger-sdk/ledger-go/internal/scrub"
)

// FuzzText holds what Text promises of any text: P2, P3 and P4.
func FuzzText(f *testing.F) {
	for _, c := range corpus(f, "hits.txt")[:40] {
		f.Add(c.in)
	}
	for _, s := range []string{
		"", "@", "a@b.co", "://", "a://b:c@d", "=", "k=v", `"password":"`, `\"token\":\"`, "pin=1234", "eyJ.eyJ.", "Bearer a1b2c3d4",
		"-----BEGIN PRIVATE KEY-----", "4111 1111 1111 1111", "%40%3D%3A", "<password>x</password>", "--token x1", "token:[[{",
		"authorization: digest a=b", "cookie: a=b; c=d", "AKIAIOSFODNN7EXAMPLE", "\xff\xfe=\x80", "name=\"password\"\n\nx\n",
	} {
		f.Add(s)
	}
	s := scrub.New(scrub.Config{Keys: []string{"k", "order.iban"}})
	f.Fuzz(func(t *testing.T, text string) {
		out := s.Text(text)
		assert.Equal(t, text == out, s.Clean(text), "P3: %q", text)
		assert.Equal(t, out, s.Text(out), "P2: %q", text)
		assert.Equal(t, utf8.ValidString(text), utf8.ValidString(out) && utf8.ValidString(text), "P4: %q", text)
		assert.LessOrEqual(t, len(out), 6*len(text)+2*len(scrub.Redacted), "P4: %q", text)
	})
}

// FuzzKey holds that the filter before the rules never hides a key from them: what
// a key means does not depend on its case or on its separators.
func FuzzKey(f *testing.F) {
	for _, s := range []string{"accessToken", "http.request.header.authorization", "x-api-key", "pin", "a.b.c", "PHPSESSID", "ssn", "\x80key", "0ssn"} {
		f.Add(s)
	}
	s := scrub.New(scrub.Config{Keys: []string{"iban"}})
	f.Fuzz(func(t *testing.T, key string) {
		if s.Key(strings.ReplaceAll(key, "-", "_")) != s.Key(strings.ReplaceAll(key, "_", "-")) {
			t.Errorf("%q depends on its separators", key)
		}
		if lower := asciiLower(key); s.Key(lower) != s.Key(asciiUpper(lower)) {
			t.Errorf("%q depends on its case", key)
		}
	})
}

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

func asciiUpper(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}

// FuzzQuery checks P6 against the parser that a server uses.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{"a=1", "token=x&b=2", "%74oken=x", "a=1;key=v", "=&=&", "%", "password=%26&q", "sig=1&sig=2", "a+key=1"} {
		f.Add(s)
	}
	s := scrub.New(scrub.Config{})
	f.Fuzz(func(t *testing.T, raw string) {
		out := s.Query(raw)
		assert.Equal(t, strings.Count(raw, "&"), strings.Count(out, "&"), "parameters stay in place")
		values, _ := url.ParseQuery(out)
		for name, vs := range values {
			if !s.Key(name) {
				continue
			}
			for _, v := range vs {
				if v != "" {
					assert.Equal(t, "REDACTED", v, "parameter %q of %q", name, raw)
				}
			}
		}
		assert.Equal(t, out, s.Query(out), "what is hidden stays so")
	})
}
