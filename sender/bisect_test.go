package sender

import (
	"fmt"
	"math/bits"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/wal"
)

// levels is how often a batch can be halved: ⌈log2 n⌉.
func levels(n int) int { return bits.Len(uint(n - 1)) }

// bisected has a batch of n records refused because of the guilty ones, which are
// counted from 1, after the server took a record. It returns how many requests that took
// besides the first.
func bisected(t *testing.T, d *DeadLog, n, inFlight int, guilty ...wal.Offset) int {
	t.Helper()
	for i := range guilty {
		guilty[i]++ // Behind the first one.
	}
	p := newPicky(guilty...)
	cfg := exact()
	cfg.Name = fmt.Sprint("d", n, inFlight, guilty[0], len(guilty), time.Now().UnixNano())
	cfg.Dead, cfg.FlushSize, cfg.MaxInFlight, cfg.Compression = d, n, inFlight, CompressionNone
	r := start(t, cfg, p.answer)
	r.log.add(1)
	sleep(time.Minute)
	p.asked()
	r.log.add(n)
	sleep(30 * time.Minute)
	extra := p.asked() - 1
	last := wal.Offset(n + 1)
	alike(t, guilty, dead(t, d, cfg.Name), "only the guilty are dead")
	alike(t, offsets(1, last, guilty...), p.delivered(), "all others are delivered")
	assert.Equal(t, 1, p.times(), "once")
	assert.Equal(t, last, r.store.head())
	assert.Equal(t, uint64(len(guilty)), r.store.cp.Dead)
	assert.Equal(t, uint64(len(guilty)), r.Stats().Rejected)
	assert.Equal(t, PhaseIdle, r.Health().Phase)
	require.NoError(t, r.stop())
	return extra
}

func TestOneGuiltyRecordIsFoundWhereverItIs_S1(t *testing.T) { bubble(t, oneGuilty) }

func oneGuilty(t *testing.T) {
	d := morgue(t, DeadLimits{})
	step := 23
	if form.Long() {
		step = 1
	}
	cases, most := 0, 0
	for _, n := range []int{1, 2, 3, 10, 1000} {
		for _, inFlight := range []int{1, 4} {
			for k := 1; k <= n; k++ {
				if n == 1000 && k > 3 && k < 998 && k%step != 0 {
					continue
				}
				extra := bisected(t, d, n, inFlight, wal.Offset(k))
				require.LessOrEqual(t, extra, 2*levels(n), "n %d, k %d", n, k)
				cases, most = cases+1, max(most, extra)
			}
		}
	}
	t.Attr("delivery", fmt.Sprintf("400 for one record of a batch | %d cases up to 1000 records: that one is a dead letter, the others arrive once, at most %d more requests", cases, most))
}

func TestSeveralGuiltyRecordsAreFound_S1(t *testing.T) { bubble(t, severalGuilty) }

func severalGuilty(t *testing.T) {
	d := morgue(t, DeadLimits{})
	for _, n := range []int{10, 100, 1000} {
		for name, k := range map[string]func(i, count int) int{
			"together at the start":  func(i, _ int) int { return i },
			"together in the middle": func(i, count int) int { return (n-count)/2 + i },
			"together at the end":    func(i, count int) int { return n - count + i },
			"scattered":              func(i, count int) int { return i*n/count + n/count/2 },
			"one at each end":        func(i, count int) int { return i * (n - 1) / max(count-1, 1) },
		} {
			for _, count := range []int{2, 3, 5, n / 10, 2 * n / 5} {
				for _, inFlight := range []int{1, 4} {
					if n == 1000 && count > 5 && !form.Long() {
						continue // It takes thousands of requests.
					}
					if count > n/2-1 || count > n/5 && inFlight > 1 { // By chance, it may be most of those tried.
						continue
					}
					var guilty []wal.Offset
					for i := range count {
						guilty = append(guilty, wal.Offset(k(i, count)+1))
					}
					slices.Sort(guilty)
					extra := bisected(t, d, n, inFlight, slices.Compact(guilty)...)

					assert.LessOrEqual(t, extra, 2*levels(n)*count, "%d of %d %s", count, n, name)
				}
			}
		}
	}
}
