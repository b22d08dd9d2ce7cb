package delivery

import (
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/ledger"
)

func destination(name string, s *server) ledger.Destination {
	return ledger.Destination{Name: name, Endpoint: "http://" + name + ".test", HTTPClient: s.client()}
}

// of returns the books of a destination.
func of(t *testing.T, c *ledger.Client, name string) ledger.DestinationStats {
	t.Helper()
	all := balanced(t, c, "of "+name).Destinations
	i := slices.IndexFunc(all, func(d ledger.DestinationStats) bool { return d.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	return all[i]
}

// One server is away, in every way there is. The other gets each record at the time at
// which it would have got it alone (D5).
func TestADestinationThatIsAwayDelaysNoOther_L2(t *testing.T) {
	times := func(t *testing.T, other func(request) answer) (at []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			good, bad := newServer(always(accepted)), newServer(other)
			cfg := config(form.Scratch(t), good)
			if other != nil {
				cfg.Destinations = []ledger.Destination{destination("other", bad)}
			}
			c := open(t, cfg)
			for i := range 50 {
				logN(t, c, 7*i+1, 7*i+7)
				sleep(1500 * time.Millisecond)
			}
			sleep(time.Minute)
			assert.Equal(t, uint64(350), of(t, c, ledger.DefaultDestination).Delivered)
			for _, r := range good.arrivals() {
				at = append(at, r.at.Sub(begin).Truncate(10*time.Millisecond))
			}
			if other != nil {
				assert.Equal(t, uint64(350), of(t, c, "other").Pending)
				bad.behave(always(accepted))
				sleep(3 * time.Minute)
				flush(t, c)
				assert.Equal(t, uint64(350), of(t, c, "other").Delivered)
				assert.Len(t, bad.has(), 350)
				assert.Equal(t, 1, slices.Max(slices.Collect(values(bad.has()))))
			}
			require.NoError(t, c.Close())
		})
		return at
	}
	alone := times(t, nil)
	for name, a := range map[string]answer{
		"refused": {err: errReset, unread: true}, "hanging": {after: time.Hour}, "401": refusal(401), "400": refusal(400),
		"slow and 503": {status: 503, after: 20 * time.Second}, "429": {status: 429, header: http.Header{"Retry-After": {"60"}}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, alone, times(t, always(a)), "at the same times as alone")
		})
	}
}

func values(m map[string]int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

// The life of a destination: it falls behind, is evicted from, killed, left out of the
// configuration, configured again, forgotten, and joins anew. The other never notices.
func TestLifeOfADestination_L2_W1(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good, bad := newServer(always(accepted)), newServer(always(refusal(503)))
		alone := config(form.Scratch(t), good)
		alone.MaxRecords = 100
		both := alone
		both.Destinations = []ledger.Destination{destination("other", bad)}
		c := open(t, both)
		logN(t, c, 1, 40)
		sleep(time.Minute)
		logN(t, c, 41, 120)
		sleep(time.Minute)
		assert.Equal(t, uint64(120), of(t, c, ledger.DefaultDestination).Delivered)
		assert.Zero(t, of(t, c, ledger.DefaultDestination).Evicted)
		assert.Equal(t, []uint64{100, 20}, []uint64{of(t, c, "other").Pending, of(t, c, "other").Reasons[ledger.ReasonQueueFull]})

		tr, err := copyTree(alone.Dir) // A kill.
		require.NoError(t, err)
		require.NoError(t, c.Close())
		alone.Dir = filepath.Join(form.Scratch(t), "killed")
		both.Dir = alone.Dir
		tr.write(t, alone.Dir)

		c = open(t, alone)
		logN(t, c, 121, 130)
		sleep(time.Minute)
		assert.Equal(t, uint64(130), of(t, c, ledger.DefaultDestination).Delivered)
		assert.Equal(t, []uint64{100, 30}, []uint64{of(t, c, "other").Pending, of(t, c, "other").Evicted})
		require.NoError(t, c.Close())

		bad.behave(poisoned(400, message(77)))
		c = open(t, both)
		sleep(10 * time.Minute)
		flush(t, c)
		other := of(t, c, "other")
		assert.Equal(t, []uint64{130, 99, 1, 30}, []uint64{other.Accepted, other.Delivered, other.Dead, other.Evicted})
		assert.Equal(t, map[string]string{message(77): ledger.ReasonRejected}, letters(t, c, "other"))
		assert.Empty(t, letters(t, c, ledger.DefaultDestination))
		assert.Zero(t, of(t, c, ledger.DefaultDestination).Dead)
		reasons(t, c, "in the end")
		require.NoError(t, c.Close())

		c = open(t, alone) // Dead letters of one that is not configured stay.
		_, err = c.Redrive(t.Context())
		require.NoError(t, err)
		assert.Len(t, letters(t, c, "other"), 1)
		require.NoError(t, c.Forget(t.Context(), "other"))
		assert.Empty(t, letters(t, c, "other"))
		logN(t, c, 131, 135)
		flush(t, c)
		require.NoError(t, c.Close())

		good.behave(always(refusal(503)))
		c = open(t, alone)
		logN(t, c, 136, 140)
		sleep(time.Second)
		require.NoError(t, c.Close())
		good.behave(always(accepted))
		bad.behave(always(accepted))
		bad.forget()
		c = open(t, both) // It joins anew, with what is pending.
		logN(t, c, 141, 150)
		sleep(time.Minute)
		flush(t, c)
		assert.Equal(t, uint64(15), of(t, c, "other").Accepted)
		assert.Equal(t, uint64(15), of(t, c, "other").Delivered)
		for i := range 150 {
			assert.Equal(t, i+1 > 135, bad.has()[message(i+1)] == 1, message(i+1))
			assert.Equal(t, 1, good.has()[message(i+1)], message(i+1))
		}
		require.NoError(t, c.Close())
	})
}

