package otlp

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGroupsBecomeDottedKeys(t *testing.T) {
	list := func(attrs ...slog.Attr) []slog.Attr { return attrs }
	for _, c := range []struct {
		name   string
		prefix string
		in     []slog.Attr
		want   []slog.Attr
	}{
		{"flat stays flat", "", list(slog.Int("a", 1)), list(slog.Int("a", 1))},
		{"group", "", list(slog.Group("g", slog.Int("a", 1), slog.Int("b", 2))), list(slog.Int("g.a", 1), slog.Int("g.b", 2))},
		{"group in a group", "", list(slog.Group("g", slog.Group("h", slog.Int("a", 1)))), list(slog.Int("g.h.a", 1))},
		{"prefix", "p.q", list(slog.Int("a", 1), slog.Group("g", slog.Int("b", 2))), list(slog.Int("p.q.a", 1), slog.Int("p.q.g.b", 2))},
		{"group without a name is inlined", "", list(slog.Group("", slog.Int("a", 1))), list(slog.Int("a", 1))},
		{"empty group vanishes", "", list(slog.Group("g"), slog.Int("a", 1)), list(slog.Int("a", 1))},
		{"empty attribute vanishes", "p", list(slog.Attr{}, slog.Int("a", 1)), list(slog.Int("p.a", 1))},
		{"a key without a value stays", "", list(slog.Any("a", nil)), list(slog.String("a", "<nil>"))},
		{"a value without a key stays", "", list(slog.Int("", 1)), list(slog.Int("", 1))},
		{"valuer that is a group", "", list(slog.Any("v", valuer{slog.GroupValue(slog.Int("a", 1))})), list(slog.Int("v.a", 1))},
		{"valuer in a group", "", list(slog.Group("g", slog.Any("v", valuer{slog.IntValue(1)}))), list(slog.Int("g.v", 1))},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, dropped := Flatten(nil, c.prefix, c.in)
			assert.Equal(t, c.want, got)
			assert.Zero(t, dropped)
			again, _ := Flatten(nil, "", got)
			assert.Equal(t, got, again, "flattening twice must change nothing")
		})
	}
}

func TestFlattenAppends(t *testing.T) {
	first := []slog.Attr{slog.Int("a", 1)}
	got, _ := Flatten(first, "", []slog.Attr{slog.Int("b", 2)})
	assert.Equal(t, []slog.Attr{slog.Int("a", 1), slog.Int("b", 2)}, got)
}

func TestMoreAttributesThanTheBoundAreDroppedAndCounted(t *testing.T) {
	attrs := make([]slog.Attr, maxVisits+10)
	for i := range attrs {
		attrs[i] = slog.Int(fmt.Sprint(i), i)
	}
	flat, dropped := Flatten(nil, "", attrs)
	assert.Len(t, flat, maxVisits)
	assert.Equal(t, 10, dropped)
}

func TestTheLastOfAKeyWins(t *testing.T) { // E3
	got := roundTrip(t,
		slog.Int("a", 1), slog.Int("b", 2), slog.Group("g", slog.Int("x", 3)),
		slog.Int("a", 4), slog.String("g.x", "5"), slog.Int("c", 6))
	assert.Equal(t, []slog.Attr{slog.Int("b", 2), slog.Int("a", 4), slog.String("g.x", "5"), slog.Int("c", 6)}, got)
}

func TestKeysThatAreEqualOnceRepairedAreOneKey(t *testing.T) { // E3
	assert.Equal(t, []slog.Attr{slog.Int("a", 2)}, roundTrip(t, slog.Int("a\x00", 1), slog.Int("a", 2)))
}

// The filter, the search and the map must agree with the obvious way to do it.
func TestDedupAgreesWithTheObviousWay(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		attrs := make([]slog.Attr, rnd.IntN(3*manyKeys))
		keys := 1 + rnd.IntN(2*manyKeys)
		for i := range attrs {
			k := rnd.IntN(keys)
			attrs[i] = slog.Int(fmt.Sprintf("%c%d%c", 'a'+k%3, k, 'a'+k%5), i)
		}
		var want []slog.Attr
		for i, a := range attrs {
			if !slices.ContainsFunc(attrs[i+1:], func(b slog.Attr) bool { return b.Key == a.Key }) {
				want = append(want, a)
			}
		}
		require.Equal(t, want, append([]slog.Attr(nil), Dedup(attrs)...))
	}
}
