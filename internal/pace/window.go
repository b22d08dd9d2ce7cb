package pace

// window is how many requests may be in flight. It works like TCP's: below the
// threshold it grows by one per success, which doubles it per round trip; from
// there by one per round trip.
type window struct {
	max       int
	width     int
	threshold int
	credit    int // successes since the width changed, beyond the threshold
}

// newWindow returns a window open for one. Nothing is known of the server yet.
func newWindow(limit int) window { return window{max: limit, width: 1, threshold: limit} }

// grow takes in a success.
func (w *window) grow() {
	if w.width >= w.threshold {
		if w.credit++; w.credit < w.width {
			return
		}
	}
	w.credit = 0
	if w.width = min(w.width+1, w.max); w.width == w.max {
		w.threshold = w.max // It was borne before, so it will be again.
	}
}

// shut leaves room for the probe. A sign of overload says that the window was too
// wide, unless it was one: then it says nothing about windows.
func (w *window) shut(overload bool) {
	if overload && w.width > 1 {
		w.threshold = max(w.width/2, 2)
	}
	w.width = 1
}
