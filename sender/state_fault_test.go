package sender

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/wal"
)

func TestSavedCheckpointSurvivesKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 3 {
		cmd, out, _ := part(t, "save", dir)
		var last uint64
		for range 20 {
			line, err := out.ReadString('\n')
			require.NoError(t, err)
			last, err = strconv.ParseUint(strings.TrimSpace(line), 10, 64)
			require.NoError(t, err)
		}
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
		s := openState(t, dir)
		assert.Empty(t, s.Recovered())
		assert.GreaterOrEqual(t, uint64(s.Account("default").Checkpoint().Head), last)
		assert.Equal(t, uint64(s.Account("default").Checkpoint().Head), s.Account("default").Counters().Requests, "one transaction")
		require.NoError(t, s.Close())
	}
}

func TestSaveCommitsOnAFullDisk(t *testing.T) {
	t.Parallel()
	if !canLimitFileSize {
		t.Skip("no limit of file size here")
	}
	dir := t.TempDir()
	cmd, out, _ := part(t, "full", dir)
	said, _ := out.ReadString(0)
	require.NoError(t, cmd.Wait(), said)
	s := openState(t, dir)
	assert.Equal(t, wal.Offset(200), s.Account("default").Checkpoint().Head)
}

// What bbolt maps can vanish under it. The fault is an error, and the next save
// makes the file anew from memory.
func TestFaultOfTheFileIsContainedAndRepaired(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a mapped file cannot be cut there")
	}
	damage := map[string]func(t *testing.T, path string){
		"cut": func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 0)) },
		"junk": func(t *testing.T, path string) {
			info, err := os.Stat(path)
			require.NoError(t, err)
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.Write(bytes.Repeat([]byte{0xA5}, int(info.Size())))
			require.NoError(t, errors.Join(err, f.Close()))
		},
	}
	for name, hurt := range damage {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openState(t, dir)
			id := s.Identity()
			resource, err := s.AddResource([]byte("r"))
			require.NoError(t, err)
			require.NoError(t, s.Account("default").Save(settled(s, 100), Counters{Requests: 1}))
			hurt(t, filepath.Join(dir, stateName))

			require.ErrorIs(t, s.Account("default").Save(settled(s, 150), Counters{Requests: 1}), errFault)
			assert.Equal(t, wal.Offset(100), s.Account("default").Checkpoint().Head)
			require.NoError(t, s.Account("default").Save(settled(s, 200), Counters{Requests: 1}))
			assert.Contains(t, s.Recovered(), quarantineName)
			require.NoError(t, s.Account("default").Save(settled(s, 201), Counters{Requests: 1}))
			require.NoError(t, s.Close())

			s = openState(t, dir)
			assert.Empty(t, s.Recovered())
			assert.Equal(t, id, s.Identity())
			assert.Equal(t, wal.Offset(201), s.Account("default").Checkpoint().Head)
			assert.Equal(t, uint64(3), s.Account("default").Counters().Requests)
			_, ok := s.Resource(resource)
			assert.True(t, ok)
		})
	}
}

func TestCloseAfterAFaultReleasesTheLock(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a mapped file cannot be cut there")
	}
	dir := t.TempDir()
	s := openState(t, dir)
	require.NoError(t, os.Truncate(filepath.Join(dir, stateName), 0))
	require.Error(t, s.Account("default").Save(settled(s, 1), Counters{}))
	require.NoError(t, s.Close())
	openState(t, dir)
}

func TestContainTurnsAPanicIntoAnError(t *testing.T) {
	require.ErrorIs(t, contain(func() error { panic("page 7 already freed") }), errFault)
	require.NoError(t, contain(func() error { return nil }))
	cause := errors.New("cause")
	require.ErrorIs(t, contain(func() error { return cause }), cause)
}

func TestReadStateBesideALiveProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openState(t, dir)
	id, err := s.AddResource([]byte("resource"))
	require.NoError(t, err)
	stop := make(chan struct{})
	var saves sync.WaitGroup
	defer saves.Wait()
	halt := sync.OnceFunc(func() { close(stop) })
	defer halt()
	saves.Go(func() {
		for head := wal.Offset(1); ; head++ {
			select {
			case <-stop:
				return
			default:
				assert.NoError(t, s.Account("default").Save(settled(s, head), Counters{Requests: 1}))
			}
		}
	})
	var last wal.Offset
	for range 30 {
		snap, err := ReadState(dir)
		require.NoError(t, err)
		assert.Equal(t, s.Identity(), snap.Identity)
		assert.GreaterOrEqual(t, snap.Accounts["default"].Checkpoint.Head, last)
		assert.Equal(t, uint64(snap.Accounts["default"].Checkpoint.Head), snap.Accounts["default"].Counters.Requests)
		assert.Equal(t, "resource", string(snap.Resources[id]))
		assert.Equal(t, os.Getpid(), snap.Holder.PID)
		last = snap.Accounts["default"].Checkpoint.Head
	}
	halt()
	saves.Wait()
	assert.Positive(t, last)
	names, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, names, 2, "nothing is written beside it")
}

// A read that a commit came into may hold half of it.
func TestReadStateTakesOnlyWhatNoCommitCameInto(t *testing.T) {
	dir := t.TempDir()
	s := openState(t, dir)
	var files [][]byte
	for head := range wal.Offset(5) {
		require.NoError(t, s.Account("default").Save(settled(s, head), Counters{}))
		b, err := os.ReadFile(filepath.Join(dir, stateName))
		require.NoError(t, err)
		files = append(files, b)
	}
	reads := 0
	c, err := readStable("", func() ([]byte, error) {
		b := files[min(reads, len(files)-1)]
		reads++
		return b, nil
	})
	require.NoError(t, err)
	assert.Equal(t, wal.Offset(4), c.accounts["default"].checkpoint.Head)
	assert.Equal(t, 6, reads)
	_, err = readStable("", func() ([]byte, error) {
		reads++
		return files[reads%2], nil
	})
	require.ErrorContains(t, err, "changes too fast")
}

func TestReadStateWithoutAState(t *testing.T) {
	dir := t.TempDir()
	_, err := ReadState(dir)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = ReadState(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	names, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, names)
}
