//go:build linux

package powercut

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/wal"
)

// arrivals are the records of a life with offsets from first to last.
func arrivals(life int, first, last uint64) (out []arrival) {
	for o := first; o <= last; o++ {
		out = append(out, arrival{id: fmt.Sprint(life, "-", o), text: text(1, life, o)})
	}
	return out
}

// sound is evidence of two lives and a cut after each: the first was promised 8 of 10
// records, of which 6 were delivered; the second found 8, logged 2 and synced one.
func sound() evidence {
	first := claims{opened: true, logged: 10, done: 10, safe: 8, synced: true}
	second := claims{opened: true, base: 8, logged: 10, done: 10, safe: 9, synced: true, found: []key{{0, 7}, {0, 8}}}
	return evidence{
		seed: 1, lives: []claims{first, second}, server: arrivals(0, 1, 6),
		later: append(arrivals(0, 7, 8), arrivals(1, 9, 9)...),
		stats: ledger.Stats{Books: ledger.Books{Accepted: 9, Delivered: 9}, Last: 9},
	}
}

// An audit that found nothing would let everything pass.
func TestEachBrokenPromiseIsFound(t *testing.T) {
	require.Empty(t, sound().faults())
	tests := []struct {
		name  string
		spoil func(e *evidence)
		want  string
	}{
		{"a synced record is gone", func(e *evidence) { e.later = e.later[:2] }, "W3: {1 9} was safe and is lost"},
		{"a record that was found and synced is gone", func(e *evidence) {
			e.lives[0].safe = 6
			e.later = e.later[1:]
		}, "W3: {0 7} was safe and is lost"},
		{"a kill lost what was logged", func(e *evidence) { e.lives[0].killed = true }, "10 was logged before the kill"},
		{"never logged", func(e *evidence) { e.later[2] = arrival{text: "boo"} }, "W4: delivered what nobody logged"},
		{"one bit differs", func(e *evidence) {
			b := []byte(e.later[2].text)
			b[len(b)-1] ^= 1
			e.later[2].text = string(b)
		}, "W4: delivered what nobody logged"},
		{"delivered and not logged yet", func(e *evidence) { e.later = append(e.later, arrivals(1, 11, 11)...) }, "before it was logged"},
		{"one record with two IDs", func(e *evidence) {
			e.later = append(e.later, arrival{id: "other", text: text(1, 0, 1)})
		}, "was delivered as two records"},
		{"two records with one ID", func(e *evidence) { e.later[2].id = e.later[1].id }, "have the same ID"},
		{"one offset, two records sent", func(e *evidence) {
			e.server = append(e.server, arrivals(0, 9, 9)...)
		}, "W1: offset 9 was sent for a record of life 0 and for one of life 1"},
		{"an offset that was synced is used again", func(e *evidence) { e.lives[1].base = 7 }, "W1: life 1 went on from offset 7"},
		{"the last offset goes back", func(e *evidence) { e.stats.Accepted = 8 }, "W1: life 2 went on from offset 8"},
		{"pending is left", func(e *evidence) { e.stats.Pending = 1 }, "L2: the books do not balance"},
		{"one counted too many", func(e *evidence) { e.stats.Delivered = 10 }, "L2: the books do not balance"},
		{"counted as lost, and delivered", func(e *evidence) {
			e.stats.Delivered, e.stats.Lost = 8, 1
		}, "L2: of 9 offsets 9 arrived, 0 were evicted and 1 lost"},
		{"the newest is evicted", func(e *evidence) {
			e.evicts, e.later = true, e.later[:2]
			e.lives[1].safe, e.later = 10, append(e.later[:1], arrivals(1, 10, 10)...)
			e.stats = ledger.Stats{Books: ledger.Books{Accepted: 10, Delivered: 8, Evicted: 2}, Last: 10}
		}, "W3: {0 8} was safe and is lost"},
		{"more is gone than was evicted", func(e *evidence) {
			e.evicts, e.server = true, nil
			e.stats.Delivered, e.stats.Evicted, e.stats.Lost = 3, 5, 1
		}, "L2: 6 records that were safe are gone, and 5 were evicted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := sound()
			tt.spoil(&e)
			assert.Contains(t, fmt.Sprint(e.faults()), tt.want)
		})
	}
}

// soundLog is the same for a log without a client, of which 6 records were sent and 5
// stored as settled.
func soundLog() walEvidence {
	e := walEvidence{
		seed: 1, lives: sound().lives, checkpoint: wal.Checkpoint{Head: 5},
		stats: wal.Stats{ReaderStats: wal.ReaderStats{Delivered: 5, Pending: 4}, Last: 9},
	}
	e.lives[0].sent, e.lives[0].settled = 6, 5
	for o := uint64(6); o <= 9; o++ {
		e.read, e.offsets = append(e.read, text(1, int(o/9), o)), append(e.offsets, wal.Offset(o))
	}
	return e
}

func TestEachBrokenPromiseOfTheLogIsFound(t *testing.T) {
	require.Empty(t, soundLog().faults())
	tests := []struct {
		name  string
		spoil func(e *walEvidence)
		want  string
	}{
		{"a synced record is gone", func(e *walEvidence) { e.read, e.offsets = e.read[:3], e.offsets[:3] }, "W3: {1 9} was safe and is lost"},
		{"settled and never sent", func(e *walEvidence) { e.checkpoint.Head = 7; e.read, e.offsets = e.read[2:], e.offsets[2:] }, "W3: {0 7} was safe and is lost"},
		{"what is settled goes back", func(e *walEvidence) { e.lives[0].settled = 6 }, "W2: 5 is stored as settled, and 6 was before"},
		{"never logged", func(e *walEvidence) { e.read[3] = "boo" }, "W4: offset 9 reads as what nobody logged"},
		{"under another offset", func(e *walEvidence) { e.read[1] = e.read[0] }, "W4: offset 7 reads as what nobody logged"},
		{"twice", func(e *walEvidence) { e.read, e.offsets = append(e.read, e.read[3]), append(e.offsets, 9) }, "offset 9 is read after offset 9"},
		{"what was sent is numbered anew", func(e *walEvidence) { e.lives[0].sent = 10 }, "W1: life 1 went on from offset 8, and 10 was taken"},
		{"the books", func(e *walEvidence) { e.stats.Lost, e.stats.Delivered = 1, 4 }, "L2: the books do not balance"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := soundLog()
			tt.spoil(&e)
			assert.Contains(t, fmt.Sprint(e.faults()), tt.want)
		})
	}
}

func TestWhatALifeSaysIsUnderstood(t *testing.T) {
	tests := []struct {
		lines []string
		want  claims
	}{
		{[]string{"open 5", "log 6", "done 6", "log 7", "safe 6", "sent 3", "settled 2"}, claims{
			base: 5, opened: true, logged: 7, done: 6, safe: 6, synced: true, sent: 3, settled: 2,
		}},
		{[]string{"open 5", "log 6", "open 6"}, claims{base: 5, opened: true, logged: 6, done: 5}},
		{[]string{"open 5", "log 6", "open 5"}, claims{
			base: 5, opened: true, logged: 6, done: 5, err: "closed at offset 6 and opened at 5",
		}},
		{[]string{"error no such file"}, claims{err: "error no such file"}},
		{[]string{"weep 5"}, claims{err: "weep 5"}},
	}
	for _, tt := range tests {
		var got claims
		for _, line := range tt.lines {
			got.hear(line)
		}
		assert.Equal(t, tt.want, got, "%v", tt.lines)
	}
}
