package sender

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
	"github.com/ledger-sdk/ledger-go/wal"
)

func openState(t *testing.T, dir string) *State {
	t.Helper()
	s, err := OpenState(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// settled is a checkpoint of s with a head.
func settled(s *State, head wal.Offset) wal.Checkpoint {
	return wal.Checkpoint{Epoch: s.Identity().Epoch, Head: head, Last: head + 10}
}

func TestStateComesBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "ledger")
	s := openState(t, dir)
	id := s.Identity()
	assert.NotZero(t, id.LogID)
	assert.NotZero(t, id.Epoch)
	assert.WithinDuration(t, time.Now(), id.Created, time.Minute)
	assert.Zero(t, s.Account("default").Checkpoint())
	assert.Empty(t, s.Recovered())

	cp := wal.Checkpoint{Epoch: id.Epoch, Head: 100, Last: 150, Evicted: 7, Lost: 2, Dead: 1}
	require.NoError(t, s.Account("default").Save(cp, Counters{Requests: 3, Bytes: 1000}))
	require.NoError(t, s.Account("default").Save(cp, Counters{Requests: 4, Ambiguous: 1}))
	require.NoError(t, s.Account("default").AddCounters(Counters{Retries: 5}))
	resource, err := s.AddResource([]byte("service"))
	require.NoError(t, err)
	want := Counters{Requests: 7, Bytes: 1000, Ambiguous: 1, Retries: 5}
	assert.Equal(t, want, s.Account("default").Counters())
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "Close is idempotent")

	s = openState(t, dir)
	assert.Equal(t, id, s.Identity())
	assert.Equal(t, cp, s.Account("default").Checkpoint())
	assert.Equal(t, want, s.Account("default").Counters())
	b, ok := s.Resource(resource)
	assert.True(t, ok)
	assert.Equal(t, "service", string(b))
	_, ok = s.Resource(resource + 1)
	assert.False(t, ok)
	assert.Empty(t, s.Recovered())
}

func TestStateIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes")
	}
	dir := filepath.Join(t.TempDir(), "ledger")
	openState(t, dir)
	for name, mode := range map[string]fs.FileMode{".": 0o700, stateName: 0o600, holderName: 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, mode, info.Mode().Perm(), name)
	}
}

func TestTwoStatesDiffer(t *testing.T) {
	a, b := openState(t, t.TempDir()), openState(t, t.TempDir())
	assert.NotEqual(t, a.Identity().LogID, b.Identity().LogID)
	assert.NotEqual(t, a.Identity().Epoch, b.Identity().Epoch)
}

func TestAckedOffsetNeverMovesBackW2(t *testing.T) {
	dir := t.TempDir()
	s := openState(t, dir)
	require.NoError(t, s.Account("default").Save(settled(s, 100), Counters{Requests: 1}))
	require.ErrorIs(t, s.Account("default").Save(settled(s, 99), Counters{Requests: 1}), ErrBehind)
	other := settled(s, 200)
	other.Epoch++
	require.ErrorIs(t, s.Account("default").Save(other, Counters{Requests: 1}), ErrEpoch)
	many := settled(s, 200)
	many.Evicted, many.Dead = 150, 51
	require.Error(t, s.Account("default").Save(many, Counters{Requests: 1}), "more was evicted than there is (L2)")
	many.Evicted, many.Dead = ^uint64(0), 2
	require.Error(t, s.Account("default").Save(many, Counters{}))
	require.NoError(t, s.Account("default").Save(settled(s, 100), Counters{}), "the same head again is not behind")
	require.NoError(t, s.Close())

	s = openState(t, dir)
	assert.Equal(t, settled(s, 100), s.Account("default").Checkpoint())
	assert.Equal(t, Counters{Requests: 1}, s.Account("default").Counters())
}

func TestResourceIDFollowsFromItsBytes(t *testing.T) {
	dir := t.TempDir()
	s := openState(t, dir)
	a := []byte("resource a")
	id, err := s.AddResource(a)
	require.NoError(t, err)
	h := sha256.Sum256(a)
	assert.Equal(t, binary.BigEndian.Uint32(h[:]), id)
	a[0] = 'X'
	got, _ := s.Resource(id)
	assert.Equal(t, "resource a", string(got), "the bytes are copied")
	again, err := s.AddResource([]byte("resource a"))
	require.NoError(t, err)
	assert.Equal(t, id, again)
	other, err := s.AddResource([]byte("resource b"))
	require.NoError(t, err)
	assert.NotEqual(t, id, other)
	empty, err := s.AddResource(nil)
	require.NoError(t, err)
	assert.NotZero(t, empty)
	require.NoError(t, s.Close())

	s = openState(t, dir)
	again, err = s.AddResource([]byte("resource a"))
	require.NoError(t, err)
	assert.Equal(t, id, again)
}

