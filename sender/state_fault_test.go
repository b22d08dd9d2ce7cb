package sender

import (
	"bytes"
	"encoding/binary"
	"errors"
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

	"github.com/ledger-sdk/ledger-go/wal"
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
	assert.Less(t, time.Since(begin), 10*time.Second)
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
		assert.GreaterOrEqual(t, uint64(s.Checkpoint().Head), last)
		assert.Equal(t, uint64(s.Checkpoint().Head), s.Counters().Requests, "one transaction")
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
	assert.Equal(t, wal.Offset(200), s.Checkpoint().Head)
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
			require.NoError(t, s.Save(settled(s, 100), Counters{Requests: 1}))
			hurt(t, filepath.Join(dir, stateName))

			require.ErrorIs(t, s.Save(settled(s, 150), Counters{Requests: 1}), errFault)
			assert.Equal(t, wal.Offset(100), s.Checkpoint().Head)
			require.NoError(t, s.Save(settled(s, 200), Counters{Requests: 1}))
			assert.Contains(t, s.Recovered(), quarantineName)
			require.NoError(t, s.Save(settled(s, 201), Counters{Requests: 1}))
			require.NoError(t, s.Close())

			s = openState(t, dir)
			assert.Empty(t, s.Recovered())
			assert.Equal(t, id, s.Identity())
			assert.Equal(t, wal.Offset(201), s.Checkpoint().Head)
			assert.Equal(t, uint64(3), s.Counters().Requests)
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
	require.Error(t, s.Save(settled(s, 1), Counters{}))
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
				assert.NoError(t, s.Save(settled(s, head), Counters{Requests: 1}))
			}
		}
	})
	var last wal.Offset
	for range 30 {
		snap, err := ReadState(dir)
		require.NoError(t, err)
		assert.Equal(t, s.Identity(), snap.Identity)
		assert.GreaterOrEqual(t, snap.Checkpoint.Head, last)
		assert.Equal(t, uint64(snap.Checkpoint.Head), snap.Counters.Requests)
		assert.Equal(t, "resource", string(snap.Resources[id]))
		assert.Equal(t, os.Getpid(), snap.Holder.PID)
		last = snap.Checkpoint.Head
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
		require.NoError(t, s.Save(settled(s, head), Counters{}))
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
	assert.Equal(t, wal.Offset(4), c.checkpoint.Head)
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

// saved returns the bytes of a state file with some history, and all heads it
// ever had.
func saved(t testing.TB) ([]byte, map[wal.Offset]bool) {
	dir := t.TempDir()
	s, err := OpenState(dir)
	require.NoError(t, err)
	heads := map[wal.Offset]bool{0: true}
	_, err = s.AddResource(bytes.Repeat([]byte("r"), 3000))
	require.NoError(t, err)
	for head := wal.Offset(0x0101); head < 0x0106; head++ {
		require.NoError(t, s.Save(settled(s, head), Counters{Requests: 1}))
		heads[head] = true
	}
	require.NoError(t, s.Close())
	b, err := os.ReadFile(filepath.Join(dir, stateName))
	require.NoError(t, err)
	return b, heads
}

// One wrong byte anywhere is found, or it lies where nothing is, or it costs the
// last transaction. It never puts the acked offset where it never was (W2).
func TestWrongByteNeverMovesTheAckedOffset(t *testing.T) {
	t.Parallel()
	data, heads := saved(t)
	meta, err := newestMeta(data)
	require.NoError(t, err)
	top, err := readImage(data)
	require.NoError(t, err)
	want, err := decode(top)
	require.NoError(t, err)
	require.Equal(t, wal.Offset(0x0105), want.checkpoint.Head)
	step := 5
	if os.Getenv("SENDER_TEST_LONG") != "" {
		step = 1
	}
	found := 0
	for i := 0; i < int(meta.high)*meta.pageSize; i += step {
		for _, flip := range []byte{0x01, 0xFF} {
			if data[i] == 0 && flip == 0xFF && i%64 != 0 {
				continue // Most of the file is empty.
			}
			data[i] ^= flip
			c, err := readContents("", data)
			data[i] ^= flip
			if err != nil {
				found++
				continue
			}
			if !heads[c.checkpoint.Head] || c.id != want.id {
				t.Fatalf("byte %d: head %d", i, c.checkpoint.Head)
			}
		}
	}
	assert.Greater(t, found, 3000/step, "damage is found")
}

// The same through the front door, with bbolt: it never panics, hangs or refuses.
func TestStateWithAWrongByteOpensW7(t *testing.T) {
	t.Parallel()
	data, heads := saved(t)
	meta, err := newestMeta(data)
	require.NoError(t, err)
	var places []int
	for page := range int(meta.high) {
		at := page * meta.pageSize
		for _, i := range []int{0, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 72} {
			if page < 2 || data[at+8] != 0 {
				places = append(places, at+i)
			}
		}
	}
	for n, i := range places {
		if n%5 != 0 {
			continue
		}
		dir := t.TempDir()
		bad := bytes.Clone(data)
		bad[i] ^= 0x11
		require.NoError(t, os.WriteFile(filepath.Join(dir, stateName), bad, 0o600))
		s, err := OpenState(dir)
		require.NoError(t, err, i)
		assert.True(t, heads[s.Checkpoint().Head], i)
		require.NoError(t, s.Save(settled(s, 0x0200), Counters{}), i)
		require.NoError(t, s.Close())
	}
}

func FuzzState(f *testing.F) {
	small := filepath.Join(f.TempDir(), "state")
	db, err := bbolt.Open(small, 0o600, &bbolt.Options{PageSize: 1024}) // Small inputs make a fast fuzzer.
	require.NoError(f, err)
	require.NoError(f, db.Update(func(tx *bbolt.Tx) error { return encode(tx, newContents()) }))
	require.NoError(f, db.Close())
	data, err := os.ReadFile(small)
	require.NoError(f, err)
	_, err = readContents("", data)
	require.NoError(f, err)
	f.Add(data)
	f.Add(data[:4096])
	f.Add([]byte{})
	branches, _, _ := smallPages(f)
	f.Add(branches)
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = readContents("", data) // It returns.
	})
}

