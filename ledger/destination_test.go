package ledger_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

func TestDestinationsAreChecked(t *testing.T) {
	err := ledger.Config{
		Dir: "d", Endpoint: "http://one",
		Destinations: []ledger.Destination{
			{Name: "Two", Endpoint: "http://two"},
			{Name: "three", Endpoint: "nowhere", APIKey: "a b"},
			{Name: "default", Endpoint: "http://four"},
			{Name: ".dead", Endpoint: "http://five"},
			{Endpoint: "http://six"},
		},
	}.Validate()
	for _, want := range []string{
		`Destinations[Two].Name is "Two"`, "Destinations[three].Endpoint does not start with", "Destinations[three].APIKey holds",
		"Destinations[default].Name is that of another", `Destinations[.dead].Name is ".dead"`, `Destinations[].Name is ""`,
	} {
		assert.ErrorContains(t, err, want)
	}
	assert.NoError(t, ledger.Config{Dir: "d", Destinations: []ledger.Destination{{Name: "only", Endpoint: "http://one"}}}.Validate())
	assert.ErrorContains(t, ledger.Config{Dir: "d"}.Validate(), "Endpoint is empty")
}

// of returns the books of a destination, which must balance.
func of(t *testing.T, c *ledger.Client, name string) ledger.DestinationStats {
	t.Helper()
	all := c.Stats().Destinations
	i := slices.IndexFunc(all, func(d ledger.DestinationStats) bool { return d.Name == name })
	require.GreaterOrEqual(t, i, 0, "no destination %q", name)
	d := all[i]
	require.Equal(t, d.Accepted, d.Delivered+d.Pending+d.Dead+d.Evicted+d.Lost, "L2: %+v", d)
	return d
}

// One destination is down. The other gets everything, at once; and what the first one has
// not got waits for it, over a restart and over its absence from the configuration.
func TestDestinationsNeitherSlowNorStarveEachOther_L2(t *testing.T) {
	up, down := newCollector(t), newCollector(t)
	down.answer(http.StatusServiceUnavailable)
	cfg := config(t, up.URL)
	cfg.MaxRecords = 50
	cfg.Destinations = []ledger.Destination{{Name: "archive", Endpoint: down.URL, APIKey: "its-own"}}
	c := open(t, cfg)
	logN(t, c, 1, 30)
	delivered := func(n uint64) func() bool { return func() bool { return of(t, c, "default").Delivered == n } }
	require.Eventually(t, delivered(30), patience, time.Millisecond)
	assert.Equal(t, uint64(30), of(t, c, "archive").Pending)
	require.Eventually(t, func() bool { // It has tried once.
		h := c.Health()
		return h.Status == ledger.StatusDegraded && strings.Contains(strings.Join(h.Reasons, "\n"), "destination archive: delivery fails")
	}, patience, time.Millisecond)

	logN(t, c, 31, 70)
	require.Eventually(t, delivered(70), patience, time.Millisecond)
	archive := of(t, c, "archive")
	assert.Equal(t, uint64(50), archive.Pending, "the cap is each one's own")
	assert.Equal(t, uint64(20), archive.Reasons[ledger.ReasonQueueFull])
	assert.Zero(t, of(t, c, "default").Evicted)
	require.NoError(t, c.Close())

	// It is no longer configured: its records wait, and Health says so.
	alone := cfg
	alone.Destinations = nil
	c = open(t, alone)
	assert.Equal(t, uint64(50), of(t, c, "archive").Pending)
	assert.False(t, of(t, c, "archive").Configured)
	assert.Contains(t, strings.Join(c.Health().Reasons, "\n"), "destination archive: no longer configured")
	require.ErrorContains(t, c.Forget(t.Context(), "default"), "it is configured")
	require.ErrorContains(t, c.Forget(t.Context(), "nobody"), "no such destination")
	require.NoError(t, c.Close())

	// It is back, and so is its server.
	down.awaitGone(t)
	down.answer(0)
	c = open(t, cfg)
	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, uint64(50), of(t, c, "archive").Delivered)
	assert.Equal(t, messages(21, 70), sorted(down))
	assert.Equal(t, messages(1, 70), sorted(up))
	require.NoError(t, c.Close())

	// Forgotten on purpose.
	c = open(t, alone)
	require.NoError(t, c.Forget(t.Context(), "archive"))
	assert.Len(t, c.Stats().Destinations, 1)
	assert.Equal(t, ledger.StatusOK, c.Health().Status)
	require.NoError(t, c.Close())
	c = open(t, alone)
	assert.Len(t, c.Stats().Destinations, 1)
}

