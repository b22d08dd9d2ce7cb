package wal

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// get reads n records after an offset.
func (b *bed) get(r *Reader, after Offset, n int) *Batch {
	b.t.Helper()
	var out Batch
	require.NoError(b.t, r.Read(&out, after, Limits{Records: n}))
	return &out
}

// rest is everything that a reader has still to read.
func (b *bed) rest(r *Reader) []Offset {
	b.t.Helper()
	var all []Offset
	for after := Offset(0); ; {
		batch := b.get(r, after, 0)
		if batch.Len() == 0 {
			return all
		}
		for _, e := range batch.Entries {
			all = append(all, e.Offset)
		}
		after = batch.Last()
	}
}

func balance(t *testing.T, l *Log, r *Reader) ReaderStats {
	t.Helper()
	s := r.Stats()
	require.Equal(t, uint64(l.Stats().Last-s.Start), s.Delivered+s.Pending+s.Evicted+s.Lost+s.Dead, "L2: %+v", s)
	return s
}

func TestAcksOutOfTurnAreKept_W2_L2(t *testing.T) {
	b := newBed(t, Options{SegmentSize: 1000})
	b.append(40, 50)
	b.sync()
	r := b.log.Reader(0)
	r.Ack(b.get(r, 10, 5))                    // 11 to 15
	r.Bury(b.get(r, 20, 3))                   // 21 to 23
	b.store(r.Ack(b.get(r, 23, 2)))           // 24, 25
	assert.Equal(t, Offset(0), b.stored.Head) // Nothing before them is settled.
	assert.Equal(t, []Range{{From: 11, To: 15}, {From: 21, To: 23, Dead: true}, {From: 24, To: 25}}, b.stored.Settled)

	b.kill()
	r = b.log.Reader(0)
	want := append(append(offsets(1, 10), offsets(16, 20)...), offsets(26, 40)...)
	assert.Equal(t, want, b.rest(r), "what was settled is not read again")
	s := balance(t, b.log, r)
	assert.Equal(t, []uint64{7, 3, 30}, []uint64{s.Delivered, s.Dead, s.Pending})

	assert.Equal(t, uint64(12), r.Evict(12), "an eviction passes over what is settled")
	assert.Equal(t, append(offsets(18, 20), offsets(26, 40)...), b.rest(r))
	s = balance(t, b.log, r)
	assert.Equal(t, []uint64{7, 3, 18, 12}, []uint64{s.Delivered, s.Dead, s.Pending, s.Evicted})

	b.ack(40)
	s = balance(t, b.log, r)
	assert.Equal(t, []uint64{25, 3, 0, 12}, []uint64{s.Delivered, s.Dead, s.Pending, s.Evicted})
	assert.Equal(t, Offset(40), r.Head())
	assert.Empty(t, b.stored.Settled)
}

func TestEvictedOnItsWayAndArrivedIsDelivered_L2(t *testing.T) {
	b := newBed(t, Options{})
	b.append(20, 50)
	b.sync()
	r := b.log.Reader(0)
	batch := b.get(r, 5, 5) // 6 to 10
	r.Evict(8)
	r.Ack(batch)
	s := balance(t, b.log, r)
	assert.Equal(t, []uint64{5, 5, 10}, []uint64{s.Delivered, s.Evicted, s.Pending})
}

// Each reader has its own head and its own books, and a segment goes when all are done
// with it, durably so.
func TestReadersAreIndependent_W5_L2(t *testing.T) {
	b := newBed(t, Options{SegmentSize: 400, Readers: []Checkpoint{{}}})
	for range 6 {
		b.append(10, 50)
	}
	b.sync()
	one, two := b.log.Reader(0), b.log.Reader(1)
	segments := len(b.segments())
	require.Greater(t, segments, 3)

	one.Reclaim(one.Ack(b.get(one, 0, 60)))
	b.log.Maintain()
	assert.Len(t, b.segments(), segments, "the other one needs them")
	assert.Equal(t, offsets(1, 60), b.rest(two))
	assert.Equal(t, Offset(0), b.log.Head())

	assert.Equal(t, uint64(30), two.Evict(30))
	assert.Zero(t, balance(t, b.log, one).Evicted, "an eviction is the laggard's alone")
	b.log.Maintain()
	assert.Len(t, b.segments(), segments, "not durable yet (W5)")
	assert.True(t, two.Reclaimable())
	two.Reclaim(two.Checkpoint())
	b.log.Maintain()
	assert.Less(t, len(b.segments()), segments)
	assert.Equal(t, offsets(31, 60), b.rest(two))

	b.log.Drop(two)
	b.log.Maintain()
	assert.LessOrEqual(t, len(b.segments()), 1, "nobody needs them")
	b.log.Drop(one)
	assert.Same(t, one, b.log.Reader(0), "the last reader stays")
}

