package pace

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Answers, as functions where a package variable would be state.
func fine() Answer                 { return Answer{Verdict: Delivered} }
func gone() Answer                 { return Answer{Verdict: Temporary} }
func busy() Answer                 { return Answer{Verdict: Temporary, Overload: true} }
func held() Answer                 { return Answer{Verdict: Held} }
func unnamed() Answer              { return Answer{Verdict: Throttled} }
func asked(d time.Duration) Answer { return Answer{Verdict: Throttled, RetryAfter: d} }

func exact() Config {
	return Config{MaxInFlight: 4, Initial: 2 * time.Second, Max: time.Minute, Multiplier: 2, Jitter: -1}
}

// jittery has jitter whose chance always comes out as r.
func jittery(r float64) Config {
	cfg := exact()
	cfg.Jitter, cfg.Rand = 0.2, func() float64 { return r }
	return cfg
}

// rig is a gate with a clock.
type rig struct {
	*Gate
	t   *testing.T
	now time.Time
}

func with(t *testing.T, cfg Config) *rig {
	return &rig{Gate: New(cfg), t: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
}

// try waits until an attempt may start, lets it have an answer at once, and returns
// the seconds waited.
func (r *rig) try(a Answer) float64 {
	r.t.Helper()
	wait := r.launch()
	require.True(r.t, r.settle(a))
	return wait
}

func (r *rig) launch() float64 {
	r.t.Helper()
	begin := r.now
	if r.Until().After(r.now) {
		r.now = r.Until()
		require.False(r.t, r.Admits(r.now.Add(-1), 0), "before Until")
	}
	require.True(r.t, r.Admits(r.now, 0), "at Until")
	r.Launched(r.now)
	return r.now.Sub(begin).Seconds()
}

func (r *rig) settle(a Answer) bool { return r.Settle(a, r.Round(), r.now) }

// times lets every one of n attempts have an answer.
func (r *rig) times(n int, a Answer) {
	for range n {
		r.try(a)
	}
}

// left returns the seconds until something may start.
func (r *rig) left() float64 { return max(r.Until().Sub(r.now).Seconds(), 0) }

func TestWaitsDoubleToTheCapForEver(t *testing.T) {
	for name, answer := range map[string]Answer{"gone": gone(), "busy": busy(), "throttled without a time": unnamed()} {
		r := with(t, exact())
		for _, want := range []float64{0, 2, 4, 8, 16, 32, 60, 60} {
			assert.Equal(t, want, r.try(answer), name)
		}
		for range 1000 {
			require.Equal(t, 60.0, r.try(answer), name)
		}
	}
}

func TestCapMayBeLong(t *testing.T) {
	cfg := exact()
	cfg.Max = 2 * time.Hour
	r := with(t, cfg)
	for range 20 {
		r.try(gone())
	}
	assert.Equal(t, 7200.0, r.left())
}

func TestSuccessBeginsTheBackoffAnew(t *testing.T) {
	r := with(t, exact())
	for _, step := range []struct {
		answer Answer
		wait   float64
	}{{gone(), 0}, {busy(), 2}, {fine(), 4}, {busy(), 0}, {gone(), 2}, {fine(), 4}, {fine(), 0}, {gone(), 0}, {fine(), 2}} {
		assert.Equal(t, step.wait, r.try(step.answer))
	}
}

func TestJitterComesAfterTheCap(t *testing.T) {
	for chance, share := range map[float64]float64{0: 0.8, 0.5: 1, 1 - 1e-9: 1.2} {
		r := with(t, jittery(chance))
		for _, want := range []float64{0, 2, 4, 8, 16, 32, 60, 60} {
			assert.InDelta(t, share*want, r.try(gone()), 1e-6)
		}
	}
}

func TestWindowDoublesPerRoundTripToTheLimit(t *testing.T) {
	cfg := exact()
	cfg.MaxInFlight = 16
	r := with(t, cfg)
	for _, want := range []int{1, 2, 4, 8, 16, 16} {
		require.Equal(t, want, r.Width())
		assert.True(t, r.Admits(r.now, want-1))
		assert.False(t, r.Admits(r.now, want))
		for range want { // a round trip
			r.settle(fine())
		}
	}
}

func TestProbeGoesAloneAndOpensForTwo(t *testing.T) {
	r := with(t, exact())
	r.times(8, fine())
	require.Equal(t, 4, r.Width())
	r.settle(gone())
	assert.Equal(t, 1, r.Width())
	r.launch()
	assert.False(t, r.Admits(r.now, 1))
	r.settle(fine())
	assert.Equal(t, 2, r.Width())
	assert.Zero(t, r.Until())
	assert.Equal(t, PhaseSending, r.Phase())
}

func TestOverloadHalvesWhereDoublingEnds(t *testing.T) {
	tests := []struct {
		name   string
		answer Answer
		widths []int // per round trip, from the probe's success on
	}{
		{"503 or timeout", busy(), []int{2, 4, 8, 9, 10}},
		{"throttle", asked(time.Second), []int{2, 4, 8, 9, 10}},
		{"throttle without a time", unnamed(), []int{2, 4, 8, 9, 10}},
		{"refused", gone(), []int{2, 4, 8, 16, 16}},
		{"hold", held(), []int{1, 1, 1, 1, 1}}, // rule 6: it was a minute
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := exact()
			cfg.MaxInFlight = 16
			r := with(t, cfg)
			r.times(20, fine())
			require.Equal(t, 16, r.Width())
			r.settle(tt.answer)
			r.try(fine())
			for _, want := range tt.widths {
				assert.Equal(t, want, r.Width())
				r.times(r.Width(), fine())
			}
		})
	}
}

