package policy

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestValidIDs(t *testing.T) {
	for id, want := range map[string]bool{
		"a": true, strings.Repeat("a", 128): true, "~!": true,
		"": false, strings.Repeat("a", 129): false, "a b": false, "a\n": false, "é": false, "\x7f": false,
	} {
		assert.Equal(t, want, ValidID(id), "%q", id)
	}
	assert.True(t, ValidID(NewID()))
	assert.Len(t, NewID(), 32)
	one, two := NewID(), NewID()
	assert.NotEqual(t, one, two)
}

func TestPreviews(t *testing.T) {
	keep := func(limit int, parts ...string) string {
		var p Preview
		p.Keep([]byte("before"))
		p.Start(limit)
		for _, part := range parts {
			p.Keep([]byte(part))
		}
		return p.Text()
	}
	const cut = " ...[truncated]"
	for _, tt := range []struct{ name, got, want string }{
		{"nothing", keep(4), ""},
		{"fits", keep(4, "ab", "cd"), "abcd"},
		{"fits, and an empty part", keep(4, "abcd", ""), "abcd"},
		{"too long", keep(4, "ab", "cde"), "abcd" + cut},
		{"much too long", keep(4, "abcd", "e", "f"), "abcd" + cut},
		{"two bytes of three", keep(4, "ab€"), "ab" + cut},
		{"the whole character", keep(5, "ab€c"), "ab€" + cut},
		{"three bytes of four", keep(5, "ab😀"), "ab" + cut},
		{"invalid at the end", keep(2, "a\xffb"), "a\uFFFD" + cut},
		{"cut by the sender", keep(9, "a\xe2\x82"), "a\uFFFD"},
		{"continuation bytes", keep(3, "\x80\x80\x80\x80"), "\uFFFD" + cut},
	} {
		assert.Equal(t, tt.want, tt.got, tt.name)
	}
}

func TestWhatIsText(t *testing.T) {
	for _, tt := range []struct {
		contentType, encoding string
		want                  bool
	}{
		{"text/plain", "", true},
		{"TEXT/HTML; charset=UTF-8", "identity", true},
		{"text/plain; charset=utf8", "", true},
		{"application/json", "", true},
		{"application/problem+json", "", true},
		{"image/svg+xml", "", true},
		{"application/x-www-form-urlencoded", "", true},
		{"application/x-ndjson", "", true},
		{"text/plain; charset=utf-16", "", false},
		{"text/plain", "gzip", false},
		{"application/octet-stream", "", false},
		{"image/png", "", false},
		{"multipart/form-data; boundary=x", "", false},
		{"", "", false},
		{";;", "", false},
	} {
		assert.Equal(t, tt.want, IsText(tt.contentType, tt.encoding), "%q %q", tt.contentType, tt.encoding)
	}
	assert.True(t, IsForm("Application/X-WWW-form-urlencoded ; charset=utf-8"))
	assert.False(t, IsForm("text/plain"))
}

func TestDeniedHeadersWin(t *testing.T) {
	h := NewHeaders("h.", []string{"accept", "Accept", " X-A ", "Cookie", "x-api-key", "x-b", ""}, []string{"X-B"})
	got := h.Append([]slog.Attr{slog.Int("first", 1)}, func(name string) []string {
		return map[string][]string{"Accept": {"a"}, "X-A": {"1", "2"}, "Cookie": {"c"}, "X-B": {"b"}, "X-Api-Key": {"k"}}[name]
	})
	assert.Equal(t, 2, h.Len())
	assert.Equal(t, []slog.Attr{slog.Int("first", 1), slog.Any("h.accept", []string{"a"}), slog.Any("h.x-a", []string{"1", "2"})}, got)
}

func TestNoisePaths(t *testing.T) {
	n := NewNoise("/Mine", "/below/", "*.bak", "*", "/", "relative", "")
	for path, want := range map[string]bool{
		"/.env": true, "/.ENV.local": true, "/.git/config": true, "/robots.txt": true, "/a/b/c.PHP": true,
		"//wp-admin///x": true, "/a//wp-admin/": false, "/phpmyadmin": true, "/admin/x": true, "/feed.xml": true,
		"/mine": true, "/mine/x": false, "/below/x": true, "/x.BAK": true,
		"/": false, "": false, "/orders/7": false, "/administrators": false, "/environment": false, "/relative": false,
	} {
		assert.Equal(t, want, n.Match(path), path)
	}
	var none *Noise
	assert.False(t, none.Match("/.env"))
}

func TestANilRedactorShowsNothing(t *testing.T) {
	var d *Redactor
	assert.Empty(t, d.Redact("a=1"))
}
