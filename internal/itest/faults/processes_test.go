//go:build unix

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// A directory has one owner. Whoever comes second is told the directory and who has it,
// disturbs nothing, and is let in once the owner is gone, however it went.
func TestSecondProcessIsRefusedByName_W8(t *testing.T) {
	s := newSink(t)
	dir, b := filepath.Join(form.Scratch(t), "ledger"), s.fresh()
	owner := part(t, "hold", dir, b)
	require.Equal(t, "open", owner.line(t))
	require.Equal(t, "<nil>", owner.tell(t, "log 1 10"))
	require.Equal(t, "<nil>", owner.tell(t, "sync"))

	_, err := ledger.Open(config(dir, b))
	require.ErrorIs(t, err, ledger.ErrLocked)
	assert.ErrorContains(t, err, dir)
	assert.ErrorContains(t, err, strconv.Itoa(owner.cmd.Process.Pid))
	second := part(t, "hold", dir, b)
	said := second.line(t)
	assert.Contains(t, said, dir)
	assert.Contains(t, said, strconv.Itoa(owner.cmd.Process.Pid))
	second.end(t)

	require.Equal(t, "<nil>", owner.tell(t, "log 11 20"), "the owner notices nothing")
	require.Equal(t, "<nil>", owner.tell(t, "flush"))
	require.NoError(t, owner.cmd.Process.Kill())
	_ = owner.cmd.Wait()
	c := open(t, config(dir, b))
	logN(t, c, 21, 30)
	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, messages(1, 30), b.messages())
	third := part(t, "hold", dir, b)
	said = third.line(t)
	assert.Contains(t, said, strconv.Itoa(os.Getpid()))
	third.end(t)
	assert.Zero(t, balance(t, c).Lost)
	form.Fault(t, "two processes", "3 of 3 second owners refused by directory and process id, 30 of 30 records delivered by ID")
}

// Many processes that want one directory at the same moment: one gets it.
func TestOfManyProcessesOneOwnsTheDirectory_W8(t *testing.T) {
	s := newSink(t)
	dir, b := filepath.Join(form.Scratch(t), "ledger"), s.fresh()
	const many = 6
	all := make([]*child, many)
	for i := range all {
		all[i] = part(t, "hold", dir, b)
	}
	owners := 0
	for i, c := range all {
		if c.line(t) == "open" {
			owners++
			require.Equal(t, "<nil>", c.tell(t, fmt.Sprintf("log %d %d", i*10+1, i*10+10)))
		}
	}
	assert.Equal(t, 1, owners)
	for _, c := range all {
		c.end(t)
	}
	c := open(t, config(dir, b))
	require.NoError(t, c.Flush(within(t)))
	assert.Len(t, b.messages(), 10)
	assert.EqualValues(t, 10, balance(t, c).Accepted)
}

// Files that may only be read, in a process without the rights of root: what can be
// delivered is, and what cannot be opened is an error by name. Nothing is lost.
func TestFilesThatMayOnlyBeRead_W7(t *testing.T) {
	if os.Geteuid() != 0 {
		lacks(t, "only root can become another user", "run the tests as root")
	}
	s := newSink(t)
	sc := newScene(t, s)
	segments := sc.tree.segments()
	for _, tt := range []struct {
		name  string
		files []string
		fails string
	}{
		{"segments", segments, ""},
		{"the ring", []string{"ring"}, ""},
		{"state.db", []string{"state.db"}, "state.db"},
		{"holder", []string{"holder"}, "holder"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base, b := form.Scratch(t), s.fresh()
			dir := filepath.Join(base, "ledger")
			sc.tree.write(t, dir)
			require.NoError(t, os.Chmod(base, 0o755))
			require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
				require.NoError(t, err)
				return os.Chown(path, 65534, 65534)
			}))
			for _, f := range tt.files {
				require.NoError(t, os.Chmod(filepath.Join(dir, f), 0o400))
			}
			c := part(t, "unprivileged", dir, b)
			said := c.line(t)
			if tt.fails != "" {
				assert.Contains(t, said, tt.fails)
				assert.Contains(t, said, "permission denied")
				c.end(t)
				require.NoError(t, os.Chmod(filepath.Join(dir, tt.fails), 0o600))
				c = part(t, "unprivileged", dir, b)
				said = c.line(t)
			}
			require.Equal(t, "open", said)
			require.Equal(t, "<nil>", c.tell(t, "log 9 9"))
			require.Equal(t, "<nil>", c.tell(t, "flush"))
			c.end(t)
			sc.checkDelivered(t, b, 0, tt.name)
		})
	}
}