func TestCollidingResourcesGetTheNextFreeID(t *testing.T) {
	b := []byte("b")
	h := sha256.Sum256(b)
	first := binary.BigEndian.Uint32(h[:])
	id, known := resourceID(map[uint32][]byte{first: []byte("x"), first + 1: []byte("y")}, b)
	assert.Equal(t, first+2, id)
	assert.False(t, known)
	id, known = resourceID(map[uint32][]byte{first: []byte("x"), first + 1: b}, b)
	assert.Equal(t, first+1, id)
	assert.True(t, known)
}

func TestNewEpochStartsFromZero(t *testing.T) {
	dir := t.TempDir()
	s := openState(t, dir)
	id := s.Identity()
	require.NoError(t, s.Account("default").Save(settled(s, 100), Counters{Requests: 9}))
	require.NoError(t, s.SetEpoch(id.Epoch))
	assert.Equal(t, wal.Offset(100), s.Account("default").Checkpoint().Head, "the same epoch changes nothing")
	require.Error(t, s.SetEpoch(0))
	resource, err := s.AddResource([]byte("r"))
	require.NoError(t, err)
	require.NoError(t, s.SetEpoch(77))
	require.NoError(t, s.Close())

	s = openState(t, dir)
	assert.Equal(t, Identity{LogID: id.LogID, Epoch: 77, Created: id.Created}, s.Identity())
	assert.Zero(t, s.Account("default").Checkpoint())
	assert.Zero(t, s.Account("default").Counters())
	_, ok := s.Resource(resource)
	assert.True(t, ok, "resources outlive the epoch")
	require.NoError(t, s.Account("default").Save(settled(s, 1), Counters{}))
}

func TestClosedStateRefusesWrites(t *testing.T) {
	s := openState(t, t.TempDir())
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.Account("default").Save(settled(s, 1), Counters{}), ErrClosed)
	require.ErrorIs(t, s.Account("default").AddCounters(Counters{}), ErrClosed)
	require.ErrorIs(t, s.SetEpoch(5), ErrClosed)
	_, err := s.AddResource([]byte("r"))
	require.ErrorIs(t, err, ErrClosed)
}

func TestStateIsSafeForConcurrentUse(t *testing.T) {
	s := openState(t, t.TempDir())
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 5 {
				_ = s.Account("default").Save(settled(s, wal.Offset(n)), Counters{Requests: 1})
				_ = s.Account("default").AddCounters(Counters{Retries: 1})
				id, err := s.AddResource([]byte(strconv.Itoa(i * n)))
				assert.NoError(t, err)
				_, ok := s.Resource(id)
				assert.True(t, ok)
				_ = s.Account("default").Checkpoint()
			}
		})
	}
	all.Wait()
	assert.Equal(t, uint64(40), s.Account("default").Counters().Retries)
	assert.Equal(t, wal.Offset(4), s.Account("default").Checkpoint().Head)
}

// writeFormat writes a state file of a format version.
func writeFormat(t *testing.T, dir string, version uint32) {
	t.Helper()
	require.NoError(t, openState(t, dir).Close())
	db, err := bbolt.Open(filepath.Join(dir, stateName), 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
		v := binary.BigEndian.AppendUint32(nil, version)
		meta := tx.Bucket([]byte("meta"))
		// Nothing else of a newer format has to make sense to us.
		return errors.Join(meta.Put([]byte("format"), seal([]byte("format"), v)), meta.Delete([]byte("identity")))
	}))
	require.NoError(t, db.Close())
}

func TestNewerFormatIsAnErrorAndLeftAlone(t *testing.T) {
	dir := t.TempDir()
	writeFormat(t, dir, stateFormat+1)
	before, err := os.ReadFile(filepath.Join(dir, stateName))
	require.NoError(t, err)
	for range 2 {
		_, err = OpenState(dir)
		var newer *FormatError
		require.ErrorAs(t, err, &newer)
		require.ErrorIs(t, err, ErrNewer)
		assert.Equal(t, FormatError{Path: filepath.Join(dir, stateName), Found: 2, Known: 1}, *newer)
		assert.ErrorContains(t, err, "newer format: version 2, this program knows up to 1")
	}
	_, err = ReadState(dir)
	require.ErrorIs(t, err, ErrNewer)
	after, err := os.ReadFile(filepath.Join(dir, stateName))
	require.NoError(t, err)
	assert.Equal(t, before, after)
	assert.NoDirExists(t, filepath.Join(dir, quarantineName))
}

