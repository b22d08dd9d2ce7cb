package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/harness"
)

// margin is cut off the measured times on both sides of a start, a stop and a kill:
// the question is what logging adds, not what starting a process does.
const margin = 500 * time.Millisecond

// result is what the table shows.
type result struct {
	audit       harness.Audit
	notAnswered int
	stored      stored
	final       harness.Counters
	resent      uint64
	up, down    added
}

// pair is a percentile of the service and of its twin.
type pair struct{ with, without time.Duration }

// added is what logging adds to a request.
type added struct{ p50, p99 pair }

func (p *performance) result(first, second *harness.Watch, final harness.Counters, st stored) *result {
	answers := p.load.Answers()
	reborn := slices.IndexFunc(answers, func(a harness.Answer) bool { return a.At.After(p.when.reborn) })
	if reborn < 0 {
		reborn = len(answers)
	}
	_, failed, skipped := p.load.Counts()
	w, base := p.when, p.base.Answers()
	end := w.begin.Add(p.plan.total)
	return &result{
		audit: harness.Check(answers[:reborn], st.requests, first.Cutoff()).
			Add(harness.Check(answers[reborn:], st.requests, second.Cutoff())),
		notAnswered: failed + skipped,
		stored:      st,
		final:       final,
		// A kill takes what the counters gained since they were last stored.
		resent: first.Latest().Delivery.Resent + final.Delivery.Resent - second.First().Delivery.Resent,
		up:     compare(answers, base, span{w.begin, w.stopped}, span{w.started, w.killed}, span{w.reborn, end}),
		down:   compare(answers, base, span{w.stopped, w.started}),
	}
}

// span is a stretch of time.
type span struct{ from, to time.Time }

// compare sets the percentiles of the service against those of its twin over the
// same stretches of time.
func compare(answers, base []harness.Answer, spans ...span) added {
	with, without := latencies(answers, spans), latencies(base, spans)
	at := func(p float64) pair {
		return pair{harness.Percentile(with, p), harness.Percentile(without, p)}
	}
	return added{p50: at(50), p99: at(99)}
}

func latencies(answers []harness.Answer, spans []span) []time.Duration {
	var d []time.Duration
	for _, a := range answers {
		if slices.ContainsFunc(spans, func(s span) bool {
			return a.Sent.After(s.from.Add(margin)) && a.At.Before(s.to.Add(-margin))
		}) {
			d = append(d, a.Latency())
		}
	}
	return d
}

// print writes the table.
func (r *result) print(out io.Writer) {
	proven := r.audit.Answered - r.audit.Uncertain
	fmt.Fprintln(out)
	row := func(what, value, note string) {
		fmt.Fprintln(out, strings.TrimRight(fmt.Sprintf("  %-26s %12s   %s", what, value, note), " "))
	}
	row("requests answered", number(r.audit.Answered), fmt.Sprintf("%s more got no answer while the service was down", number(r.notAnswered)))
	row("records stored", number(r.stored.records), fmt.Sprintf("of %s requests, and what their handlers logged", number(len(r.stored.requests))))
	row("lost", number(len(r.audit.Missing)), fmt.Sprintf("%s of the %s proven to be synced; %s of the %s of the last moment before the kill",
		number(len(r.audit.Broken)), number(proven), number(len(r.audit.Missing)-len(r.audit.Broken)), number(r.audit.Uncertain)))
	row("duplicates in the store", number(harness.Duplicates(r.stored.requests)), "")
	row("resent", number(int(r.resent)), fmt.Sprintf("%s arrived twice, and were recognised by their ID", number(int(r.stored.duplicates))))
	row("time added per request", "server up", r.up.String())
	row("", "server down", r.down.String())
}

func (a added) String() string { return "p50 " + a.p50.String() + ", p99 " + a.p99.String() }

// String tells the difference and what it is a difference of: without that, nobody
// could tell a cost from noise.
func (p pair) String() string {
	return fmt.Sprintf("%+.2f ms (%.2f against %.2f)", millis(p.with-p.without), millis(p.with), millis(p.without))
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// number writes thousands apart: 12,345.
func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// verdict is an error if a promise was broken.
func (r *result) verdict() error {
	var errs []error
	if n := len(r.audit.Broken); n > 0 {
		errs = append(errs, fmt.Errorf("%d synced records are missing, the first of request %s", n, r.audit.Broken[0]))
	}
	if n := harness.Duplicates(r.stored.requests); n > 0 {
		errs = append(errs, fmt.Errorf("%d records are stored twice", n))
	}
	if proven := r.audit.Answered - r.audit.Uncertain; proven == 0 {
		errs = append(errs, errors.New("nothing was proven to be synced: the demo showed nothing"))
	}
	if r.final.Evicted+r.final.Dead+r.final.Lost > 0 {
		errs = append(errs, fmt.Errorf("the service gave up records: %d evicted, %d dead, %d lost", r.final.Evicted, r.final.Dead, r.final.Lost))
	}
	return errors.Join(errs...)
}
