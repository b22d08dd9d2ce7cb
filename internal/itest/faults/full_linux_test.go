package faults

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// aDisk has room for a ring, a state file and a few segments.
func aDisk(t *testing.T) *disk { return smallDisk(t, "8m", 64) }

// smallSegments makes a log of 1 KB records roll often.
func smallSegments(cfg ledger.Config) ledger.Config {
	cfg.MaxBytes = 2 << 20 // Segments of 128 KiB.
	cfg.KeepAcked = ledger.Retention{Age: -1}
	return cfg
}

// large is a message of about 1 KB that is unique.
func large(i int) string { return message(i) + strings.Repeat(" padding", 120) }

// logLarge logs large messages and returns the longest that a call took (F5).
func logLarge(t *testing.T, c *ledger.Client, from, to int) (slowest time.Duration) {
	t.Helper()
	for i := from; i <= to; i++ {
		start := time.Now()
		require.NoError(t, c.Log(t.Context(), ledger.Record{Message: large(i)}), "L1: record %d", i)
		slowest = max(slowest, time.Since(start))
	}
	return slowest
}

// arrived waits until the large messages from to to are all in the book.
func arrived(t *testing.T, b *book, from, to int) bool {
	t.Helper()
	return assert.Eventually(t, func() bool {
		got := b.messages()
		for i := from; i <= to; i++ {
			if got[large(i)] == 0 {
				return false
			}
		}
		return true
	}, soon, 5*time.Millisecond, "records %d to %d, of which %d arrived", from, to, len(b.messages()))
}

// What is logged while the disk is full reaches the server while the disk is still
// full: from memory, within MaxRecords. No record waits for an operator to make room.
func TestFullDiskDeliversFromMemory_L1_L2(t *testing.T) {
	for _, how := range exhaustions() {
		t.Run(how.name, func(t *testing.T) {
			d, b := aDisk(t), newSink(t).book("full")
			c := open(t, smallSegments(config(d.path("ledger"), b)))
			logLarge(t, c, 1, 100)
			require.NoError(t, c.Flush(within(t)))
			empty := d.keepFull(t, how)
			slowest := logLarge(t, c, 101, 900)
			if !arrived(t, b, 1, 900) {
				t.Fatalf("nothing is delivered while the disk is full: %+v", c.Health())
			}
			assert.Less(t, slowest, soon, "L1: the disk stays full until then")
			logLarge(t, c, 901, 1000)
			arrived(t, b, 901, 1000) // And it goes on.
			s := balance(t, c)
			assert.Zero(t, s.Evicted+s.Lost)

			empty()
			logLarge(t, c, 1001, 1100)
			finish(t, c, b, 1100)
			assert.Empty(t, b.faults(), "F1")
			assert.Len(t, b.messages(), 1100)
			form.Fault(t, "disk full", "%s: 900 of 900 records delivered by ID while it was full, Log at most %v, 0 lost", how.name, slowest.Round(time.Microsecond))
		})
	}
}

// finish waits until the client is well again, delivers the rest and checks the books
// by ID against what arrived: all of the records from 1 to last, but for the evicted.
func finish(t *testing.T, c *ledger.Client, b *book, last int) ledger.Stats {
	t.Helper()
	heals(t, c)
	require.NoError(t, c.Flush(within(t)))
	s := balance(t, c)
	assert.Equal(t, uint64(last), s.Accepted)
	assert.Zero(t, s.Pending)
	assert.Zero(t, s.Lost)
	assert.Equal(t, uint64(len(b.all())), s.Delivered, "L2: what is counted as delivered is what arrived")
	assert.Equal(t, uint64(last-len(b.all())), s.Evicted, "L2")
	return s
}

// heals waits until a sync succeeds.
func heals(t *testing.T, c *ledger.Client) {
	t.Helper()
	ctx := within(t)
	for c.Sync(ctx) != nil {
		require.NoError(t, ctx.Err(), "the log does not heal: %+v", c.Stats().Disk)
	}
}

// With the server down as well the oldest are given up beyond MaxRecords, and
// counted; Log is not slower for it, and all is well when both are back.
func TestFullDiskAndDeadServerEvictExactly_L1_L2(t *testing.T) {
	const most = 300
	for _, how := range exhaustions() {
		t.Run(how.name, func(t *testing.T) {
			d, b := aDisk(t), newSink(t).book("full")
			cfg := smallSegments(config(d.path("ledger"), b))
			cfg.MaxRecords = most
			c := open(t, cfg)
			logLarge(t, c, 1, 100)
			require.NoError(t, c.Flush(within(t)))
			b.answer(http.StatusServiceUnavailable)
			empty := d.keepFull(t, how)
			slowest := time.Duration(0)
			for i := 101; i <= 2000; i += 100 {
				slowest = max(slowest, logLarge(t, c, i, i+99))
				s := balance(t, c)
				assert.LessOrEqual(t, s.Pending, uint64(most+1000), "within MaxRecords and a block")
				assert.Zero(t, s.Lost)
			}
			assert.Less(t, slowest, soon, "L1: the disk stays full until then")

			empty()
			b.answer(0)
			logLarge(t, c, 2001, 2010)
			s := finish(t, c, b, 2010)
			got := b.messages()
			for i := 2010 - most/2; i <= 2010; i++ {
				assert.Contains(t, got, large(i), "the newest are not the ones that go")
			}
			form.Fault(t, "disk full", "%s and the server down: 2010 records, %d delivered by ID, %d evicted, 0 lost, Log at most %v", how.name, len(got), s.Evicted, slowest.Round(time.Microsecond))
		})
	}
}

// A disk that is full, with nothing on it that could go, is no secret: Sync fails by
// name, Health says so, and both take it back when there is room.
func TestFullDiskIsReportedAndHeals_W3_W6(t *testing.T) {
	for _, how := range exhaustions() {
		t.Run(how.name, func(t *testing.T) {
			d, b := aDisk(t), newSink(t).book("full")
			b.answer(http.StatusServiceUnavailable)
			c := open(t, smallSegments(config(d.path("ledger"), b)))
			logLarge(t, c, 1, 50)
			require.NoError(t, c.Sync(within(t)))
			empty := d.keepFull(t, how)
			logLarge(t, c, 51, 600)
			err := c.Sync(within(t))
			require.ErrorIs(t, err, ledger.ErrNotSynced, "nothing pretends to be safe")
			require.ErrorIs(t, err, unix.ENOSPC)
			h := c.Health()
			assert.Equal(t, ledger.StatusFailing, h.Status)
			assert.Contains(t, strings.Join(h.Reasons, "; "), "no space left on device")
			assert.Zero(t, c.Stats().Disk.Heals)

			empty()
			heals(t, c)
			b.answer(0)
			s := finish(t, c, b, 600)
			assert.Zero(t, s.Evicted)
			assert.Equal(t, uint64(1), s.Disk.Heals)
			assert.Equal(t, ledger.StatusOK, c.Health().Status)
			require.NoError(t, c.Close())
			again := open(t, config(d.path("ledger"), b))
			assert.Equal(t, uint64(600), balance(t, again).Delivered, "and it is all on disk")
			form.Fault(t, "disk full", "%s: said by Sync and Health, healed, 600 of 600 records delivered by ID", how.name)
		})
	}
}
