package pace

import "time"

// These were found with bench/fleet, and are to be changed only with it.
const (
	// blip is the longest wait of an outage too short to leave a backlog.
	blip = 8 * time.Second
	// trial is how many successes in a row show that the server bears everybody.
	trial = 32
	// gaps is how many first gaps there are in the last wait of the outage.
	gaps = 240
	// memory is for how many of those waits after the last sign of overload the
	// next one is taken for one of the whole fleet.
	memory = 4
	// scatter is how far a pause is spread to both sides. It is wide because those
	// who are sent away in the first second must not come back in one.
	scatter = 0.5
)

// drain paces what is sent after an outage (rule 6). Nobody tells a shipper how
// many others there are. What it knows is how long the outage was, by its own last
// wait, and whether it is let through.
type drain struct {
	wait   time.Duration // the last wait of the outage
	streak int           // successes in a row
	until  time.Time     // when it is forgotten
}

// begin starts to pace after an outage whose last wait is known.
func (d *drain) begin(wait time.Duration, now time.Time) {
	if wait > blip {
		*d = drain{wait: wait, until: now.Add(memory * wait)}
	}
}

// active reports whether the fleet may still be coming back.
func (d *drain) active(now time.Time) bool { return now.Before(d.until) }

// gap returns the least time from an answer to the next launch, zero if nothing is
// paced. It shrinks with every success in a row, to nothing.
func (d *drain) gap(now time.Time) time.Duration {
	if !d.active(now) || d.streak >= trial {
		return 0
	}
	return d.wait * time.Duration(trial-d.streak) / (gaps * trial)
}

func (d *drain) succeed() { d.streak++ }

// overload takes in a sign of overload and returns what it costs: as long a wait
// as the outage ended with. The others need the server as much.
func (d *drain) overload(now time.Time) time.Duration {
	if !d.active(now) {
		return 0
	}
	d.streak, d.until = 0, now.Add(memory*d.wait)
	return d.wait
}
