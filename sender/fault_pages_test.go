package sender

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/wal"
)

// absurdity is a number of a state file that was replaced by one that makes no sense.
type absurdity struct {
	name  string
	at    int // in the file
	width int // in bytes
	value uint64
	meta  int // the meta page whose checksum is made right again, -1 if none
}

// Numbers that make no sense, in every place where bbolt trusts one: the ids, kinds,
// counts and overflows of pages, the positions, sizes and flags of their elements, the
// entries of the freelist, and the meta pages, with a right checksum. bbolt answers
// some of them with a panic, an endless loop or a read outside its mapping. OpenState
// opens all the same, with an acked offset that was once stored, and what it saves
// next is there afterwards (W2, W7).
func TestAbsurdNumbersInTheState_W2_W7(t *testing.T) {
	t.Parallel()
	data, heads := saved(t)
	all := absurdities(t, data)
	seed := form.Seed(t)
	tried := all
	if !form.Long() {
		rng := rand.New(rand.NewPCG(seed, 0))
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		tried = all[:150]
		for _, a := range all[150:] {
			if strings.Contains(a.name, "txid") { // A number that wraps has the second write read an old page.
				tried = append(tried, a)
			}
		}
	}
	base := form.Scratch(t)
	for i, a := range tried {
		openAbsurd(t, filepath.Join(base, strconv.Itoa(i)), a.apply(data), heads, a.name)
		if t.Failed() {
			t.Fatalf("%s, LEDGER_SEED=%d", a.name, seed)
		}
	}
	form.Fault(t, "state.db", "%d of %d absurd numbers in its pages: all opened, 0 acks ahead, 0 panics", len(tried), len(all))
}

func openAbsurd(t *testing.T, dir string, bad []byte, heads map[wal.Offset]bool, name string) {
	t.Helper()
	defer func() { assert.NoError(t, os.RemoveAll(dir)) }()
	require.NoError(t, os.MkdirAll(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, stateName), bad, 0o600))
	s, err := OpenState(dir)
	require.NoError(t, err, name)
	assert.True(t, heads[s.Account("default").Checkpoint().Head], name)
	// A transaction number that wraps faults in the first write; the next one makes the
	// file anew from memory.
	write := func(f func() error) {
		err := f()
		if errors.Is(err, errFault) {
			err = f()
		}
		assert.NoError(t, err, name)
	}
	write(func() error {
		_, err := s.AddResource(bytes.Repeat([]byte("new"), 4000)) // It takes pages from the freelist.
		return err
	})
	write(func() error { return s.Account("default").Save(settled(s, 0x0200), Counters{Requests: 1}) })
	assert.NoError(t, s.Close(), name)
	snap, err := ReadState(dir)
	assert.NoError(t, err, name)
	assert.Equal(t, wal.Offset(0x0200), snap.Accounts["default"].Checkpoint.Head, name)
}

// apply returns the file with the number replaced.
func (a absurdity) apply(data []byte) []byte {
	out := bytes.Clone(data)
	switch a.width {
	case 2:
		binary.NativeEndian.PutUint16(out[a.at:], uint16(a.value))
	case 4:
		binary.NativeEndian.PutUint32(out[a.at:], uint32(a.value))
	default:
		binary.NativeEndian.PutUint64(out[a.at:], a.value)
	}
	if a.meta >= 0 {
		b := out[a.meta*os.Getpagesize()+pageHeader:]
		sum := fnv.New64a()
		_, _ = sum.Write(b[:metaSize-8])
		binary.NativeEndian.PutUint64(b[metaSize-8:], sum.Sum64())
	}
	return out
}

// absurdities lists every place and what to put there.
func absurdities(t *testing.T, data []byte) []absurdity {
	t.Helper()
	var out []absurdity
	values := []uint64{0, 1, 2, 3, 5, 7, 0x7F, 0xFFFE, 0xFFFF, 1 << 16, 1 << 31, 1<<32 - 1, 1 << 40, 1<<63 - 1, 1 << 63, 1<<64 - 1}
	put := func(what string, page, at, width, meta int) {
		at += page * os.Getpagesize()
		for _, v := range values {
			if width < 8 && v >= 1<<(8*width) {
				break
			}
			out = append(out, absurdity{fmt.Sprintf("page %d: %s is %#x", page, what, v), at, width, v, meta})
		}
	}
	for page := range pagesInUse(t, data) {
		if page < 2 {
			for field, at := range map[string]int{"page size": 8, "root": 16, "sequence": 24, "freelist": 32, "pages": 40, "txid": 48} {
				width := 8
				if field == "page size" {
					width = 4
				}
				put(field, page, pageHeader+at, width, page)
			}
			continue
		}
		put("id", page, 0, 8, -1)
		put("flags", page, 8, 2, -1)
		put("count", page, 10, 2, -1)
		put("overflow", page, 12, 4, -1)
		b := data[page*os.Getpagesize():]
		flags, count := int(binary.NativeEndian.Uint16(b[8:])), int(binary.NativeEndian.Uint16(b[10:]))
		for i := range min(count, 8) {
			if flags == flagFreelist {
				put(fmt.Sprintf("free page %d", i), page, pageHeader+8*i, 8, -1)
				continue
			}
			for n, field := range []string{"flags", "position", "key size", "value size"} {
				put(fmt.Sprintf("%s of element %d", field, i), page, pageHeader+i*elemSize+4*n, 4, -1)
			}
		}
	}
	return out
}
