package faults

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// A process that dies while it removes dead segments, or while it rewrites what a
// failed one held, leaves nothing that is delivered twice or not at all.
func TestLeftoversOfAHalfDoneRepair_W5_W6_W7(t *testing.T) {
	s := newSink(t)
	l := newLayers(t, s, 4, 3)
	frames := framesOf(t, l.tree, l.names[3])
	acked := l.settle(t, s)
	tests := []injury{
		{name: "no dead segment removed yet", tree: acked, settled: 6},
		{name: "first dead segment removed", tree: acked.without(l.names[0]), settled: 6},
		{name: "second dead segment removed before the first", tree: acked.without(l.names[1]), settled: 6},
		{name: "both dead segments removed", tree: acked.without(l.names[0], l.names[1]), settled: 6},
		{name: "rewrite whole beside the failed segment", tree: l.tree.with(l.laterName(1), l.segment(4))},
		{
			name: "rewrite torn behind its first record",
			tree: l.tree.with(l.laterName(1), l.segment(4)[:frames[1].from+5]),
		},
		{name: "rewrite torn before its first record", tree: l.tree.with(l.laterName(1), l.segment(4)[:frames[0].from+5])},
		{
			name: "failed segment torn, rewrite whole",
			tree: l.replaced(4, l.segment(4)[:frames[1].from+5]).with(l.laterName(1), l.segment(4)),
		},
		{
			name: "failed segment damaged in the middle, rewrite whole",
			tree: l.tree.flipped(l.names[3], int64(frames[1].from+40)*8).with(l.laterName(1), l.segment(4)),
		},
		{name: "state.db.new half written", tree: l.tree.with("state.db.new", []byte("half"))},
		{name: "ring.new half written", tree: l.tree.with("ring.new", []byte("half"))},
	}
	for _, in := range tests {
		t.Run(in.name, func(t *testing.T) { l.survive(t, s, in) })
	}
	form.Fault(t, "segments and leftovers", "%d leftovers of reclaim and repair, %d records checked by ID, 0 lost, 0 twice", len(tests), len(tests)*(l.total+1))
}

// settle returns the directory after records 1 to 6 were acked, with every segment
// still there.
func (l *layers) settle(t *testing.T, s *sink) tree {
	t.Helper()
	b := s.fresh()
	cfg := config(filepath.Join(form.Scratch(t), "settled"), b)
	cfg.FlushSize, cfg.MaxInFlight, cfg.FlushInterval = 6, 1, time.Hour
	b.close(1) // The first request is taken and no other.
	l.tree.write(t, cfg.Dir)
	c := open(t, cfg)
	require.Eventually(t, func() bool { return c.Stats().Delivered == 6 }, soon, time.Millisecond)
	require.NoError(t, c.Close())
	return readTree(t, cfg.Dir)
}

// Bytes that fail their checksum are kept whatever lies in quarantine/ already: the
// first half of them, which a crash left, or others of the same name.
func TestQuarantineIsNeverShortOfDamage_W7(t *testing.T) {
	s := newSink(t)
	l := newLayers(t, s, 2, 3)
	hit := framesOf(t, l.tree, l.names[0])[1]
	hurt := l.tree.flipped(l.names[0], int64(hit.from+40)*8)
	damage := hurt[l.names[0]].data[hit.from:hit.to]
	name := filepath.Join("quarantine", fmt.Sprintf("%s-%012d.bytes", filepath.Base(l.names[0]), hit.from))
	for _, tt := range []struct {
		name  string
		there []byte
	}{
		{"nothing", nil},
		{"the whole already", damage},
		{"the first half", damage[:len(damage)/2]},
		{"an empty file", []byte{}},
		{"other bytes", bytes.Repeat([]byte("other"), 50)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // It waits for a second, with nothing to do.
			dir, b := filepath.Join(form.Scratch(t), "ledger"), s.fresh()
			tr := hurt
			if tt.there != nil {
				tr = hurt.with(name, tt.there)
			}
			tr.write(t, dir)
			cfg := config(dir, b)
			cfg.KeepAcked = ledger.Retention{Age: -1}
			c := open(t, cfg)
			l.checkSurvivors(t, c, b, injury{gone: []int{hit.record}})
			require.Eventually(t, func() bool {
				_, err := os.Stat(filepath.Join(dir, l.names[0]))
				return os.IsNotExist(err)
			}, soon, 10*time.Millisecond, "the segment goes")
			kept := quarantined(t, dir)
			assert.True(t, bytes.Contains(kept, damage), "F3")
			assert.True(t, bytes.Contains(kept, tt.there), "what was there stays")
		})
	}
}

// Files of the underlying log's own truncation, which this library never makes, are
// set aside and not acted upon: they would make it delete segments.
func TestFilesOfTheUnderlyingLogAreSetAside_W7(t *testing.T) {
	s := newSink(t)
	l := newLayers(t, s, 3, 3)
	base := l.names[1]
	for _, tt := range []struct {
		name  string
		files []string
	}{
		{"START", []string{base + ".START"}},
		{"END", []string{base + ".END"}},
		{"TEMP", []string{filepath.Join("wal", "TEMP")}},
		{"all of them", []string{base + ".START", base + ".END", filepath.Join("wal", "TEMP")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := l.tree
			for i, name := range tt.files {
				tr = tr.with(name, slices.Concat([]byte{byte(i)}, l.segment(2)))
			}
			// What an earlier time set aside by the same name is not overwritten.
			older := []byte("set aside before")
			tr = tr.with(filepath.Join("quarantine", filepath.Base(tt.files[0])), older)
			dir, b := filepath.Join(form.Scratch(t), "ledger"), s.fresh()
			tr.write(t, dir)
			c := open(t, config(dir, b))
			l.checkSurvivors(t, c, b, injury{})
			all := quarantined(t, dir)
			if temp, err := os.ReadFile(filepath.Join(dir, "wal", "TEMP")); err == nil {
				all = append(all, temp...)
			}
			for i, name := range tt.files {
				assert.True(t, bytes.Contains(all, slices.Concat([]byte{byte(i)}, l.segment(2))), "%s is kept", name)
			}
			assert.True(t, bytes.Contains(all, older), "and so is what was set aside before")
		})
	}
}
