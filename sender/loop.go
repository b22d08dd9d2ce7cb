package sender

import (
	"context"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/pace"
	"github.com/ledger-sdk/ledger-go/wal"
)

// probeRecords is the size of the batch that tries whether a server is back from an
// outage.
const probeRecords = 100

// loop is a run of a sender: one goroutine that owns everything here. Attempts
// have goroutines of their own, at most MaxInFlight, which run joins.
type loop struct {
	s   *Sender
	src Source
	cfg *Config

	pos     wal.Offset // read up to here
	ahead   fresh
	through wal.Offset // a flush wants everything up to here sent now
	win     *window
	gate    *pace.Gate
	limit   *limiter
	learned Learned
	linger  linger
	acks    *acks
	report  *reporter

	attempts attempts

	phaseSince  time.Time
	why         outcome // what closed the gate last
	warning     string
	failures    int // attempts since delivery worked
	lastSuccess time.Time
	readErr     error
	readAgain   time.Time
	buryErr     error
	buryAgain   time.Time
	paced       bool // something is due and waits for our own rate limit
	stopped     bool

	// See judge.go.
	held      bool // for what is in the batches
	streak    int  // records condemned since the server took anything
	quotaGone bool
	quotaAt   time.Time // when letters of a quota are to be sent again

	asked      []*redrive
	redrive    *redrive
	turn       bool // of dead letters, when there is something fresh too
	settingsAt time.Time
	maintainAt time.Time // of the dead letters
}

func newLoop(s *Sender) *loop {
	cfg := &s.cfg
	learned := s.store.Learned()
	l := &loop{
		s: s, src: s.src, cfg: cfg,
		pos:     s.src.Head(),
		win:     newWindow(cfg.MaxInFlight),
		gate:    pace.New(cfg.pace()),
		learned: learned,
		limit:   newLimiter(effective(cfg.asked, learned), learned.lastUse(time.Now())),
		acks:    newAcks(s.src, s.store),
		report:  newReporter(cfg.Logger),
		streak:  suspicious, // Nothing speaks for the endpoint yet.
		attempts: attempts{
			results: make(chan result, cfg.MaxInFlight), settings: make(chan []byte, 1),
		},
	}
	l.linger = linger{bytes: int64(cfg.MaxBatchBytes), interval: cfg.FlushInterval}
	if cfg.Dead != nil && cfg.Dead.Count(cfg.Name)[DeadQuota] > 0 {
		l.quotaAt = time.Now()
		if learned.QuotaReset.After(l.quotaAt) {
			l.quotaAt, l.quotaGone = learned.quotaBack(l.quotaAt), true
		}
	}
	if s.src.Backlog(l.pos).Records > 0 {
		l.gate.Start(time.Now())
	}
	return l
}

func (l *loop) run(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		// Fetched before anything is looked at: what comes later closes it.
		changed := l.src.Changed()
		asked, walks := l.s.take()
		l.asked = append(l.asked, walks...)
		if l.through = max(l.through, asked.through); asked.nudge {
			l.gate.Nudge()
		}
		l.settle()
		l.redrives(time.Now())
		l.askSettings(ctx, time.Now())
		next := l.advance(ctx)
		l.publish()
		if l.win.full() || time.Now().Before(l.gate.Until()) {
			changed = nil // More records would change nothing now.
		}
		timer.Reset(until(next))
		select {
		case r := <-l.attempts.results:
			l.take(ctx, r)
		case body := <-l.attempts.settings:
			l.takeSettings(body)
		case <-changed:
		case <-l.s.wake:
		case <-timer.C:
		case <-ctx.Done():
		}
		l.takeAll(ctx)
	}
	return l.stop(ctx)
}

