package main

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/wal"
)

// batchOf makes a batch of one-byte records at these offsets.
func batchOf(resource uint32, offsets ...wal.Offset) *wal.Batch {
	b := &wal.Batch{Resource: resource}
	for _, o := range offsets {
		b.Data = append(b.Data, byte(o))
		b.Entries = append(b.Entries, wal.Entry{Offset: o, End: len(b.Data)})
	}
	return b
}

func offsetsOf(b *wal.Batch) []wal.Offset {
	var out []wal.Offset
	for i, e := range b.Entries {
		if !bytes.Equal(b.Record(i), []byte{byte(e.Offset)}) {
			return nil // Not the bytes that belong there.
		}
		out = append(out, e.Offset)
	}
	return out
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestFeedReadsWhatWasPutUntilItIsAcked(t *testing.T) {
	f := newFeed(4)
	require.NoError(t, f.put(t.Context(), batchOf(1, 2, 3, 7)))
	require.NoError(t, f.put(t.Context(), batchOf(2, 8, 9)))
	for name, tt := range map[string]struct {
		after    wal.Offset
		lim      wal.Limits
		want     []wal.Offset
		resource uint32
	}{
		"first batch":       {want: []wal.Offset{2, 3, 7}, resource: 1},
		"rest of it":        {after: 2, want: []wal.Offset{3, 7}, resource: 1},
		"in a hole":         {after: 5, want: []wal.Offset{7}, resource: 1},
		"next batch":        {after: 7, want: []wal.Offset{8, 9}, resource: 2},
		"end":               {after: 9, want: nil},
		"limit of records":  {lim: wal.Limits{Records: 2}, want: []wal.Offset{2, 3}, resource: 1},
		"limit of bytes":    {lim: wal.Limits{Bytes: 2}, want: []wal.Offset{2, 3}, resource: 1},
		"one in any case":   {lim: wal.Limits{Bytes: -1}, want: []wal.Offset{2, 3, 7}, resource: 1},
		"one over the size": {after: 3, lim: wal.Limits{Records: 1, Bytes: 1}, want: []wal.Offset{7}, resource: 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := batchOf(9, 99)
			require.NoError(t, f.Read(b, tt.after, tt.lim))
			assert.Equal(t, tt.want, offsetsOf(b))
			assert.Equal(t, tt.resource, b.Resource)
		})
	}
	assert.Equal(t, wal.Backlog{Records: 5, Bytes: 5}, f.Backlog(0))
	assert.Equal(t, wal.Backlog{Records: 3, Bytes: 3}, f.Backlog(3))

	cp := f.Ack(batchOf(1, 2, 3))
	assert.Equal(t, wal.Offset(3), cp.Head)
	assert.Equal(t, wal.Backlog{Records: 3, Bytes: 3}, f.Backlog(0), "acked records are gone, the rest of their batch is not")
	var b wal.Batch
	require.NoError(t, f.Read(&b, 0, wal.Limits{}))
	assert.Equal(t, []wal.Offset{7}, offsetsOf(&b))
	acked, head := f.progress()
	assert.Equal(t, 2, acked)
	assert.Equal(t, wal.Offset(3), head)
}