func TestUnreadableStateGoesToQuarantineAndOpenSucceedsW7(t *testing.T) {
	t.Parallel()
	good := func(t *testing.T) []byte {
		dir := t.TempDir()
		s := openState(t, dir)
		require.NoError(t, s.Account("default").Save(settled(s, 100), Counters{Requests: 1}))
		require.NoError(t, s.Close())
		b, err := os.ReadFile(filepath.Join(dir, stateName))
		require.NoError(t, err)
		return b
	}
	tests := []struct {
		name string
		make func(t *testing.T) []byte
	}{
		{"empty", func(*testing.T) []byte { return nil }},
		{"one byte", func(*testing.T) []byte { return []byte{0} }},
		{"zeros", func(*testing.T) []byte { return make([]byte, 64<<10) }},
		{"junk", func(*testing.T) []byte { return bytes.Repeat([]byte("junk"), 5000) }},
		{"older format", func(t *testing.T) []byte {
			dir := t.TempDir()
			writeFormat(t, dir, 0)
			b, err := os.ReadFile(filepath.Join(dir, stateName))
			require.NoError(t, err)
			return b
		}},
		{"a bbolt file of someone else", func(t *testing.T) []byte {
			path := filepath.Join(t.TempDir(), "x")
			db, err := bbolt.Open(path, 0o600, nil)
			require.NoError(t, err)
			require.NoError(t, db.Close())
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			return b
		}},
		{"cut after one page", func(t *testing.T) []byte { return good(t)[:os.Getpagesize()] }},
		{"cut after two pages", func(t *testing.T) []byte { return good(t)[:2*os.Getpagesize()] }},
		{"cut within a page", func(t *testing.T) []byte { return good(t)[:3*os.Getpagesize()+100] }},
		{"cut in half", func(t *testing.T) []byte { b := good(t); return b[:len(b)/2] }},
		{"both meta pages gone", func(t *testing.T) []byte {
			b := good(t)
			clear(b[:2*os.Getpagesize()])
			return b
		}},
		{"pages full of junk", func(t *testing.T) []byte {
			b := good(t)
			for i := 2 * os.Getpagesize(); i < len(b); i++ {
				b[i] = 0xA5
			}
			return b
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for n := 1; n <= 2; n++ { // The second time nothing is overwritten.
				bad := tt.make(t)
				bad = append(bytes.Clone(bad), bytes.Repeat([]byte{byte(n)}, min(len(bad), 1))...)
				require.NoError(t, os.WriteFile(filepath.Join(dir, stateName), bad, 0o600))
				_, err := ReadState(dir)
				require.ErrorIs(t, err, ErrDamaged)
				s := openState(t, dir)
				to := filepath.Join(dir, quarantineName, fmt.Sprintf("state.db.%d", n))
				assert.Contains(t, s.Recovered(), "state file is damaged")
				assert.Contains(t, s.Recovered(), to)
				kept, err := os.ReadFile(to)
				require.NoError(t, err)
				assert.True(t, bytes.Equal(bad, kept), "nothing is changed")
				require.NoError(t, s.Account("default").Save(settled(s, 5), Counters{}))
				require.NoError(t, s.Close())
			}
			s := openState(t, dir)
			assert.Empty(t, s.Recovered())
			assert.Equal(t, wal.Offset(5), s.Account("default").Checkpoint().Head)
		})
	}
}

func TestStateTooBigToBeOneGoesToQuarantineW7(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, stateName), nil, 0o600))
	require.NoError(t, os.Truncate(filepath.Join(dir, stateName), 1<<40))
	assert.NotEmpty(t, openState(t, dir).Recovered())
	info, err := os.Stat(filepath.Join(dir, quarantineName, "state.db.1"))
	require.NoError(t, err)
	assert.Equal(t, int64(1<<40), info.Size())
}

func TestCrashWhileTheFileIsMadeLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, newName), []byte("half"), 0o600))
	s := openState(t, dir)
	assert.Empty(t, s.Recovered())
	assert.NoFileExists(t, filepath.Join(dir, newName))
	assert.NoDirExists(t, filepath.Join(dir, quarantineName))
}

func TestLinksAndDevicesAreRefused(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege")
	}
	tests := []struct {
		name  string
		place func(t *testing.T, dir, target string)
	}{
		{"state", func(t *testing.T, dir, target string) {
			require.NoError(t, os.Symlink(target, filepath.Join(dir, stateName)))
		}},
		{"holder", func(t *testing.T, dir, target string) {
			require.NoError(t, os.Symlink(target, filepath.Join(dir, holderName)))
		}},
		{"quarantine", func(t *testing.T, dir, target string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, stateName), []byte("junk"), 0o600))
			require.NoError(t, os.Symlink(filepath.Dir(target), filepath.Join(dir, quarantineName)))
		}},
		{"state is a directory", func(t *testing.T, dir, _ string) {
			require.NoError(t, os.Mkdir(filepath.Join(dir, stateName), 0o700))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, elsewhere := t.TempDir(), t.TempDir()
			target := filepath.Join(elsewhere, "target")
			require.NoError(t, os.WriteFile(target, []byte("mine"), 0o600))
			tt.place(t, dir, target)
			_, err := OpenState(dir)
			require.Error(t, err)
			if !strings.Contains(tt.name, "directory") {
				require.ErrorIs(t, err, fsx.ErrSymlink)
			}
			b, err := os.ReadFile(target)
			require.NoError(t, err)
			assert.Equal(t, "mine", string(b))
			names, err := os.ReadDir(elsewhere)
			require.NoError(t, err)
			assert.Len(t, names, 1)
		})
	}
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(t.TempDir(), link))
	_, err := OpenState(link)
	require.ErrorIs(t, err, fsx.ErrSymlink)
}
