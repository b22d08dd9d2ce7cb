package wal

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func walk(t *testing.T, dir string) ([]Offset, Summary) {
	t.Helper()
	var got []Offset
	sum, err := Walk(dir, func(f Found) error {
		if f.Kind == FoundRecord {
			require.Equal(t, payload(f.Offset, len(f.Payload)), f.Payload)
			got = append(got, f.Offset)
		}
		return nil
	})
	require.NoError(t, err)
	return got, sum
}

// The operator's tools look at a log while its owner writes to it (W8).
func TestWalkBesideALiveWriterSeesAllAndChangesNothing_W8(t *testing.T) {
	b := newBed(t, Options{SegmentSize: 500})
	for range 4 {
		b.append(5, 100)
	}
	before := b.segments()
	got, sum := walk(t, b.dir())
	assert.Equal(t, offsets(1, 20), got)
	assert.Equal(t, Summary{Epoch: testEpoch, Segments: len(before), Bytes: sum.Bytes, Records: 20, First: 1, Last: 20}, sum)
	b.append(5, 100)
	b.sync()
	assert.Equal(t, offsets(1, 25), b.read(0))
	assert.Subset(t, b.segments(), before)
}

func TestWalkReportsDamageAndGoesOn_W7(t *testing.T) {
	im := newImage(t, 4, 4)
	dir := t.TempDir()
	for name, raw := range im.files {
		raw = append([]byte(nil), raw...)
		if name == im.names[0] {
			raw[len(raw)-1] ^= 1
		} else {
			raw = append(raw, 0, 0, 0)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), raw, 0o600))
	}
	got, sum := walk(t, dir)
	assert.Equal(t, append(offsets(1, 3), offsets(5, 8)...), got)
	assert.Equal(t, uint64(1), sum.Missing)
	assert.Positive(t, sum.DamagedBytes)
	assert.Equal(t, int64(3), sum.TornBytes)
}

func TestWalkOfNothingIsEmpty(t *testing.T) {
	got, sum := walk(t, filepath.Join(t.TempDir(), "none"))
	assert.Empty(t, got)
	assert.Zero(t, sum)
}

func TestWalkEndsWithTheErrorOfItsCaller(t *testing.T) {
	b := newBed(t, Options{})
	b.append(3, 10)
	enough := errors.New("enough")
	_, err := Walk(b.dir(), func(Found) error { return enough })
	require.ErrorIs(t, err, enough)
}

// What was listed may be gone when it is read, all of it. What is there by then is of
// this log, and not of another.
func TestWalkBesideAWriterThatReclaimsAtOnceFindsNothingForeign_W8(t *testing.T) {
	b := newBed(t, Options{})
	b.append(3, 10)
	b.sync()
	segments := b.segments()
	require.Len(t, segments, 1)
	one, err := os.ReadFile(segments[0])
	require.NoError(t, err)

	dir := t.TempDir()
	path := func(i uint64) string { return filepath.Join(dir, segmentName(i)) }
	require.NoError(t, os.WriteFile(path(1), one, 0o600))
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		for i := uint64(2); ; i++ {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			if err := errors.Join(os.Link(path(i-1), path(i)), os.Remove(path(i-1))); err != nil {
				stopped <- err
				return
			}
		}
	}()
	for range 500 {
		_, sum := walk(t, dir)
		assert.Zero(t, sum.ForeignBytes)
		assert.Zero(t, sum.DamagedBytes)
	}
	close(stop)
	require.NoError(t, <-stopped)
}
