package middleware

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
)

func invalidPrefix() netip.Prefix { return netip.Prefix{} }

func TestTheClientIsWhoTheTrustedProxiesSay(t *testing.T) {
	private := WithTrustedProxies(netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32"))
	forwardedFor := map[string][]string{"X-Forwarded-For": {"198.51.100.1, 203.0.113.9, 10.0.0.2"}}
	tests := []struct {
		name, peer string
		headers    map[string][]string
		opts       []Option
		client     any
	}{
		{"nobody is trusted", "10.0.0.1:1", forwardedFor, nil, "10.0.0.1"},
		{"trusted networks", "10.0.0.1:1", forwardedFor, []Option{private}, "203.0.113.9"},
		{"a peer outside of them", "192.0.2.1:1", forwardedFor, []Option{private}, "192.0.2.1"},
		{"a Unix socket", "@", forwardedFor, []Option{private}, "203.0.113.9"},
		{"two calls add up", "192.0.2.1:1", forwardedFor, []Option{private, WithTrustedProxies(netip.MustParsePrefix("192.0.2.0/24"))}, "203.0.113.9"},
		{"hops", "192.0.2.1:1", forwardedFor, []Option{WithTrustedHops(2)}, "203.0.113.9"},
		{"networks before hops", "192.0.2.1:1", forwardedFor, []Option{WithTrustedHops(2), private}, "192.0.2.1"},
		{"no header", "10.0.0.1:1", nil, []Option{private}, "10.0.0.1"},
		{"Forwarded is not read unless asked", "10.0.0.1:1", map[string][]string{"Forwarded": {"for=203.0.113.9"}}, []Option{private}, "10.0.0.1"},
		{"Forwarded", "10.0.0.1:1", map[string][]string{"Forwarded": {"for=203.0.113.9"}}, []Option{private, WithForwardedHeader()}, "203.0.113.9"},
		{"X-Forwarded-For is not read then", "10.0.0.1:1", forwardedFor, []Option{private, WithForwardedHeader()}, "10.0.0.1"},
		{"function first", "10.0.0.1:1", forwardedFor, []Option{private, WithClientIPFunc(func(*http.Request) string { return "198.51.100.7" })}, "198.51.100.7"},
		{"function alone", "10.0.0.1:1", forwardedFor, []Option{WithClientIPFunc(func(r *http.Request) string { return r.Header.Get("X-Forwarded-For")[:12] })}, "198.51.100.1"},
		{"function without an answer", "10.0.0.1:1", forwardedFor, []Option{private, WithClientIPFunc(func(*http.Request) string { return "" })}, "203.0.113.9"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = tt.peer
			maps.Copy(r.Header, tt.headers)
			// The handler changes the header: what arrived counts.
			got := direct(func(_ http.ResponseWriter, r *http.Request) { clear(r.Header) }, r, tt.opts...).one(t).attrs
			assert.Equal(t, tt.client, got["client.address"])
			if tt.peer != "@" {
				assert.Equal(t, tt.peer[:len(tt.peer)-2], got["network.peer.address"])
			}
		})
	}
}

func TestTheSchemeIsThatOfTheClientIfATrustedProxySaysSo(t *testing.T) {
	trusted := WithTrustedProxies(netip.MustParsePrefix("192.0.2.0/24"))
	for _, tt := range []struct {
		name, proto, want string
		opts              []Option
	}{
		{"not trusted", "https", "http", nil},
		{"trusted", "https", "https", []Option{trusted}},
		{"nonsense", "gopher", "http", []Option{trusted}},
		{"other peer", "https", "http", []Option{WithTrustedProxies(netip.MustParsePrefix("10.0.0.0/8"))}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("X-Forwarded-Proto", tt.proto)
			assert.Equal(t, tt.want, direct(nothing, r, tt.opts...).one(t).attrs["url.scheme"])
		})
	}
}
