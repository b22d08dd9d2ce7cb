package faults

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// flip is one bit of one file, and what may come of it.
type flip struct {
	file string
	bit  int64
	// hit is the record that is damaged, 0 if none is that was still to be delivered.
	hit int
	// damage holds the bytes, as they were before, that must be found in quarantine
	// with the bit flipped; empty if no record is damaged.
	from, to int
}

// A single bit that is wrong, in any file: the client opens and delivers. No record
// arrives with other bytes than its own, every record that the bit is not in arrives,
// and the one that it is in is counted and kept in quarantine. A wrong bit in state.db
// costs duplicates at most. No offset is used again.
//
// The long form flips every bit of the segments, of the holder file and of the used
// part of the ring file, and every bit of the bytes of state.db that are not zero; its
// zeros, each of which is flipped at the level of its reader (sender:
// TestEveryBitFlipOfTheState_W2_W7), and those of the ring file are sampled. The short
// form samples everything, with one bit of each field of a record's header.
func TestEveryBitFlip_W1_W2_W4_W7(t *testing.T) {
	s := newSink(t)
	sc := newScene(t, s)
	if !form.Long() { // The zeros of a ring's file cost the race detector more than all the rest.
		used := sc.tree["ring"].data
		sc.tree["ring"] = content{used, int64(len(used)+8191) &^ 4095}
	}
	rng := seeded(t)
	for _, file := range slices.Sorted(maps.Keys(sc.tree)) {
		t.Run(file, func(t *testing.T) {
			flips := sc.flipsOf(t, file, rng)
			lost := sc.tryAll(t, s, flips)
			form.Fault(t, "bit flips", "%s: %d of %d bits, %d records checked by ID, %d damaged and counted, 0 wrong, 0 others lost",
				kindOf(file), len(flips), sc.tree[file].size*8, len(flips)*sc.last, lost)
		})
	}
}

// kindOf names a file for the report.
func kindOf(file string) string {
	if filepath.Dir(file) == "wal" {
		return "segment " + string(file[len(file)-1])
	}
	return file
}

// flipsOf chooses the bits of a file to flip.
func (sc *scene) flipsOf(t *testing.T, file string, rng *rand.Rand) []flip {
	used, size := int64(len(sc.tree[file].data))*8, sc.tree[file].size*8
	var frames []frame
	switch {
	case filepath.Dir(file) == "wal":
		frames = framesOf(t, sc.tree, file)
	case file == "ring":
		frames = sc.ringFrames(t)
	}
	var out []flip
	add := func(bit int64) {
		f := flip{file: file, bit: bit}
		for _, fr := range frames {
			if at := int(bit / 8); fr.record > sc.acked && at >= fr.from && at < fr.to {
				f.hit, f.from, f.to = fr.record, fr.from, fr.to
			}
		}
		out = append(out, f)
	}
	data := sc.tree[file].data
	if form.Long() {
		for bit := range used {
			if file != "state.db" || data[bit/8] != 0 {
				add(bit)
			}
		}
	} else {
		for _, fr := range frames { // One bit of each field of a record's header.
			for at := fr.from; at < fr.from+frameHeader; at += 4 {
				add(int64(at)*8 + rng.Int64N(32))
			}
		}
		for n := min(25, len(data)); n > 0; {
			if bit := rng.Int64N(used); data[bit/8] != 0 {
				add(bit)
				n--
			}
		}
	}
	zeros := 5
	switch {
	case form.Long() && size == used && file != "state.db":
		zeros = 0 // They were among the others.
	case form.Long():
		zeros = 1000
	}
	for size > 8*int64(len(data)-bytes.Count(data, []byte{0})) && zeros > 0 {
		if bit := rng.Int64N(size); bit >= used || data[bit/8] == 0 {
			add(bit)
			zeros--
		}
	}
	return out
}

// tryAll tries the flips, as many at once as there are processors, and returns how
// many damaged a record that was still to be delivered.
func (sc *scene) tryAll(t *testing.T, s *sink, flips []flip) int64 {
	t.Helper()
	var next, lost atomic.Int64
	var workers sync.WaitGroup
	dir := form.Scratch(t)
	for w := range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(flips) || t.Failed() {
					return
				}
				name := fmt.Sprintf("flip-%d-%d", w, i)
				if sc.try(t, flips[i], filepath.Join(dir, name), s.book(name)) {
					lost.Add(1)
				}
				s.drop(name)
			}
		})
	}
	workers.Wait()
	return lost.Load()
}

// try opens a copy of the directory with one bit flipped. It reports whether a record
// was lost.
func (sc *scene) try(t *testing.T, f flip, dir string, b *book) bool {
	hurt := sc.tree.flipped(f.file, f.bit)
	hurt.write(t, dir)
	defer func() { assert.NoError(t, os.RemoveAll(dir)) }()
	where := fmt.Sprintf("%s, bit %d", f.file, f.bit)
	c, err := ledger.Open(config(dir, b))
	if !assert.NoError(t, err, where) {
		return false
	}
	defer c.Close()
	if !assert.NoError(t, c.Log(t.Context(), ledger.Record{Message: message(sc.last + 1)}), where) ||
		!assert.NoError(t, c.Flush(within(t)), where) {
		return false
	}
	st := balance(t, c)
	assert.Empty(t, b.faults(), where)
	sc.checkDelivered(t, b, f.hit, where)
	assert.Equal(t, uint64(sc.last+1), st.Accepted, "W1: %s", where)
	assert.EqualValues(t, st.Accepted, st.Last, where)
	if f.hit == 0 {
		assert.Zero(t, st.Lost, where)
		return false
	}
	assert.Equal(t, uint64(1), st.Lost, "F3: %s", where)
	assert.True(t, bytes.Contains(quarantined(t, dir), hurt[f.file].data[f.from:f.to]), "F3: %s", where)
	return true
}

// checkDelivered compares what arrived with what was logged, by ID: everything that was
// not acked, but for the record that was hit, and one record that was logged since.
func (sc *scene) checkDelivered(t *testing.T, b *book, hit int, where string) {
	t.Helper()
	got, bodies := b.all(), b.messages()
	for id, was := range got {
		if want, known := sc.bytes[id]; known {
			assert.Equal(t, want, was, "F1: %s", where)
			assert.Equal(t, sc.resources[id], b.resources[id], "F1: the resource: %s", where)
			delete(got, id)
		}
	}
	assert.Len(t, got, 1, "F1: only the new record is new: %s", where)
	for i := sc.acked + 1; i <= sc.last+1; i++ {
		if i != hit {
			assert.Equal(t, 1, bodies[message(i)], "F2: record %d: %s", i, where)
		}
	}
	assert.Zero(t, bodies[message(hit)], "a damaged record was sent: %s", where)
}

// ringFrames returns where the records that only the ring holds lie in its file.
func (sc *scene) ringFrames(t *testing.T) []frame {
	t.Helper()
	var out []frame
	for i := sc.synced + 1; i <= sc.last; i++ {
		stored := []byte(sc.bytes[sc.id[message(i)]])
		at := bytes.Index(sc.tree["ring"].data, stored)
		require.Positive(t, at)
		out = append(out, frame{i, at - frameHeader, at + len(stored)})
	}
	return out
}

// frameHeader is how many bytes precede a record's own, see internal/frame.
const frameHeader = 32
