package target

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCheck(t *testing.T) {
	for s, want := range map[string][2]Fault{ // as a base, as a whole URL
		"":                              {Empty, Empty},
		"http://[":                      {NoURL, NoURL},
		"ftp://h":                       {Scheme, Scheme},
		"h:4318":                        {Scheme, Scheme},
		"http://":                       {NoHost, NoHost},
		"http://:80":                    {NoHost, NoHost},
		"https://u:p@h":                 {UserInfo, UserInfo},
		"https://h#x":                   {Fragment, Fragment},
		"https://h#":                    {Fragment, Fragment},
		"https://h?tenant=1":            {Query, ""},
		"https://h?":                    {Query, ""},
		"https://h":                     {},
		"http://[::1]:4318/otlp":        {},
		"https://h/v1/logs":             {},
		"HTTP://127.0.0.1:1/a%2Fb/c/":   {},
		"https://h/%23?":                {Query, ""},
		"https://xn--bcher-kva.example": {},
	} {
		assert.Equal(t, want[0], Check(s, true), "base %q", s)
		assert.Equal(t, want[1], Check(s, false), "%q", s)
	}
}

func TestLogs(t *testing.T) {
	for base, want := range map[string]string{
		"https://h":           "https://h/v1/logs",
		"https://h/":          "https://h/v1/logs",
		"https://h/otlp":      "https://h/otlp/v1/logs",
		"https://h/otlp//":    "https://h/otlp//v1/logs", // as OpenTelemetry does: slashes are not merged
		"https://h/v1/logs":   "https://h/v1/logs",
		"https://h/v1/logs/":  "https://h/v1/logs",
		"https://h/a%2Fb":     "https://h/a%2Fb/v1/logs",
		"https://h/rev1/logs": "https://h/rev1/logs/v1/logs",
	} {
		assert.Equal(t, want, Logs(base))
	}
}

func TestBadHeader(t *testing.T) {
	for _, ok := range [][2]string{{"X-Tenant", "1"}, {"x_y.z", "a\tb"}, {"X", ""}, {"X", "bücher"}} {
		assert.False(t, BadHeader(ok[0], ok[1]), "%q", ok)
	}
	for _, bad := range [][2]string{{"", "v"}, {"a b", "v"}, {"a:", "v"}, {"ä", "v"}, {"X", "a\r\nY: b"}, {"X", "\x00"}, {"X", "\x01"}, {"X", "\x7f"}} {
		assert.True(t, BadHeader(bad[0], bad[1]), "%q", bad)
	}
	assert.False(t, BadKey("sk-1_2.3~"))
	assert.True(t, BadKey("a b"))
	assert.True(t, BadKey("a\n"))
	assert.True(t, BadKey("ü"))
}
