package sender

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSecondProcessIsToldWhoHoldsTheDirectoryW8(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd, out, in := part(t, "hold", dir)
	line, err := out.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)

	begin := time.Now()
	_, err = OpenState(dir)
	assert.Less(t, time.Since(begin), time.Minute)
	var locked *LockedError
	require.ErrorAs(t, err, &locked)
	require.ErrorIs(t, err, ErrLocked)
	assert.Equal(t, dir, locked.Dir)
	assert.Equal(t, Holder{PID: cmd.Process.Pid, Program: filepath.Base(os.Args[0])}, locked.Holder)
	assert.ErrorContains(t, err, dir)
	assert.ErrorContains(t, err, "pid "+strconv.Itoa(cmd.Process.Pid))

	snap, err := ReadState(dir)
	require.NoError(t, err, "reading is possible beside it")
	assert.Equal(t, cmd.Process.Pid, snap.Holder.PID)

	require.NoError(t, in.Close())
	require.NoError(t, cmd.Wait())
	s := openState(t, dir)
	_, err = OpenState(dir)
	require.ErrorIs(t, err, ErrLocked, "nor twice in one process")
	require.NoError(t, s.Close())
}

func TestLockDiesWithItsHolderW8(t *testing.T) {
	dir := t.TempDir()
	cmd, out, _ := part(t, "hold", dir)
	_, err := out.ReadString('\n')
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	openState(t, dir)
}

// A state file moved aside is another file, with another lock. The directory has
// one owner all the same.
func TestMovedStateFileLetsNobodyElseInW8(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, out, _ := part(t, "hold", dir)
	_, err := out.ReadString('\n')
	require.NoError(t, err)
	require.NoError(t, os.Rename(filepath.Join(dir, stateName), filepath.Join(dir, "moved")))
	_, err = OpenState(dir)
	require.ErrorIs(t, err, ErrLocked)
	assert.NoFileExists(t, filepath.Join(dir, stateName))
}

func TestHolderFileInformsAndDecidesNothing(t *testing.T) {
	tests := []struct {
		text string
		want Holder
	}{
		{"pid 12\nprogram shop\n", Holder{12, "shop"}},
		{"", Holder{}},
		{"pid x\nprogram", Holder{}},
		{"pid -4\nprogram \x1b[2J\x00evil\n", Holder{0, "[2J evil"}},
		{strings.Repeat("junk", 1000), Holder{}},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, parseHolder(strings.NewReader(tt.text)), tt.text)
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, holderName), []byte(tt.text), 0o600))
		require.NoError(t, openState(t, dir).Close(), "nobody holds the lock, whatever the file says")
	}
	assert.Equal(t, "sender: lock /d: directory is in use by another process: unknown", (&LockedError{Dir: "/d"}).Error())
}
