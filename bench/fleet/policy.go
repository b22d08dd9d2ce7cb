package main

import (
	"math/rand/v2"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/pace"
)

// policy decides when the requests of one shipper start.
type policy interface {
	// admits reports whether one more may start, with these under way or to be
	// repeated, and else when to ask again, 0 if only an answer can change anything.
	admits(now int64, open []*batch) (bool, int64)
	launched(b *batch, now int64)
	settle(b *batch, a answer, now int64)
	// probing asks for a small batch.
	probing() bool
}

// contender is a policy by name.
type contender struct {
	name string
	make func(*rand.Rand) policy
}

func contenders() []contender {
	return []contender{
		{"ledger", newPaced},
		{"fixed, 5 s", func(*rand.Rand) policy { return &loop{first: 5 * time.Second, limit: 5 * time.Second, width: 1} }},
		{"exponential, 2 to 60 s", func(*rand.Rand) policy { return &loop{first: 2 * time.Second, limit: time.Minute, width: 1} }},
		{"exponential, 20% jitter", func(rng *rand.Rand) policy {
			return &loop{first: 2 * time.Second, limit: time.Minute, width: 1, jitter: 0.2, rng: rng}
		}},
		{"the same, 4 at once", func(rng *rand.Rand) policy {
			return &loop{first: 2 * time.Second, limit: time.Minute, width: maxInFlight, jitter: 0.2, rng: rng}
		}},
		{"OTel Collector", func(rng *rand.Rand) policy { return &collector{rng} }},
	}
}

// paced is the code that the sender runs.
type paced struct{ gate *pace.Gate }

func newPaced(rng *rand.Rand) policy {
	return &paced{pace.New(pace.Config{
		MaxInFlight: maxInFlight,
		Initial:     2 * time.Second, Max: time.Minute, Multiplier: 2, Jitter: 0.2,
		Rand: rng.Float64,
	})}
}

func (p *paced) admits(now int64, open []*batch) (bool, int64) {
	inFlight := 0
	for _, b := range open {
		if b.flying && b.round == p.gate.Round() {
			inFlight++
		}
	}
	if p.gate.Admits(wall(now), inFlight) {
		return true, 0
	}
	if until := p.gate.Until(); until.After(wall(now)) {
		return false, virtual(until)
	}
	return false, 0
}

func (p *paced) launched(b *batch, now int64) {
	b.round = p.gate.Round()
	p.gate.Launched(wall(now))
}

func (p *paced) settle(b *batch, a answer, now int64) {
	said := pace.Answer{Verdict: pace.Temporary, Overload: a.kind != refused}
	switch {
	case a.kind == delivered:
		said = pace.Answer{Verdict: pace.Delivered}
	case a.after > 0:
		said = pace.Answer{Verdict: pace.Throttled, RetryAfter: a.after}
	}
	p.gate.Settle(said, b.round, wall(now))
}

func (p *paced) probing() bool { return p.gate.Probing() }

// loop is the retry loop that is in most programs: the next request as soon as one
// worked, and after a failure a wait that doubles up to a limit. Any success begins
// the waits anew.
type loop struct {
	first, limit time.Duration
	width        int // requests at once
	jitter       float64
	rng          *rand.Rand
	wait         time.Duration
	until        int64
}

func (p *loop) admits(now int64, open []*batch) (bool, int64) {
	if now < p.until {
		return false, p.until
	}
	inFlight := 0
	for _, b := range open {
		if b.flying {
			inFlight++
		}
	}
	return inFlight < p.width, 0
}

func (p *loop) settle(_ *batch, a answer, now int64) {
	if a.kind == delivered {
		p.wait = 0
		return
	}
	if now < p.until {
		return // Of those that were under way at once one counts.
	}
	p.wait = min(max(2*p.wait, p.first), p.limit)
	p.until = now + int64(p.wait)
	if p.jitter > 0 {
		p.until += int64(p.jitter * (2*p.rng.Float64() - 1) * float64(p.wait))
	}
}

func (*loop) launched(*batch, int64) {}
func (*loop) probing() bool          { return false }

// collector waits as the exporters of the OpenTelemetry Collector do, with as many
// consumers as we have requests in flight: every batch for itself, 5 s and then half
// as long again up to 30 s, spread by half, at least as long as the server asks. Its
// default of giving up after 5 min is switched off; nothing would be left to deliver.
type collector struct{ rng *rand.Rand }

func (p *collector) settle(b *batch, a answer, now int64) {
	if a.kind == delivered {
		return
	}
	wait := 5.0
	for i := 1; i < b.attempts && wait < 30; i++ {
		wait *= 1.5
	}
	wait = min(wait, 30) * (0.5 + p.rng.Float64())
	b.ready = now + max(int64(wait*float64(time.Second)), int64(a.after))
}

func (*collector) admits(int64, []*batch) (bool, int64) { return true, 0 }
func (*collector) launched(*batch, int64)               {}
func (*collector) probing() bool                        { return false }

// epoch is where virtual time begins in real time; which it is does not matter.
const epoch = 1_700_000_000

func wall(at int64) time.Time { return time.Unix(epoch, at) }

func virtual(t time.Time) int64 { return int64(t.Sub(time.Unix(epoch, 0))) }
