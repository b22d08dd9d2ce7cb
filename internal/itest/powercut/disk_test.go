//go:build linux

package powercut

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// filled returns n sectors of one byte.
func filled(b byte, n int) []byte { return bytes.Repeat([]byte{b}, n*Sector) }

// newDisk returns a disk of eight sectors, each filled with dots.
func newDisk() *Disk { return NewDisk(NewImage(filled('.', pageSize/Sector))) }

// sectors returns the first byte of each of the first four sectors, and fails if one
// is not all alike.
func sectors(t *testing.T, image Image) string {
	t.Helper()
	b := make([]byte, 4*Sector)
	require.Equal(t, len(b), image.read(b, 0))
	var s []byte
	for sector := range slices.Chunk(b, Sector) {
		require.Equal(t, filled(sector[0], 1), sector, "a sector is written whole or not at all")
		s = append(s, sector[0])
	}
	return string(s)
}

func TestACutLeavesWhatWasFlushedAndWhatTheModelSays(t *testing.T) {
	tests := []struct {
		name      string
		steps     func(d *Disk)
		none, all string
	}{
		{"nothing", func(*Disk) {}, "....", "...."},
		{"written", func(d *Disk) { d.WriteAt(filled('a', 2), 0) }, "....", "aa.."},
		{"flushed", func(d *Disk) { d.WriteAt(filled('a', 2), 0); d.Flush() }, "aa..", "aa.."},
		{
			"written over since", func(d *Disk) {
				d.WriteAt(filled('a', 4), 0)
				d.Flush()
				d.WriteAt(filled('b', 2), Sector)
				d.WriteAt(filled('c', 1), Sector)
			},
			"aaaa", "acba",
		},
		{"beyond the end", func(d *Disk) { d.WriteAt(filled('a', 2), 7*Sector) }, "....", "...."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDisk()
			tt.steps(d)
			view := make([]byte, d.Size())
			require.Equal(t, len(view), d.ReadAt(view, 0))
			d.Cut()
			r := rand.New(rand.NewPCG(1, 2))
			assert.Equal(t, tt.none, sectors(t, d.Image(None, r)))
			assert.Equal(t, tt.all, sectors(t, d.Image(All, r)))
			assert.Equal(t, tt.all, sectors(t, NewImage(view)), "a read sees every write")
		})
	}
}

func TestSomeOfTheWritesMayBeAnyOfThemInAnyOrderTornAtASector(t *testing.T) {
	d := newDisk()
	d.WriteAt(filled('a', 3), 0)
	d.WriteAt(filled('b', 1), 0)
	d.Cut()
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[string]bool{}
	for range 1000 {
		seen[sectors(t, d.Image(Some, r))] = true
	}
	for _, want := range []string{"....", "aaa.", "baa.", "b...", ".aa.", "a...", "..a.", "ba..", ".a.."} {
		assert.True(t, seen[want], "%s of %v", want, seen)
	}
	assert.Len(t, seen, 12, "a or b or neither, and twice a or not")
}

// Whoever asks a disk without power hears nothing until nobody is left to be fooled,
// and what it says then changes nothing.
func TestADiskWithoutPowerAnswersNobody(t *testing.T) {
	for name, ask := range map[string]func(d *Disk){
		"write": func(d *Disk) { d.WriteAt(filled('b', 1), Sector) },
		"flush": func(d *Disk) { d.Flush() },
		"read":  func(d *Disk) { d.ReadAt(make([]byte, 1), 0) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDisk()
				d.CutAfter(1)
				answered := make(chan string, 2)
				go func() { d.WriteAt(filled('a', 1), 0); answered <- "the write that was cut" }()
				<-d.Off()
				go func() { ask(d); answered <- name }()
				synctest.Wait()
				assert.Empty(t, answered)
				before := d.Counts()
				d.Release()
				synctest.Wait()
				assert.Len(t, answered, 2)
				assert.Equal(t, Counts{Writes: 1, Unflushed: 1}, before)
				assert.Equal(t, before, d.Counts())
				assert.Equal(t, "....", sectors(t, d.Image(None, nil)))
				assert.Equal(t, "a...", sectors(t, d.Image(All, nil)))
			})
		})
	}
}

func TestAnImageIsWhatWasWritten(t *testing.T) {
	const size = 5 * pageSize
	r := rand.New(rand.NewPCG(1, 2))
	want := make([]byte, size)
	copy(want[2*pageSize:], filled('x', 3))
	m := NewImage(slices.Clone(want))
	first, wasFirst := m.clone(), slices.Clone(want)
	for range 200 {
		at := r.IntN(size)
		p := make([]byte, r.IntN(min(3*pageSize, size-at)+1))
		for i := range p {
			p[i] = byte(r.Uint32())
		}
		m.write(p, int64(at))
		copy(want[at:], p)
		got := make([]byte, r.IntN(size))
		at = r.IntN(size + 10)
		n := m.read(got, int64(at))
		require.Equal(t, want[min(at, size):min(at+len(got), size)], got[:n])
	}
	for image, want := range map[*Image][]byte{&first: wasFirst, &m: want} {
		path := filepath.Join(t.TempDir(), "image")
		require.NoError(t, image.save(path))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(want, got))
	}
}
