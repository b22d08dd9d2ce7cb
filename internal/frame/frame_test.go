package frame_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/frame"
)

const epoch = 0x1122334455667788

func sample() (frame.Header, []byte) {
	return frame.Header{Offset: 42, Time: 1_700_000_000_000_000_001, Resource: 7, Skipped: 3}, []byte("a record")
}

// The bytes are fixed for ever: a directory written by this version must open
// under every later one.
func TestFrameGoldenBytes(t *testing.T) {
	h, payload := sample()
	got := frame.Append(nil, h, payload, frame.Seed(epoch))
	assert.Equal(t, "9c30a6bd"+"08000000"+"2a00000000000000"+"01002a36fe9c9717"+"07000000"+"03000000"+
		hex.EncodeToString(payload), hex.EncodeToString(got))
}

func TestPutAndAppendAgree(t *testing.T) {
	h, payload := sample()
	seed := frame.Seed(epoch)
	put := make([]byte, frame.Size(len(payload)))
	frame.Put(put, h, payload, frame.Sum(seed, payload))
	assert.Equal(t, frame.Append(nil, h, payload, seed), put)
}

func TestParseReturnsWhatWasFramed(t *testing.T) {
	for _, n := range []int{0, 1, 31, 4096, 1 << 20} {
		h, _ := sample()
		payload := bytes.Repeat([]byte{0xA5}, n)
		seed := frame.Seed(epoch)
		b := append(frame.Append(nil, h, payload, seed), "what follows"...)
		gotHeader, gotPayload, ok := frame.Parse(b, seed)
		require.True(t, ok, "%d bytes", n)
		assert.Equal(t, h, gotHeader)
		assert.Equal(t, payload, gotPayload)
	}
}

// W4: nothing whose checksum failed is taken for a record.
func TestEverySingleBitFlipIsCaught_W4(t *testing.T) {
	h, payload := sample()
	seed := frame.Seed(epoch)
	good := frame.Append(nil, h, payload, seed)
	for bit := range len(good) * 8 {
		b := bytes.Clone(good)
		b[bit/8] ^= 1 << (bit % 8)
		_, _, ok := frame.Parse(b, seed)
		assert.False(t, ok, "bit %d", bit)
	}
}

func TestEveryPrefixIsRefused(t *testing.T) {
	h, payload := sample()
	seed := frame.Seed(epoch)
	good := frame.Append(nil, h, payload, seed)
	for n := range good {
		_, _, ok := frame.Parse(good[:n], seed)
		assert.False(t, ok, "%d bytes", n)
	}
}

func TestFrameOfAnotherEpochIsRefused_W1(t *testing.T) {
	h, payload := sample()
	b := frame.Append(nil, h, payload, frame.Seed(epoch))
	_, _, ok := frame.Parse(b, frame.Seed(epoch+1))
	assert.False(t, ok)
}

func TestZeroBytesAreNoFrame(t *testing.T) {
	_, _, ok := frame.Parse(make([]byte, 4096), frame.Seed(epoch))
	assert.False(t, ok, "a zero-filled tail must not become empty records")
}

func TestReskipKeepsTheRecord(t *testing.T) {
	h, payload := sample()
	seed := frame.Seed(epoch)
	b := frame.Append(nil, h, payload, seed)
	frame.Reskip(b, 99, seed)
	got, gotPayload, ok := frame.Parse(b, seed)
	require.True(t, ok)
	h.Skipped = 99
	assert.Equal(t, h, got)
	assert.Equal(t, payload, gotPayload)
}

func FuzzParse(f *testing.F) {
	h, payload := sample()
	seed := frame.Seed(epoch)
	f.Add(frame.Append(nil, h, payload, seed))
	f.Add(make([]byte, frame.HeaderSize))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, payload, ok := frame.Parse(b, seed)
		if !ok {
			return
		}
		require.Equal(t, b[:frame.Size(len(payload))], frame.Append(nil, h, payload, seed), "a frame has one form only")
	})
}

func BenchmarkPut(b *testing.B) {
	h, _ := sample()
	payload := bytes.Repeat([]byte("x"), 440)
	seed := frame.Seed(epoch)
	dst := make([]byte, frame.Size(len(payload)))
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		frame.Put(dst, h, payload, frame.Sum(seed, payload))
	}
}
