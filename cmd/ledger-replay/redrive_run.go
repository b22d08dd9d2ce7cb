package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// redrive is a directory that this program owns for as long as its dead letters are
// being sent.
type redrive struct {
	scan    *scan
	state   *sender.State
	dead    *sender.DeadLog
	account *sender.Account // of the destination
	reasons []string        // none is all
}

// openRedrive becomes the owner of the directory (W8) and opens its dead letters.
func openRedrive(s *scan, destination string, reasons []string) (*redrive, error) {
	state, err := sender.OpenState(s.d.path)
	if err != nil {
		return nil, err
	}
	r := &redrive{scan: s, state: state, account: state.Account(destination), reasons: reasons}
	if state.Identity().Epoch != s.d.state.Identity.Epoch {
		return nil, errors.Join(errors.New("redrive: the directory changed meanwhile"), r.close())
	}
	// No limit: what a redrive does not deliver it leaves alone.
	r.dead, err = sender.OpenDead(s.d.deadDir(), state, sender.DeadLimits{}, filepath.Join(s.d.path, "quarantine"))
	if err == nil {
		err = r.settleEarly()
	}
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// settleEarly has the books say of every record that has a letter that it is dead. A
// process that was killed between the one and the other left that to its successor. If it
// were not done before the letter goes, one more would count as redriven than was dead,
// for ever (L2).
func (r *redrive) settleEarly() error {
	b := books{cp: r.account.Checkpoint()}
	letters := r.dead.Pending(r.account.Name(), b.cp.Head)
	if letters.Len() == 0 {
		return nil
	}
	onDisk, err := wal.Walk(r.scan.d.walDir(), func(wal.Found) error { return nil })
	if err != nil {
		return err
	}
	var early []wal.Offset
	for _, e := range letters.Entries {
		// One behind the end of the log is in the ring at best. If a checkpoint knew of
		// it, the next owner would take the ring's records before it for lost.
		if e.Offset <= onDisk.Last {
			early = append(early, e.Offset)
		}
	}
	if !b.bury(early) {
		return nil
	}
	b.cp.Last = max(b.cp.Last, slices.Max(early))
	return r.account.Save(b.cp, sender.Counters{})
}

// close gives the directory back.
func (r *redrive) close() error {
	var err error
	if r.dead != nil {
		err = r.dead.Close()
	}
	return errors.Join(err, r.state.Close())
}

// waiting returns how many letters are left to send.
func (r *redrive) waiting() int {
	n := 0
	for reason, count := range r.dead.Count(r.account.Name()) {
		if len(r.reasons) == 0 || slices.Contains(r.reasons, reason) {
			n += count
		}
	}
	return n
}

// run sends every letter once and enters into sum what came of it.
func (r *redrive) run(ctx context.Context, to destination, pc pace, out *progress, sum *redriveSummary) error {
	sum.Planned = r.waiting()
	nothing := newFeed(1) // The letters are all there is: what is pending is its process's to send.
	snd, err := sender.New(nothing, &lettersOnly{Account: r.account, never: time.Now().AddDate(100, 0, 0)}, sender.Config{
		Name: r.account.Name(), URL: to.url, Header: to.header, APIKey: to.apiKey, Dead: r.dead,
		FlushSize: pc.batch, MaxBatchBytes: maxBatchBytes, MaxInFlight: pc.inFlight,
		Retry:       sender.Retry{Initial: pc.backoff},
		Compression: pc.compression, Timeout: pc.requestTimeout, Logger: slog.New(out),
		UserAgent: "ledger-replay/" + thisBuild().Version, ScopeName: scopeName,
		Resource: r.scan.known(),
	})
	if err != nil {
		return usage(err)
	}
	before := r.account.Counters()
	running, stop := context.WithCancel(ctx)
	defer stop()
	var work sync.WaitGroup
	var result sender.Redriven
	var sendErr, walkErr error
	done := make(chan struct{})
	work.Go(func() { sendErr = snd.Run(running) })
	work.Go(func() {
		defer close(done)
		result, walkErr = snd.Redrive(running, r.reasons...)
	})
	sum.Reason = pc.watch(ctx, snd, done, func(h sender.Health, now time.Time) string {
		out.show(sum.Planned-r.waiting(), sum.Planned, h, now)
		return quotaGone(snd.Stats().Learned, now)
	})
	stop()
	work.Wait()
	out.done()
	after, health := r.account.Counters(), snd.Health()
	sum.Delivered = int(after.Redriven - before.Redriven)
	sum.Refused = result.Refused
	sum.Left = sum.Planned - sum.Delivered - sum.Refused
	sum.Requests, sum.Retries, sum.Bytes = after.Requests-before.Requests, after.Retries-before.Retries, after.Bytes-before.Bytes
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case sum.Reason != "":
		return sendErr // It is what ended the walk.
	case health.DeadError != "":
		return fmt.Errorf("redrive: letters that were delivered are still there: %s", health.DeadError)
	}
	return errors.Join(walkErr, sendErr)
}

// lettersOnly is the account of a destination with its sender kept from redriving letters
// of a quota by itself, beside what it is asked for: that is due when the quota is whole
// again, and as far as it hears from here that is not so yet. If there are such letters,
// it therefore begins with a single one.
type lettersOnly struct {
	*sender.Account
	never time.Time
}

// Learned implements [sender.Store].
func (l *lettersOnly) Learned() sender.Learned {
	out := l.Account.Learned()
	out.QuotaReset = l.never
	return out
}

// Learn implements [sender.Store].
func (l *lettersOnly) Learn(to sender.Learned) error {
	if to.QuotaReset.Equal(l.never) {
		to.QuotaReset = l.Account.Learned().QuotaReset
	}
	return l.Account.Learn(to)
}

// quotaGone says that the server's quota is used up, "" if it is not: it would have to be
// waited for until the next day.
func quotaGone(l sender.Learned, now time.Time) string {
	if back := l.QuotaReset; back.After(now) && back.Before(now.AddDate(1, 0, 0)) {
		return "the quota is used up until " + back.UTC().Format(time.RFC3339)
	}
	return ""
}

// redriveSummary is what a redrive came to. Planned = Delivered + Refused + Left.
type redriveSummary struct {
	SchemaVersion int `json:"schema_version"`
	Planned       int `json:"planned"`
	// Delivered letters are none any more.
	Delivered int `json:"delivered"`
	// Refused ones were refused again.
	Refused int `json:"refused"`
	// Left ones got no answer, or were not tried.
	Left            int     `json:"left"`
	Requests        uint64  `json:"requests"`
	Retries         uint64  `json:"retries"`
	Bytes           uint64  `json:"bytes"`            // as sent
	Reason          string  `json:"reason,omitempty"` // why it ended early
	DurationSeconds float64 `json:"duration_seconds"`
}

func (s *redriveSummary) write(w io.Writer) error {
	if s.Planned == 0 {
		_, err := io.WriteString(w, "no dead letters to send\n")
		return err
	}
	text := fmt.Sprintf("%s delivered, %d refused again, %d left, of %d; %s in %s",
		count(s.Delivered, "dead letter"), s.Refused, s.Left, s.Planned, count(s.Requests, "request"),
		time.Duration(s.DurationSeconds*float64(time.Second)).Truncate(time.Millisecond))
	lines := safe(text) + "\n"
	if s.Reason != "" {
		lines += "ended early: " + safe(s.Reason) + "\n"
	}
	_, err := io.WriteString(w, lines)
	return err
}
