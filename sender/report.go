package sender

import (
	"context"
	"log/slog"
	"time"
)

const (
	// quietTime is how long after the first line of an episode no other episode
	// gets lines, so that a server that fails every second request does not get two
	// lines for each.
	quietTime = time.Minute
	// maxReasons bounds the lines about reasons within one outage.
	maxReasons = 8
)

// episode is a time of failure, from the first to the success that ends it. It
// decides which of its failures deserves a line (S3).
type episode struct {
	on, told bool
	began    time.Time
	failures int
	hidden   int // episodes since the last told one that got no lines
	quiet    time.Time
}

// fail notes a failure and reports whether to write the first line.
func (e *episode) fail(now time.Time) bool {
	if !e.on {
		e.on, e.told, e.began, e.failures = true, false, now, 0
	}
	e.failures++
	if e.told || now.Before(e.quiet) {
		return false
	}
	e.told, e.quiet = true, now.Add(quietTime)
	return true
}

// end notes a success. It reports whether that ended an episode that had a first
// line and so gets a summary.
func (e *episode) end() bool {
	if !e.on {
		return false
	}
	e.on = false
	if !e.told {
		e.hidden++
	}
	return e.told
}

// reporter writes the sender's diagnostics. Its lines hold our own words and
// numbers only: no key, nothing of a request or an answer.
type reporter struct {
	log     *slog.Logger
	outage  episode
	saving  episode
	reading episode
	burying episode
	reasons map[string]bool // holds told about in this outage
}

func newReporter(log *slog.Logger) *reporter {
	return &reporter{log: log, reasons: map[string]bool{}}
}

// failed notes an attempt that closed the gate.
func (r *reporter) failed(now time.Time, o outcome, held bool, retryIn time.Duration, waiting func() int) {
	if !r.outage.on {
		clear(r.reasons)
	}
	first := r.outage.fail(now)
	defer swallow()
	attrs := func() []slog.Attr {
		return []slog.Attr{slog.String("reason", o.reason), slog.Duration("retry_in", retryIn), slog.Int("records_waiting", waiting())}
	}
	switch {
	case held:
		if r.outage.told && !r.reasons[o.reason] && len(r.reasons) < maxReasons {
			r.reasons[o.reason] = true
			r.log.LogAttrs(context.Background(), slog.LevelError, "sender: delivery is on hold until this is fixed", attrs()...)
		}
	case first:
		r.log.LogAttrs(context.Background(), slog.LevelWarn, "sender: delivery fails, records are kept", attrs()...)
	}
}

// succeeded notes the attempt that opened the gate, or found it open.
func (r *reporter) succeeded(now time.Time, waiting func() int) {
	defer swallow()
	e := &r.outage
	if e.end() {
		r.log.LogAttrs(context.Background(), slog.LevelInfo, "sender: delivery works again",
			slog.Duration("after", now.Sub(e.began)), slog.Int("failed_attempts", e.failures),
			slog.Int("outages_not_reported", e.hidden), slog.Int("records_waiting", waiting()))
		e.hidden = 0
	}
}

// disk notes how an operation on the disk went, a save or a read.
func (r *reporter) disk(e *episode, now time.Time, what string, err error) {
	defer swallow()
	switch {
	case err != nil && e.fail(now):
		r.log.LogAttrs(context.Background(), slog.LevelError, "sender: the disk fails, records are kept",
			slog.String("operation", what), slog.String("error", printable(err.Error(), maxMessage)))
	case err == nil && e.end():
		r.log.LogAttrs(context.Background(), slog.LevelInfo, "sender: the disk works again",
			slog.String("operation", what), slog.Duration("after", now.Sub(e.began)), slog.Int("failures", e.failures))
	}
}

// swallow contains a panic of the user's log handler: it must not end the program.
func swallow() { _ = recover() }
