package proxies

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// plight is a toxic, and what it means for records.
type plight struct {
	name string
	toxic
	gets   bool // they arrive all the same
	copies bool // they arrive more than once
}

// plights is every way in which a network is bad.
func plights() []plight {
	return []plight{
		{"latency", toxic{latency: 30 * time.Millisecond}, true, false},
		{"bandwidth", toxic{rate: 50_000}, true, false},
		{"closes late", toxic{cut: [2]int{down: 1}, late: 30 * time.Millisecond}, true, false},
		{"answers after the timeout", toxic{latency: toxicTimeout * 5 / 8}, false, true},
		{"answers disappear", toxic{swallow: [2]bool{down: true}}, false, true},
		{"all disappears", toxic{swallow: [2]bool{up: true, down: true}}, false, false},
		{"requests cut", toxic{cut: [2]int{up: 1000}}, false, false},
		{"requests reset", toxic{cut: [2]int{up: 1000}, end: resets}, false, false},
		{"answers cut", toxic{cut: [2]int{down: 50}}, false, true},
		{"answers reset", toxic{cut: [2]int{down: 50}, end: resets}, false, true},
		{"half closed", toxic{cut: [2]int{down: 50}, end: halfCloses}, false, true},
	}
}

// toxicTimeout is what a request may take. It is far above what one takes on a good
// network, or copies would come from a busy machine.
const toxicTimeout = 400 * time.Millisecond

func TestEverythingArrivesWhenAToxicIsLifted(t *testing.T) {
	for _, tt := range plights() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := listening(t)
			p := newProxy(t, srv.addr)
			s := newShipper(t, p.endpoint(), func(c *ledger.Config) {
				if !tt.gets {
					c.Timeout = toxicTimeout
				}
			})
			s.log(100)
			s.deliver() // There are connections now.

			p.poison(tt.toxic)
			back := p.passed[down].Load()
			s.log(200) // P3: all calls have returned,
			if tt.swallow[down] {
				assert.Equal(t, back, p.passed[down].Load(), "and nothing came from the server since")
			}
			if tt.gets {
				s.deliver()
			} else {
				eventually(t, "a few requests that fail", func() bool { return s.Stats().Delivery.Failures >= 3 })
				assert.Equal(t, uint64(100), s.Stats().Delivered)
			}
			assert.Positive(t, p.bites.Load())

			p.lift()
			books, _ := s.audit(srv)
			require.NoError(t, s.Close())
			p.close() // A copy may still have been on its way.
			_, copies := srv.arrived(t)
			t.Logf("%d copies, at most %d; %d requests, %d failed", copies, books.AmbiguousRecords, books.Requests, books.Failures)
			assert.LessOrEqual(t, copies, books.AmbiguousRecords, "P2")
			if tt.copies {
				assert.Positive(t, copies, "the bound was put to a test")
			}
		})
	}
}

// A capture that waited for the network could not outlast it: nothing is lifted before
// everything was logged, several times what is sent at once (L1).
func TestL1LogReturnsWhileEverythingDisappears(t *testing.T) {
	t.Parallel()
	srv := listening(t)
	p := newProxy(t, srv.addr)
	p.poison(toxic{swallow: [2]bool{up: true, down: true}})
	s := newShipper(t, p.endpoint(), func(c *ledger.Config) { c.Timeout = toxicTimeout })
	s.log(5000)
	require.NoError(t, s.Sync(within(t, 10*time.Second)), "nor does the disk wait for it")
	eventually(t, "a request that fails", func() bool { return s.Stats().Delivery.Failures > 0 })
	assert.Zero(t, p.passed[up].Load())
	assert.Equal(t, uint64(5000), s.Stats().Pending)
	p.lift()
	books, copies := s.audit(srv)
	assert.LessOrEqual(t, copies, books.AmbiguousRecords, "P2")
}

// One toxic after the other, at random, under load.
func TestEverythingArrivesAfterAStorm(t *testing.T) {
	t.Parallel()
	lasts := 3 * time.Second
	if form.Long() {
		lasts = time.Minute
	}
	srv := listening(t)
	p := newProxy(t, srv.addr)
	s := newShipper(t, p.endpoint(), func(c *ledger.Config) { c.Timeout = toxicTimeout; c.MaxRecords = 100_000 })
	end := s.load(4 * time.Millisecond)
	all := plights()
	for begin := time.Now(); time.Since(begin) < lasts; {
		p.poison(all[p.draw(len(all))-1].toxic)
		pause(t, time.Duration(p.draw(int(150*time.Millisecond))))
		p.lift()
		pause(t, time.Duration(p.draw(int(50*time.Millisecond))))
	}
	end()
	books, _ := s.audit(srv)
	require.NoError(t, s.Close())
	p.close()
	_, copies := srv.arrived(t)
	t.Logf("%d records, %d copies, at most %d; %d requests, %d failed", s.logged.Load(), copies, books.AmbiguousRecords, books.Requests, books.Failures)
	assert.LessOrEqual(t, copies, books.AmbiguousRecords, "P2")
	assert.Positive(t, books.Failures)
}