func TestOverloadOfAProbeSaysNothingAboutWindows(t *testing.T) {
	cfg := exact()
	cfg.MaxInFlight = 8
	r := with(t, cfg)
	r.times(2, busy())
	r.try(fine())
	r.times(2, fine())
	assert.Equal(t, 4, r.Width())
	r.times(4, fine())
	assert.Equal(t, 8, r.Width())
}

func TestWindowThatWasFullIsTrustedAgain(t *testing.T) {
	r := with(t, exact())
	r.times(20, fine())
	r.settle(busy())
	r.times(20, fine())
	require.Equal(t, 4, r.Width())
	r.settle(gone())
	r.times(3, fine())
	assert.Equal(t, 4, r.Width(), "it doubles again")
}

func TestFailuresAndProbing(t *testing.T) {
	r := with(t, exact())
	assert.False(t, r.Probing())
	for n, want := range []bool{false, false, true, true} {
		r.try(gone())
		assert.Equal(t, n+1, r.Failures())
		assert.Equal(t, want, r.Probing(), "after %d failures", n+1)
	}
	r.try(asked(time.Minute))
	assert.Equal(t, 4, r.Failures(), "a throttle is none")
	assert.True(t, r.Probing())
	r.try(fine())
	assert.Zero(t, r.Failures())
	assert.False(t, r.Probing())
}

func TestThrottleIsKeptToAndDoesNotAdvanceTheBackoff(t *testing.T) {
	r := with(t, exact())
	r.try(gone())
	r.try(asked(30 * time.Second))
	assert.Equal(t, PhaseThrottled, r.Phase())
	assert.Equal(t, 30.0, r.try(asked(77*time.Second)))
	assert.Equal(t, 77.0, r.try(gone()))
	assert.Equal(t, 4.0, r.try(gone()), "the second failure")
	assert.Equal(t, 8.0, r.left())
}

func TestThrottleIsSpreadToOneSideOnly(t *testing.T) {
	for _, tt := range []struct{ after, longest float64 }{{5, 6}, {30, 36}, {60, 72}, {3600, 3612}} {
		for chance, want := range map[float64]float64{0: tt.after, 1 - 1e-12: tt.longest} {
			r := with(t, jittery(chance))
			r.settle(asked(time.Duration(tt.after) * time.Second))
			assert.InDelta(t, want, r.left(), 1e-6)
		}
	}
}

func TestHoldProbesOncePerInterval(t *testing.T) {
	r := with(t, exact())
	r.try(held())
	for n := 1; n < 5; n++ {
		assert.Equal(t, PhaseHeld, r.Phase())
		assert.Equal(t, n, r.Failures())
		assert.Equal(t, 60.0, r.try(held()))
	}
	assert.Equal(t, 60.0, r.try(gone()))
	assert.Equal(t, 2.0, r.try(fine()), "a hold does not advance the backoff")

	cfg := exact()
	cfg.Hold = time.Hour
	r = with(t, cfg)
	r.try(held())
	assert.Equal(t, 3600.0, r.left())
}

func TestNudgeShortensABackoffToItsFirstStepAndNothingElse(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(*rig)
		want    float64
	}{
		{"open", func(*rig) {}, 0},
		{"first step", func(r *rig) { r.times(1, gone()) }, 2},
		{"later step", func(r *rig) { r.times(6, gone()) }, 2},
		{"a second into it", func(r *rig) { r.times(6, gone()); r.now = r.now.Add(time.Second) }, 1},
		{"pause of a drain", func(r *rig) { r.times(6, gone()); r.times(2, fine()); r.try(busy()) }, 2},
		{"throttle", func(r *rig) { r.try(asked(time.Minute)) }, 60},
		{"throttle without a time", func(r *rig) { r.times(6, unnamed()) }, 60},
		{"hold", func(r *rig) { r.try(held()) }, 60},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := with(t, exact())
			tt.prepare(r)
			phase := r.Phase()
			r.Nudge()
			assert.Equal(t, tt.want, r.left())
			assert.Equal(t, phase, r.Phase())
		})
	}
	r := with(t, jittery(0)) // Jitter made it shorter than the first step.
	r.settle(gone())
	r.Nudge()
	assert.InDelta(t, 1.6, r.left(), 1e-6)
}

func TestStartIsSpreadUntilSomebodyWaits(t *testing.T) {
	cfg := jittery(0.5)
	cfg.Spread = 5 * time.Second
	r := with(t, cfg)
	r.Start(r.now)
	assert.Equal(t, 2.5, r.left())
	assert.False(t, r.Admits(r.now, 0))
	assert.Equal(t, PhaseSending, r.Phase())
	r.Nudge()
	assert.True(t, r.Admits(r.now, 0))

	r = with(t, cfg)
	r.Start(r.now)
	assert.Equal(t, 2.5, r.try(fine()))
	assert.Zero(t, r.left())

	r = with(t, cfg)
	r.Start(r.now)
	r.try(asked(time.Minute))
	r.Nudge()
	assert.Equal(t, 66.0, r.left(), "it is over once something was launched")

	cfg.Jitter = -1
	r = with(t, cfg)
	r.Start(r.now)
	assert.Zero(t, r.Until(), "deterministic without jitter")
}

func TestDefaults(t *testing.T) {
	r := with(t, Config{Initial: time.Second, Max: time.Second, Multiplier: 1, Jitter: 0.5})
	r.times(9, fine())
	assert.Equal(t, 1, r.Width(), "MaxInFlight is at least 1")
	seen := map[float64]bool{}
	for range 10 {
		wait := r.try(gone())
		seen[math.Round(wait*1e6)] = true
	}
	assert.Greater(t, len(seen), 5, "chance without Config.Rand")
}
