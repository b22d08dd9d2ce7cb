package ledger_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// The newest MaxRecords survive, exactly, and the books say how many did not.
func TestCapEvictsTheOldestExactly_L2(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusServiceUnavailable)
	cfg := config(t, srv.URL)
	cfg.MaxRecords, cfg.MaxInFlight = 100, 1
	c := open(t, cfg)
	for from := 1; from <= 250; from += 50 {
		logN(t, c, from, from+49)
		require.NoError(t, c.Sync(within(t)))
		s := balance(t, c)
		assert.LessOrEqual(t, s.Pending, uint64(100))
	}
	s := balance(t, c)
	assert.Equal(t, uint64(150), s.Evicted)
	assert.Equal(t, ledger.StatusFailing, c.Health().Status, "records are being lost")

	// What was on its way when it was evicted may arrive. Let that be refused first.
	srv.awaitRequests(t, 2)
	srv.answer(0)
	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, messages(151, 250), srv.bodies())
	s = balance(t, c)
	assert.Equal(t, uint64(100), s.Delivered)
	assert.Equal(t, uint64(150), s.Evicted)
}

func TestBurstBeyondTheCapIsCountedExactly_L2(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusServiceUnavailable)
	cfg := config(t, srv.URL)
	cfg.MaxRecords = 1000
	c := open(t, cfg)
	logN(t, c, 1, 3500)
	s := balance(t, c)
	assert.Equal(t, uint64(3500), s.Accepted)
	require.NoError(t, c.Sync(within(t)))
	assert.LessOrEqual(t, balance(t, c).Pending, uint64(1000))
	srv.answer(0) // What was on its way when it was evicted may arrive, and is booked so.
	require.NoError(t, c.Flush(within(t)))
	got := srv.unique(t)
	s = balance(t, c)
	assert.Equal(t, uint64(len(got)), s.Delivered)
	assert.Equal(t, uint64(3500-len(got)), s.Evicted)
	assert.Contains(t, got, message(3500), "the newest is never the one that goes")
}

func TestBytesCapBoundsTheDisk(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusServiceUnavailable)
	cfg := config(t, srv.URL)
	cfg.MaxBytes, cfg.MaxRecords = 1<<20, 1<<20
	cfg.KeepAcked = ledger.Retention{Age: -1}
	c := open(t, cfg)
	text := strings.Repeat("x", 5000)
	for i := range 1000 {
		require.NoError(t, c.Log(t.Context(), ledger.Record{Message: fmt.Sprint(i, text)}))
		if i%50 == 0 {
			require.NoError(t, c.Sync(within(t)))
		}
	}
	require.NoError(t, c.Sync(within(t)))
	s := balance(t, c)
	assert.LessOrEqual(t, s.PendingBytes, int64(1<<20))
	assert.Greater(t, s.Pending, uint64(150), "about 200 of 5 KB fit")
	assert.Less(t, s.DiskBytes, int64(2<<20), "evicted segments leave the disk although nothing is acked")
}

func TestAgeCapEvictsWhatHasWaitedTooLong(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusServiceUnavailable)
	cfg := config(t, srv.URL)
	cfg.MaxAge = 50 * time.Millisecond
	c := open(t, cfg)
	logN(t, c, 1, 10)
	require.Eventually(t, func() bool { return balance(t, c).Evicted == 10 }, patience, 10*time.Millisecond)
}

func TestBooksBalanceAtEveryInstant_L2(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	cfg.MaxRecords, cfg.FlushSize = 500, 50
	c := open(t, cfg)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for flip := 0; ; flip++ {
			select {
			case <-stop:
				return
			case <-time.After(3 * time.Millisecond):
				srv.answer([]int{0, 503}[flip%2])
			}
		}
	})
	var loggers sync.WaitGroup
	for range 4 {
		loggers.Go(func() {
			for i := range 3000 {
				_ = c.Log(t.Context(), ledger.Record{Message: message(i)})
			}
		})
	}
	logged := make(chan struct{})
	go func() { loggers.Wait(); close(logged) }()
	for done := false; !done; {
		select {
		case <-logged:
			done = true
		default:
		}
		balance(t, c)
	}
	close(stop)
	wg.Wait()
	srv.answer(0)
	require.NoError(t, c.Flush(within(t)))
	s := balance(t, c)
	assert.Equal(t, uint64(12000), s.Accepted)
	assert.Zero(t, s.Pending)
	ids := map[string]bool{}
	for _, a := range srv.all() {
		ids[a.id] = true
	}
	assert.Equal(t, uint64(len(ids)), s.Delivered)
}

func TestEvictedRecordsStayEvictedAcrossARestart_L2(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusServiceUnavailable)
	cfg := config(t, srv.URL)
	cfg.MaxRecords = 100
	c := open(t, cfg)
	logN(t, c, 1, 250)
	require.NoError(t, c.Close())
	assert.Equal(t, uint64(150), balance(t, c).Evicted)
	srv.awaitGone(t)

	cfg.MaxRecords = 1000 // More room does not bring back what was given up.
	c = open(t, cfg)
	s := balance(t, c)
	assert.Equal(t, uint64(150), s.Evicted)
	assert.Equal(t, uint64(100), s.Pending)
	srv.answer(0)
	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, messages(151, 250), srv.bodies())
}
