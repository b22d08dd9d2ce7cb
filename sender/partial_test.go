package sender

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/wal"
)

// partially is a 200 that says how many records were rejected, and why.
func partially(rejected byte, message string) reply {
	inner := append([]byte{1 << 3, rejected, 2<<3 | 2, byte(len(message))}, message...)
	return reply{status: 200, header: http.Header{"Content-Type": {protobuf}}, body: string(append([]byte{1<<3 | 2, byte(len(inner))}, inner...))}
}

// What a server took in part is set aside whole and not sent again by itself: nobody
// knows which. The rest goes on as if nothing had happened.
func TestPartialAnswerSetsTheBatchAside_S1(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, p := morgue(t, DeadLimits{}), newPicky(13)
		p.refusal = partially(3, "bad timestamps")
		cfg := withDead(d)
		cfg.FlushSize = 10
		r := start(t, cfg, p.answer)
		r.log.add(40)
		sleep(24 * time.Hour)
		alike(t, offsets(11, 20), dead(t, d, DefaultDestination))
		alike(t, offsets(1, 40, offsets(11, 20)...), p.delivered())
		assert.Equal(t, 4, p.asked())
		assert.Equal(t, wal.Offset(40), r.store.head())
		assert.Equal(t, []uint64{10, 3}, []uint64{r.Stats().Partial, r.Stats().Refused})
		letters, err := d.Letters(1, func(DeadLetter) bool { return true })
		require.NoError(t, err)
		assert.Equal(t, DeadPartial, letters[0].Reason)
		assert.Equal(t, "bad timestamps", letters[0].Message)
		assert.Equal(t, PhaseIdle, r.Health().Phase)
	})
}

// A quota is used up. Until it is whole again a request an hour tries, with one record;
// then everything that was set aside for it is sent again, by itself.
func TestQuotaIsWaitedForAndItsLettersAreRedriven_S1_L2(t *testing.T) {
	const day = 24 * time.Hour
	for name, tt := range map[string]struct {
		names time.Duration // when the server says that it is reset; 0 is not at all
		reset time.Duration
	}{
		"at midnight UTC":            {0, day},
		"when the server says":       {3 * time.Hour, 3 * time.Hour},
		"a time that makes no sense": {1000 * day, day},
		"a time that is over":        {-day, day},
	} {
		for _, restart := range []time.Duration{0, 90 * time.Minute, 25 * time.Hour} {
			t.Run(name+", restart after "+restart.String(), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					begin := time.Now()
					d, p := morgue(t, DeadLimits{}), newPicky()
					p.all, p.refusal = true, partially(1, "Daily quota exceeded")
					l, st := newFakeLog(t), &fakeStore{}
					if tt.names != 0 {
						st.learned.QuotaReset = begin.Add(tt.names)
					}
					r := startOver(t, withDead(d), l, st, p.answer)
					l.add(500)
					total := 500
					for time.Since(begin)+30*time.Minute < tt.reset {
						if restart > 0 && time.Since(begin) == restart.Truncate(30*time.Minute) {
							require.NoError(t, r.stop())
							r = startOver(t, withDead(d), l, st, p.answer)
						}
						sleep(30 * time.Minute)
						l.add(10)
						total += 10
					}
					hours := int(tt.reset / time.Hour)
					assert.LessOrEqual(t, p.asked(), hours+3, "about one request an hour")
					assert.NotEmpty(t, dead(t, d, DefaultDestination))
					assert.LessOrEqual(t, len(dead(t, d, DefaultDestination)), 500+hours+3, "one record a request")
					if restart > tt.reset {
						require.NoError(t, r.stop())
					}
					p.set(false)
					if restart > tt.reset {
						sleep(time.Hour)
						r = startOver(t, withDead(d), l, st, p.answer)
						sleep(time.Minute)
					} else {
						sleep(time.Until(begin.Add(tt.reset)) + time.Minute)
					}
					alike(t, nil, dead(t, d, DefaultDestination))
					alike(t, offsets(1, wal.Offset(total)), p.delivered())
					assert.Equal(t, wal.Offset(total), st.head())
					assert.Equal(t, PhaseIdle, r.Health().Phase)
					assert.Empty(t, d.Count(DefaultDestination))
					assert.Equal(t, r.Stats().Redriven, d.acct.state.Account(DefaultDestination).Counters().Redriven)
				})
			})
		}
	}
}

// A quota runs out while the guilty records of a batch are looked for. The search goes on
// record by record, and still knows when it is over: most of the batch is refused, so
// nothing is condemned.
func TestQuotaInTheMiddleOfATrial_S1(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, p := morgue(t, DeadLimits{}), newPicky(offsets(11, 21)...)
		cfg := withDead(d)
		cfg.MaxInFlight = 1
		r := start(t, cfg, func(c call) reply {
			if c.n >= 3 && c.n <= 6 {
				return partially(1, "quota")
			}
			return p.answer(c)
		})
		r.log.add(1)
		sleep(time.Minute)
		r.log.add(20)
		sleep(6 * time.Hour)
		assert.Equal(t, map[string]int{DeadQuota: 8}, d.Count(DefaultDestination))
		assert.Equal(t, PhaseHold, r.Health().Phase)
		p.set(false)
		sleep(20 * time.Hour)
		alike(t, nil, dead(t, d, DefaultDestination))
		alike(t, offsets(1, 21), p.delivered())
	})
}
