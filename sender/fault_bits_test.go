package sender

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/wal"
)

// Every bit of a state file is flipped. The reader of its bytes either refuses the file
// or finds what was once stored, all of it: never an offset that is ahead (W2: a phantom
// ack would lose records), never another destination, and never panics. Each flip that it accepts,
// and that is not among zeros, then goes through the front door with bbolt:
// OpenState opens, and what it saves next is there afterwards (W7).
//
// The short form flips every bit of every byte that is not zero in a page that is in
// use, and each 97th of the rest; the long form every bit of the file.
func TestEveryBitFlipOfTheState_W2_W7(t *testing.T) {
	t.Parallel()
	data, heads := saved(t)
	used := pagesInUse(t, data)
	long := form.Long()
	var doors []int
	refused, accepted := 0, 0
	for bit := range len(data) * 8 {
		inUse := used[bit/8/os.Getpagesize()] && data[bit/8] != 0
		if !inUse && !long && bit%97 != 0 {
			continue
		}
		data[bit/8] ^= 1 << (bit % 8)
		c, err := readContents("", data)
		data[bit/8] ^= 1 << (bit % 8)
		if err != nil {
			refused++
			continue
		}
		accepted++
		a := c.accounts["default"]
		if head := a.checkpoint.Head; !heads[head] || a.counters.Requests != uint64(head-0x0100) {
			t.Fatalf("W2: with bit %d flipped the head is %d and the counters are %+v", bit, head, a.counters)
		}
		if len(c.accounts) != 1 || len(c.resources) != 1 {
			t.Fatalf("W2: with bit %d flipped there are %d destinations and %d resources", bit, len(c.accounts), len(c.resources))
		}
		if inUse || bit%(97*31) == 0 {
			doors = append(doors, bit)
		}
	}
	if !long {
		doors = eachNth(doors, max(1, len(doors)/80))
	}
	opened := openFlipped(t, data, heads, doors)
	form.Fault(t, "bit flips", "state.db at the level of its reader: %d of %d bits, %d refused, 0 put the acked offset ahead; %d of the accepted opened with bbolt, 0 panics",
		refused+accepted, len(data)*8, refused, opened)
}

func eachNth(all []int, n int) []int {
	var out []int
	for i := 0; i < len(all); i += n {
		out = append(out, all[i])
	}
	return out
}

// pagesInUse returns the pages that the newest transaction, or the one before it,
// reaches, meta pages and freelists included.
func pagesInUse(t *testing.T, data []byte) map[int]bool {
	t.Helper()
	used := map[int]bool{0: true, 1: true}
	size := os.Getpagesize()
	for at := range []int{0, 1} {
		meta, ok := parseMeta(data, at*size)
		require.True(t, ok)
		f := &boltFile{data: data, meta: meta, seen: map[uint64]bool{0: true, 1: true}}
		if f.readPage(meta.root, &image{}, 0) != nil {
			continue // Overwritten since.
		}
		_, _, _, err := f.page(meta.freelist)
		require.NoError(t, err)
		for id := range f.seen {
			used[int(id)] = true
		}
	}
	return used
}

// openFlipped opens the state file with each of the bits flipped.
func openFlipped(t *testing.T, data []byte, heads map[wal.Offset]bool, bits []int) int64 {
	t.Helper()
	base := form.Scratch(t)
	var next, opened atomic.Int64
	var workers sync.WaitGroup
	for w := range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			dir := filepath.Join(base, fmt.Sprint(w))
			for i := next.Add(1) - 1; int(i) < len(bits) && !t.Failed(); i = next.Add(1) - 1 {
				openOneFlipped(t, dir, data, heads, bits[i])
				opened.Add(1)
			}
		})
	}
	workers.Wait()
	return opened.Load()
}

func openOneFlipped(t *testing.T, dir string, data []byte, heads map[wal.Offset]bool, bit int) {
	bad := bytes.Clone(data)
	bad[bit/8] ^= 1 << (bit % 8)
	defer func() { assert.NoError(t, os.RemoveAll(dir)) }()
	if !assert.NoError(t, os.MkdirAll(dir, 0o700)) || !assert.NoError(t, os.WriteFile(filepath.Join(dir, stateName), bad, 0o600)) {
		return
	}
	s, err := OpenState(dir)
	if !assert.NoError(t, err, bit) {
		return
	}
	assert.True(t, heads[s.Account("default").Checkpoint().Head], bit)
	for head := wal.Offset(0x0200); head < 0x0203; head++ {
		assert.NoError(t, s.Account("default").Save(settled(s, head), Counters{Requests: 1}), bit)
	}
	assert.NoError(t, s.Close(), bit)
	snap, err := ReadState(dir)
	assert.NoError(t, err, bit)
	assert.Equal(t, wal.Offset(0x0202), snap.Accounts["default"].Checkpoint.Head, bit)
}