// stop joins the attempts, which ctx has cancelled, and keeps what they achieved.
func (l *loop) stop(ctx context.Context) error {
	l.attempts.all.Wait()
	l.takeAll(ctx)
	l.settle()
	err := l.acks.finish(time.Now())
	l.stopped = true
	l.publish()
	if l.s.post.own {
		l.s.post.client.CloseIdleConnections()
	}
	return err
}

// settle acks the batches that are delivered, buries those that are condemned, and makes
// that durable: once for all of them, and again where it failed before.
func (l *loop) settle() {
	now, acked := time.Now(), false
	for _, f := range l.win.in(done) {
		if f.letter {
			l.revived(f, now)
			continue
		}
		l.acks.add(&f.batch)
		l.win.remove(f)
		acked = true
	}
	acked = l.bury(now) || acked
	retry := l.acks.retryAt()
	if acked || !retry.IsZero() && !now.Before(retry) {
		l.acks.save(now)
		l.report.disk(&l.report.saving, now, "save the acked offset", l.acks.err)
	}
}

// advance starts every attempt that may start now and returns when to look again,
// zero if only an event can change anything.
func (l *loop) advance(ctx context.Context) time.Time {
	next := earlier(l.acks.retryAt(), l.maintainAt)
	if l.redrive == nil {
		next = earlier(next, l.quotaAt)
	}
	if l.buryErr != nil {
		next = earlier(next, l.buryAgain)
	}
	if l.cfg.LearnLimits {
		next = earlier(next, l.settingsAt)
	}
	for {
		now := time.Now()
		if !l.gate.Admits(now, l.win.flyingIn(l.gate.Round())) {
			if now.Before(l.gate.Until()) {
				next = earlier(next, l.gate.Until())
			}
			return next
		}
		f, when := l.pick(now)
		if f == nil {
			return earlier(next, when)
		}
		if wait := l.limit.wait(now, f.batch.Len()); wait > 0 {
			l.paced = true
			return earlier(next, now.Add(wait))
		}
		l.launch(ctx, f, now)
	}
}

// pick returns the batch to send next. If there is none it says when there may be, zero
// if an event tells.
func (l *loop) pick(now time.Time) (*flight, time.Time) {
	l.paced = false
	f := l.oldestWaiting()
	if l.held && (f == nil || f.suspect) {
		if g := l.sample(now); g != nil {
			return g, time.Time{}
		}
	}
	if f != nil {
		return l.portion(f), time.Time{}
	}
	if l.win.full() {
		return nil, time.Time{}
	}
	if l.turn = !l.turn; l.turn {
		if f := l.nextLetters(now); f != nil {
			return l.portion(f), time.Time{}
		}
	}
	f, when := l.nextRecords(now)
	if f == nil {
		if f = l.nextLetters(now); f != nil {
			f = l.portion(f)
		}
	}
	return f, when
}

// portion returns the part of a batch to send now: less than all of it to try whether a
// server is back, to find out what it refuses, or because the batch was made before a
// limit was known.
func (l *loop) portion(f *flight) *flight {
	n := f.batch.Len()
	switch most := l.limits().Records; {
	case n > most:
		return l.portion(l.front(f, most))
	case l.quotaGone && n > 1:
		return l.front(f, 1)
	case l.gate.Probing() && n > probeRecords && f.trial == nil && !f.suspect:
		return l.front(f, probeRecords)
	case f.trial != nil && f.trial.samples():
		return l.single(f)
	}
	return f
}

// front cuts the first n records off a batch.
func (l *loop) front(f *flight, n int) *flight {
	if f.trial != nil {
		f.trial.open++
	}
	return l.win.split(f, n)[0]
}

// single cuts one record out of the middle of the largest piece of a trial.
func (l *loop) single(f *flight) *flight {
	for _, g := range l.win.in(waiting) {
		if g.trial == f.trial && g.batch.Len() > f.batch.Len() {
			f = g
		}
	}
	n, t := f.batch.Len(), f.trial
	if n == 1 {
		return f
	}
	pieces := l.win.split(f, n/2, n/2+1)
	t.open += len(pieces) - 1
	return pieces[1]
}

