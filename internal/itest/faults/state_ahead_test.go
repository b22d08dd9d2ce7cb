package faults

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
)

// A state that is younger than the log, because somebody put back older segments, or
// the log was lost: numbering goes on behind what the state knows (W1), what it knows
// as acked is not sent again (W2), and what it knows to have been pending is sent as
// far as it is there and counted as lost beyond.
func TestStateAheadOfTheLog_W1_W2_L2(t *testing.T) {
	s := newSink(t)
	sc := newScene(t, s)
	dir, b := filepath.Join(form.Scratch(t), "ledger"), s.fresh()
	sc.tree.write(t, dir)
	c := open(t, config(dir, b))
	logN(t, c, 9, 12)
	require.NoError(t, c.Flush(within(t)))
	b.answer(http.StatusServiceUnavailable)
	logN(t, c, 13, 16)
	require.NoError(t, c.Close())
	later := readTree(t, dir)["state.db"].bytes() // 1 to 12 acked, 13 to 16 not.
	for _, tt := range []struct {
		name string
		tree tree
	}{
		{"older segments and ring", sc.stated(later)},
		{"no segments, older ring", sc.stated(later).without(sc.tree.segments()...)},
		{"no segments, no ring", sc.stated(later).without(sc.tree.segments()...).without("ring")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, b := filepath.Join(form.Scratch(t), "ledger"), s.fresh()
			tt.tree.write(t, dir)
			c := open(t, config(dir, b))
			logN(t, c, 17, 18)
			require.NoError(t, c.Flush(within(t)))
			assert.Equal(t, messages(17, 18), b.messages())
			st := balance(t, c)
			assert.EqualValues(t, 18, st.Accepted, "W1")
			assert.EqualValues(t, 18, st.Acked, "W2")
			assert.EqualValues(t, 4, st.Lost, "13 to 16 were pending")
			assert.EqualValues(t, 14, st.Delivered)
		})
	}
	form.Fault(t, "state.db", "3 states ahead of the log: numbering goes on, 0 acked records sent again, 4 of 4 missing counted")
}

// Two copies of one directory that went separate ways have one epoch. What the state
// of one says of the other's log may cost the numbers behind, never the records before.
func TestStateOfACopyThatWentItsOwnWay_W1(t *testing.T) {
	s := newSink(t)
	sc := newScene(t, s)
	ours, theirs := filepath.Join(form.Scratch(t), "ours"), filepath.Join(form.Scratch(t), "theirs")
	down := s.fresh()
	down.answer(http.StatusServiceUnavailable)
	sc.tree.write(t, ours)
	c := open(t, config(ours, down))
	logN(t, c, 9, 20)
	require.NoError(t, c.Close())
	sc.tree.write(t, theirs)
	c = open(t, config(theirs, down))
	logN(t, c, 9, 12)
	require.NoError(t, c.Close())

	mixed, b := filepath.Join(form.Scratch(t), "mixed"), s.fresh()
	tr := readTree(t, ours)
	tr["state.db"] = readTree(t, theirs)["state.db"]
	tr.write(t, mixed)
	c = open(t, config(mixed, b))
	logN(t, c, 21, 21)
	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, messages(sc.acked+1, 21), b.messages())
	st := balance(t, c)
	assert.EqualValues(t, 21, st.Accepted)
	assert.Zero(t, st.Lost)
}
