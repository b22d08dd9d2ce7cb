package pace

import "time"

// These were found with bench/fleet, and are to be changed only with it.
const (
	// blip is the longest wait of an outage too short to leave much of a backlog.
	blip = 8 * time.Second
	// trial is how many successes in a row show that the server bears everybody.
	trial = 16
	// memory is for how many of the last waits after a sign of overload the next one
	// is taken for one of the whole fleet.
	memory = 4
	// scatter is how far the pause is spread to both sides. It is wide because those
	// who are sent away in the same second must not come back in the same second.
	scatter = 0.5
)

// drain is careful with a server that has just come back (rule 6). Nobody tells a
// shipper how many others have a backlog. It knows how long it waited at last, which
// the others did too, and whether it is let through.
type drain struct {
	wait   time.Duration // the last wait of the outage
	streak int           // successes in a row since the gate opened
	until  time.Time     // when all this is forgotten
}

// begin is the first sign of life after an outage that ended with a wait.
func (d *drain) begin(wait time.Duration, now time.Time) {
	if wait > blip {
		d.wait, d.until = wait, now.Add(memory*wait)
	}
}

// active reports whether the fleet may still be coming back.
func (d *drain) active(now time.Time) bool { return now.Before(d.until) }

// single reports whether requests go in single file.
func (d *drain) single(now time.Time) bool { return d.active(now) && d.streak < trial }

func (d *drain) succeed() { d.streak++ }

// overload takes in a sign of overload and returns what it costs: as long a wait as
// the last one of the outage. If all do that the server sees them come as slowly as
// it saw their probes, however many they are.
func (d *drain) overload(now time.Time) time.Duration {
	if !d.active(now) {
		return 0
	}
	d.until = now.Add(memory * d.wait)
	return d.wait
}