// readImage and bbolt agree on what a file says, with branch pages, large values
// and buckets in buckets.
func TestImageIsWhatBboltReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	db, err := bbolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	defer db.Close()
	for round := range 5 {
		require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte("many"))
			require.NoError(t, err)
			for i := range 500 {
				key := []byte(strconv.Itoa(i))
				if (i+round)%3 == 0 {
					require.NoError(t, b.Delete(key))
				} else {
					require.NoError(t, b.Put(key, bytes.Repeat(key, round*i%40)))
				}
			}
			in, err := b.CreateBucketIfNotExists([]byte("inside"))
			require.NoError(t, err)
			require.NoError(t, in.Put([]byte("large"), bytes.Repeat([]byte("x"), 20_000*round)))
			_, err = in.CreateBucketIfNotExists([]byte("empty"))
			return err
		}))
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		top, err := readImage(data)
		require.NoError(t, err)
		require.NoError(t, db.View(func(tx *bbolt.Tx) error {
			same(t, top.bucket("many"), tx.Bucket([]byte("many")))
			return nil
		}))
	}
}

// smallPages is a bbolt file with branch pages, and where a first one of them and
// the freelist are.
func smallPages(t testing.TB) (data []byte, branch, freelist int) {
	path := filepath.Join(t.TempDir(), "small")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: 1024})
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte("b"))
			for i := range 200 { // Enough for branch pages.
				err = errors.Join(err, b.Put([]byte(strconv.Itoa(i)), bytes.Repeat([]byte("v"), 50)))
			}
			return err
		}))
	}
	require.NoError(t, db.Close())
	data, err = os.ReadFile(path)
	require.NoError(t, err)
	meta, err := newestMeta(data)
	require.NoError(t, err)
	free := map[uint64]bool{}
	freelist = int(meta.freelist) * 1024
	for i := range int(binary.NativeEndian.Uint16(data[freelist+10:])) {
		free[binary.NativeEndian.Uint64(data[freelist+16+8*i:])] = true
	}
	for id := uint64(2); id < meta.high; id++ {
		if data[id*1024+8] == flagBranch && !free[id] {
			return data, int(id) * 1024, freelist
		}
	}
	t.Fatal("no branch page")
	return nil, 0, 0
}

// What bbolt would follow without end, or over the end, is refused before.
func TestImageRefusesWhatBboltCannotSurvive(t *testing.T) {
	data, branch, freelist := smallPages(t)
	_, err := readImage(data)
	require.NoError(t, err)
	id := uint64(branch / 1024)
	tests := []struct {
		name string
		at   int
		to   uint64
		want string
	}{
		{"a page below itself", branch + 16 + 8, id, "in use twice"},
		{"two pages above one", branch + 32 + 8, binary.NativeEndian.Uint64(data[branch+16+8:]), "in use twice"},
		{"a page outside the file", branch + 16 + 8, 1 << 40, "outside the file"},
		{"a meta page", branch + 16 + 8, 1, "outside the file"},
		{"a page of another number", branch, id + 1, "not itself"},
		{"a page that is called free", freelist + 16, id, "not free"},
		{"a free page outside", freelist + 16, 1 << 50, "not free"},
	}
	for _, tt := range tests {
		bad := bytes.Clone(data)
		binary.NativeEndian.PutUint64(bad[tt.at:], tt.to)
		_, err := readImage(bad)
		require.ErrorContains(t, err, tt.want, tt.name)
	}

	path := filepath.Join(t.TempDir(), "deep")
	db, err := bbolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte("b"))
		for range 2 * maxDepth {
			require.NoError(t, err)
			b, err = b.CreateBucket([]byte("b"))
		}
		return err
	}))
	require.NoError(t, db.Close())
	deep, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = readImage(deep)
	require.Error(t, err)
}

func same(t *testing.T, im *image, b *bbolt.Bucket) {
	n := 0
	require.NoError(t, b.ForEach(func(k, v []byte) error {
		n++
		if v == nil {
			same(t, im.bucket(string(k)), b.Bucket(k))
			return nil
		}
		require.Equal(t, string(v), string(im.values[string(k)]))
		return nil
	}))
	assert.Equal(t, n, len(im.values)+len(im.buckets))
}
