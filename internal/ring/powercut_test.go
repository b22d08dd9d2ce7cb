//go:build unix

package ring_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/internal/ring"
)

// Nobody syncs the mapped file, so that after a power cut each of its sectors holds
// any of the versions that it had since it was last known to be on the disk, and
// two that follow each other mixed if it was being written. Whatever that makes: no
// record comes out that was not admitted, with other bytes, under another offset
// or twice. After a kill, all come out (W3).
func TestPowerCutsNeverMakeARecord_W1_W3_W7(t *testing.T) {
	first, histories := form.Histories(t, 100, 20_000)
	deadline := time.Now().Add(time.Minute)
	dir := form.Scratch(t)
	var cuts, records int
	seed := first
	for ; seed < first+uint64(histories) && time.Now().Before(deadline); seed++ {
		p := &plant{t: t, rng: rand.New(rand.NewPCG(seed, 13)), path: filepath.Join(dir, "ring"), next: 1}
		p.history(seed)
		cuts, records = cuts+p.cuts, records+p.records
	}
	form.Fault(t, "power cut", "model of the ring: %d histories, %d power cuts, %d records checked, 0 made up", seed-first, cuts, records)
}

const tornAt = 512 // bytes that a disk writes at once

// admitted is a record as it was pushed.
type admitted struct {
	offset uint64
	size   int
}

// plant is a machine: a ring file, the log behind it, and a power supply.
type plant struct {
	t        *testing.T
	rng      *rand.Rand
	path     string
	ring     *ring.Ring
	versions [][][]byte // by sector, since it was durable, oldest first

	all  []admitted        // by serial number, from 1
	held map[uint64]uint32 // offset to serial number, of this process
	next uint64            // offset of the next push
	// What the log has: everything that was taken, up to appended; synced of it survives
	// a power cut.
	appended, synced uint64

	cuts, records int
}

func (p *plant) history(seed uint64) {
	defer func() {
		if p.t.Failed() {
			p.t.Logf("LEDGER_SEED=%d repeats this history", seed)
		}
		_ = os.Remove(p.path)
	}()
	size := 4096 << p.rng.IntN(2)
	for range 6 {
		p.run(size)
		p.end()
	}
}

// run is the life of a process.
func (p *plant) run(size int) {
	var err error
	p.held = map[uint64]uint32{}
	p.ring, err = ring.Map(p.path, size, ring.Config{Epoch: epoch, Resource: 5, Next: p.next, MaxRecords: p.rng.IntN(2) * 40})
	require.NoError(p.t, err)
	p.observe()
	steps := 60
	if p.rng.IntN(8) == 0 {
		steps = 1000 // Many laps, and a log that is far behind.
	}
	for range p.rng.IntN(steps) {
		switch p.rng.IntN(8) {
		case 0:
			run := p.ring.Take(nil, 1+p.rng.IntN(20), 1<<20)
			if run.Count > 0 {
				p.appended = run.Base + uint64(run.Count) - 1
				p.ring.Release(p.appended)
			}
		case 1:
			if p.rng.IntN(4) == 0 {
				p.synced = p.appended
			}
		default:
			p.push()
		}
		p.observe()
	}
}

func (p *plant) push() {
	p.all = append(p.all, admitted{p.next, 16 + p.rng.IntN(200)})
	serial := uint32(len(p.all))
	a, err := p.ring.Push(p.payload(serial), int64(p.next))
	require.NoError(p.t, err)
	require.Equal(p.t, p.next, a.Offset)
	p.held[p.next] = serial
	p.next++
}

// payload returns the bytes of the record of a serial number.
func (p *plant) payload(serial uint32) []byte {
	r := p.all[serial-1]
	b := make([]byte, r.size)
	binary.LittleEndian.PutUint64(b, r.offset)
	for i := 8; i < len(b); i++ {
		b[i] = byte(serial >> (8 * (i & 3)))
	}
	return b
}

// observe notes the versions of the sectors.
func (p *plant) observe() {
	b, err := os.ReadFile(p.path)
	require.NoError(p.t, err)
	if p.versions == nil {
		p.versions = make([][][]byte, len(b)/tornAt)
	}
	for i := range p.versions {
		s := b[i*tornAt : (i+1)*tornAt]
		if n := len(p.versions[i]); n == 0 || !bytes.Equal(p.versions[i][n-1], s) {
			p.versions[i] = append(p.versions[i], bytes.Clone(s))
		}
	}
}

// end ends the process, by a kill or by a power cut, and lets the next one adopt
// what it finds.
func (p *plant) end() {
	evicted := p.ring.Stats().Evicted
	require.NoError(p.t, p.ring.Unmap())
	from := p.appended + 1
	kill := p.rng.IntN(3) == 0
	if !kill {
		p.cuts++
		p.cut()
		from = p.synced + 1 + p.rng.Uint64N(p.appended-p.synced+1)
	}
	left, err := ring.ReadLeftover(p.path, epoch, from)
	require.NoError(p.t, err)
	got := p.check(left, from)
	if kill && evicted == 0 {
		for o := from; o < p.next; o++ {
			require.Equal(p.t, p.held[o], got[o], "W3: record %d survives a kill", o)
		}
	}
	p.next = max(from, left.Admitted+1)
	p.appended, p.synced = p.next-1, p.next-1
}

// check checks each record that came out, and returns their serial numbers.
func (p *plant) check(left ring.Leftover, from uint64) map[uint64]uint32 {
	got := map[uint64]uint32{}
	last := from - 1
	for _, run := range left.Runs {
		b := run.Frames
		for range run.Count {
			h, payload, ok := frame.Parse(b, frame.Seed(epoch))
			require.True(p.t, ok, "W4")
			require.Greater(p.t, h.Offset, last, "each comes out once, in order")
			serial := binary.LittleEndian.Uint32(payload[8:])
			require.True(p.t, serial > 0 && int(serial) <= len(p.all), "record %d was admitted", h.Offset)
			require.Equal(p.t, p.all[serial-1].offset, h.Offset, "under its offset")
			require.Equal(p.t, p.payload(serial), payload, "with its bytes")
			if now, ok := p.held[h.Offset]; ok {
				require.Equal(p.t, now, serial, "record %d is the one that this process admitted", h.Offset)
			}
			got[h.Offset], last = serial, h.Offset
			b = b[frame.Size(len(payload)):]
			p.records++
		}
		require.Empty(p.t, b)
	}
	require.GreaterOrEqual(p.t, max(left.Admitted, from-1), last, "W1: offsets go on behind them")
	return got
}

// cut leaves of each sector any version.
func (p *plant) cut() {
	page := 4096 / tornAt
	whole := p.rng.IntN(2) == 0 // Pages are written whole.
	late := p.rng.IntN(2) == 0  // Most were written lately.
	var b []byte
	odds := 0.0
	for i, versions := range p.versions {
		if !whole || i%page == 0 {
			odds = p.rng.Float64()
			if late {
				odds = 1 - odds*odds*odds*odds
			}
		}
		at := min(int(odds*float64(len(versions))), len(versions)-1)
		s := bytes.Clone(versions[at])
		if at > 0 && p.rng.IntN(4) == 0 {
			n := p.rng.IntN(tornAt)
			copy(s[n:], versions[at-1][n:])
		}
		p.versions[i] = [][]byte{s}
		b = append(b, s...)
	}
	require.NoError(p.t, os.WriteFile(p.path, b, 0o600))
}
