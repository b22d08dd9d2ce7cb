package policy

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
)

func trusted(networks ...string) Proxies {
	var p Proxies
	for _, n := range networks {
		p.Trusted = append(p.Trusted, netip.MustParsePrefix(n))
	}
	return p
}

func TestTheListIsReadFromItsEnd(t *testing.T) {
	private := trusted("10.0.0.0/8", "fd00::/8")
	forwarded := private
	forwarded.Forwarded = true
	tests := []struct {
		name   string
		p      Proxies
		peer   string
		values []string
		want   string
	}{
		{"zero believes nobody", Proxies{}, "10.0.0.1", []string{"203.0.113.9"}, ""},
		{"one proxy", private, "10.0.0.1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"forged entries before it", private, "10.0.0.1", []string{"1.1.1.1, 10.9.9.9, 203.0.113.9"}, "203.0.113.9"},
		{"two proxies", private, "10.0.0.1", []string{"1.1.1.1,203.0.113.9 , 10.0.0.2"}, "203.0.113.9"},
		{"several lines are one list", private, "10.0.0.1", []string{"1.1.1.1", "203.0.113.9", "10.0.0.2"}, "203.0.113.9"},
		{"all are proxies", private, "10.0.0.1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"nonsense is as far as it goes", private, "10.0.0.1", []string{"1.1.1.1, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"nothing but nonsense", private, "10.0.0.1", []string{"unknown"}, ""},
		{"empty", private, "10.0.0.1", []string{""}, ""},
		{"none", private, "10.0.0.1", nil, ""},
		{"stranger", private, "192.0.2.1", []string{"203.0.113.9"}, ""},
		{"peer that is no address", private, "host", []string{"203.0.113.9"}, ""},
		{"Unix socket", private, "", []string{"203.0.113.9"}, "203.0.113.9"},
		{"port", private, "10.0.0.1", []string{"203.0.113.9:4711"}, "203.0.113.9"},
		{"v6", private, "fd00::1", []string{"2001:db8::9"}, "2001:db8::9"},
		{"v6 with port", private, "fd00::1", []string{"[2001:db8::9]:80, [fd00::2]"}, "2001:db8::9"},
		{"v4 in v6", private, "::ffff:10.0.0.1", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"zone", private, "fd00::1%eth0", []string{"fe80::1%eth0"}, "fe80::1"},
		{"one hop", Proxies{Hops: 1}, "192.0.2.1", []string{"1.1.1.1, 203.0.113.9"}, "203.0.113.9"},
		{"two hops", Proxies{Hops: 2}, "192.0.2.1", []string{"1.1.1.1, 203.0.113.9"}, "1.1.1.1"},
		{"fewer hops", Proxies{Hops: 3}, "192.0.2.1", []string{"1.1.1.1, 203.0.113.9"}, ""},
		{"hops over nonsense", Proxies{Hops: 2}, "192.0.2.1", []string{"1.1.1.1, x"}, ""},
		{"negative hops", Proxies{Hops: -1}, "192.0.2.1", []string{"203.0.113.9"}, ""},
		{"Forwarded", forwarded, "10.0.0.1", []string{`for=1.1.1.1, for="203.0.113.9:80";proto=https;by=10.0.0.1`}, "203.0.113.9"},
		{"Forwarded, v6", forwarded, "10.0.0.1", []string{`For="[2001:db8::9]:4711"`}, "2001:db8::9"},
		{"Forwarded, comma in quotes", forwarded, "10.0.0.1", []string{`for=203.0.113.9;host="a,b", proto=http;for=10.0.0.2`}, "203.0.113.9"},
		{"Forwarded, hidden", forwarded, "10.0.0.1", []string{"for=_secret"}, ""},
		{"Forwarded, without for", forwarded, "10.0.0.1", []string{"proto=https"}, ""},
		{"Forwarded, open quote", forwarded, "10.0.0.1", []string{`for="203.0.113.9`}, "203.0.113.9"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, tt.p.Client(tt.peer, tt.values)) })
	}
}

func TestTheHeaderIsTheOneThatTheProxiesWrite(t *testing.T) {
	p := trusted("10.0.0.0/8")
	assert.Equal(t, "X-Forwarded-For", p.Header())
	p.Forwarded = true
	assert.Equal(t, "Forwarded", p.Header())
	assert.Empty(t, (&Proxies{Forwarded: true}).Header())
	assert.Empty(t, (&Proxies{Hops: -1}).Header())
	assert.Equal(t, "X-Forwarded-For", (&Proxies{Hops: 1}).Header())
}

// FuzzNobodyChoosesAnAddress: whatever a client sends, its proxy appends the address that
// it sees, and that is the one that counts.
func FuzzNobodyChoosesAnAddress(f *testing.F) {
	for _, s := range []string{"", "1.1.1.1", "1.1.1.1,", `for="`, "a, b", "10.0.0.9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, claim string) {
		for _, p := range []Proxies{trusted("10.0.0.0/8"), {Hops: 1}} {
			assert.Equal(t, "203.0.113.9", p.Client("10.0.0.1", []string{claim + ", 203.0.113.9"}))
			assert.Equal(t, "203.0.113.9", p.Client("10.0.0.1", []string{claim, "203.0.113.9"}))
		}
	})
}