// Space is freed when all are done with it, and not before.
func TestSpaceIsFreedWhenAllAreDone_W5(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good, bad := newServer(always(accepted)), newServer(always(refusal(503)))
		cfg := config(form.Scratch(t), good)
		cfg.Destinations = []ledger.Destination{destination("other", bad)}
		cfg.MaxRecords, cfg.MaxBytes, cfg.FlushSize, cfg.KeepAcked.Age = 100_000, 2<<20, 1000, -1
		c := open(t, cfg)
		for i := range 10 {
			logN(t, c, 400*i+1, 400*i+400)
			sleep(5 * time.Second)
		}
		sleep(time.Minute)
		held := c.Stats().DiskBytes
		assert.Equal(t, uint64(4000), of(t, c, ledger.DefaultDestination).Delivered)
		assert.Equal(t, uint64(4000), of(t, c, "other").Pending)
		bad.behave(always(accepted))
		sleep(5 * time.Minute)
		flush(t, c)
		sleep(time.Minute)
		assert.Less(t, c.Stats().DiskBytes, held/4)
		assert.Len(t, bad.has(), 4000)
		require.NoError(t, c.Close())
	})
}

// Dead letters are each destination's own: what one refuses the other has, and what is
// redriven goes to the one that refused it.
func TestDeadLettersAreEachDestinationsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := newServer(poisoned(400, message(3))), newServer(poisoned(422, message(5), message(6)))
		cfg := config(form.Scratch(t), one)
		cfg.Destinations = []ledger.Destination{destination("two", two)}
		c := open(t, cfg)
		logN(t, c, 1, 20)
		sleep(time.Minute)
		assert.Equal(t, map[string]string{message(3): ledger.ReasonRejected}, letters(t, c, ledger.DefaultDestination))
		assert.Len(t, letters(t, c, "two"), 2)
		two.behave(poisoned(422, message(6)))
		got, err := c.Redrive(t.Context())
		require.NoError(t, err)
		assert.Equal(t, ledger.Redriven{Delivered: 1, Refused: 2}, got)
		assert.Equal(t, []uint64{19, 1}, []uint64{of(t, c, ledger.DefaultDestination).Delivered, of(t, c, ledger.DefaultDestination).Dead})
		assert.Equal(t, []uint64{19, 1}, []uint64{of(t, c, "two").Delivered, of(t, c, "two").Dead})
		assert.Equal(t, 1, two.has()[message(5)])
		reasons(t, c, "after a redrive")
		require.NoError(t, c.Close())
		c = open(t, cfg)
		assert.Len(t, letters(t, c, ledger.DefaultDestination), 1, "over a restart")
		assert.Len(t, letters(t, c, "two"), 1)
		reasons(t, c, "over a restart")
		require.NoError(t, c.Close())
	})
}
