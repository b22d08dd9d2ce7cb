package faults

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"sort"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/sender"
)

// stateCase is a directory whose state.db is not what it should be.
type stateCase struct {
	name string
	tree tree
	// keeps says that the state is read, so that what was acked is not sent again,
	// spoiled that it cannot be.
	keeps, spoiled bool
}

// Whatever became of state.db, every record that was not acked arrives, what was acked
// at most arrives again, nothing is counted as lost, and the numbering goes on.
func TestStateThatIsNotWhatItWas_W1_W2_W7(t *testing.T) {
	s := newSink(t)
	sc := newScene(t, s)
	tests := slices.Concat(garbageStates(t, sc), cutStates(t, sc), otherStates(t, s, sc))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, b := filepath.Join(form.Scratch(t), "ledger"), s.fresh()
			tt.tree.write(t, dir)
			c := open(t, config(dir, b))
			logN(t, c, sc.last+1, sc.last+1)
			require.NoError(t, c.Flush(within(t)))
			sc.checkDelivered(t, b, 0, tt.name)
			assert.Empty(t, b.faults(), "F1")
			st := balance(t, c)
			assert.Equal(t, uint64(sc.last+1), st.Accepted, "W1")
			assert.Zero(t, st.Lost+st.Evicted)
			if tt.keeps {
				assert.Len(t, b.messages(), sc.last+1-sc.acked, "nothing that was acked")
			}
			require.NoError(t, c.Close())
			c = open(t, config(dir, b))
			require.NoError(t, c.Flush(within(t)))
			assert.Zero(t, b.again, "it is remembered this time")
			if tt.spoiled {
				assert.True(t, bytes.Contains(quarantined(t, dir), tt.tree["state.db"].bytes()), "W7: the bytes are kept")
			}
		})
	}
	form.Fault(t, "state.db", "%d states missing, garbage, cut, older or of another log: %d records checked by ID, 0 lost", len(tests), len(tests)*(sc.last+1))
}

// stated returns the directory with other bytes as state.db.
func (sc *scene) stated(b []byte) tree {
	out := sc.tree.without("state.db")
	out["state.db"] = content{b, int64(len(b))}
	return out
}

// whole returns the bytes of the scene's state.db.
func (sc *scene) whole() []byte { return sc.tree["state.db"].bytes() }

func garbageStates(t *testing.T, sc *scene) []stateCase {
	t.Helper()
	rng := seeded(t)
	noise := make([]byte, 128<<10)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	path := filepath.Join(t.TempDir(), "strange")
	db, err := bbolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	out := []stateCase{
		{name: "missing", tree: sc.tree.without("state.db")},
		{name: "missing, and holder too", tree: sc.tree.without("state.db", "holder")},
		{name: "empty", tree: sc.stated(nil)},
		{name: "one byte", tree: sc.stated([]byte{7})},
		{name: "a page of zeros", tree: sc.stated(make([]byte, 4096))},
		{name: "all zeros", tree: sc.stated(make([]byte, 128<<10))},
		{name: "noise", tree: sc.stated(noise)},
		{name: "text", tree: sc.stated(bytes.Repeat([]byte("not a database\n"), 3000))},
		{name: "a segment", tree: sc.stated(sc.tree[sc.tree.segments()[0]].data)},
		{name: "a database of someone else", tree: sc.stated(contents(t, path)["."].data)},
	}
	for n := range 3 { // Noise behind what is whole, at the beginning, and in the middle.
		b := sc.whole()
		from := []int{8192, 0, 4096}[n]
		copy(b[from:from+8192], noise)
		out = append(out, stateCase{name: fmt.Sprintf("noise from byte %d on", from), tree: sc.stated(b)})
	}
	for i := range out {
		_, there := out[i].tree["state.db"]
		out[i].spoiled = there
	}
	return out
}

func cutStates(t *testing.T, sc *scene) []stateCase {
	t.Helper()
	rng := seeded(t)
	b := sc.whole()
	// What is behind the pages that are in use is room to grow: without it nothing is lost.
	pages := sort.Search(len(b)/4096, func(n int) bool { return readable(t, sc.stated(b[:n*4096])) })
	var out []stateCase
	cut := func(at int) {
		keeps := at >= pages*4096
		out = append(out, stateCase{name: fmt.Sprintf("cut at byte %d", at), tree: sc.stated(b[:at]), keeps: keeps, spoiled: !keeps})
	}
	for at := 4096; at < len(b); at += 4096 {
		if form.Long() || at <= 6*4096 || at == pages*4096 {
			cut(at)
		}
	}
	for range 5 {
		cut(1 + rng.IntN(len(b)-1))
	}
	return out
}

// readable reports whether the state of a directory can be understood.
func readable(t *testing.T, tr tree) bool {
	t.Helper()
	dir := t.TempDir()
	tr.write(t, dir)
	_, err := sender.ReadState(dir)
	return err == nil
}

// otherStates are states that are whole, and not of this moment or not of this log.
func otherStates(t *testing.T, s *sink, sc *scene) []stateCase {
	t.Helper()
	other := newScene(t, s)
	far := filepath.Join(form.Scratch(t), "far")
	b := s.fresh()
	c := open(t, config(far, b))
	logN(t, c, 1, 500) // Its acked offset is far ahead of ours.
	require.NoError(t, c.Flush(within(t)))
	require.NoError(t, c.Close())
	young := filepath.Join(form.Scratch(t), "young")
	b.answer(http.StatusServiceUnavailable)
	c = open(t, config(young, b))
	require.NoError(t, c.Close())
	return []stateCase{
		{name: "from before the acks", tree: sc.stated(sc.older)},
		{name: "of another log of the same age", tree: sc.stated(other.whole())},
		{name: "of another log, with many acks", tree: sc.stated(readTree(t, far)["state.db"].bytes())},
		{name: "of another log, new", tree: sc.stated(readTree(t, young)["state.db"].bytes())},
	}
}
