package harness

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func get(url string) func(context.Context, int, string) (*http.Request, error) {
	return func(ctx context.Context, _ int, id string) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, http.MethodGet, url+"?rid="+id, nil)
	}
}

// service counts the ids that it got.
type service struct {
	*httptest.Server
	mu  sync.Mutex
	ids map[string]int
}

func serve(t *testing.T, h http.HandlerFunc) *service {
	t.Helper()
	s := &service{ids: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.ids[r.Header.Get(RequestIDHeader)]++
		s.mu.Unlock()
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestEveryRequestHasItsOwnIDAndIsAnsweredOnce(t *testing.T) {
	for _, rate := range []float64{0, 5000} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusNotFound) // an answer like any other
			_, _ = io.WriteString(w, r.URL.RawQuery)
		})
		var tally Tally
		l := Load{Name: "a", Next: get(s.URL), Rate: rate, Count: 200, Workers: 200}
		require.NoError(t, l.Run(t.Context(), &tally))
		answers := tally.Answers()
		assert.Len(t, answers, 200)
		assert.Len(t, s.ids, 200)
		for _, a := range answers {
			assert.Equal(t, 1, s.ids[a.ID])
			assert.Equal(t, 404, a.Status)
			assert.Positive(t, a.Latency())
		}
	}
}

func TestAFixedRateIsKept(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	var tally Tally
	begin := time.Now()
	require.NoError(t, Load{Name: "a", Next: get(s.URL), Rate: 100, Count: 31}.Run(t.Context(), &tally))
	assert.GreaterOrEqual(t, time.Since(begin), 300*time.Millisecond, "the 31st is due after 0.3 s")
}

func TestARequestThatNobodyIsFreeForIsLeftOut(t *testing.T) {
	const workers = 2
	release, held := make(chan struct{}), make(chan struct{}, 3*workers)
	s := serve(t, func(http.ResponseWriter, *http.Request) { held <- struct{}{}; <-release })
	var tally Tally
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- Load{Name: "a", Next: get(s.URL), Rate: 1000, Workers: workers}.Run(ctx, &tally) }()
	for range workers {
		<-held
	}
	_, _, before := tally.Counts()
	require.Eventually(t, func() bool { _, _, skipped := tally.Counts(); return skipped >= before+10 }, time.Minute, time.Millisecond,
		"with every worker held, the queue fills and the rest is left out")
	cancel()
	close(release)
	require.NoError(t, <-done)
	answered, failed, _ := tally.Counts()
	assert.Contains(t, []int{2 * workers, 2*workers + 1}, answered, "those in flight, those in the queue, perhaps one that was due at the end")
	assert.Zero(t, failed)
}

func TestOnlyAWholeResponseIsAnAnswer(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush() // the client has a status, and no end
		panic(http.ErrAbortHandler)
	})
	var tally Tally
	require.NoError(t, Load{Name: "a", Next: get(s.URL), Count: 5}.Run(t.Context(), &tally))
	answered, failed, _ := tally.Counts()
	assert.Zero(t, answered)
	assert.Equal(t, 5, failed)
}

func TestAServiceThatIsGoneCountsAsFailed(t *testing.T) {
	addr, err := FreeAddr()
	require.NoError(t, err)
	var tally Tally
	require.NoError(t, Load{Name: "a", Next: get("http://" + addr), Count: 5}.Run(t.Context(), &tally))
	_, failed, _ := tally.Counts()
	assert.Equal(t, 5, failed)
}

func TestARequestThatCannotBeMadeEndsTheLoad(t *testing.T) {
	broken := errors.New("broken")
	l := Load{Name: "a", Next: func(context.Context, int, string) (*http.Request, error) { return nil, broken }}
	require.ErrorIs(t, l.Run(t.Context(), new(Tally)), broken)
}

func TestRequestsInFlightAreNotCutOffAtTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		_, _ = io.WriteString(w, "whole")
	})
	var tally Tally
	require.NoError(t, Load{Name: "a", Next: get(s.URL), Workers: 1}.Run(ctx, &tally))
	answered, failed, _ := tally.Counts()
	assert.Positive(t, answered)
	assert.Zero(t, failed)
}