// sample returns a batch that has nothing to do with the hold, a small one, to learn
// whether it is the endpoint. nil if there is none.
func (l *loop) sample(now time.Time) *flight {
	for _, f := range l.win.in(waiting) {
		if !f.suspect && !f.letter {
			if f.batch.Len() > 1 && f.trial == nil {
				return l.win.split(f, 1)[0]
			}
			return f
		}
	}
	at := &l.pos
	if l.ahead.on {
		at = &l.ahead.pos
	}
	if len(l.win.flights) > l.win.size || l.src.Backlog(*at).Records == 0 {
		return nil
	}
	f, _ := l.read(now, *at, wal.Limits{Records: 1})
	if f != nil {
		*at = f.batch.Last()
	}
	return f
}

// nextRecords reads the next batch if one is due.
func (l *loop) nextRecords(now time.Time) (*flight, time.Time) {
	after := l.ahead.choose(l, now)
	backlog := l.src.Backlog(after)
	if backlog.Records == 0 {
		return nil, time.Time{}
	}
	lim := l.limits()
	l.linger.records = lim.Records
	if after >= l.through {
		if due := l.linger.due(backlog, after, now); due.After(now) {
			return nil, due
		}
	}
	if now.Before(l.readAgain) {
		return nil, l.readAgain
	}
	if l.gate.Probing() {
		lim.Records = min(lim.Records, probeRecords)
	}
	if l.quotaGone {
		lim.Records = 1
	}
	if wait := l.limit.wait(now, min(backlog.Records, lim.Records)); wait > 0 {
		l.paced = true
		return nil, now.Add(wait)
	}
	f, when := l.read(now, after, lim)
	if f != nil && !l.ahead.took(l, f) {
		l.win.remove(f)
		return nil, now // There is nothing left between the old and the new.
	}
	return f, when
}

// limits returns how much a batch may hold.
func (l *loop) limits() wal.Limits {
	lim := wal.Limits{Records: l.cfg.FlushSize, Bytes: l.cfg.MaxBatchBytes}
	for _, n := range []int{l.limit.maxRecords, l.learned.MaxRecords} {
		if n > 0 {
			lim.Records = min(lim.Records, n)
		}
	}
	if n := l.learned.MaxBytes; n > 0 {
		lim.Bytes = min(lim.Bytes, n)
	}
	return lim
}

// read takes a batch from the log into the window.
func (l *loop) read(now time.Time, after wal.Offset, lim wal.Limits) (*flight, time.Time) {
	f := l.win.next()
	l.readErr = l.src.Read(&f.batch, after, lim)
	l.report.disk(&l.report.reading, now, "read the log", l.readErr)
	switch {
	case l.readErr != nil:
		l.win.giveBack(f)
		l.readAgain = now.Add(saveRetry)
		return nil, l.readAgain
	case f.batch.Len() == 0: // What was there a moment ago was evicted.
		l.win.giveBack(f)
		return nil, now.Add(time.Second)
	}
	l.win.push(f)
	return f, time.Time{}
}

// oldestWaiting returns the oldest batch that is to be sent again, without the
// records that were evicted while it waited.
func (l *loop) oldestWaiting() *flight {
	for f := l.win.oldestWaiting(); f != nil; f = l.win.oldestWaiting() {
		if f.letter || !cut(&f.batch, l.src.Head()) {
			return f
		}
		f.dropBody()
		if f.batch.Len() > 0 {
			return f
		}
		t := f.trial
		l.win.remove(f)
		if t != nil {
			t.open--
			l.judge(t)
		}
	}
	return nil
}

func until(t time.Time) time.Duration {
	if t.IsZero() {
		return time.Hour // There is an event to come, or nothing to do.
	}
	return max(time.Until(t), 0)
}

// earlier returns the earlier of two times, of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
