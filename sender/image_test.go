package sender

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/ledger-sdk/ledger-go/wal"
)

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
		require.NoError(t, s.Account("default").Save(settled(s, head), Counters{Requests: 1}))
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
	require.Equal(t, wal.Offset(0x0105), want.accounts["default"].checkpoint.Head)
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
			if !heads[c.accounts["default"].checkpoint.Head] || c.id != want.id {
				t.Fatalf("byte %d: head %d", i, c.accounts["default"].checkpoint.Head)
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
		assert.True(t, heads[s.Account("default").Checkpoint().Head], i)
		require.NoError(t, s.Account("default").Save(settled(s, 0x0200), Counters{}), i)
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
	meta, err := newestMeta(data)
	require.NoError(f, err)
	f.Add(data[:meta.high*1024])
	f.Add(data[:4096])
	f.Add([]byte{})
	branches, _, _ := smallPages(f)
	meta, err = newestMeta(branches)
	require.NoError(f, err)
	f.Add(branches[:meta.high*1024])
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
