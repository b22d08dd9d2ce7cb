package faults

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
)

// Whatever became of a segment, the records of the others arrive, those that are in no
// segment any more are counted, and no offset is used again.
func TestInjuredSegments_W1_W7_L2(t *testing.T) {
	s := newSink(t)
	l := newLayers(t, s, 4, 3)
	records := 0
	tests := slices.Concat(missingSegments(l), cutSegments(t, l), copiedSegments(t, s, l))
	for _, in := range tests {
		t.Run(in.name, func(t *testing.T) {
			l.survive(t, s, in)
			records += l.total + 1
		})
	}
	form.Fault(t, "segments and leftovers", "%d injuries of segments, %d records checked by ID, 0 lost that a segment held", len(tests), records)
}

// missingSegments are segments that are not there, or have nothing in them.
func missingSegments(l *layers) []injury {
	all := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	zeros := make([]byte, 4096)
	return []injury{
		{name: "first missing", tree: l.tree.without(l.names[0]), gone: l.recordsOf(1)},
		{name: "middle missing", tree: l.tree.without(l.names[1]), gone: l.recordsOf(2)},
		{name: "last missing", tree: l.tree.without(l.names[3]), gone: l.recordsOf(4)},
		{name: "first and last missing", tree: l.tree.without(l.names[0], l.names[3]), gone: slices.Concat(l.recordsOf(1), l.recordsOf(4))},
		{name: "all missing", tree: l.tree.without(l.names...), gone: all},
		{name: "first empty", tree: l.replaced(1, nil), gone: l.recordsOf(1)},
		{name: "middle empty", tree: l.replaced(2, nil), gone: l.recordsOf(2)},
		{name: "last empty", tree: l.replaced(4, nil), gone: l.recordsOf(4)},
		{name: "first all zeros", tree: l.replaced(1, zeros), gone: l.recordsOf(1)},
		{name: "last all zeros", tree: l.replaced(4, zeros), gone: l.recordsOf(4)},
		{name: "an empty one more", tree: l.tree.with(l.laterName(1), nil)},
	}
}

// replaced returns the tree with other bytes as the n-th segment.
func (l *layers) replaced(n int, b []byte) tree {
	out := l.tree.without()
	out[l.names[n-1]] = content{b, int64(len(b))}
	return out
}

// cutSegments are segments that end too early.
func cutSegments(t *testing.T, l *layers) []injury {
	t.Helper()
	var out []injury
	for _, n := range []int{1, 2, 4} {
		frames := framesOf(t, l.tree, l.names[n-1])
		which := map[int]string{1: "first", 2: "middle", 4: "last"}[n]
		cut := func(how string, at int, gone []int) {
			out = append(out, injury{name: which + " cut " + how, tree: l.replaced(n, l.segment(n)[:at]), gone: gone})
		}
		in := l.recordsOf(n)
		cut("behind a record", frames[1].to, in[2:])
		cut("inside a record", frames[2].from+40, in[2:])
		cut("inside a record's header", frames[1].from+7, in[1:])
		cut("before its first record", frames[0].from, in)
		cut("inside its first bytes", 3, in)
	}
	return out
}

// copiedSegments are segments that are there twice, or are of another log.
func copiedSegments(t *testing.T, s *sink, l *layers) []injury {
	t.Helper()
	other := newLayers(t, s, 1, 3)
	copied := func(n int) tree { return l.tree.with(l.laterName(n), l.segment(n)) }
	first := filepath.Join("wal", "00000000000000000000")
	return []injury{
		{name: "last twice", tree: copied(4)},
		{name: "middle again behind the last", tree: copied(2)},
		{name: "first again behind the last", tree: copied(1)},
		{name: "all twice", tree: l.tree.
			with(l.laterName(1), l.segment(1)).with(l.laterName(2), l.segment(2)).
			with(l.laterName(3), l.segment(3)).with(l.laterName(4), l.segment(4))},
		{name: "another log's in the middle", tree: l.replaced(2, other.segment(1)), gone: l.recordsOf(2)},
		{name: "another log's behind the last", tree: l.tree.with(l.laterName(1), other.segment(1))},
		{name: "another log's by a name that no segment has", tree: l.tree.with(first, other.segment(1))},
		{name: "another log's block behind ours", tree: l.replaced(4, slices.Concat(l.segment(4), other.segment(1)))},
		{name: "another log's block before ours", tree: l.replaced(1, slices.Concat(other.segment(1), l.segment(1)))},
	}
}

// The bytes of another log are set aside, not deleted.
func TestAnotherLogsRecordsAreKept_W7(t *testing.T) {
	s := newSink(t)
	l := newLayers(t, s, 2, 3)
	other := newLayers(t, s, 1, 3)
	dir, b := filepath.Join(form.Scratch(t), "ledger"), s.book("ours")
	l.replaced(1, other.segment(1)).write(t, dir)
	c := open(t, config(dir, b))
	l.checkSurvivors(t, c, b, injury{gone: l.recordsOf(1)})
	assert.Contains(t, string(quarantined(t, dir)), string(other.segment(1)[10:]))
}
