package pace

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// With four in flight an outage begins with four failures. They are one.
func TestFailuresOfOneRoundAreOne(t *testing.T) {
	r := with(t, exact())
	r.times(8, fine())
	round := r.Round()
	assert.True(t, r.Settle(gone(), round, r.now))
	for range 3 {
		assert.False(t, r.Settle(gone(), round, r.now))
	}
	assert.Equal(t, 1, r.Failures())
	assert.Equal(t, 2.0, r.try(gone()))
	assert.Equal(t, 4.0, r.left())
}

func TestAnswerOfAnEarlierRoundDecidesNothing(t *testing.T) {
	for name, late := range map[string]Answer{"delivered": fine(), "gone": gone(), "busy": busy(), "held": held(), "throttled": unnamed()} {
		r := with(t, exact())
		r.times(8, fine())
		old := r.Round()
		r.settle(gone())
		same := func() {
			assert.False(t, r.Settle(late, old, r.now.Add(time.Second)), name)
			assert.Equal(t, PhaseBackoff, r.Phase(), name)
			assert.Equal(t, 1, r.Width(), name)
			assert.Equal(t, 1, r.Failures(), name)
		}
		same()
		assert.Equal(t, 2.0, r.launch(), name)
		same() // while the probe is under way
		r.settle(gone())
		assert.Equal(t, 4.0, r.left(), name)
		r.try(fine())
		assert.Equal(t, 2, r.Width(), name)
	}
}

func TestPauseOfAnEarlierRoundIsKept(t *testing.T) {
	tests := []struct {
		name  string
		begin Answer
		after time.Duration
		want  bool
		left  float64
	}{
		{"longer than a backoff", gone(), time.Minute, true, 60},
		{"shorter than a backoff", gone(), time.Second, false, 2},
		{"longer than a hold", held(), 2 * time.Minute, true, 120},
		{"shorter than a hold", held(), time.Second, false, 60},
		{"longer than another", asked(time.Minute), 2 * time.Minute, true, 120},
		{"shorter than another", asked(time.Minute), time.Second, false, 60},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := with(t, exact())
			r.times(8, fine())
			old := r.Round()
			r.settle(tt.begin)
			assert.Equal(t, tt.want, r.Settle(asked(tt.after), old, r.now))
			assert.Equal(t, tt.left, r.left())
			assert.Equal(t, 1, r.Width())
		})
	}
}

// The probe is under way when an older attempt brings the server's pause. The probe's
// success must not end the pause.
func TestProbeDoesNotEndAPauseThatCameMeanwhile(t *testing.T) {
	r := with(t, exact())
	r.times(8, fine())
	old := r.Round()
	r.settle(gone())
	r.launch()
	probe := r.Round()
	assert.True(t, r.Settle(asked(time.Minute), old, r.now))
	assert.False(t, r.Settle(fine(), probe, r.now))
	assert.Equal(t, PhaseThrottled, r.Phase())
	assert.Equal(t, 60.0, r.left())
	assert.Equal(t, 60.0, r.try(fine()))
}

// The gate is open again when an attempt from before the outage brings a pause.
func TestLatePauseClosesAnOpenGate(t *testing.T) {
	r := with(t, exact())
	r.times(8, fine())
	old := r.Round()
	r.settle(gone())
	r.times(8, fine())
	assert.True(t, r.Settle(asked(time.Minute), old, r.now))
	assert.Equal(t, 60.0, r.left())
	assert.Equal(t, 1, r.Width())
}
