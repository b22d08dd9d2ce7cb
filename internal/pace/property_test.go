package pace

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A server that answers anything at any time, and a caller that launches whatever it
// may and flushes now and then.
func TestAnythingAServerSaysKeepsTheRules(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 0))
		cfg := exact()
		cfg.MaxInFlight = 1 + rng.IntN(8)
		cfg.Spread = 5 * time.Second
		cfg.Rand = rng.Float64
		if seed%3 > 0 {
			cfg.Jitter = 0.2
		}
		m := &model{rig: with(t, cfg), rng: rng, max: cfg.MaxInFlight}
		m.Start(m.now)
		for m.starts = 0; m.starts < 400; {
			m.step()
		}
	}
}

// model is what a caller knows of its gate.
type model struct {
	*rig
	rng    *rand.Rand
	max    int
	flying []attempt
	pause  time.Time // the end of the latest pause that the server asked for
	starts int
}

type attempt struct {
	round int
	at    time.Time // of its answer
}

func (m *model) step() {
	inFlight := 0
	for _, a := range m.flying {
		if a.round == m.Round() {
			inFlight++
		}
	}
	require.GreaterOrEqual(m.t, m.Width(), 1)
	require.LessOrEqual(m.t, m.Width(), m.max)
	require.LessOrEqual(m.t, inFlight, m.Width())
	if m.rng.IntN(10) == 0 {
		m.Nudge()
	}
	if m.Admits(m.now, inFlight) {
		m.start()
		return
	}
	if inFlight == 0 {
		// Nothing is under way whose answer could open the gate, so time does, soon.
		wait := m.Until().Sub(m.now)
		require.Positive(m.t, wait)
		require.LessOrEqual(m.t, wait, 90*time.Second)
		require.True(m.t, m.Admits(m.Until(), 0))
	}
	m.wait()
}

func (m *model) start() {
	require.False(m.t, m.now.Before(m.Until()))
	require.False(m.t, m.now.Before(m.pause), "the server's pause was cut short")
	m.Launched(m.now)
	m.starts++
	latency := time.Duration(m.rng.ExpFloat64() * float64(10*time.Second))
	m.flying = append(m.flying, attempt{m.Round(), m.now.Add(latency)})
}

// wait goes to what comes next: an answer, or the time of Until.
func (m *model) wait() {
	first := -1
	for i, a := range m.flying {
		if first < 0 || a.at.Before(m.flying[first].at) {
			first = i
		}
	}
	if until := m.Until(); first < 0 || until.After(m.now) && until.Before(m.flying[first].at) {
		m.now = until
		return
	}
	a := m.flying[first]
	m.flying = append(m.flying[:first], m.flying[first+1:]...)
	m.now = a.at
	said := m.answer()
	if said.Verdict == Throttled && said.RetryAfter > 0 && m.now.Add(said.RetryAfter).After(m.pause) {
		m.pause = m.now.Add(said.RetryAfter)
	}
	m.Settle(said, a.round, m.now)
}

// answer comes in spells, so that there are outages, drains and throttles.
func (m *model) answer() Answer {
	all := []Answer{fine(), gone(), busy(), asked(time.Duration(m.rng.IntN(75)) * time.Second), unnamed(), held()}
	if m.rng.IntN(10) == 0 {
		return all[m.rng.IntN(len(all))]
	}
	return all[[]int{0, 1, 0, 0, 2, 0, 1, 3}[m.starts/25%8]]
}
