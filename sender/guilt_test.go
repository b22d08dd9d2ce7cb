package sender

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/wal"
)

// withDead is exact with a place for dead letters.
func withDead(d *DeadLog) Config {
	cfg := exact()
	cfg.Dead, cfg.Compression = d, CompressionNone
	return cfg
}

// A server that refuses everything is at fault, whatever the shape of what it is sent:
// nothing is condemned, few requests are made, and delivery resumes by itself.
func TestServerThatRefusesEverythingMakesNoDeadLetter_S1(t *testing.T) {
	type step struct {
		add  int
		wait time.Duration
	}
	for name, tt := range map[string]struct {
		steps    []step
		inFlight int
		most     int // requests in the first half hour
	}{
		"one full batch":               {[]step{{1000, 0}}, 4, 100},
		"several batches":              {[]step{{10_000, 0}}, 4, 100},
		"several batches, one by one":  {[]step{{10_000, 0}}, 1, 100},
		"a quiet service":              {[]step{{1, time.Minute}, {1, time.Minute}, {1, time.Minute}, {1, time.Minute}, {1, time.Minute}}, 4, 40},
		"pairs":                        {[]step{{2, time.Minute}, {2, time.Minute}, {2, time.Minute}}, 4, 40},
		"threes":                       {[]step{{3, time.Minute}, {3, time.Minute}, {3, time.Minute}}, 1, 40},
		"a batch while one is on hold": {[]step{{1000, 3 * time.Minute}, {1000, 0}}, 4, 100},
	} {
		refusals := []int{400, 422, 413}
		if !form.Long() && name != "one full batch" && name != "a quiet service" {
			refusals = refusals[:1]
		}
		for _, refusal := range refusals {
			t.Run(fmt.Sprint(name, " ", refusal), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					d, p := morgue(t, DeadLimits{}), newPicky()
					p.all, p.refusal = true, status(refusal)
					cfg := withDead(d)
					cfg.MaxInFlight = tt.inFlight
					r := start(t, cfg, p.answer)
					total := 0
					for _, s := range tt.steps {
						r.log.add(s.add)
						total += s.add
						sleep(s.wait)
					}
					sleep(30 * time.Minute)
					alike(t, nil, dead(t, d, DefaultDestination))
					assert.Zero(t, r.store.head())
					assert.Equal(t, PhaseHold, r.Health().Phase)
					assert.Contains(t, r.Health().Reason, fmt.Sprint(refusal))
					assert.LessOrEqual(t, p.asked(), tt.most)
					p.set(false)
					sleep(5 * time.Minute)
					alike(t, nil, dead(t, d, DefaultDestination))
					assert.Equal(t, wal.Offset(total), r.store.head(), "it resumes by itself")
					alike(t, offsets(1, wal.Offset(total)), p.delivered())
					assert.Equal(t, 1, p.times())
				})
			})
		}
	}
}

// A server that worked and then refuses everything is taken for picky at first: that
// costs two records at most, which are dead letters and can be sent again.
func TestServerThatTurnsToRefusingEverythingCostsTwoRecordsAtMost(t *testing.T) {
	for _, size := range []int{1, 2, 3, 10, 1000} {
		for _, inFlight := range []int{1, 4} {
			bubble(t, func(t *testing.T) {
				d, p := morgue(t, DeadLimits{}), newPicky()
				cfg := withDead(d)
				cfg.MaxInFlight, cfg.FlushSize = inFlight, size
				r := start(t, cfg, p.answer)
				r.log.add(10 * size)
				sleep(time.Minute)
				p.set(true)
				p.asked()
				for range 20 {
					r.log.add(size)
					sleep(time.Second)
				}
				r.log.add(4 * size)
				sleep(30 * time.Minute)
				most := 0
				if size <= 2 {
					most = 2
				}
				lost := dead(t, d, DefaultDestination)
				assert.LessOrEqual(t, len(lost), most, "%d in a batch", size)
				assert.LessOrEqual(t, p.asked(), 100)
				p.set(false)
				sleep(5 * time.Minute)
				alike(t, offsets(1, wal.Offset(34*size), lost...), p.delivered())
			})
		}
	}
}

