package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// The test binary is the server of the drain, too.
func TestMain(m *testing.M) {
	done, err := sinkMain(context.Background())
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	case done:
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func newSink(t *testing.T) *sink {
	t.Helper()
	s, err := startSink(context.Background()) // It outlives the context of the test.
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.stop()) })
	return s
}

// few is more than one batch, and not a whole number of them.
const few = 1_200

func TestEveryDrainDeliversEverything(t *testing.T) {
	efforts, err := drainAll(context.Background(), 1, few)
	require.NoError(t, err)
	for i, v := range drainers() {
		e := efforts[i][0]
		assert.Positive(t, e.took, v.name)
		assert.Positive(t, e.allocs, v.name)
		if perRecord := e.wire / few; strings.Contains(v.name, "no compression") {
			assert.Greater(t, perRecord, int64(400), v.name)
		} else {
			assert.InDelta(t, 150, perRecord, 50, "%s: gzip has something to do", v.name)
		}
	}
	require.NoError(t, printDrain(efforts, few))
}

// A drain that loses records, or sends them twice, would look fast.
func TestADrainThatIsWrongFails(t *testing.T) {
	s := newSink(t)
	right := ledgerDrain{window: drainWindow, compression: "gzip"}
	times := func(n, runs int) drainer { // as many records, so often
		return drainer{run: func(ctx context.Context, d drain) (e effort, err error) {
			for d.n = n; err == nil && runs > 0; runs-- {
				d.dir = t.TempDir()
				e, err = right.whole(ctx, d)
			}
			return e, err
		}}
	}
	for want, wrong := range map[string]drainer{
		"1199 records arrived, 1199 of them different, not 1200": times(few-1, 1),
		"1200 records arrived, 600 of them different, not 1200":  times(few/2, 2),
		"2400 records arrived, 1200 of them different, not 1200": times(few, 2),
	} {
		_, err := wrong.once(t.Context(), s, few)
		require.ErrorContains(t, err, want)
	}

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, strings.NewReader("\xff"))
	require.NoError(t, err)
	resp, err := new(http.Client).Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	_, err = s.tally(t.Context())
	require.ErrorContains(t, err, "could not count")
}

// The time of a drain ends with acks that a new process knows of.
func TestAcksOfADrainAreStored(t *testing.T) {
	v := ledgerDrain{window: drainWindow, compression: "gzip"}
	d := drain{dir: t.TempDir(), n: few, url: newSink(t).url}
	_, err := v.backlog(t.Context(), d)
	require.NoError(t, err)
	cfg := v.config(d)
	cfg.HTTPClient = &http.Client{Transport: refuse{}}
	c, err := ledger.Open(cfg)
	require.NoError(t, err)
	require.NoError(t, delivered(c, few))
	require.Error(t, delivered(c, few+1))
	require.NoError(t, c.Close())
}

// transport is a server that answers at once.
type transport func()

func (f transport) RoundTrip(*http.Request) (*http.Response, error) {
	f()
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

func TestNothingArrivesBeforeTheRelease(t *testing.T) {
	arrived := make(chan struct{}, 2)
	h := newHold()
	h.next = transport(func() { arrived <- struct{}{} })
	get := func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:1", http.NoBody)
		if err != nil {
			return err
		}
		resp, err := h.client().Do(req)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
	ctx, cancel := context.WithCancel(t.Context())
	given := make(chan error, 1)
	go func() { given <- get(ctx) }()
	<-h.waiting
	cancel()
	require.ErrorIs(t, <-given, context.Canceled)
	assert.Empty(t, arrived)

	go func() { given <- get(t.Context()) }()
	h.release()
	require.NoError(t, <-given)
	assert.Len(t, arrived, 1)
}

func TestRecordsOfADrainAreOfTypicalSize(t *testing.T) {
	s := newSample()
	different := map[string]bool{}
	for i := range len(s.messages) {
		different[s.message(i)] = true
		assert.InDelta(t, 300, len(s.message(i)), 12)
	}
	assert.Len(t, different, len(s.messages))
}
