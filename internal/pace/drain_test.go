package pace

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// after returns a gate whose server is back after an outage of so many failures; the
// probe was delivered.
func after(t *testing.T, failures int, cfg Config) *rig {
	r := with(t, cfg)
	r.times(8, fine())
	r.times(failures, gone())
	r.try(fine())
	return r
}

func TestShortOutageLeavesTheDrainAlone(t *testing.T) {
	for failures := 1; failures <= 3; failures++ { // up to 8 s
		r := after(t, failures, exact())
		assert.Equal(t, 2, r.Width())
		r.times(2, fine())
		assert.Equal(t, 4, r.Width())
		r.try(busy())
		assert.Equal(t, 2.0, r.left())
	}
}

func TestDrainOfALongOutageGoesInSingleFile(t *testing.T) {
	for failures := 4; failures <= 9; failures++ { // 16 s to 60 s
		r := after(t, failures, exact())
		for range trial - 1 {
			assert.Equal(t, 1, r.Width())
			assert.Zero(t, r.try(fine()), "it does not wait")
		}
		assert.Equal(t, 1, r.Width())
		r.try(fine())
		assert.Equal(t, 2, r.Width())
		r.times(2, fine())
		assert.Equal(t, 4, r.Width(), "and then as usual")
	}
}

func TestOverloadInADrainCostsTheLastWait(t *testing.T) {
	for _, tt := range []struct {
		failures int
		want     float64
	}{{4, 16}, {5, 32}, {6, 60}, {20, 60}} {
		r := after(t, tt.failures, exact())
		r.times(trial+3, fine())
		r.try(busy())
		assert.Equal(t, PhaseBackoff, r.Phase())
		assert.Equal(t, tt.want, r.left())
		r.try(busy()) // again, at the probe
		assert.Equal(t, tt.want, r.left())
		r.try(fine())
		assert.Equal(t, 1, r.Width(), "the trial begins anew")
		r.times(trial-1, fine())
		assert.Equal(t, 1, r.Width())
		r.try(gone())
		assert.Equal(t, 2.0, r.left(), "no sign of overload")
		r.times(trial, fine())
		assert.Equal(t, 1, r.Width(), "but in a row it was not")
		r.try(fine())
		assert.Equal(t, 2, r.Width())
	}
}

func TestPauseOfADrainIsSpreadByHalf(t *testing.T) {
	for chance, want := range map[float64]float64{0: 30, 0.5: 60, 1 - 1e-12: 90} {
		r := after(t, 9, jittery(chance))
		r.settle(busy())
		assert.InDelta(t, want, r.left(), 1e-6)
	}
}

func TestServersPauseInADrainIsNotShortened(t *testing.T) {
	for _, tt := range []struct{ asked, want float64 }{{5, 60}, {59, 60}, {61, 61}, {600, 600}} {
		r := after(t, 9, exact())
		r.settle(asked(time.Duration(tt.asked) * time.Second))
		assert.Equal(t, PhaseThrottled, r.Phase())
		assert.Equal(t, tt.want, r.left())
		r.Nudge()
		assert.Equal(t, tt.want, r.left())
	}
}

// A throttle is the first sign of life as well as a success is.
func TestThrottledProbeOfALongOutageWaitsAsLongAsItWould(t *testing.T) {
	r := with(t, exact())
	r.times(9, gone())
	r.try(asked(5 * time.Second))
	assert.Equal(t, 60.0, r.left())
	r = with(t, exact())
	r.times(2, gone())
	r.try(asked(5 * time.Second))
	assert.Equal(t, 5.0, r.left(), "after a blip it is what the server says")
}

func TestDrainIsForgotten(t *testing.T) {
	r := after(t, 9, exact())
	r.now = r.now.Add(4*time.Minute - 1)
	r.settle(busy())
	assert.Equal(t, 60.0, r.left())
	r.try(fine())
	r.now = r.now.Add(3 * time.Minute) // four since the sign
	r.settle(busy())
	assert.Equal(t, 2.0, r.left())
	r.try(fine())
	assert.Equal(t, 2, r.Width())
}

func TestHoldEndsLikeAnOutage(t *testing.T) {
	r := with(t, exact())
	r.times(3, held())
	r.try(fine())
	assert.Equal(t, 1, r.Width())
	r.try(busy())
	assert.Equal(t, 60.0, r.left())
}
