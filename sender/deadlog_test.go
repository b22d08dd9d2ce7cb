package sender

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/wal"
)

// Dead letters that cannot be stored: their records wait and are not acked, the others go
// on. When the disk is back each has one letter, not two (S1).
func TestDeadLettersThatCannotBeStoredWait_S1(t *testing.T) {
	for name, before := range map[string]int{"the first letter": 0, "a later one": 1} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				d, p := morgue(t, DeadLimits{}), newPicky(1, 25, 31)
				cfg := withDead(d)
				cfg.FlushSize = 10
				l, st := newFakeLog(t), &fakeStore{}
				r := startOver(t, cfg, l, st, p.answer)
				var want []wal.Offset
				if before == 1 {
					l.addSized(1, 1<<20, 1) // The next letter begins a segment.
					l.add(19)
					sleep(time.Minute)
					want = append(want, 1)
					require.NoError(t, os.RemoveAll(d.dir))
				} else {
					p.set(false, 25, 31)
					l.add(20)
					sleep(time.Minute)
				}
				require.NoError(t, os.WriteFile(d.dir, nil, 0o600)) // A file where the directory should be.
				l.add(40)
				sleep(5 * time.Minute)
				assert.Equal(t, wal.Offset(24), st.head(), "S1: not acked")
				assert.Empty(t, l.buried[len(want):])
				alike(t, offsets(1, 60, append(want, 25, 31)...), p.delivered(), "the others go on")
				assert.NotEmpty(t, r.Health().DeadError)
				assert.LessOrEqual(t, len(r.lines.all()), 2, "S3")
				p.asked()

				require.NoError(t, os.Remove(d.dir))
				require.NoError(t, os.Mkdir(d.dir, 0o700))
				sleep(10 * time.Second)
				assert.Equal(t, wal.Offset(60), st.head())
				assert.Zero(t, p.asked())
				assert.Empty(t, r.Health().DeadError)
				letters := dead(t, d, DefaultDestination)
				if before == 1 && len(letters) == 3 { // Its file is gone, but it was in memory.
					letters = letters[1:]
				}
				alike(t, []wal.Offset{25, 31}, letters)
			})
		})
	}
}

func letter(destination, reason string, o wal.Offset, size int) DeadLetter {
	return DeadLetter{
		Letter: otlp.Letter{Destination: destination, Offset: uint64(o), Reason: reason, Status: 400, First: time.Now(), Last: time.Now(), Attempts: 3},
		Record: payload(o, size),
	}
}

func put(t *testing.T, d *DeadLog, letters ...DeadLetter) {
	t.Helper()
	require.NoError(t, d.Put(letters, func(uint32) []byte { return nil }))
}

// A record has one letter, however often it is put.
func TestALetterIsPutOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := morgue(t, DeadLimits{})
		put(t, d, letter("a", DeadRejected, 7, 0))
		put(t, d, letter("a", DeadRejected, 7, 0), letter("a", DeadPartial, 8, 0), letter("b", DeadRejected, 7, 0))
		alike(t, []wal.Offset{7, 8}, dead(t, d, "a"))
		alike(t, []wal.Offset{7}, dead(t, d, "b"))
		assert.Equal(t, map[string]int{DeadRejected: 1, DeadPartial: 1}, d.Count("a"))
		assert.Equal(t, []wal.Entry{{Offset: 8}}, d.Pending("a", 7).Entries)
		n, err := d.Forget(func(l DeadLetter) bool { return l.Destination == "a" })
		require.NoError(t, err)
		assert.Equal(t, 2, n)
		assert.Empty(t, d.Count("a"))
		alike(t, []wal.Offset{7}, dead(t, d, "b"))
	})
}

// The oldest letters go when there are too many, too large or too old ones, and are
// counted.
func TestDeadLettersAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := morgue(t, DeadLimits{Records: 10})
		for o := wal.Offset(1); o <= 35; o += 5 {
			put(t, d, letter("a", DeadRejected, o, 0), letter("a", DeadRejected, o+1, 0), letter("a", DeadRejected, o+2, 0), letter("a", DeadRejected, o+3, 0), letter("a", DeadRejected, o+4, 0))
		}
		alike(t, offsets(26, 35), dead(t, d, "a"))
		dropped, lost := d.Dropped()
		assert.Equal(t, []uint64{25, 0}, []uint64{dropped, lost})
		assert.Equal(t, 10, d.Count("a")[DeadRejected])
	})
	bubble(t, func(t *testing.T) {
		d := morgue(t, DeadLimits{Bytes: 10_000})
		for o := wal.Offset(1); o <= 30; o++ {
			put(t, d, letter("a", DeadRejected, o, 1000))
		}
		left := dead(t, d, "a")
		assert.Equal(t, wal.Offset(30), left[len(left)-1])
		assert.InDelta(t, 9, len(left), 2)
	})
	bubble(t, func(t *testing.T) { // By a sender that has nothing else to do.
		d, p := morgue(t, DeadLimits{Age: 10 * time.Hour}), newPicky(2)
		r := start(t, withDead(d), p.answer)
		r.log.add(10)
		sleep(time.Minute)
		alike(t, []wal.Offset{2}, dead(t, d, DefaultDestination))
		sleep(9 * time.Hour)
		alike(t, []wal.Offset{2}, dead(t, d, DefaultDestination))
		sleep(2 * time.Hour)
		alike(t, nil, dead(t, d, DefaultDestination))
		assert.Empty(t, d.Count(DefaultDestination))
	})
}
