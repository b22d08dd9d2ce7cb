package wal

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// After a failed write or sync the failed file is left alone, and everything that
// was appended comes back in another (W6). faulty panics if a failed writer is
// used again.
func TestFailedDiskLosesNothing_W6(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault disk
		fail  func(b *bed) error
	}{
		{"write", disk{failWrite: true}, func(b *bed) error { return b.log.Append(b.run(5, 100, 0)) }},
		{"short write", disk{failWrite: true, short: true}, func(b *bed) error { return b.log.Append(b.run(5, 100, 0)) }},
		{"sync", disk{failSync: true}, func(b *bed) error { b.append(5, 100); return b.log.Sync() }},
	} {
		for _, after := range []string{"heal", "heal, kill after it", "kill while poisoned", "failed heal, then kill"} {
			t.Run(tt.name+", "+after, func(t *testing.T) {
				b := newBed(t, Options{})
				b.append(10, 100)
				b.sync()
				b.append(10, 100)

				*b.disk = tt.fault
				err := tt.fail(b)
				require.ErrorIs(t, err, ErrPoisoned)
				require.ErrorIs(t, err, errDisk)
				assert.Equal(t, offsets(1, 10), b.read(0), "nothing beyond what was synced (W4)")
				require.ErrorIs(t, b.log.Sync(), ErrPoisoned, "a failed sync is not retried")
				require.ErrorIs(t, b.log.Append(b.run(5, 100, 0)), ErrPoisoned)
				require.Error(t, b.log.Stats().Err)
				assert.Equal(t, uint64(30), b.balance().Pending)

				if after == "failed heal, then kill" {
					require.Error(t, b.log.Heal())
				}
				if strings.Contains(after, "then kill") || after == "kill while poisoned" {
					*b.disk = disk{}
					b.kill()
					got := b.read(0)
					assert.GreaterOrEqual(t, len(got), 20, "what the kernel had taken is still there")
					assert.Equal(t, offsets(1, Offset(len(got))), got)
					b.balance()
					return
				}
				require.Error(t, b.log.Heal(), "the disk still fails")
				*b.disk = disk{}
				require.NoError(t, b.log.Heal())
				require.NoError(t, b.log.Stats().Err)
				assert.Equal(t, offsets(1, 30), b.read(0))
				if after == "heal, kill after it" {
					b.kill()
					assert.Equal(t, offsets(1, 30), b.read(0))
				}
				s := b.balance()
				assert.Zero(t, s.Lost)
				assert.Zero(t, b.log.Recovery().QuarantinedBytes)
			})
		}
	}
}

func TestSegmentThatCannotBeMadeIsTriedAgain_W6(t *testing.T) {
	b := newBed(t, Options{SegmentSize: 500})
	b.append(5, 100)
	b.sync()
	b.disk.failCreate = true
	require.ErrorIs(t, b.log.Append(b.run(5, 100, 0)), ErrPoisoned)
	for range 3 {
		require.Error(t, b.log.Heal())
	}
	b.disk.failCreate = false
	require.NoError(t, b.log.Heal())
	assert.Equal(t, offsets(1, 10), b.read(0))
	b.kill()
	assert.Equal(t, offsets(1, 10), b.read(0))
	b.balance()
}

func TestHealingLeavesNoFilesBehind(t *testing.T) {
	b := newBed(t, Options{})
	b.append(5, 100)
	b.disk.failSync = true
	require.Error(t, b.log.Sync())
	for range 10 {
		require.Error(t, b.log.Heal())
	}
	b.disk.failSync = false
	require.NoError(t, b.log.Heal())
	assert.Len(t, b.segments(), 1)
	assert.Equal(t, offsets(1, 5), b.read(0))
}

// More waits to be written again than fits into one segment, and the disk fails
// once more in between.
func TestHealRollsSegments_W6(t *testing.T) {
	b := newBed(t, Options{SegmentSize: 600})
	b.disk.failWrite = true
	for range 12 {
		require.Error(t, b.log.Append(b.run(5, 100, 0)))
	}
	require.Error(t, b.log.Heal())
	b.disk.failWrite = false
	b.disk.failSync = true
	require.Error(t, b.log.Heal())
	b.disk.failSync = false
	require.NoError(t, b.log.Heal())
	assert.Equal(t, offsets(1, 60), b.read(0))
	b.kill()
	assert.Equal(t, offsets(1, 60), b.read(0))
	b.balance()
}

func TestFullDiskGivesUpKeptSegmentsFirst(t *testing.T) {
	b := newBed(t, Options{SegmentSize: 500, KeepAcked: Retention{Age: 1 << 60, Bytes: 1 << 60}})
	for range 5 {
		b.append(5, 100)
		b.sync()
	}
	b.ack(25)
	b.log.Maintain()
	require.Len(t, b.segments(), 5)
	b.log.fail(&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, &b.log.faults.Writes)
	require.NoError(t, b.log.Heal())
	assert.LessOrEqual(t, len(b.segments()), 2)
}

func TestCloseSavesWhatAPoisonedLogHolds(t *testing.T) {
	b := newBed(t, Options{})
	b.disk.failWrite = true
	require.Error(t, b.log.Append(b.run(5, 100, 0)))
	b.disk.failWrite = false
	require.NoError(t, b.log.Close())
	b.open()
	assert.Equal(t, offsets(1, 5), b.read(0))

	b.disk.failWrite = true
	require.Error(t, b.log.Append(b.run(5, 100, 0)))
	err := b.log.Close()
	require.Error(t, err)
	require.ErrorIs(t, err, errDisk, "Close says what could not be saved")
}

func TestPanicOfTheUnderlyingLogIsContained(t *testing.T) {
	err := guard(func() error { panic("index out of range") })
	assert.ErrorContains(t, err, "index out of range")
}