// A restart in the middle of it changes nothing: the sender knows nothing of the server
// then, and takes nothing for granted.
func TestServerThatRefusesEverythingOverRestarts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, p := morgue(t, DeadLimits{}), newPicky()
		p.all = true
		l, st := newFakeLog(t), &fakeStore{}
		for range 10 {
			r := startOver(t, withDead(d), l, st, p.answer)
			l.add(1)
			sleep(90 * time.Second)
			require.NoError(t, r.stop())
		}
		alike(t, nil, dead(t, d, DefaultDestination))
		p.set(false)
		startOver(t, withDead(d), l, st, p.answer)
		sleep(2 * time.Minute)
		alike(t, offsets(1, 10), p.delivered())
	})
}

// A record that a quiet service logs alone is refused: it is dead, and nothing waits for
// it. Unless it is the first thing the server was ever asked, then the next one tells.
func TestPoisonAloneInAQuietService(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, p := morgue(t, DeadLimits{}), newPicky(2, 4, 6, 8)
		r := start(t, withDead(d), p.answer)
		for range 9 {
			r.log.add(1)
			sleep(time.Minute)
		}
		assert.Equal(t, []wal.Offset{2, 4, 6, 8}, dead(t, d, DefaultDestination))
		assert.Equal(t, []wal.Offset{1, 3, 5, 7, 9}, p.delivered())
		assert.Equal(t, 9, p.asked())
		assert.Equal(t, PhaseIdle, r.Health().Phase)
	})
	bubble(t, func(t *testing.T) {
		d, p := morgue(t, DeadLimits{}), newPicky(1)
		r := start(t, withDead(d), p.answer)
		r.log.add(1)
		sleep(10 * time.Minute)
		alike(t, nil, dead(t, d, DefaultDestination))
		assert.Equal(t, PhaseHold, r.Health().Phase)
		r.log.add(1)
		sleep(2 * time.Minute)
		assert.Equal(t, []wal.Offset{1}, dead(t, d, DefaultDestination))
		assert.Equal(t, []wal.Offset{2}, p.delivered())
		assert.Equal(t, PhaseIdle, r.Health().Phase)
	})
}

// Most of a batch is guilty, and the rest is not: hold. When something else shows that it
// is the records, they are set aside all the same; when the server is mended they arrive.
func TestMostOfABatchIsRefused(t *testing.T) {
	for _, mended := range []bool{true, false} {
		for _, of10 := range []int{6, 9} {
			if !form.Long() && mended == (of10 == 6) {
				continue
			}
			bubble(t, func(t *testing.T) {
				var guilty []wal.Offset
				chance := rand.New(rand.NewPCG(1, uint64(of10)))
				for o := wal.Offset(6); o <= 1000; o++ {
					if chance.IntN(10) < of10 {
						guilty = append(guilty, o)
					}
				}
				d, p := morgue(t, DeadLimits{}), newPicky(guilty...)
				r := start(t, withDead(d), p.answer)
				r.log.add(1000)
				sleep(30 * time.Minute)
				alike(t, nil, dead(t, d, DefaultDestination))
				assert.Equal(t, PhaseHold, r.Health().Phase)
				asked := p.asked()
				t.Logf("%d of 10 refused: %d requests in half an hour", of10, asked)
				assert.LessOrEqual(t, asked, 2000+30)
				if mended {
					p.set(false)
				} else {
					r.log.add(1)
				}
				sleep(30 * time.Minute)
				assert.Equal(t, PhaseIdle, r.Health().Phase)
				assert.Equal(t, 1, p.times())
				if mended {
					alike(t, nil, dead(t, d, DefaultDestination))
					alike(t, offsets(1, 1000), p.delivered())
					return
				}
				alike(t, guilty, dead(t, d, DefaultDestination))
				alike(t, offsets(1, 1001, guilty...), p.delivered())
			})
		}
	}
}
