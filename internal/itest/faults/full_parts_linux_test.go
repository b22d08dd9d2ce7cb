package faults

import (
	"bytes"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// awaitMessages waits until the book holds exactly these messages. Flush would report
// that the disk is full instead of waiting.
func awaitMessages(t *testing.T, c *ledger.Client, b *book, want map[string]int) {
	t.Helper()
	if !assert.Eventually(t, func() bool { return len(b.messages()) >= len(want) }, soon, time.Millisecond) {
		t.Fatalf("not delivered while the disk is full: %d of %d; %+v", len(b.messages()), len(want), c.Health())
	}
	require.Equal(t, want, b.messages(), "F2")
}

// Damage that cannot be moved to quarantine for want of room stays where it is until
// there is room: it is not deleted with its segment (W7).
func TestFullDiskKeepsWhatQuarantineCannotTake_W7(t *testing.T) {
	for _, how := range exhaustions() {
		t.Run(how.name, func(t *testing.T) {
			s := newSink(t)
			sc := newScene(t, s)
			segment := sc.tree.segments()[1]
			hit := framesOf(t, sc.tree, segment)[0]
			require.Equal(t, 5, hit.record)
			hurt := sc.tree.flipped(segment, int64(hit.from+40)*8)
			damage := hurt[segment].data[hit.from:hit.to]

			d, b := aDisk(t), s.book("full")
			hurt.write(t, d.path("ledger"))
			empty := d.keepFull(t, how)
			cfg := config(d.path("ledger"), b)
			cfg.KeepAcked = ledger.Retention{Age: -1}
			c := open(t, cfg)
			want := map[string]int{message(3): 1, message(4): 1, message(6): 1, message(7): 1, message(8): 1}
			awaitMessages(t, c, b, want)
			assert.Equal(t, uint64(1), balance(t, c).Lost, "F3")
			empty()
			logN(t, c, 9, 9)
			heals(t, c)
			require.NoError(t, c.Flush(within(t)))
			// The segment holds nothing but settled records and goes, the damage does not.
			require.Eventually(t, func() bool {
				_, err := os.Stat(d.path("ledger/" + segment))
				return os.IsNotExist(err)
			}, soon, 10*time.Millisecond)
			assert.True(t, bytes.Contains(quarantined(t, d.path("ledger")), damage), "F3: the bytes are kept")
			form.Fault(t, "disk full", "%s, on quarantine: 5 undamaged of 5 delivered by ID, 1 damaged counted and kept", how.name)
		})
	}
}

// A full disk is freed by what the server acks, even if that was to be kept for a
// replay: nothing has to be written for a segment to go.
func TestFullDiskIsFreedByAcks_W5(t *testing.T) {
	d, b := aDisk(t), newSink(t).book("full")
	b.answer(http.StatusServiceUnavailable)
	cfg := smallSegments(config(d.path("ledger"), b))
	cfg.KeepAcked = ledger.Retention{Age: time.Hour, Bytes: 1 << 30}
	c := open(t, cfg)
	for i := 1; i <= 500; i += 100 {
		logLarge(t, c, i, i+99)
		require.NoError(t, c.Sync(within(t)))
	}
	before := c.Stats()
	require.Greater(t, before.Segments, 2)
	require.NoError(t, d.fillBytes())
	require.Zero(t, d.freeBytes(t))
	logLarge(t, c, 501, 600)
	require.Error(t, c.Sync(within(t)))

	b.answer(0) // The disk stays full: the ballast is not taken away.
	assert.Zero(t, finish(t, c, b, 600).Evicted)
	require.Eventually(t, func() bool { return d.freeBytes(t) > before.DiskBytes/2 }, soon, 10*time.Millisecond)
	require.Eventually(t, func() bool { return c.Stats().Disk.Heals == 1 }, soon, 10*time.Millisecond)
	freed := d.freeBytes(t)
	logLarge(t, c, 601, 700)
	require.NoError(t, c.Sync(within(t)), "there is room again")
	assert.Zero(t, finish(t, c, b, 700).Evicted)
	assert.Len(t, b.messages(), 700)
	assert.FileExists(t, d.path("ballast"))
	form.Fault(t, "disk full", "acks free it: 700 of 700 records delivered by ID, %d KiB freed by reclaiming without a free byte", freed>>10)
}

// A directory opens on a full disk, delivers what it holds and remembers what was
// acked; a new version of the service, whose resource is new, opens it as well.
func TestDirectoryOpensOnAFullDisk_W7(t *testing.T) {
	for _, how := range exhaustions() {
		t.Run(how.name, func(t *testing.T) {
			s := newSink(t)
			sc := newScene(t, s)
			d, b := aDisk(t), s.book("full")
			sc.tree.write(t, d.path("ledger"))
			d.keepFull(t, how)
			cfg := config(d.path("ledger"), b)
			cfg.ServiceVersion = "2.0.0"
			c := open(t, cfg)
			awaitMessages(t, c, b, messages(3, 8))
			require.Eventually(t, func() bool { return balance(t, c).Delivered == 8 }, soon, time.Millisecond)
			_ = c.Close() // It may say that the disk is full.
			require.Equal(t, 0, b.again)
			c = open(t, cfg)
			logN(t, c, 9, 9)
			awaitMessages(t, c, b, messages(3, 9))
			st := balance(t, c)
			assert.Equal(t, uint64(9), st.Accepted)
			assert.Zero(t, st.Lost+st.Evicted)
			assert.Zero(t, b.again, "acks are stored in a file that has room inside")
			for id, was := range b.all() {
				if want, known := sc.bytes[id]; known {
					assert.Equal(t, want, was, "F1")
				}
			}
			assert.Empty(t, b.faults())
			form.Fault(t, "disk full", "%s, at open: 7 of 7 records delivered by ID, 0 twice", how.name)
		})
	}
}

// Where there is no room for a new directory Open says so, and leaves nothing in the
// way of a later one.
func TestNewDirectoryOnAFullDiskIsAnError(t *testing.T) {
	for _, how := range exhaustions() {
		t.Run(how.name, func(t *testing.T) {
			d, b := aDisk(t), newSink(t).book("full")
			empty := d.keepFull(t, how)
			_, err := ledger.Open(config(d.path("ledger"), b))
			require.ErrorIs(t, err, unix.ENOSPC)
			empty()
			c := open(t, config(d.path("ledger"), b))
			logN(t, c, 1, 10)
			require.NoError(t, c.Flush(within(t)))
			assert.Equal(t, messages(1, 10), b.messages())
			assert.True(t, c.Stats().BufferMapped)
			assert.Equal(t, ledger.StatusOK, c.Health().Status)
		})
	}
}

// What a killed process left in the ring is not safe from a power cut before it is in
// the log, and Sync does not say that it is.
func TestSyncDoesNotPromiseWhatAFullDiskCouldNotTake_W3(t *testing.T) {
	s := newSink(t)
	sc := newScene(t, s)
	d, b := aDisk(t), s.book("full")
	b.answer(http.StatusServiceUnavailable) // Nothing is acked, so nothing can be reclaimed.
	sc.tree.write(t, d.path("ledger"))
	empty := d.keepFull(t, exhaustions()[0])
	c := open(t, config(d.path("ledger"), b))
	require.ErrorIs(t, c.Sync(within(t)), ledger.ErrNotSynced, "records 7 and 8 are in no segment")
	empty()
	heals(t, c)
	b.answer(0)
	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, messages(3, 8), b.messages())
	assert.Zero(t, b.again)
	assert.Equal(t, uint64(8), balance(t, c).Delivered)
}