func TestReaderThatJoinsBeginsWithWhatIsPending(t *testing.T) {
	b := newBed(t, Options{})
	b.append(20, 50)
	b.sync()
	b.ack(12)
	b.opts.Readers = []Checkpoint{{}}
	b.kill()
	late := b.log.Reader(1)
	assert.Equal(t, offsets(13, 20), b.rest(late))
	s := balance(t, b.log, late)
	assert.Equal(t, []uint64{0, 8}, []uint64{s.Delivered, s.Pending}, "what was before it is not its")
	cp := late.Ack(b.get(late, 0, 3))
	assert.Equal(t, Checkpoint{Epoch: testEpoch, Start: 12, Head: 15, Last: 20}, cp)
	assert.Equal(t, uint64(3), cp.Delivered())

	b.opts.Readers = []Checkpoint{cp}
	b.kill()
	assert.Equal(t, uint64(3), balance(t, b.log, b.log.Reader(1)).Delivered)
	assert.Equal(t, offsets(16, 20), b.rest(b.log.Reader(1)))
}

// Two places in the log can be read in turn, each going on where it was.
func TestReadingInTwoPlaces(t *testing.T) {
	b := newBed(t, Options{SegmentSize: 2000})
	for range 20 {
		b.append(10, 50)
	}
	b.sync()
	r := b.log.Reader(0)
	var old, fresh []Offset
	at, now := Offset(0), Offset(100)
	for range 10 {
		a, z := b.get(r, at, 10), b.get(r, now, 10)
		at, now = a.Last(), z.Last()
		old, fresh = append(old, a.First(), at), append(fresh, z.First(), now)
	}
	assert.Equal(t, Offset(100), at)
	assert.Equal(t, Offset(200), now)
	assert.Equal(t, []Offset{1, 10, 11, 20}, old[:4])
	assert.Equal(t, []Offset{101, 110, 111, 120}, fresh[:4])
}

func TestFatesAreToldApart_L2(t *testing.T) {
	b := newBed(t, Options{})
	b.append(30, 50)
	b.sync()
	r := b.log.Reader(0)
	r.Evict(5)
	r.EvictBefore(time.Unix(0, 11))
	s := balance(t, b.log, r)
	assert.Equal(t, s.Evicted, s.Expired+5)
	b.store(r.Checkpoint())
	b.kill()
	assert.Equal(t, s, balance(t, b.log, b.log.Reader(0)))
}

// What was settled out of turn and is damaged since is settled, not lost; and what a
// second settling finds settled already is not counted again.
func TestSettledOutOfTurnIsNotLost_L2(t *testing.T) {
	b := newBed(t, Options{SegmentSize: 1 << 20})
	b.append(20, 50)
	b.sync()
	r := b.log.Reader(0)
	r.Evict(1)
	first := b.get(r, 0, 3)         // 2 to 4
	b.store(r.Bury(b.get(r, 4, 6))) // 5 to 10
	again := &Batch{Entries: append(append([]Entry{}, first.Entries...), b.pendingless(5, 12)...)}
	r.Bury(again)
	s := balance(t, b.log, r)
	assert.Equal(t, []uint64{1, 11, 8}, []uint64{s.Evicted, s.Dead, s.Pending}, "2 to 12 are dead, once")
	assert.Equal(t, Offset(12), r.Head())

	// The file is gone: what the stored checkpoint has as settled stays so.
	for _, path := range b.segments() {
		require.NoError(t, os.Remove(path))
	}
	b.kill()
	s = balance(t, b.log, b.log.Reader(0))
	assert.Equal(t, []uint64{1, 6, 13}, []uint64{s.Evicted, s.Dead, s.Lost})
}

// pendingless are the entries from from to to, whatever became of them.
func (b *bed) pendingless(from, to Offset) []Entry {
	var out []Entry
	for o := from; o <= to; o++ {
		out = append(out, Entry{Offset: o})
	}
	return out
}
