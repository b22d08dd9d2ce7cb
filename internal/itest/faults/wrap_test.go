package faults

import (
	"fmt"
	"math"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	ledgerframe "github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// A log whose offsets pass the greatest number of a narrower integer, or of a float's
// mantissa, or the sign of one: numbering, acks, evictions, recovery from the segments
// and from the ring are what they are anywhere else.
func TestOffsetsPassNarrowIntegers_W1_W2_L2(t *testing.T) {
	s := newSink(t)
	marks := map[string]uint64{
		"1<<16": 1 << 16, "1<<31": 1 << 31, "1<<32": 1 << 32, "1<<53": 1 << 53, "1<<62": 1 << 62, "1<<63": 1 << 63,
		"1<<64 - 1<<20": math.MaxUint64 - 1<<20,
	}
	for name, mark := range marks {
		t.Run(name, func(t *testing.T) {
			dir, b := filepath.Join(form.Scratch(t), "ledger"), s.fresh()
			head := wal.Offset(mark - 15)
			startAt(t, dir, head)
			b.answer(http.StatusServiceUnavailable)
			cfg := config(dir, b)
			cfg.MaxRecords = 20
			c := open(t, cfg)
			logN(t, c, 1, 10) // Before the mark.
			require.NoError(t, c.Sync(within(t)))
			require.NoError(t, c.Close())
			cfg.SyncEvery = time.Hour
			c = open(t, cfg)
			logN(t, c, 11, 30) // Across it; 1 to 10 are given up.
			require.NoError(t, c.Sync(within(t)))
			st := balance(t, c)
			assert.EqualValues(t, head+30, st.Accepted, "W1")
			assert.EqualValues(t, 20, st.Pending)
			assert.EqualValues(t, 10, st.Evicted)
			assert.Equal(t, head+30, st.Synced, "W2")
			logN(t, c, 31, 32) // Only in the ring when the process dies.
			killed := readTree(t, dir)
			require.NoError(t, c.Close())

			again := filepath.Join(form.Scratch(t), "killed")
			killed.write(t, again)
			cfg = config(again, b)
			c = open(t, cfg)
			b.answer(0)
			logN(t, c, 33, 33)
			require.NoError(t, c.Flush(within(t)))
			st = balance(t, c)
			assert.EqualValues(t, head+33, st.Accepted)
			assert.Equal(t, head+33, st.Acked)
			assert.Zero(t, st.Lost)
			assert.Zero(t, st.Pending)
			got := b.messages()
			for i := 13; i <= 33; i++ {
				assert.Equal(t, 1, got[message(i)], "record %d", i)
			}
			assert.Equal(t, uint64(head)+uint64(len(got)), st.Delivered, "L2")
			assert.Empty(t, b.faults())
		})
	}
	form.Fault(t, "clock, volume, wrap", "offsets past %d marks up to 2^64-2^20: 33 records each, by ID, 0 lost", len(marks))
}

// startAt makes a directory whose numbering continues behind head.
func startAt(t *testing.T, dir string, head wal.Offset) {
	t.Helper()
	st, err := sender.OpenState(dir)
	require.NoError(t, err)
	require.NoError(t, st.Account(sender.DefaultDestination).Save(wal.Checkpoint{Epoch: st.Identity().Epoch, Head: head, Last: head}, sender.Counters{}))
	require.NoError(t, st.Close())
}

// A hole of evictions that is too long for the 32 bits in which a frame tells of it:
// the frame says as much as it can, the rest counts as lost, and the books balance
// before and after a restart.
func TestHoleTooLongForItsField_L2(t *testing.T) {
	const widest = math.MaxUint32
	for _, hole := range []uint64{1, 1<<16 - 1, 1 << 16, 1<<31 - 1, 1 << 31, widest - 1, widest, widest + 1, widest + 1000} {
		t.Run(fmt.Sprint(hole), func(t *testing.T) {
			opts := wal.Options{Epoch: 7}
			dir := filepath.Join(form.Scratch(t), "wal")
			l, err := wal.Open(dir, opts)
			require.NoError(t, err)
			skipped := uint32(min(hole, widest))
			run := l.NewRun()
			base := wal.Offset(hole + 1)
			run.Fill(ledgerframe.Append(run.Buffer(), ledgerframe.Header{Offset: uint64(base), Time: 1, Skipped: skipped}, []byte("record"), ledgerframe.Seed(7)), base, 1, 0)
			require.NoError(t, l.Append(run))
			require.NoError(t, l.Sync())
			check := func(l *wal.Log) {
				st := l.Stats()
				assert.Equal(t, base, st.Last)
				assert.Equal(t, uint64(skipped), st.Evicted)
				assert.Equal(t, hole-uint64(skipped), st.Lost)
				assert.Equal(t, uint64(1), st.Pending)
				var batch wal.Batch
				require.NoError(t, l.Reader(0).Read(&batch, 0, wal.Limits{}))
				assert.Equal(t, base, batch.First())
				assert.Equal(t, "record", string(batch.Data))
			}
			check(l)
			require.NoError(t, l.Close())
			opts.Checkpoint = wal.Checkpoint{Epoch: 7}
			l, err = wal.Open(dir, opts)
			require.NoError(t, err)
			check(l)
			require.NoError(t, l.Close())
		})
	}
}

// Records of the greatest size, and of none, in the ring, the log and a request.
func TestRecordsAtTheEdgesOfTheirSize_L2(t *testing.T) {
	s := newSink(t)
	dir, b := filepath.Join(form.Scratch(t), "ledger"), s.fresh()
	cfg := config(dir, b)
	cfg.MaxBytes = 8 << 20
	c := open(t, cfg)
	sizes := []int{0, 1, 127, 128, 16383, 16384, 65535, 65536, 9_999, 10_000}
	for i, n := range sizes {
		text := make([]byte, n)
		for j := range text {
			text[j] = 'a' + byte(i)
		}
		require.NoError(t, c.Log(t.Context(), ledger.Record{Message: string(text)}))
	}
	require.NoError(t, c.Flush(within(t)))
	assert.Len(t, b.all(), len(sizes))
	assert.Empty(t, b.faults())
	assert.EqualValues(t, len(sizes), balance(t, c).Delivered)
}
