//go:build linux && (amd64 || arm64)

package syscalls

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// run plays a scenario behind the gate.
func (s scenario) run(t *testing.T, dir, url, tag string, decide func(call) verdict, env ...string) ran {
	t.Helper()
	return behindGate(t, dir, []string{self(t)}, append(env,
		scenarioEnv+"="+s.name, dirEnv+"="+dir, urlEnv+"="+url, tagEnv+"="+tag), decide)
}

// nobody is an address at which no server is.
const nobody = "http://127.0.0.1:1"

// server is where the child sends its records.
func (s scenario) server(srv *sink) string {
	if s.offline {
		return nobody
	}
	return srv.URL
}

// deliverAll opens a directory as the next process does, logs one record more, delivers
// everything and returns the books. That it opens is W7.
func deliverAll(t *testing.T, cfg ledger.Config) ledger.Stats {
	t.Helper()
	c, err := ledger.Open(cfg)
	require.NoError(t, err, "W7")
	defer c.Close()
	before := c.Stats().Accepted
	require.NoError(t, c.Log(t.Context(), ledger.Record{Message: afterwards}))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, c.Flush(ctx))
	s := c.Stats()
	require.Equal(t, before+1, s.Accepted, "W1: a record more is an offset more")
	require.Equal(t, s.Accepted, s.Delivered+s.Pending+s.Dead+s.Evicted+s.Lost, "L2: %+v", s)
	require.Zero(t, s.Pending)
	require.NoError(t, c.Close())
	return s
}

// afterwards is what the process behind the child logs.
const afterwards = "afterwards"

// duty is what a directory owes after a run.
type duty struct {
	must  []string // promised
	tried int      // records of the child that may have been admitted
	// volatile: records may be missing beyond the promised ones although their offsets
	// were given out, because a disk that stayed broken took neither log nor ring.
	volatile bool
}

// check opens the directory after a run and compares what arrives with what is due, by ID.
func (s scenario) check(t *testing.T, dir string, before past, srv *sink, d duty) {
	t.Helper()
	stats := deliverAll(t, s.configure(dir, srv.URL))
	ids, bad := srv.arrived()
	assert.Empty(t, bad, "requests that could not be read")

	var missing []string
	for _, m := range append(slices.Clone(before.records), d.must...) {
		if len(ids[m]) == 0 {
			missing = append(missing, m)
		}
	}
	if s.evicts {
		s.checkEvicted(t, stats, missing, ids)
	} else {
		assert.Empty(t, missing, "W3: promised, and never delivered")
		assert.Zero(t, stats.Evicted)
	}
	for m, under := range ids {
		assert.Len(t, under, 1, "%s came under several IDs", m)
		n, own := strings.CutPrefix(m, newTag+"-")
		assert.True(t, own && number(n) <= d.tried || m == afterwards || slices.Contains(before.records, m), "%s was never logged", m)
	}
	if !d.volatile {
		assert.Equal(t, before.lost, stats.Lost, "lost")
		assert.EqualValues(t, len(ids), stats.Accepted-stats.Evicted-stats.Lost, "L2: what arrived is what the books say")
	}
	assert.GreaterOrEqual(t, stats.Accepted, uint64(len(before.records)+len(d.must)), "W1")

	kept := quarantine(t, dir)
	for name, content := range before.kept {
		if strings.HasPrefix(name, "ring-") {
			continue // Set aside by the Open that first misses a record in it, whichever that is.
		}
		now, ok := kept[name]
		assert.True(t, ok && now == content, "W7: %s holds %d of %d bytes in quarantine, or other ones", name, len(now), len(content))
	}
}

// checkEvicted: what is missing is counted, and is the oldest.
func (s scenario) checkEvicted(t *testing.T, stats ledger.Stats, missing []string, ids map[string]map[string]bool) {
	t.Helper()
	// A record that was admitted, not promised and evicted is counted and not missed.
	assert.GreaterOrEqual(t, stats.Evicted, uint64(len(missing)))
	all := append(slices.Collect(maps.Keys(ids)), missing...)
	slices.SortFunc(all, func(a, b string) int { return age(a) - age(b) })
	for i, m := range missing {
		assert.Equal(t, all[i], m, "the oldest go first")
	}
}

// age orders messages: the one that is logged afterwards is the youngest.
func age(m string) int {
	if m == afterwards {
		return 1 << 30
	}
	return number(strings.TrimPrefix(m, newTag+"-"))
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err) // Only this package's own lines and messages are read.
	}
	return n
}
