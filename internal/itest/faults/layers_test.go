package faults

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// layers is a ledger directory whose log has several segments of a few records each,
// and that was closed in peace. Record i has the offset i and the message of i.
type layers struct {
	tree  tree
	names []string          // of the segments
	bytes map[string]string // of every record, by ID
	per   int               // records of each segment
	total int
}

// newLayers makes one. Nothing of it was ever delivered.
func newLayers(t *testing.T, s *sink, segments, per int) *layers {
	t.Helper()
	dir := filepath.Join(form.Scratch(t), "layers")
	b := s.fresh()
	b.answer(http.StatusServiceUnavailable)
	for i := range segments {
		c := open(t, config(dir, b))
		logN(t, c, i*per+1, (i+1)*per)
		require.NoError(t, c.Close())
	}
	l := &layers{tree: readTree(t, dir), per: per, total: segments * per}
	l.names = l.tree.segments()
	require.Len(t, l.names, segments)

	b.answer(0)
	whole := filepath.Join(form.Scratch(t), "whole")
	l.tree.write(t, whole)
	c := open(t, config(whole, b))
	require.NoError(t, c.Flush(within(t)))
	require.NoError(t, c.Close())
	require.Equal(t, messages(1, l.total), b.messages())
	l.bytes = b.all()
	return l
}

// segment returns the bytes of the n-th segment, from 1.
func (l *layers) segment(n int) []byte { return l.tree[l.names[n-1]].data }

// laterName is a segment's name behind all others.
func (l *layers) laterName(n int) string {
	return filepath.Join("wal", fmt.Sprintf("%020d", 1000+n))
}

// recordsOf returns the numbers of the records in the n-th segment.
func (l *layers) recordsOf(n int) []int {
	out := make([]int, l.per)
	for i := range out {
		out[i] = (n-1)*l.per + i + 1
	}
	return out
}

// injury is something that was done to a directory, and what it may cost.
type injury struct {
	name string
	tree tree
	// gone are the records that nothing holds any more.
	gone []int
	// again says that records may arrive that had been acked.
	settled int
	// accepted is the last offset, if it is not that of the last record.
	accepted int
}

// survive opens an injured directory and checks that exactly what is left arrives,
// that the rest is counted as lost, and that the directory works as if new: what is
// logged then gets the next offset and arrives, and a further open finds all settled.
func (l *layers) survive(t *testing.T, s *sink, in injury) ledger.Stats {
	t.Helper()
	dir, b := filepath.Join(form.Scratch(t), "ledger"), s.fresh()
	in.tree.write(t, dir)
	c := open(t, config(dir, b))
	st := l.checkSurvivors(t, c, b, in)
	require.NoError(t, c.Close())
	c = open(t, config(dir, b))
	require.NoError(t, c.Flush(within(t)))
	after := balance(t, c)
	assert.Equal(t, st.Accepted, after.Accepted, "W1")
	assert.Equal(t, st.Lost, after.Lost, "counted once")
	assert.Zero(t, after.Pending)
	if after.Delivery.Resent == 0 {
		assert.Zero(t, b.again, "nothing is delivered twice")
	}
	require.NoError(t, c.Close())
	return st
}

func (l *layers) checkSurvivors(t *testing.T, c *ledger.Client, b *book, in injury) ledger.Stats {
	t.Helper()
	next := l.total + 1
	logN(t, c, next, next)
	require.NoError(t, c.Flush(within(t)))
	st := balance(t, c)
	want := messages(in.settled+1, next)
	for _, i := range in.gone {
		delete(want, message(i))
	}
	got := b.messages()
	if st.Delivery.Resent > 0 {
		// A connection that broke on a busy machine: at least once, and counted.
		for m := range got {
			got[m] = 1
		}
	}
	assert.Equal(t, want, got, "F2")
	for id, was := range b.all() {
		if known, ok := l.bytes[id]; ok {
			assert.Equal(t, known, was, "F1")
		}
	}
	assert.Empty(t, b.faults())
	assert.Equal(t, uint64(len(in.gone)), st.Lost, "F3")
	assert.Zero(t, st.Evicted)
	if in.accepted == 0 {
		in.accepted = next
	}
	assert.EqualValues(t, in.accepted, st.Accepted, "W1")
	return st
}
