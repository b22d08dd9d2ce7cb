package exchange

import (
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/internal/scrub"
)

func randomFacts(rnd *rand.Rand) Facts {
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	size := func() int64 { return rnd.Int64N(1<<rnd.IntN(40)) - 1 }
	f := Facts{
		Method: pick("", "GET", "HEAD", "BREW", "a@b.example"), Route: pick("", "/orders/{id}"),
		Path:  pick("/", "/orders/7", "/é", "/a\x00b", "/mail/a@b.example", "/"+strings.Repeat("x", rnd.IntN(1500))),
		Query: pick("", "", "page=2", "password=x"), Scheme: pick("http", "https"),
		Host: pick("", "shop.example", "shop.example:8080", "[::1]:80", "a:b:c"), Peer: pick("", "@", "192.0.2.1:4711", "[2001:db8::1]:65535"),
		Client: pick("", "203.0.113.9"), Protocol: pick("", "1.1", "2"),
		UserAgent: pick("", "Mozilla/5.0 (X11)", "\xff", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"),
		RequestID: pick("", "r-1", "4111 1111 1111 1111"), RequestSize: size(), ResponseSize: size(),
		Duration: time.Duration(size()), Ending: Ending(rnd.IntN(4)), Status: rnd.IntN(600), Hijacked: rnd.IntN(4) == 0,
		Panic: io.EOF, Sampled: rnd.Int64N(4),
	}
	if rnd.IntN(2) == 0 {
		f.Settle()
	}
	return f
}

// The bytes must be those of the list, or the record would depend on which way it went.
func TestABlockEncodesWhatItsListHolds(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 10))
	secrets := []*scrub.Scrubber{nil, scrub.New(scrub.Config{}), scrub.New(scrub.Config{Keys: []string{"client.address"}})}
	taken := 0
	const rounds = 5000
	for range rounds {
		b := block{facts: randomFacts(rnd), started: rnd.IntN(4) == 0}
		s := secrets[rnd.IntN(len(secrets))]
		list := b.LogValue().Group()
		for _, a := range list {
			assert.True(t, b.HasAttr(a.Key), a.Key)
		}
		got, ok := b.AppendAttrs([]byte("before"), s)
		secret := false
		for _, a := range list {
			secret = secret || s.Key(a.Key) || a.Value.Kind() == slog.KindString && !s.Clean(a.Value.String())
		}
		if secret {
			require.False(t, ok, "%v", list)
		}
		if !ok {
			continue
		}
		taken++
		want := []byte("before")
		for _, a := range list {
			want = otlp.AppendAttr(want, a.Key, a.Value)
		}
		require.Equal(t, want, got, "%v", list)
	}
	assert.Greater(t, taken, rounds/4)
	assert.Less(t, taken, rounds*3/4)
}

// AppendAttrs asks the configuration about these keys, and not the built-in rules.
func TestNoKeyOfAnExchangeIsSecretByItself(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 12))
	s := scrub.New(scrub.Config{})
	seen := map[string]bool{}
	for range 1000 {
		b := block{facts: randomFacts(rnd), started: rnd.IntN(4) == 0}
		for _, a := range b.LogValue().Group() {
			seen[a.Key] = true
			assert.False(t, s.Key(a.Key), a.Key)
		}
	}
	assert.Len(t, seen, 23)
}

func TestABlockHasTheKeysOfItsListOnly(t *testing.T) {
	b := block{facts: Facts{Path: "/x", Scheme: "http"}}
	for _, key := range []string{"http.route", "url.query", "error.type", "request.id", "ledger.elapsed", "x", ""} {
		assert.False(t, b.HasAttr(key), key)
	}
	assert.True(t, b.HasAttr("url.path"))
}

// An application may name what the adapter does not know.
func TestTheApplicationFillsInWhatIsNotKnown(t *testing.T) {
	k := logged(Facts{Path: "/x", Scope: []slog.Attr{slog.String("error.type", "declined"), slog.String("url.path", "/forged")}})
	assert.Equal(t, "declined", k.attrs()["error.type"])
	assert.Equal(t, "/x", k.attrs()["url.path"])
}

// A client with a hook asks for the list, and shows it as if there were no block.
func TestAHookSeesTheAttributesOfABlock(t *testing.T) {
	log := recorded.Open(t)
	f := Facts{
		Route: "/orders/{id}", Path: "/orders/7", Scheme: "http", Peer: "192.0.2.1:1",
		Extra: []slog.Attr{slog.String("extra", "1")}, Scope: []slog.Attr{slog.String("mine", "2")},
	}
	f.Settle()
	f.Log(t.Context(), log.Client)
	assert.Equal(t, logged(f).r.Attrs, log.One(t).Attrs)
}
