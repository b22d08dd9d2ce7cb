package middleware

import "time"

// startTimer makes the start event of one request. Its function runs on a goroutine
// that the runtime starts when the time has come, and that ends when the event is
// logged. It never outlives the request: stop waits for it.
type startTimer struct {
	timer *time.Timer
	done  chan struct{} // closed when the event is logged
}

// startLater logs a start event for x if it still runs after the time that was set.
func (rec *Recorder) startLater(x *serving) *startTimer {
	done := make(chan struct{})
	return &startTimer{done: done, timer: time.AfterFunc(rec.cfg.startAfter, func() {
		defer close(done)
		rec.logStart(x)
	})}
}

// stop makes sure that no start event comes after the record of the request.
func (t *startTimer) stop() {
	if t != nil && !t.timer.Stop() {
		<-t.done
	}
}

// logStart runs beside the handler: it looks only at what was taken down before, and at
// what is safe for concurrent use.
func (rec *Recorder) logStart(x *serving) {
	f := rec.cfg.requestFacts(x)
	f.Route, f.Scope = x.state.Route(), x.state.Attrs()
	f.End = time.Now()
	f.Duration = f.End.Sub(x.start)
	f.LogStarted(&x.record, rec.log)
}