// The sender acks what was delivered first, whatever its place, in pieces of the batches
// that came in. What is not acked stays, and is where a replay has to go on.
func TestFeedTakesAcksInAnyOrder_S1(t *testing.T) {
	f := newFeed(3)
	require.NoError(t, f.put(t.Context(), batchOf(1, 2, 3, 7)))
	require.NoError(t, f.put(t.Context(), batchOf(2, 8, 9)))
	require.NoError(t, f.put(t.Context(), batchOf(1, 12)))
	f.end()
	assert.Equal(t, wal.Offset(12), f.Through())
	for _, step := range []struct {
		ack   *wal.Batch
		acked int
		head  wal.Offset
		left  []wal.Offset // of the first batch that has any
		all   int
		room  bool
	}{
		{ack: batchOf(2, 8, 9), acked: 2, head: 1, left: []wal.Offset{2, 3, 7}, all: 4, room: true},
		{ack: batchOf(1, 3), acked: 3, head: 1, left: []wal.Offset{2, 7}, all: 3},
		{ack: batchOf(1, 3), acked: 3, head: 1, left: []wal.Offset{2, 7}, all: 3}, // Again is no harm.
		{ack: batchOf(1, 2), acked: 4, head: 6, left: []wal.Offset{7}, all: 2},
		{ack: batchOf(1, 7), acked: 5, head: 9, left: []wal.Offset{12}, all: 1, room: true},
		{ack: batchOf(1, 12), acked: 6, head: 12, room: true},
	} {
		room := f.room
		cp := f.Ack(step.ack)
		acked, head := f.progress()
		assert.Equal(t, step.acked, acked, "each record once")
		assert.Equal(t, step.head, head)
		assert.Equal(t, step.head, cp.Head)
		assert.Equal(t, step.head, f.Head())
		assert.Equal(t, step.room, isClosed(room))
		var b wal.Batch
		require.NoError(t, f.Read(&b, 0, wal.Limits{}))
		assert.Equal(t, step.left, offsetsOf(&b))
		assert.Equal(t, step.all, f.Backlog(0).Records)
		assert.Equal(t, wal.Offset(12), f.Through())
		assert.Equal(t, step.all == 0, isClosed(f.drained))
	}
}

// R4: the reader of the log waits for the server, it does not run ahead of it.
func TestFeedHoldsTheScanBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(2)
		var put wal.Offset
		go func() {
			for o := wal.Offset(1); o <= 5; o++ {
				if f.put(t.Context(), batchOf(1, o)) == nil {
					put = o
				}
			}
			f.end()
		}()
		for acked := wal.Offset(1); acked <= 5; acked++ {
			synctest.Wait()
			assert.Equal(t, min(acked+1, 5), put, "two batches ahead and no more")
			f.Ack(batchOf(1, acked))
		}
		synctest.Wait()
		assert.True(t, isClosed(f.drained))
	})
}

func TestFeedPutEndsWithItsContext(t *testing.T) {
	f := newFeed(1)
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, f.put(ctx, batchOf(1, 1)))
	cancel()
	assert.ErrorIs(t, f.put(ctx, batchOf(1, 2)), context.Canceled)
}

func TestFeedTellsReadersOfMore(t *testing.T) {
	f := newFeed(1)
	changed := f.Changed()
	assert.False(t, isClosed(changed))
	require.NoError(t, f.put(t.Context(), batchOf(1, 1)))
	assert.True(t, isClosed(changed))
}

func TestFeedIsDrainedOnceEndedAndAcked(t *testing.T) {
	f := newFeed(1)
	require.NoError(t, f.put(t.Context(), batchOf(1, 1)))
	f.end()
	assert.False(t, isClosed(f.drained), "a batch is left")
	f.Ack(batchOf(1, 1))
	assert.True(t, isClosed(f.drained))
	f.end() // Again is no harm.
}

func TestChunkerKeepsToTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(100)
		c := newChunker(f, 1000, 10)
		start := time.Now()
		for o := wal.Offset(1); o <= 40; o++ {
			require.NoError(t, c.add(t.Context(), &record{offset: o, payload: []byte{byte(o)}}))
		}
		require.NoError(t, c.flush(t.Context()))
		assert.Equal(t, 3*time.Second, time.Since(start).Round(time.Millisecond), "40 records at 10 a second, the first ten at once")
		assert.Len(t, f.batches, 4)
		assert.Equal(t, 40, c.fed)
	})
}

func TestChunkerStartsABatchForEachResourceAndAtTheLimits(t *testing.T) {
	f := newFeed(100)
	c := newChunker(f, 3, 0)
	big := make([]byte, maxBatchBytes-1)
	for i, r := range []record{
		{resource: 1},
		{resource: 1},
		{resource: 1}, // full
		{resource: 1},
		{resource: 2},
		{resource: 2, payload: big},
		{resource: 2, payload: []byte("xx")},
		{resource: 1},
	} {
		r.offset = wal.Offset(i + 1)
		require.NoError(t, c.add(t.Context(), &r))
	}
	require.NoError(t, c.flush(t.Context()))
	var got []int
	for _, b := range f.batches {
		got = append(got, b.Len())
	}
	assert.Equal(t, []int{3, 1, 2, 1, 1}, got)
}