// A process is killed on a full disk, with more in the ring than one block holds, and
// the disk is still full for the next one. Nothing is lost by that, and no offset is
// given to another record.
func TestRestartOnAFullDisk_W1_W3(t *testing.T) {
	s := newSink(t)
	d, b := aDisk(t), s.fresh()
	cfg := config(d.path("ledger"), b)
	c := open(t, cfg)
	logN(t, c, 1, 5)
	require.NoError(t, c.Flush(within(t)))
	b.answer(http.StatusServiceUnavailable)
	empty := d.keepFull(t, exhaustions()[0])
	const last = 2500 // Three blocks, in a ring of 1 MiB.
	logN(t, c, 6, last)
	require.Error(t, c.Sync(within(t)))
	require.Zero(t, balance(t, c).Evicted)
	killed := readTree(t, cfg.Dir)
	empty()
	require.NoError(t, c.Close())

	d, b = aDisk(t), s.fresh()
	killed.write(t, d.path("ledger"))
	empty = d.keepFull(t, exhaustions()[0])
	c = open(t, config(d.path("ledger"), b))
	logN(t, c, last+1, last+100)
	awaitMessages(t, c, b, messages(6, last+100))
	assert.EqualValues(t, last+100, balance(t, c).Accepted, "W1")
	empty()
	heals(t, c)
	require.NoError(t, c.Flush(within(t)))
	st := balance(t, c)
	assert.EqualValues(t, last+100, st.Delivered)
	assert.Zero(t, st.Evicted+st.Lost)
	assert.Zero(t, b.again)
	form.Fault(t, "disk full", "killed and opened while it is full: %d of %d records that only the ring held delivered by ID", last-5, last-5)
}
