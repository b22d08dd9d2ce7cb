package pace

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	fine    = Answer{Verdict: Delivered}
	gone    = Answer{Verdict: Temporary}
	busy    = Answer{Verdict: Temporary, Overload: true}
	held    = Answer{Verdict: Held}
	unnamed = Answer{Verdict: Throttled}
)

func asked(d time.Duration) Answer { return Answer{Verdict: Throttled, RetryAfter: d} }

func exact() Config {
	return Config{MaxInFlight: 4, Initial: 2 * time.Second, Max: time.Minute, Multiplier: 2, Jitter: -1}
}

// bench drives a gate on a clock of its own.
type bench struct {
	t    *testing.T
	gate *Gate
	now  time.Time
}

func with(t *testing.T, cfg Config) *bench {
	return &bench{t: t, gate: New(cfg), now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
}

// try waits until the gate admits an attempt, which gets an answer at once. It
// returns how long it waited.
func (b *bench) try(a Answer) time.Duration {
	b.t.Helper()
	wait := b.open()
	b.settle(a)
	return wait
}

// open waits for the gate and launches.
func (b *bench) open() time.Duration {
	b.t.Helper()
	begin := b.now
	if until := b.gate.Until(); until.After(b.now) {
		b.now = until.Add(-1)
		require.False(b.t, b.gate.Admits(b.now, 0), "before Until")
		b.now = until
	}
	require.True(b.t, b.gate.Admits(b.now, 0), "at Until")
	b.gate.Launched(b.now)
	return b.now.Sub(begin)
}

func (b *bench) settle(a Answer) bool { return b.gate.Settle(a, b.gate.Round(), b.now) }

func (b *bench) fail(n int) {
	for range n {
		b.try(gone)
	}
}

func seconds(d time.Duration) float64 { return d.Seconds() }

func TestWaitsDoubleToTheCapForEver(t *testing.T) {
	for name, answer := range map[string]Answer{"gone": gone, "busy": busy, "throttled without a time": unnamed} {
		b := with(t, exact())
		var waits []float64
		for range 8 {
			waits = append(waits, seconds(b.try(answer)))
		}
		assert.Equal(t, []float64{0, 2, 4, 8, 16, 32, 60, 60}, waits, name)
		for range 10_000 {
			require.Equal(t, time.Minute, b.try(answer), name)
		}
	}
}
