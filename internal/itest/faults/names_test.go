//go:build unix

package faults

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// A symbolic link in the place of a file or directory of ours is not followed: Open
// says what is wrong, or does without. Nothing behind the link changes, and once the
// file is back everything in it is delivered.
func TestLinksAreNotFollowed_W7(t *testing.T) {
	s := newSink(t)
	sc := newScene(t, s)
	for _, tt := range []struct {
		name    string
		refused bool
	}{
		{sc.tree.segments()[0], true},
		{sc.tree.segments()[1], true},
		{"wal", true},
		{"state.db", true},
		{"holder", true},
		{"ring", false}, // A buffer in ordinary memory does as well.
		{"", true},      // The directory itself.
	} {
		t.Run("link for "+tt.name, func(t *testing.T) {
			base, b := form.Scratch(t), s.fresh()
			dir, away := filepath.Join(base, "ledger"), filepath.Join(base, "away")
			sc.tree.write(t, dir)
			place := filepath.Join(dir, tt.name)
			require.NoError(t, os.Rename(place, away))
			before := contents(t, away)
			require.NoError(t, os.Symlink(away, place))
			c, err := ledger.Open(config(dir, b))
			if tt.refused {
				require.ErrorIs(t, err, fsx.ErrSymlink)
				assert.Contains(t, err.Error(), place, "the error names it")
			} else {
				require.NoError(t, err)
				assert.Contains(t, c.Stats().BufferFault, "symbolic link")
				logN(t, c, 9, 9)
				require.NoError(t, c.Flush(within(t)))
				assert.Equal(t, 1, b.messages()[message(9)])
				require.NoError(t, c.Close())
			}
			assert.Equal(t, before, contents(t, away), "nothing behind the link changes")
			if !tt.refused {
				return
			}
			require.NoError(t, os.Remove(place))
			require.NoError(t, os.Rename(away, place))
			c = open(t, config(dir, b))
			logN(t, c, sc.last+1, sc.last+1)
			require.NoError(t, c.Flush(within(t)))
			sc.checkDelivered(t, b, 0, tt.name)
			assert.Zero(t, balance(t, c).Lost)
		})
	}
	form.Fault(t, "segments and leftovers", "7 links in place of files: not followed, 0 lost once the file is back")
}

// A directory where a file should be, and the reverse, keeps nothing from being
// delivered that does not need that file, and is an error by name otherwise.
func TestWrongKindsOfNames_W7(t *testing.T) {
	s := newSink(t)
	sc := newScene(t, s)
	segment := sc.tree.segments()[1]
	hit := framesOf(t, sc.tree, segment)[0]
	mkdir := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			require.NoError(t, os.RemoveAll(filepath.Join(dir, name)))
			require.NoError(t, os.MkdirAll(filepath.Join(dir, name, "inside"), 0o700))
		}
	}
	file := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			require.NoError(t, os.RemoveAll(filepath.Join(dir, name)))
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("in the way"), 0o600))
		}
	}
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, dir string)
		tree tree
		err  string // what Open's error names; empty if it opens
		gone []int
		// forgotten are those of gone whose offsets nothing remembers either.
		forgotten int
	}{
		{name: "a directory by the name of the next segment", do: mkdir("wal/00000000000000000006"), tree: sc.tree},
		{name: "a directory by the name of a far segment", do: mkdir("wal/00000000000000000900"), tree: sc.tree},
		{name: "a directory for a segment", do: mkdir(segment), tree: sc.tree, gone: []int{5, 6}},
		{name: "a directory for the ring", do: mkdir("ring"), tree: sc.tree, gone: []int{7, 8}, forgotten: 2},
		{name: "a directory for state.db", do: mkdir("state.db"), tree: sc.tree, err: "state.db"},
		{name: "a directory for holder", do: mkdir("holder"), tree: sc.tree, err: "holder"},
		{name: "a directory for state.db.new", do: mkdir("state.db.new"), tree: sc.tree},
		{name: "a directory for ring.new", do: mkdir("ring.new"), tree: sc.tree},
		{name: "a file for wal", do: file("wal"), tree: sc.tree, err: "wal"},
		{
			name: "a file for quarantine, and damage", do: file("quarantine"),
			tree: sc.tree.flipped(segment, int64(hit.from+40)*8), gone: []int{hit.record},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, b := filepath.Join(form.Scratch(t), "ledger"), s.fresh()
			tt.tree.write(t, dir)
			tt.do(t, dir)
			before := readTree(t, dir)
			c, err := ledger.Open(config(dir, b))
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				after := readTree(t, dir)
				assert.Equal(t, before.without("holder"), after.without("holder"), "nothing is touched")
				return
			}
			require.NoError(t, err)
			t.Cleanup(func() { _ = c.Close() })
			logN(t, c, 9, 9)
			require.NoError(t, c.Flush(within(t)))
			want := messages(sc.acked+1, 9)
			for _, i := range tt.gone {
				delete(want, message(i))
			}
			assert.Equal(t, want, b.messages(), "F2")
			st := balance(t, c)
			assert.Equal(t, uint64(len(tt.gone)-tt.forgotten), st.Lost, "F3")
			assert.EqualValues(t, 9-tt.forgotten, st.Accepted, "W1")
		})
	}
}
