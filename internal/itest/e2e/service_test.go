package e2e

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness"
)

// load asks the service for orders until the returned function is called, which
// waits for the requests in flight.
func (s *service) load(rate float64, workers int, tally *harness.Tally) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	l := harness.Load{
		Name: "r", Rate: rate, Workers: workers, Timeout: 5 * time.Second,
		Next: func(ctx context.Context, n int, id string) (*http.Request, error) {
			return http.NewRequestWithContext(ctx, http.MethodGet, s.url(fmt.Sprintf("/orders/%d?rid=%s", n%1000+1, id)), nil)
		},
	}
	go func() { done <- l.Run(ctx, tally) }()
	ended := false
	end = func() {
		if !ended {
			ended = true
			cancel()
			assert.NoError(s.t, <-done)
		}
	}
	s.t.Cleanup(end)
	return end
}

// The server stops and starts, and the service is killed once while the server is
// away and once while it is there.
func TestW3NothingSyncedIsLostOverStopsStartsAndKills(t *testing.T) {
	srv := newServer(t)
	srv.start()
	svc := startService(t, srv.endpoint(), "-service-version", "1")
	var tally harness.Tally
	end := svc.load(200, 32, &tally)
	var lives []life

	w := svc.follow()
	pause(t, 1500*time.Millisecond)
	srv.stop()
	pause(t, time.Second)
	lives = append(lives, svc.killUnderWatch(w))
	svc.start()
	w = svc.follow()
	pause(t, time.Second)
	srv.start()
	pause(t, 2500*time.Millisecond)
	lives = append(lives, svc.killUnderWatch(w))
	svc.start()
	pause(t, time.Second)
	end()
	svc.drain() // settled means synced, for all of this life
	lives = append(lives, life{until: time.Now(), cutoff: time.Now()})

	all := distinct(t, srv.records())
	a := audit(tally.Answers(), lives, requests(all))
	assert.Empty(t, list(a.Broken), "%d of %d synced requests are missing", len(a.Broken), a.Answered-a.Uncertain)
	assert.Greater(t, a.Answered-a.Uncertain, 500, "enough was proven to say something")
	assert.Zero(t, harness.Duplicates(requests(all)), "a request has one record")
	for _, r := range all {
		require.Equal(t, "1", r.Version, "every record has the resource of its process")
	}
	t.Logf("%d answered, %d not proven to be synced, %d of those lost, %d copies", a.Answered, a.Uncertain, len(a.Missing), len(srv.records())-len(all))
}

func TestW3WithDurabilityAlwaysEveryAnsweredRequestArrives(t *testing.T) {
	srv := newServer(t)
	srv.start()
	svc := startService(t, srv.endpoint(), "-durability", "always")
	var tally harness.Tally
	end := svc.load(1000, 8, &tally) // two records each: even with no batch sent, the cap of 10,000 evicts none
	for range 3 {
		pause(t, 700*time.Millisecond)
		require.NoError(t, svc.proc.Kill())
		svc.start()
	}
	pause(t, 300*time.Millisecond)
	end()
	drained := svc.drain()

	stored := requests(distinct(t, srv.records()))
	assert.Zero(t, drained.Evicted, "the load was more than the cap allows")
	a := harness.Check(tally.Answers(), stored, time.Now()) // all of it is promised
	assert.Empty(t, list(a.Broken), "%d of %d answered requests are missing", len(a.Broken), a.Answered)
	assert.Greater(t, a.Answered, 100)
	assert.Zero(t, harness.Duplicates(stored))
}

func TestTheServiceStopsOnRequestAndDeliversWhatItHas(t *testing.T) {
	srv := newServer(t)
	srv.start()
	t.Setenv("LEDGER_FLUSH_INTERVAL", "1h") // nothing would go by itself
	svc := &service{t: t, addr: freeAddr(t), args: []string{"-dir", t.TempDir(), "-endpoint", srv.endpoint()}}
	svc.start()
	var tally harness.Tally
	end := svc.load(500, 8, &tally)
	pause(t, 300*time.Millisecond)
	end()
	require.NoError(t, svc.proc.Stop(10*time.Second))

	a := harness.Check(tally.Answers(), requests(distinct(t, srv.records())), time.Now())
	assert.Empty(t, list(a.Missing))
	assert.Positive(t, a.Answered)
}