// A destination that joins gets what is pending then, and nothing before.
func TestDestinationThatJoins(t *testing.T) {
	first, late := newCollector(t), newCollector(t)
	cfg := config(t, first.URL)
	c := open(t, cfg)
	logN(t, c, 1, 10)
	require.NoError(t, c.Flush(within(t)))
	first.answer(http.StatusServiceUnavailable)
	logN(t, c, 11, 20)
	require.NoError(t, c.Close())

	first.awaitGone(t)
	first.answer(0)
	cfg.Destinations = []ledger.Destination{{Name: "late", Endpoint: late.URL}}
	c = open(t, cfg)
	logN(t, c, 21, 25)
	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, messages(11, 25), sorted(late))
	assert.Equal(t, uint64(15), of(t, c, "late").Accepted)
	assert.Equal(t, uint64(25), of(t, c, "default").Delivered)
}

// picky refuses every request with a poisoned record in it, until it is cured.
type picky struct {
	*httptest.Server
	mu    sync.Mutex
	cured bool
	took  []string
}

func newPicky(t *testing.T) *picky {
	p := &picky{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := decode(r)
		p.mu.Lock()
		defer p.mu.Unlock()
		if err != nil || !p.cured && slices.ContainsFunc(got, func(a arrival) bool { return strings.Contains(a.body, "poison") }) {
			http.Error(w, "a field is not as it should be", http.StatusBadRequest)
			return
		}
		for _, a := range got {
			p.took = append(p.took, a.body)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *picky) cure() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cured = true
}

func (p *picky) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(slices.Values(p.took))
}

// Only the record that the server refuses is set aside. It is kept with what the server
// said, over a restart, and delivered when the server takes it.
func TestRefusedRecordIsADeadLetterUntilItIsRedriven_S1_L2(t *testing.T) {
	srv := newPicky(t)
	cfg := config(t, srv.URL)
	c := open(t, cfg)
	logN(t, c, 1, 40)
	require.NoError(t, c.Log(t.Context(), ledger.Record{Message: "poison"}))
	logN(t, c, 41, 60)
	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, messages(1, 60), srv.all())
	s := balance(t, c)
	assert.Equal(t, uint64(1), s.Dead)
	assert.Equal(t, uint64(1), s.Reasons[ledger.ReasonRejected])
	require.NoError(t, c.Close())

	c = open(t, cfg)
	assert.Equal(t, uint64(1), balance(t, c).Dead)
	letters, err := c.DeadLetters(0)
	require.NoError(t, err)
	require.Len(t, letters, 1)
	l := letters[0]
	assert.Equal(t, uint64(41), l.Offset)
	assert.Equal(t, "default", l.Destination)
	assert.Equal(t, ledger.ReasonRejected, l.Reason)
	assert.Equal(t, http.StatusBadRequest, l.Status)
	assert.Equal(t, "a field is not as it should be", l.Message)
	assert.Positive(t, l.Attempts)
	assert.WithinDuration(t, time.Now(), l.Last, time.Minute)
	assert.Contains(t, string(l.Record), "poison")

	r, err := c.Redrive(within(t))
	require.NoError(t, err)
	assert.Equal(t, ledger.Redriven{Refused: 1}, r, "it is refused again, and stays")
	srv.cure()
	r, err = c.Redrive(within(t), ledger.ReasonQuota)
	require.NoError(t, err)
	assert.Zero(t, r, "none has this reason")
	r, err = c.Redrive(within(t), ledger.ReasonRejected)
	require.NoError(t, err)
	assert.Equal(t, ledger.Redriven{Delivered: 1}, r)
	assert.Contains(t, srv.all(), "poison")
	s = balance(t, c)
	assert.Equal(t, []uint64{61, 0}, []uint64{s.Delivered, s.Dead})
	require.NoError(t, c.Close())

	c = open(t, cfg)
	s = balance(t, c)
	assert.Equal(t, []uint64{61, 0}, []uint64{s.Delivered, s.Dead})
	letters, err = c.DeadLetters(0)
	require.NoError(t, err)
	assert.Empty(t, letters)
}

func sorted(c *collector) []string { return slices.Sorted(slices.Values(c.bodies())) }
