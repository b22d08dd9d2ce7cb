package pace

import "time"

// What follows was found with bench/fleet, and is to be changed only with it.
const (
	// blip is the longest wait of an outage that leaves no backlog worth pacing.
	blip = 8 * time.Second
	// firstGap is the first gap between two requests, as a part of the last wait.
	firstGap = 1.0 / 32
	// shrink is what a success makes of the gap.
	shrink = 0.7
	// leastGap is a gap that is no longer worth keeping.
	leastGap = 20 * time.Millisecond
	// firstPause is what a sign of overload costs, as a part of the last wait.
	firstPause = 0.5
	// fair is how long after the outage, in last waits, a sign of overload is
	// taken for that of the fleet that comes back.
	fair = 4
)

// drain paces what is sent after an outage, so that a fleet of thousands that all
// have a backlog does not bring down the server that has just come back.
type drain struct {
	wait  time.Duration // the last wait of the outage, 0 if nothing is paced
	gap   time.Duration // between two launches
	pause time.Duration // after a sign of overload
	until time.Time     // when the fleet is taken to be through
}

// begin starts to pace after an outage whose last wait is known.
func (d *drain) begin(wait time.Duration, now time.Time) {
	if wait <= blip {
		return
	}
	*d = drain{
		wait:  wait,
		gap:   part(wait, firstGap),
		pause: part(wait, firstPause),
		until: now.Add(fair * wait),
	}
}

func (d *drain) active(now time.Time) bool { return d.wait > 0 && now.Before(d.until) }

// succeed shrinks the gap.
func (d *drain) succeed() {
	if d.gap = part(d.gap, shrink); d.gap < leastGap {
		d.gap = 0
	}
}

// overload returns the least pause after a sign of overload.
func (d *drain) overload(now time.Time) time.Duration {
	if !d.active(now) {
		return 0
	}
	d.gap = max(d.gap, part(d.wait, firstGap))
	return d.pause
}

func part(d time.Duration, share float64) time.Duration { return time.Duration(float64(d) * share) }
